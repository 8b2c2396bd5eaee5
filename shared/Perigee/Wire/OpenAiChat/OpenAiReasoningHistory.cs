using System.Buffers;

namespace Perigee.Wire.OpenAiChat;

/// <summary>A proof on a tool call that stands in <c>reasoning_details</c>.</summary>
/// <param name="CallId">The call.</param>
/// <param name="Proof">The proof.</param>
internal readonly record struct ReasoningEntry(WireText CallId, KeptProof Proof);

/// <summary>
/// Reads the reasoning of earlier turns, in any of the forms in which providers of this dialect give it and clients give it back: whichever
/// way a client has put the pieces of a stream together (see <see cref="OpenAiChunkWriter"/>).
/// </summary>
internal static class OpenAiReasoningHistory
{
    /// <summary>Reads a message's reasoning.</summary>
    /// <param name="message">The message.</param>
    /// <param name="place">Where it stands.</param>
    /// <param name="seal">Opens proofs in envelopes.</param>
    /// <param name="parts">Takes the reasoning.</param>
    /// <param name="onCalls">Takes the proofs that stand on calls.</param>
    /// <returns>Google's signature on the turn's text, or empty.</returns>
    public static WireText Read(JsonValue message, Place place, ProofSeal seal, List<ChatPart> parts, List<ReasoningEntry> onCalls)
    {
        WireText onText = message["extra_content"u8]["google"u8]["thought_signature"u8].Text;
        if (message["reasoning_details"u8] is { IsArray: true } details)
            Details(details, place, seal, parts, onCalls, ref onText);
        bool hasText = parts.Exists(p => p is ReasoningPart { Text.IsEmpty: false });
        WireText text = message["reasoning_content"u8].Text;
        if (text.IsEmpty)
            text = message["reasoning"u8].Text;
        if (!hasText && !text.IsEmpty)
            Plain(text, place, parts);
        return onText;
    }

    /// <summary>The proof on a call.</summary>
    /// <param name="own">The one that stands on the call itself, or empty.</param>
    /// <param name="id">The call's id.</param>
    /// <param name="entries">Those of the details.</param>
    /// <param name="seal">Opens envelopes.</param>
    public static KeptProof? OnCall(WireText own, WireText id, List<ReasoningEntry> entries, ProofSeal seal)
    {
        if (!own.IsEmpty)
            return Make(own, ProofOrigin.Google, ProofKind.OnCall, seal) is { } proof ? proof with { CallId = id } : null;
        foreach (ReasoningEntry entry in entries)
        {
            if (entry.CallId.Escaped.Span.SequenceEqual(id.Escaped.Span))
                return entry.Proof;
        }

        return null;
    }

    /// <summary>Text beside details that hold proofs alone: the one signature among them, without a text of its own, is the text's.</summary>
    private static void Plain(WireText text, Place place, List<ChatPart> parts)
    {
        int bare = parts.FindIndex(p => p is ReasoningPart { Proof.Kind: ProofKind.Signature });
        bool only = bare >= 0 && parts.FindLastIndex(p => p is ReasoningPart { Proof.Kind: ProofKind.Signature }) == bare;
        if (only)
            parts[bare] = new ReasoningPart(text, ((ReasoningPart)parts[bare]).Proof, place);
        else
            parts.Insert(0, new ReasoningPart(text, null, place));
    }

    private static void Details(JsonValue details, Place place, ProofSeal seal, List<ChatPart> parts, List<ReasoningEntry> onCalls, ref WireText onText)
    {
        ArrayBufferWriter<byte> text = new();
        long index = -1;
        foreach ((_, JsonValue entry) in details)
        {
            // Pieces of one stretch have one index, or none at all.
            if (entry["index"u8].TryInteger(out long own) && own != index)
            {
                Flush(text, null, place, parts);
                index = own;
            }

            text.Write(entry["text"u8].Text.Escaped.Span);
            if (entry["summary"u8].Text is { IsEmpty: false } summary)
                text.Write(summary.Escaped.Span);
            ProofOrigin origin = OpenAiWords.Origin(entry["format"u8].Text.Escaped.Span);
            if (entry["signature"u8].Text is { IsEmpty: false } signature)
                Flush(text, Make(signature, origin, ProofKind.Signature, seal), place, parts, signed: true);
            if (entry["data"u8].Text is not { IsEmpty: false } data)
                continue;
            Flush(text, null, place, parts);
            WireText id = entry["id"u8].Text;
            ProofKind kind = origin != ProofOrigin.Google ? ProofKind.Redacted : id.IsEmpty ? ProofKind.OnText : ProofKind.OnCall;
            KeptProof? proof = Make(data, origin, kind, seal);
            if (proof is { Kind: ProofKind.OnText, Origin: ProofOrigin.Google })
                onText = proof.Data;
            else if (proof is { Kind: ProofKind.OnCall })
                onCalls.Add(new ReasoningEntry(proof.CallId.IsEmpty ? id : proof.CallId, proof.CallId.IsEmpty ? proof with { CallId = id } : proof));
            else if (proof is not null)
                parts.Add(new ReasoningPart(default, proof, place));
        }

        Flush(text, null, place, parts);
    }

    private static void Flush(ArrayBufferWriter<byte> text, KeptProof? proof, Place place, List<ChatPart> parts, bool signed = false)
    {
        if (text.WrittenCount == 0 && (!signed || proof is null))
            return;
        parts.Add(new ReasoningPart(new WireText(text.WrittenSpan.ToArray()), proof, place));
        text.ResetWrittenCount();
    }

    /// <summary>The proof, out of its envelope where it is in one; null where nobody can be named who made it.</summary>
    private static KeptProof? Make(WireText data, ProofOrigin origin, ProofKind kind, ProofSeal seal) =>
        ProofSeal.IsEnvelope(data.Escaped.Span) ? seal.Open(data.Escaped.Span)
        : origin == ProofOrigin.None ? null
        : new KeptProof(origin, kind, data);
}
