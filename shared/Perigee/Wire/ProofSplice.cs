using System.Text.Json;

namespace Perigee.Wire;

/// <summary>
/// Takes sealed proofs of reasoning out of a question that goes on in its own dialect: one of the target's own vendor is unwrapped, one of another
/// vendor, or none of ours, goes away with what it signs. A conversation that moved from one provider to another would otherwise be refused
/// ("invalid signature") for good. Everything else stays byte for byte.
/// </summary>
internal static class ProofSplice
{
    /// <summary>Whether a body may hold a sealed proof at all.</summary>
    public static bool MayHold(ReadOnlySpan<byte> body) => body.IndexOf(ProofSeal.Mark) >= 0;

    /// <summary>The body without seals, or null where it holds none.</summary>
    /// <param name="question">The body.</param>
    /// <param name="family">Whose dialect it is, and so whose proofs may stay.</param>
    /// <param name="seal">Opens them.</param>
    public static byte[]? Rewrite(JsonIndex question, DialectFamily family, ProofSeal seal)
    {
        ProofOrigin own = family == DialectFamily.Gemini ? ProofOrigin.Google : ProofOrigin.Anthropic;
        ReadOnlySpan<JsonIndex.Token> tokens = question.Tokens;
        ReadOnlySpan<byte> json = question.Json.Span;
        MemoryStream? output = null;
        int sent = 0;
        for (int i = 0; i < tokens.Length; i++)
        {
            if (tokens[i].Type != JsonTokenType.StartObject || FindSealed(question, i) is not (> 0 and var value))
                continue;
            output ??= new(json.Length);
            KeptProof? proof = seal.Open(Inside(json, tokens[value]));
            if (proof?.Origin == own)
            {
                // From the value's first quote to its last.
                output.Write(json[sent..(tokens[value].Start + 1)]);
                output.Write(proof.Data.Escaped.Span);
                sent = tokens[value].Start + tokens[value].Length - 1;
                continue;
            }

            // What only carries the proof goes whole; of a part that says something (Gemini's text or call) the proof alone.
            int gone = Carries(question, i) ? i : value - 1;
            int next = gone == i ? tokens[i].Next : tokens[value].Next;
            int start = tokens[gone].Start;
            int last = gone == i ? i : value;
            int end = tokens[last].Start + tokens[last].Length;
            Cut(json, ref start, ref end);
            if (start > sent)
                output.Write(json[sent..start]);
            else if (json[end..].TrimStart(" \t\r\n"u8) is [(byte)']' or (byte)'}', ..])
                TrimComma(output);
            sent = Math.Max(sent, end);
            i = Math.Max(i, next - 1);
        }

        output?.Write(json[sent..]);
        return output?.ToArray();
    }

    /// <summary>The position of the sealed value among an object's members, or -1.</summary>
    private static int FindSealed(JsonIndex question, int at)
    {
        ReadOnlySpan<JsonIndex.Token> tokens = question.Tokens;
        for (int i = at + 1; i < tokens[at].Next; i = tokens[i + 1].Next)
        {
            if (tokens[i + 1].Type == JsonTokenType.String && ProofSeal.IsEnvelope(Inside(question.Json.Span, tokens[i + 1])) && NamesProof(question, tokens[i]))
                return i + 1;
        }

        return -1;
    }

    private static bool NamesProof(JsonIndex question, in JsonIndex.Token name) =>
        question.NameIs(name, "signature"u8) || question.NameIs(name, "thoughtSignature"u8) || question.NameIs(name, "thought_signature"u8) || question.NameIs(name, "data"u8);

    /// <summary>Whether an object is there for its proof alone: a thinking block, a thought.</summary>
    private static bool Carries(JsonIndex question, int at)
    {
        ReadOnlySpan<JsonIndex.Token> tokens = question.Tokens;
        for (int i = at + 1; i < tokens[at].Next; i = tokens[i + 1].Next)
        {
            if (question.NameIs(tokens[i], "thought"u8) && tokens[i + 1].Type == JsonTokenType.True)
                return true;
            if (question.NameIs(tokens[i], "type"u8) && tokens[i + 1].Type == JsonTokenType.String
                && (question.NameIs(tokens[i + 1], "thinking"u8) || question.NameIs(tokens[i + 1], "redacted_thinking"u8)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>With an element or member goes one comma: the one behind it, or, where it was the last, the one before it.</summary>
    private static void Cut(ReadOnlySpan<byte> json, ref int start, ref int end)
    {
        int behind = end;
        while (IsSpace(json[behind]))
            behind++;
        if (json[behind] == (byte)',')
        {
            end = behind + 1;
            return;
        }

        int before = start - 1;
        while (IsSpace(json[before]))
            before--;
        if (json[before] == (byte)',')
            start = before;
    }

    /// <summary>Several elements at the end: the comma before the first of them was already written with what stood before.</summary>
    private static void TrimComma(MemoryStream output)
    {
        ReadOnlySpan<byte> written = output.GetBuffer().AsSpan(0, (int)output.Length);
        int length = written.Length;
        while (length > 0 && IsSpace(written[length - 1]))
            length--;
        if (length > 0 && written[length - 1] == (byte)',')
            output.SetLength(length - 1);
    }

    private static bool IsSpace(byte one) => one is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';

    private static ReadOnlySpan<byte> Inside(ReadOnlySpan<byte> json, in JsonIndex.Token token) => json.Slice(token.Start + 1, token.Length - 2);
}
