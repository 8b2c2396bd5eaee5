using System.Buffers;
using System.Text.Json;
using Perigee.Wire;
using Perigee.Wire.Gemini;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Caching.Replay;

/// <summary>
/// Streams of one dialect in its other frames. The events keep their own bytes, so that what no reader knows survives; the dialect's reader
/// only looks on, to tell that the stream is a complete answer.
/// </summary>
internal static class Reframing
{
    /// <summary>Gemini's events as one array, or the other way.</summary>
    public static bool Gemini(ReadOnlySpan<byte> body, bool fromArray, IBufferWriter<byte> output)
    {
        AnswerFacts facts = new();
        IAnswerReader reader = GeminiDialect.Instance.Reader(facts);
        KeptEvents events = new(body, fromArray);
        bool any = false;
        while (events.Next() && !events.Broken)
        {
            if (events.Data.IsEmpty)
                continue;
            if (!SseFrame.IsWholeData(events.Data) || reader.ReadEvent(events.Name, events.Data) == EventNature.Error)
                return false;
            if (fromArray)
            {
                output.Write("data: "u8);
                OneLine(events.Data, output);
                output.Write("\r\n\r\n"u8);
            }
            else
            {
                output.Write(any ? ",\r\n"u8 : "["u8);
                output.Write(events.Data);
            }

            any = true;
        }

        reader.Close();
        if (!fromArray)
            output.Write("]"u8);
        return IsWhole(events.Broken, facts, reader);
    }

    /// <summary>Chunks of chat completions for a client that did not ask for usage: the chunk that says nothing else is left out, as the relay does.</summary>
    public static bool WithoutUsage(ReadOnlySpan<byte> body, IBufferWriter<byte> output)
    {
        AnswerFacts facts = new();
        IAnswerReader reader = OpenAiChatDialect.Chat.Reader(facts);
        KeptEvents events = new(body, asArray: false);
        while (events.Next() && !events.Broken)
        {
            if (events.Data.IsEmpty)
                continue;
            EventNature nature = SseFrame.IsWholeData(events.Data) ? reader.ReadEvent(events.Name, events.Data) : EventNature.Error;
            if (nature == EventNature.Error)
                return false;
            if (nature != EventNature.UsageOnly)
                Chunk(events, output);
        }

        reader.Close();
        return IsWhole(events.Broken, facts, reader);
    }

    /// <summary>Chunks of chat completions for a client that asked for usage: where the stream states none, the chunk is made of what is known.</summary>
    public static Unsayable WithUsage(CachedAnswer kept, IBufferWriter<byte> output)
    {
        AnswerFacts facts = new();
        IAnswerReader reader = OpenAiChatDialect.Chat.Reader(facts);
        KeptEvents events = new(kept.Body.Span, asArray: false);
        byte[]? head = null;
        bool done = false;
        while (events.Next() && !events.Broken)
        {
            if (events.Data.IsEmpty || done)
                continue;
            if (!SseFrame.IsWholeData(events.Data) || reader.ReadEvent(events.Name, events.Data) == EventNature.Error)
                return Unsayable.NotWhole;
            done = events.Data.SequenceEqual("[DONE]"u8);
            if (!done)
            {
                head ??= Head(events.Data);
                Chunk(events, output);
            }
        }

        reader.Close();
        if (!IsWhole(events.Broken, facts, reader))
            return Unsayable.NotWhole;
        if (facts.Usage is null)
        {
            if (kept.Usage is not { } usage || head is null)
                return Unsayable.Usage;
            output.Write(head);
            OpenAiUsage.Write(new JsonOut(output), usage);
            output.Write("}\n\n"u8);
        }

        output.Write("data: [DONE]\n\n"u8);
        return Unsayable.None;
    }

    private static bool IsWhole(bool broken, AnswerFacts facts, IAnswerReader reader) =>
        !broken && reader.Ended && facts.ErrorMessage is null && facts.Finish != FinishReason.Error;

    /// <summary>An event in its own bytes where they are nothing but its data; comments that stand with it are left out.</summary>
    private static void Chunk(in KeptEvents events, IBufferWriter<byte> output)
    {
        if (events.Raw.StartsWith("data:"u8))
        {
            output.Write(events.Raw);
            if (events.Raw[^1] is (byte)'\n' or (byte)'\r')
                return;
        }
        else
        {
            output.Write("data: "u8);
            OneLine(events.Data, output);
        }

        output.Write("\n\n"u8);
    }

    /// <summary>The members that all chunks of a stream share, up to the value of <c>usage</c>. Null where this chunk does not name its answer (Azure's first).</summary>
    private static byte[]? Head(ReadOnlySpan<byte> data)
    {
        ReadOnlySpan<byte> id = default, created = default, model = default;
        Utf8JsonReader reader = new(data);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isId = reader.ValueTextEquals("id"u8), isCreated = reader.ValueTextEquals("created"u8), isModel = reader.ValueTextEquals("model"u8);
            reader.Read();
            int start = (int)reader.TokenStartIndex;
            reader.Skip();
            ReadOnlySpan<byte> value = data[start..(int)reader.BytesConsumed];
            if (isId && value.Length > 2)
                id = value;
            else if (isCreated)
                created = value;
            else if (isModel && value.Length > 2)
                model = value;
        }

        if (id.IsEmpty && model.IsEmpty)
            return null;
        return
        [
            .. "data: {\"id\":"u8, .. id.IsEmpty ? "\"\""u8 : id, .. ",\"object\":\"chat.completion.chunk\",\"created\":"u8, .. created.IsEmpty ? "0"u8 : created,
            .. ",\"model\":"u8, .. model.IsEmpty ? "\"\""u8 : model, .. ",\"choices\":[],\"usage\":"u8,
        ];
    }

    /// <summary>JSON without its line ends, which stand only between its tokens: Google indents the elements of its arrays.</summary>
    private static void OneLine(ReadOnlySpan<byte> json, IBufferWriter<byte> output)
    {
        while (json.IndexOfAny((byte)'\r', (byte)'\n') is var at and >= 0)
        {
            output.Write(json[..at]);
            json = json[(at + 1)..];
        }

        output.Write(json);
    }
}
