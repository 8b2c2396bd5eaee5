using System.Buffers;
using System.Text.Json;
using Perigee.Wire;
using Perigee.Wire.Anthropic;

namespace Perigee.Caching.Replay;

/// <summary>
/// Between the reader of a kept answer and the client's writer: fills in what the entry knows better than its bytes (the tokens, the model),
/// opens sealed proofs, and notes what the client's dialect has no place for.
/// </summary>
/// <remarks>
/// Proofs of reasoning. In a dialect that is not their maker's they stand in this gateway's sealed envelope, which the reader of that dialect
/// cannot tell from a proof of its own provider's. Said on like that, it would be sealed again as such a one, and sent to a provider that
/// never made it. So into another dialect an envelope is opened, and the writer is told whose proof it is; one that does not open (another
/// tenant's, an older key's) is left out: a provider does without a proof, but refuses a false one. Within the dialect it stays as it is.
/// </remarks>
/// <param name="next">The client's writer.</param>
/// <param name="kept">The answer.</param>
/// <param name="asked">The client's form.</param>
/// <param name="seal">Opens the envelopes of this tenant.</param>
internal sealed class ReplaySink(IStreamSink next, CachedAnswer kept, AnswerForm asked, ProofSeal seal) : IStreamSink
{
    private readonly bool _same = kept.Form.Dialect == asked.Dialect;
    private readonly bool _toAnthropic = asked.Dialect == "anthropic";
    private readonly bool _toOpenAi = asked.Dialect == "openai-chat";
    private Dictionary<(int Choice, int Index), ArrayBufferWriter<byte>>? _arguments;
    private KeptProof? _onCall;
    private bool _usageSaid;

    /// <summary>What the answer holds that cannot be said, or None.</summary>
    public Unsayable Why { get; private set; }

    /// <summary>Whether the answer came to its end without an error.</summary>
    public bool Ended { get; private set; }

    public bool ListensToContent => true;

    public void Begin(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model)
    {
        next.Begin(id, model.IsEmpty && kept.Model is { Length: > 0 } known ? WireText.Encode(known) : model);

        // Anthropic's streams state the input's tokens in their first event: known here, though most dialects say them last.
        if (kept.Usage is { } usage)
            next.Usage(usage with { OutputText = 0, OutputReasoning = 0 });
    }

    public void Text(int choice, JsonText text)
    {
        Hear(choice);
        next.Text(choice, text);
    }

    public void Reasoning(int choice, JsonText text)
    {
        Hear(choice);
        next.Reasoning(choice, text);
    }

    public void ReasoningEnd(int choice) => next.ReasoningEnd(choice);

    public void Proof(int choice, in Proof proof)
    {
        Hear(choice);
        if (_same || !ProofSeal.IsEnvelope(proof.Data.Escaped))
        {
            next.Proof(choice, proof);
            return;
        }

        // What is left out still ends the stretch of reasoning that it stood behind.
        if (seal.Open(proof.Data.Escaped) is not { } inside)
        {
            next.ReasoningEnd(choice);
        }
        else if (inside.Kind == ProofKind.OnCall)
        {
            next.ReasoningEnd(choice);
            _onCall = inside;
        }
        else
        {
            next.Proof(choice, new Proof(inside.Origin, inside.Kind, inside.Data.Text));
        }
    }

    public void Refusal(int choice, JsonText text)
    {
        Hear(choice);
        next.Refusal(choice, text);
    }

    public void ToolCall(int choice, int index, JsonText id, JsonText name)
    {
        Hear(choice);

        // The id may have been replaced on its way out, always in the same manner.
        if (_onCall is { } proof && (proof.CallId.IsEmpty || AnthropicIds.Of(proof.CallId.Escaped.Span) == AnthropicIds.Of(id.Escaped)))
            next.Proof(choice, new Proof(proof.Origin, proof.Kind, proof.Data.Text) { CallId = id });
        _onCall = null;
        if (!_toOpenAi)
            (_arguments ??= [])[(choice, index)] = new ArrayBufferWriter<byte>(64);
        next.ToolCall(choice, index, id, name);
    }

    public void ToolArguments(int choice, int index, JsonText fragment)
    {
        if (_arguments is not null && _arguments.TryGetValue((choice, index), out ArrayBufferWriter<byte>? arguments))
            arguments.Write(fragment.Escaped);
        next.ToolArguments(choice, index, fragment);
    }

    public void ToolEnd(int choice, int index)
    {
        if (_arguments is not null && _arguments.Remove((choice, index), out ArrayBufferWriter<byte>? arguments) && !IsObject(arguments.WrittenSpan))
            Lose(Unsayable.Arguments);
        next.ToolEnd(choice, index);
    }

    public void Citation(int choice, in Citation citation)
    {
        Hear(choice);
        next.Citation(choice, citation);
    }

    public void Media(int choice, JsonText type, JsonText data, JsonText transcript)
    {
        Hear(choice);
        bool picture = type.Escaped.StartsWith("image/"u8), sound = type.Escaped.StartsWith("audio/"u8);
        if (_toAnthropic || (_toOpenAi && !picture && !sound))
            Lose(Unsayable.Media);
        next.Media(choice, type, data, transcript);
    }

    public void Logprobs(int choice, ReadOnlySpan<byte> content)
    {
        Hear(choice);
        if (_toAnthropic && content.Length > 2)
            Lose(Unsayable.Logprobs);
        next.Logprobs(choice, content);
    }

    public void Finish(int choice, in Ending ending)
    {
        Hear(choice);
        bool said = ending.Reason switch
        {
            FinishReason.Error or FinishReason.Other => false,
            FinishReason.Pause => _toAnthropic,
            FinishReason.MalformedCall => asked.Dialect == "gemini",
            _ => true,
        };
        if (!said)
            Lose(ending.Reason == FinishReason.Error ? Unsayable.NotWhole : Unsayable.Ending);
        next.Finish(choice, ending);
    }

    public void Usage(in TokenUsage usage)
    {
        _usageSaid = true;
        next.Usage(usage);
    }

    public void Error(JsonText message, JsonText code, int status)
    {
        Lose(Unsayable.NotWhole);
        next.Error(message, code, status);
    }

    public void End()
    {
        if (!_usageSaid && kept.Usage is { } usage)
            next.Usage(usage);
        else if (!_usageSaid && (_toAnthropic || (_toOpenAi && asked is { Stream: true, Usage: true })))
            Lose(Unsayable.Usage);
        Ended = true;
        next.End();
    }

    /// <summary>The first reason is the one that is told.</summary>
    private void Lose(Unsayable why) => Why = Why == Unsayable.None ? why : Why;

    private void Hear(int choice)
    {
        if (choice > 0 && _toAnthropic)
            Lose(Unsayable.Choices);
    }

    /// <summary>Whether arguments are an object, or nothing at all, which stands for an empty one.</summary>
    private static bool IsObject(ReadOnlySpan<byte> escaped)
    {
        ReadOnlySpan<byte> json = WireText.Unescape(escaped).Trim(" \t\r\n"u8);
        if (json.IsEmpty)
            return true;
        if (json[0] != (byte)'{')
            return false;
        try
        {
            Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = 256 });
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
