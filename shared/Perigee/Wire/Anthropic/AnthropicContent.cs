using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Perigee.Wire.Anthropic;

/// <summary>
/// The content blocks of one answer, as they come in a stream or all at once, said as verbs. One block is open at a time; a server that forgets
/// to open or close one is forgiven. Blocks of tools that the provider ran itself have no verb and leave no holes in the calls' indices.
/// </summary>
internal sealed class AnthropicContent(IStreamSink sink, string seed)
{
    private readonly ArrayBufferWriter<byte> _citations = new();
    private readonly ArrayBufferWriter<byte> _signature = new();
    private readonly ArrayBufferWriter<byte> _input = new();
    private readonly List<int> _citationEnds = [];
    private OpenBlock _open;
    private int _index;
    private int _calls;
    private bool _said;
    private int _points;
    private int _textStart;

    private enum OpenBlock
    {
        None,
        Text,
        Thinking,
        Tool,
        Skipped,
    }

    /// <summary>A block begins.</summary>
    public EventNature Start(int index, ReadOnlySpan<byte> json)
    {
        AnthropicBlock block = AnthropicBlock.Read(json);
        CloseOpen();
        _index = index;
        _said = false;
        if (block.Type.SequenceEqual("text"u8))
        {
            Begin(OpenBlock.Text);
            Hold(block.Citations);
            return Text(block.Text);
        }

        if (block.Type.SequenceEqual("thinking"u8))
        {
            Begin(OpenBlock.Thinking);
            Sign(block.Signature);
            return Thinking(block.Thinking);
        }

        // A call that names no tool is none: what is said of it is passed over.
        if (block.Type.SequenceEqual("tool_use"u8) && !block.Name.IsEmpty)
        {
            Begin(OpenBlock.Tool);
            Call(block);
            return EventNature.Content;
        }

        _open = OpenBlock.Skipped;
        if (block.Type.SequenceEqual("redacted_thinking"u8) && !block.Data.IsEmpty && sink.ListensToContent)
            sink.Proof(0, new Proof(ProofOrigin.Anthropic, ProofKind.Redacted, new JsonText(block.Data)));

        // A block that this gateway passes over is still something that the provider made, and that a client of the same dialect sees.
        return EventNature.Content;
    }

    /// <summary>Something is added to a block.</summary>
    public EventNature Delta(int index, ReadOnlySpan<byte> json)
    {
        AnthropicBlock delta = AnthropicBlock.Read(json);
        if (delta.Type.SequenceEqual("text_delta"u8))
            return Delta(index, DeltaKind.Text, delta.Text);
        if (delta.Type.SequenceEqual("input_json_delta"u8))
            return Delta(index, DeltaKind.Input, delta.PartialJson);
        if (delta.Type.SequenceEqual("thinking_delta"u8))
            return Delta(index, DeltaKind.Thinking, delta.Thinking);
        if (delta.Type.SequenceEqual("signature_delta"u8) && Reach(index, OpenBlock.Thinking))
        {
            Sign(delta.Signature);
            return EventNature.Content;
        }

        if (delta.Type.SequenceEqual("citations_delta"u8) && Reach(index, OpenBlock.Text))
        {
            HoldOne(delta.Citation);
            return EventNature.Content;
        }

        return EventNature.Silent;
    }

    /// <summary>Text, reasoning or arguments are added to a block.</summary>
    public EventNature Delta(int index, DeltaKind kind, ReadOnlySpan<byte> text)
    {
        switch (kind)
        {
            case DeltaKind.Text:
                return !text.IsEmpty && Reach(index, OpenBlock.Text) ? Text(text) : EventNature.Silent;
            case DeltaKind.Thinking:
                return !text.IsEmpty && Reach(index, OpenBlock.Thinking) ? Thinking(text) : EventNature.Silent;
            default:
                if (text.IsEmpty || _open != OpenBlock.Tool || (index >= 0 && index != _index))
                    return text.IsEmpty ? EventNature.Silent : EventNature.Content;
                _said = true;
                if (sink.ListensToContent)
                    sink.ToolArguments(0, _calls, new JsonText(text));
                return EventNature.Content;
        }
    }

    /// <summary>A block ends.</summary>
    public void Stop(int index)
    {
        if (index < 0 || index == _index)
            CloseOpen();
    }

    /// <summary>All blocks of a whole answer.</summary>
    public void Whole(ReadOnlySpan<byte> array)
    {
        Utf8JsonReader reader = new(array, AnthropicEvent.Options);
        reader.Read();
        int index = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            int start = (int)reader.TokenStartIndex;
            reader.Skip();
            Start(index++, array[start..(int)reader.BytesConsumed]);
        }

