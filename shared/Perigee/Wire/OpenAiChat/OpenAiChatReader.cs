using System.Text.Json;

namespace Perigee.Wire.OpenAiChat;

/// <summary>Reads chat completions, whole or as chunks, and, with <paramref name="strict"/> off, any answer that shares their outer members.</summary>
internal sealed class OpenAiChatReader(IStreamSink sink, bool strict) : IAnswerReader
{
    private bool _begun;
    private bool _done;
    private ulong _choices;
    private ulong _finished;

    /// <inheritdoc/>
    /// <remarks>Some servers (Perplexity, Hugging Face) never send [DONE]: then every choice that spoke must have said why it ended.</remarks>
    public bool Ended => !strict || _done || (_finished != 0 && (_choices & ~_finished) == 0);

    /// <inheritdoc/>
    public EventNature ReadEvent(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
            return EventNature.Silent;
        if (data.SequenceEqual("[DONE]"u8))
        {
            _done = true;
            sink.End();
            return EventNature.End;
        }

        // Most events of a stream are a few characters of one choice's text: seen by what they lack, at a tenth of the cost of reading them.
        if (_begun && _choices == 1 && !sink.ListensToContent && OnlyContent(data))
            return EventNature.Content;
        try
        {
            EventNature nature = Read(data, whole: false);
            return !strict && nature == EventNature.Silent ? EventNature.Content : nature;
        }
        catch (JsonException)
        {
            // What a provider sends that is not JSON is the client's to judge: it has the same bytes.
            return EventNature.Content;
        }
    }

    /// <inheritdoc/>
    public void Close()
    {
    }

    /// <inheritdoc/>
    public EventNature ReadWhole(ReadOnlySpan<byte> body)
    {
        try
        {
            EventNature nature = Read(body, whole: true);
            if (nature == EventNature.Error)
                return nature;
            if (strict && _choices == 0)
            {
                sink.Error(new JsonText("The provider's answer holds no choices."u8), default, 0);
                return EventNature.Error;
            }

            _done = true;
            sink.End();
            return EventNature.End;
        }
        catch (JsonException)
        {
            sink.Error(new JsonText("The provider's answer is not valid JSON."u8), default, 0);
            return EventNature.Error;
        }
    }

    /// <summary>
    /// Whether a chunk says nothing but some text of choice 0: content that is not empty, every finish_reason, usage and error null or absent,
    /// every index 0. A text that itself holds these words only costs the full reading.
    /// </summary>
    private static bool OnlyContent(ReadOnlySpan<byte> data)
    {
        int content = data.IndexOf("\"content\":\""u8);
        if (content < 0 || data[content + 11] == (byte)'"' || data[^1] != (byte)'}')
            return false;
        return Harmless(data, "\"finish_reason\":"u8, (byte)'n') && Harmless(data, "\"usage\":"u8, (byte)'n')
            && Harmless(data, "\"error\":"u8, (byte)'n') && Harmless(data, "\"index\":"u8, (byte)'0');
    }

    private static bool Harmless(ReadOnlySpan<byte> data, ReadOnlySpan<byte> name, byte first)
    {
        int at = data.IndexOf(name);
        if (at < 0)
            return true;

        // Twice the same name, or a space before the value: rare enough to be read whole.
        ReadOnlySpan<byte> rest = data[(at + name.Length)..];
        return rest[0] == first && rest.IndexOf(name) < 0;
    }

