using System.Text.Json;

namespace Perigee.Wire.Anthropic;

/// <summary>Reads answers of Anthropic Messages, whole or as events. An event is known by its JSON <c>type</c>; the <c>event:</c> line only repeats it.</summary>
internal sealed class AnthropicReader(IStreamSink sink, string seed) : IAnswerReader
{
    private readonly AnthropicUsage _usage = new();
    private readonly AnthropicContent _content = new(sink, seed);
    private TokenUsage? _saidUsage;
    private bool _begun;
    private bool _finished;
    private bool _failed;

    /// <inheritdoc/>
    public bool Ended { get; private set; }

    /// <inheritdoc/>
    public EventNature ReadEvent(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty || Ended || _failed || data.SequenceEqual("[DONE]"u8))
            return EventNature.Silent;
        if (!sink.ListensToContent)
        {
            if (AnthropicDelta.TryPeek(data, out bool empty))
                return empty ? EventNature.Silent : EventNature.Content;
        }
        else if (AnthropicDelta.TryRead(data, out int index, out DeltaKind kind, out ReadOnlySpan<byte> text))
        {
            Begin(default, default);
            return _finished ? EventNature.Silent : _content.Delta(index, kind, text);
        }

        try
        {
            return Read(name, data);
        }
        catch (JsonException)
        {
            // What a provider sends that is not JSON is the client's to judge: in a relay of bytes it has the same bytes.
            return EventNature.Content;
        }
    }

    /// <inheritdoc/>
    public EventNature ReadWhole(ReadOnlySpan<byte> body)
    {
        try
        {
            AnthropicEvent answer = AnthropicEvent.Read(body);
            if (!answer.Error.IsEmpty || answer.Type.SequenceEqual("error"u8))
                return Fail(answer.Error);
            if (answer.Content.IsEmpty || answer.Content[0] != (byte)'[')
                return Fail("\"The provider's answer is no message: it has no content.\""u8);
            Begin(answer.Id, answer.Model);
            if (sink.ListensToContent)
                _content.Whole(answer.Content);
            TakeUsage(answer.Usage);
            Finish(answer);
            return End();
        }
        catch (JsonException)
        {
            return Fail("\"The provider's answer is not valid JSON.\""u8);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Nothing but <c>message_stop</c> ends an answer.</remarks>
    public void Close()
    {
    }

    private EventNature Read(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        AnthropicEvent read = AnthropicEvent.Read(data);
        ReadOnlySpan<byte> type = read.Type.IsEmpty ? name : read.Type;
        if (type.SequenceEqual("error"u8) || (read.Type.IsEmpty && !read.Error.IsEmpty))
            return Fail(read.Error.IsEmpty ? data : read.Error);
        if (type.SequenceEqual("content_block_delta"u8))
            return Block(read, begins: false);
        if (type.SequenceEqual("content_block_start"u8))
            return Block(read, begins: true);
        if (type.SequenceEqual("content_block_stop"u8))
        {
            _content.Stop(read.Index);
        }
        else if (type.SequenceEqual("message_start"u8))
        {
            // Proxies that join streams send a second one in the middle: the answer is still the first.
            if (_begun)
                return EventNature.Silent;
            AnthropicEvent message = read.Message.IsEmpty ? read : AnthropicEvent.Read(read.Message);
            Begin(message.Id, message.Model);
            TakeUsage(message.Usage);
        }
        else if (type.SequenceEqual("message_delta"u8))
        {
            Begin(default, default);
            TakeUsage(read.Usage);
            AnthropicEvent delta = read.Delta.IsEmpty ? default : AnthropicEvent.Read(read.Delta);
            if (!delta.StopReason.IsEmpty)
                Finish(delta);
            return EventNature.Content;
        }
        else if (type.SequenceEqual("message_stop"u8))
        {
            Begin(default, default);
            Finish(default);
            return End();
        }

        return EventNature.Silent;
    }

    private EventNature Block(in AnthropicEvent read, bool begins)
    {
        Begin(default, default);
        if (_finished)
            return EventNature.Silent;
        return begins ? _content.Start(read.Index, read.Block) : _content.Delta(read.Index, read.Delta);
    }

    private void Begin(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model)
    {
        if (_begun)
            return;
        _begun = true;
        sink.Begin(id, model);
    }

    private void TakeUsage(ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty || !_usage.Read(json))
            return;
        TokenUsage sum = _usage.Sum();
        if (sum == _saidUsage)
            return;
        _saidUsage = sum;
        sink.Usage(sum);
    }

    private void Finish(in AnthropicEvent ending)
    {
        _content.CloseOpen();
        if (_finished)
            return;
        _finished = true;
        sink.Finish(0, new Ending(Reason(ending.StopReason))
        {
            Word = new JsonText(ending.StopReason),
            Sequence = new JsonText(ending.StopSequence),
            Explanation = new JsonText(AnthropicBlock.Read(ending.StopDetails).Explanation),
        });
    }

    private EventNature End()
    {
        Ended = true;
        sink.End();
        return EventNature.End;
    }

    private EventNature Fail(ReadOnlySpan<byte> error)
    {
        JsonText message = default, word = default;
        if (!error.IsEmpty)
            AnthropicError.Read(error, out message, out word);
        _failed = true;
        sink.Error(message.IsEmpty ? new JsonText("The provider reported an error."u8) : message, word, AnthropicError.Status(word.Escaped));
        return EventNature.Error;
    }

    private static FinishReason Reason(ReadOnlySpan<byte> word) =>
        word.IsEmpty ? FinishReason.Other
        : word.SequenceEqual("end_turn"u8) ? FinishReason.Stop
        : word.SequenceEqual("tool_use"u8) ? FinishReason.ToolCalls
        : word.SequenceEqual("max_tokens"u8) ? FinishReason.Length
        : word.SequenceEqual("stop_sequence"u8) ? FinishReason.StopSequence
        : word.SequenceEqual("refusal"u8) ? FinishReason.Refusal
        : word.SequenceEqual("pause_turn"u8) ? FinishReason.Pause
        : word.SequenceEqual("model_context_window_exceeded"u8) ? FinishReason.ContextFull
        : word.SequenceEqual("content_filtered"u8) || word.SequenceEqual("guardrail_intervened"u8) ? FinishReason.ContentFilter
        : FinishReason.Other;
}