        CloseOpen();
    }

    /// <summary>Says what is left to say of the block that is open.</summary>
    public void CloseOpen()
    {
        OpenBlock open = _open;
        _open = OpenBlock.None;
        switch (open)
        {
            case OpenBlock.Text:
                SayCitations();
                break;
            case OpenBlock.Thinking:
                if (_signature.WrittenCount > 0)
                    sink.Proof(0, new Proof(ProofOrigin.Anthropic, ProofKind.Signature, new JsonText(_signature.WrittenSpan)));
                else if (_said)
                    sink.ReasoningEnd(0);
                _signature.ResetWrittenCount();
                break;
            case OpenBlock.Tool:
                if (sink.ListensToContent)
                {
                    if (!_said && _input.WrittenCount > 0)
                        sink.ToolArguments(0, _calls, new JsonText(_input.WrittenSpan));
                    sink.ToolEnd(0, _calls);
                }

                _input.ResetWrittenCount();
                _calls++;
                break;
        }
    }

    private void Begin(OpenBlock kind)
    {
        _open = kind;
        _textStart = _points;
        _said = false;
    }

    /// <summary>Whether what is added belongs to an open block of this kind; opens one where the server did not.</summary>
    private bool Reach(int index, OpenBlock kind)
    {
        if (_open == kind && (index < 0 || index == _index))
            return true;
        if (_open == OpenBlock.Skipped && index == _index)
            return false;
        CloseOpen();
        _index = index;
        Begin(kind);
        return true;
    }

    private EventNature Text(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return EventNature.Silent;
        if (sink.ListensToContent)
        {
            _points += CodePoints(text);
            sink.Text(0, new JsonText(text));
        }

        return EventNature.Content;
    }

    private EventNature Thinking(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return EventNature.Silent;
        if (sink.ListensToContent)
        {
            _said = true;
            sink.Reasoning(0, new JsonText(text));
        }

        return EventNature.Content;
    }

    private void Sign(ReadOnlySpan<byte> signature)
    {
        // It comes in one piece; Anthropic's SDKs, too, let a second one replace the first.
        if (signature.IsEmpty || !sink.ListensToContent)
            return;
        _signature.ResetWrittenCount();
        _signature.Write(signature);
    }

    private void Call(in AnthropicBlock block)
    {
        if (!sink.ListensToContent)
            return;
        ReadOnlySpan<byte> id = block.Id.IsEmpty ? Encoding.ASCII.GetBytes($"toolu_{seed}_{_calls}") : block.Id;
        sink.ToolCall(0, _calls, new JsonText(id), new JsonText(block.Name));

        // In a stream `{}` stands for what is still to come. Some servers send the whole object here and no delta.
        if (!block.Input.IsEmpty && block.Input[0] == (byte)'{' && block.Input[1..^1].ContainsAnyExcept(" \t\r\n"u8))
            AnthropicJson.Escape(block.Input, _input);
    }

    private void Hold(ReadOnlySpan<byte> array)
    {
        if (array.Length <= 2 || array[0] != (byte)'[')
            return;
        Utf8JsonReader reader = new(array, AnthropicEvent.Options);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            int start = (int)reader.TokenStartIndex;
            reader.Skip();
            HoldOne(array[start..(int)reader.BytesConsumed]);
        }
    }

    /// <summary>Citations come before the text that they are for, so they wait for the block's end.</summary>
    private void HoldOne(ReadOnlySpan<byte> citation)
    {
        if (citation.IsEmpty || !sink.ListensToContent)
            return;
        _citations.Write(citation);
        _citationEnds.Add(_citations.WrittenCount);
    }

    private void SayCitations()
    {
        int start = 0;
        foreach (int end in _citationEnds)
        {
            AnthropicBlock citation = AnthropicBlock.Read(_citations.WrittenSpan[start..end]);
            start = end;
            ReadOnlySpan<byte> url = citation.Url;
            if (url.IsEmpty && (citation.Source.StartsWith("https:"u8) || citation.Source.StartsWith("http:"u8)))
                url = citation.Source;
            if (url.IsEmpty)
                continue;
            sink.Citation(0, new Citation(new JsonText(url))
            {
                Title = new JsonText(citation.Title),
                Quoted = new JsonText(citation.CitedText),
                Start = _textStart,
                End = _points,
            });
        }

        _citationEnds.Clear();
        _citations.ResetWrittenCount();
    }

    /// <summary>How many code points an escaped text has.</summary>
    private static int CodePoints(ReadOnlySpan<byte> escaped)
    {
        int points = 0;
        for (int i = 0; i < escaped.Length; i++)
        {
            byte b = escaped[i];
            if (b == (byte)'\\' && i + 1 < escaped.Length)
            {
                bool unicode = escaped[++i] == (byte)'u' && i + 4 < escaped.Length;

                // The second half of a surrogate pair adds nothing to the first.
                if (!unicode || !(escaped[i + 1] is (byte)'d' or (byte)'D' && escaped[i + 2] is >= (byte)'c' and <= (byte)'f' or >= (byte)'C' and <= (byte)'F'))
                    points++;
                if (unicode)
                    i += 4;
            }
            else if ((b & 0xC0) != 0x80)
            {
                points++;
            }
        }

        return points;
    }
}