    private EventNature Read(ReadOnlySpan<byte> json, bool whole)
    {
        if (!_begun)
            Begin(json);
        Utf8JsonReader reader = new(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return whole ? throw new JsonException() : EventNature.Silent;
        bool content = false;
        bool usageSeen = false;
        bool choicesSeen = false;
        bool error = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("choices"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartArray)
                    content |= Choices(ref reader, ref choicesSeen);
                else
                    reader.Skip();
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                if (OpenAiUsage.TryRead(ref reader, out TokenUsage usage))
                {
                    usageSeen = true;
                    sink.Usage(usage);
                }
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                error |= Error(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        if (error && !content)
            return EventNature.Error;
        return content ? EventNature.Content : usageSeen && !choicesSeen ? EventNature.UsageOnly : EventNature.Silent;
    }

    /// <summary>The sink is told id and model before anything else, wherever in the first object they stand.</summary>
    private void Begin(ReadOnlySpan<byte> json)
    {
        ReadOnlySpan<byte> id = default, model = default;
        Utf8JsonReader reader = new(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return;
        while ((id.IsEmpty || model.IsEmpty) && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isId = reader.ValueTextEquals("id"u8);
            bool isModel = !isId && reader.ValueTextEquals("model"u8);
            reader.Read();
            if ((isId || isModel) && reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty)
            {
                if (isId)
                    id = reader.ValueSpan;
                else
                    model = reader.ValueSpan;
            }

            reader.Skip();
        }

        // Azure opens with a chunk that has neither: it is not the beginning.
        if (id.IsEmpty && model.IsEmpty)
            return;
        _begun = true;
        sink.Begin(id, model);
    }

    private bool Choices(scoped ref Utf8JsonReader reader, ref bool any)
    {
        bool content = false;
        int position = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            any = true;
            if (reader.TokenType == JsonTokenType.StartObject)
                content |= Choice(ref reader, position++);
            else
                reader.Skip();
        }

        return content;
    }

    private bool Choice(scoped ref Utf8JsonReader reader, int choice)
    {
        bool content = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("index"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int index) && index >= 0)
                    choice = index;
            }
            else if (reader.ValueTextEquals("delta"u8) || reader.ValueTextEquals("message"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartObject)
                    content |= Message(ref reader, choice);
                else
                    reader.Skip();
            }
            else if (reader.ValueTextEquals("text"u8))
            {
                reader.Read();
                if (Says(ref reader, out JsonText text))
                {
                    content = true;
                    sink.Text(choice, text);
                }
            }
            else if (reader.ValueTextEquals("finish_reason"u8))
            {
                reader.Read();
                if (Says(ref reader, out JsonText word))
                {
                    content = true;
                    _finished |= Bit(choice);
                    sink.Finish(choice, new Ending(Reason(word.Escaped)) { Word = word });
                }
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        _choices |= Bit(choice);
        return content;
    }

    private bool Message(scoped ref Utf8JsonReader reader, int choice)
    {
        bool content = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            JsonText text;
            if (reader.ValueTextEquals("content"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartArray)
                {
                    // Mistral's reasoning models answer in parts.
                    content = true;
                    reader.Skip();
                }
                else if (Says(ref reader, out text))
                {
                    content = true;
                    sink.Text(choice, text);
                }
            }
            else if (reader.ValueTextEquals("reasoning_content"u8) || reader.ValueTextEquals("reasoning"u8))
            {
                reader.Read();
                if (Says(ref reader, out text))
                {
                    content = true;
                    sink.Reasoning(choice, text);
                }
            }
            else if (reader.ValueTextEquals("refusal"u8))
            {
                reader.Read();
                if (Says(ref reader, out text))
                {
                    content = true;
                    sink.Refusal(choice, text);
                }
            }
            else if (reader.ValueTextEquals("role"u8))
            {
                reader.Read();
                reader.Skip();
            }
            else
            {
                // Tool calls, audio, function_call, reasoning_details: whatever is not empty is content.
                reader.Read();
                content |= reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject;
                reader.Skip();
            }
        }

        return content;
    }

    private bool Error(scoped ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                sink.Error(new JsonText(reader.ValueSpan), default, 0);
                return true;
            case JsonTokenType.StartObject:
                ReadOnlySpan<byte> message = "The provider reported an error."u8;
                int status = 0;
                int depth = reader.CurrentDepth;
                while (reader.Read() && !(reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == depth))
                {
                    if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != depth + 1)
                        continue;
                    bool isMessage = reader.ValueTextEquals("message"u8);
                    bool isStatus = !isMessage && (reader.ValueTextEquals("code"u8) || reader.ValueTextEquals("status_code"u8));
                    reader.Read();
                    if (isMessage && reader.TokenType == JsonTokenType.String)
                        message = reader.ValueSpan;
                    else if (isStatus && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int code) && code is >= 400 and < 600)
                        status = code;
                    reader.Skip();
                }

                sink.Error(new JsonText(message), default, status);
                return true;
            default:
                reader.Skip();
                return false;
        }
    }

    private static bool Says(scoped ref Utf8JsonReader reader, out JsonText text)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            text = new JsonText(reader.ValueSpan);
            return !text.IsEmpty;
        }

        text = default;
        reader.Skip();
        return false;
    }

    private static ulong Bit(int choice) => 1UL << Math.Min(choice, 63);

    private static FinishReason Reason(ReadOnlySpan<byte> word) =>
        word.SequenceEqual("stop"u8) ? FinishReason.Stop
        : word.SequenceEqual("tool_calls"u8) || word.SequenceEqual("function_call"u8) ? FinishReason.ToolCalls
        : word.SequenceEqual("length"u8) || word.SequenceEqual("model_length"u8) ? FinishReason.Length
        : word.SequenceEqual("content_filter"u8) ? FinishReason.ContentFilter
        : word.SequenceEqual("error"u8) ? FinishReason.Error
        : word.SequenceEqual("eos"u8) ? FinishReason.Stop
        : FinishReason.Other;
}
