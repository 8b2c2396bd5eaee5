using System.Text.Json;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Wire.OpenAiResponses;

/// <summary>Reads Responses answers, whole or as events. Source: OpenAI API reference, "Responses" and "Streaming events".</summary>
internal sealed class OpenAiResponsesReader(IStreamSink sink) : IAnswerReader
{
    private bool _begun;
    private FinishReason _finish;

    /// <inheritdoc/>
    public void Close()
    {
    }

    /// <inheritdoc/>
    public bool Ended { get; private set; }

    /// <inheritdoc/>
    public EventNature ReadEvent(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
            return EventNature.Silent;
        if (data.SequenceEqual("[DONE]"u8))
            return Ended ? EventNature.End : EventNature.Silent;
        try
        {
            return Event(data);
        }
        catch (JsonException)
        {
            return EventNature.Content;
        }
    }

    /// <inheritdoc/>
    public EventNature ReadWhole(ReadOnlySpan<byte> body)
    {
        try
        {
            Utf8JsonReader reader = new(body);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                throw new JsonException();
            if (!Response(ref reader, begins: true, out bool error) && error)
                return EventNature.Error;
            Ended = true;
            sink.Finish(0, new Ending(_finish));
            sink.End();
            return EventNature.End;
        }
        catch (JsonException)
        {
            sink.Error(new JsonText("The provider's answer is not valid JSON."u8), default, 0);
            return EventNature.Error;
        }
    }

    private EventNature Event(ReadOnlySpan<byte> data)
    {
        Utf8JsonReader reader = new(data);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return EventNature.Silent;
        ReadOnlySpan<byte> type = default, message = default;
        JsonText delta = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.String)
                    type = reader.ValueSpan;
            }
            else if (reader.ValueTextEquals("delta"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.String)
                    delta = new JsonText(reader.ValueSpan);
                else
                    reader.Skip();
            }
            else if (reader.ValueTextEquals("message"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.String)
                    message = reader.ValueSpan;
                else
                    reader.Skip();
            }
            else if (reader.ValueTextEquals("response"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartObject)
                    Response(ref reader, begins: !_begun, out _);
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartObject)
                    message = Message(ref reader);
                else
                    reader.Skip();
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return Nature(type, delta, message);
    }

    private EventNature Nature(ReadOnlySpan<byte> type, JsonText delta, ReadOnlySpan<byte> message)
    {
        if (type.SequenceEqual("response.output_text.delta"u8))
        {
            sink.Text(0, delta);
            return EventNature.Content;
        }

        if (type.SequenceEqual("response.completed"u8) || type.SequenceEqual("response.incomplete"u8))
        {
            Ended = true;
            sink.Finish(0, new Ending(_finish));
            sink.End();
            return EventNature.End;
        }

        if (type.SequenceEqual("response.failed"u8) || type.SequenceEqual("error"u8) || (type.IsEmpty && !message.IsEmpty))
        {
            // response.failed is a closing event: the client is told, and by its own dialect's word.
            Ended = true;
            sink.Error(new JsonText(message.IsEmpty ? "The provider reported an error."u8 : message), default, 0);
            return EventNature.Error;
        }

        if (type.SequenceEqual("response.created"u8) || type.SequenceEqual("response.in_progress"u8) || type.SequenceEqual("response.queued"u8))
            return EventNature.Silent;
        if (type.SequenceEqual("response.reasoning_text.delta"u8) || type.SequenceEqual("response.reasoning_summary_text.delta"u8))
            sink.Reasoning(0, delta);
        else if (type.SequenceEqual("response.refusal.delta"u8))
            sink.Refusal(0, delta);
        else if (type.SequenceEqual("response.function_call_arguments.delta"u8))
            sink.ToolArguments(0, 0, delta);
        return EventNature.Content;
    }

    /// <summary>Reads a response object. False with <paramref name="error"/> where it is an error in place of one.</summary>
    private bool Response(scoped ref Utf8JsonReader reader, bool begins, out bool error)
    {
        error = false;
        ReadOnlySpan<byte> id = default, model = default, status = default, tier = default;
        TokenUsage? usage = null;
        bool calls = false, filtered = false, isObject = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
                id = String(ref reader);
            else if (reader.ValueTextEquals("model"u8))
                model = String(ref reader);
            else if (reader.ValueTextEquals("status"u8))
                status = String(ref reader);
            else if (reader.ValueTextEquals("object"u8))
                isObject = !String(ref reader).IsEmpty;
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                if (OpenAiUsage.TryRead(ref reader, out TokenUsage read))
                    usage = read;
            }
            else if (reader.ValueTextEquals("service_tier"u8))
                tier = String(ref reader);
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartObject)
                {
                    sink.Error(new JsonText(Message(ref reader)), default, 0);
                    error = true;
                }
                else
                {
                    reader.Skip();
                }
            }
            else if (reader.ValueTextEquals("incomplete_details"u8))
            {
                reader.Read();
                filtered = reader.TokenType == JsonTokenType.StartObject && Holds(ref reader, "reason"u8, "content_filter"u8);
            }
            else if (reader.ValueTextEquals("output"u8))
            {
                reader.Read();
                calls = reader.TokenType == JsonTokenType.StartArray && Holds(ref reader, "type"u8, "function_call"u8);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        if (usage is { } said)
            sink.Usage(said with { Tier = ServiceTiers.Of(tier) });
        _finish = status.SequenceEqual("incomplete"u8) ? filtered ? FinishReason.ContentFilter : FinishReason.Length
            : status.SequenceEqual("failed"u8) ? FinishReason.Error
            : status.SequenceEqual("completed"u8) ? calls ? FinishReason.ToolCalls : FinishReason.Stop
            : FinishReason.None;
        if (begins && !(id.IsEmpty && model.IsEmpty))
        {
            _begun = true;
            sink.Begin(id, model);
        }

        // A failed response is still a response, with its id; an error alone is not.
        error &= !isObject;
        return !error;
    }

    private static ReadOnlySpan<byte> String(scoped ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
            return reader.ValueSpan;
        reader.Skip();
        return default;
    }

    private static ReadOnlySpan<byte> Message(scoped ref Utf8JsonReader reader)
    {
        ReadOnlySpan<byte> message = default;
        int depth = reader.CurrentDepth;
        while (reader.Read() && !(reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == depth))
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("message"u8))
                message = String(ref reader);
        }

        return message.IsEmpty ? "The provider reported an error."u8 : message;
    }

    /// <summary>Whether somewhere in the container a member of that name has that value. Reads to the container's end.</summary>
    private static bool Holds(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        bool found = false;
        int depth = reader.CurrentDepth;
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(name) && reader.Read())
                found |= reader.TokenType == JsonTokenType.String && reader.ValueTextEquals(value);
        }

        return found;
    }
}
