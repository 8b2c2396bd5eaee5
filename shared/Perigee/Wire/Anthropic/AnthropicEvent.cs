using System.Text.Json;

namespace Perigee.Wire.Anthropic;

/// <summary>
/// The outer members of an event of the stream, or of a whole answer, as slices: they may stand in any order (some servers sort them), and what
/// one of them means often depends on another.
/// </summary>
internal ref struct AnthropicEvent
{
    /// <summary>Deeper than any tool's arguments seen.</summary>
    public static readonly JsonReaderOptions Options = new() { MaxDepth = 256 };

    /// <summary>The event's type, or <c>message</c>, without quotes; empty where it says none.</summary>
    public ReadOnlySpan<byte> Type;

    /// <summary>The place of the block, or -1.</summary>
    public int Index;

    /// <summary>The object of <c>message_start</c>.</summary>
    public ReadOnlySpan<byte> Message;

    /// <summary>The object of <c>content_block_start</c>.</summary>
    public ReadOnlySpan<byte> Block;

    /// <summary>What is new.</summary>
    public ReadOnlySpan<byte> Delta;

    /// <summary>Tokens.</summary>
    public ReadOnlySpan<byte> Usage;

    /// <summary>What went wrong: an object, seldom a string.</summary>
    public ReadOnlySpan<byte> Error;

    /// <summary>The id of a message, without quotes.</summary>
    public ReadOnlySpan<byte> Id;

    /// <summary>The model of a message, without quotes.</summary>
    public ReadOnlySpan<byte> Model;

    /// <summary>The content of a whole message.</summary>
    public ReadOnlySpan<byte> Content;

    /// <summary>Why a message ended, without quotes; in a stream this stands in the delta.</summary>
    public ReadOnlySpan<byte> StopReason;

    /// <summary>The stop sequence that was met, without quotes.</summary>
    public ReadOnlySpan<byte> StopSequence;

    /// <summary>More about the end.</summary>
    public ReadOnlySpan<byte> StopDetails;

    /// <summary>Whether this is a JSON object at all.</summary>
    public bool IsObject;

    /// <summary>Reads the members of an object. Null is as good as absent.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static AnthropicEvent Read(ReadOnlySpan<byte> json)
    {
        AnthropicEvent seen = new() { Index = -1 };
        Utf8JsonReader reader = new(json, Options);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return seen;
        seen.IsObject = true;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            ReadOnlySpan<byte> name = reader.ValueSpan;
            reader.Read();
            switch (reader.TokenType)
            {
                case JsonTokenType.String:
                    seen.Text(name, reader.ValueSpan, json[(int)reader.TokenStartIndex..(int)reader.BytesConsumed]);
                    break;
                case JsonTokenType.Number:
                    if (name.SequenceEqual("index"u8) && reader.TryGetInt32(out int index) && index >= 0)
                        seen.Index = index;
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    int start = (int)reader.TokenStartIndex;
                    reader.Skip();
                    seen.Container(name, json[start..(int)reader.BytesConsumed]);
                    break;
            }
        }

        return seen;
    }

    private void Text(ReadOnlySpan<byte> name, ReadOnlySpan<byte> inside, ReadOnlySpan<byte> raw)
    {
        if (name.SequenceEqual("type"u8))
            Type = inside;
        else if (name.SequenceEqual("id"u8))
            Id = inside;
        else if (name.SequenceEqual("model"u8))
            Model = inside;
        else if (name.SequenceEqual("stop_reason"u8))
            StopReason = inside;
        else if (name.SequenceEqual("stop_sequence"u8))
            StopSequence = inside;
        else if (name.SequenceEqual("error"u8))
            Error = raw;
    }

    private void Container(ReadOnlySpan<byte> name, ReadOnlySpan<byte> raw)
    {
        if (name.SequenceEqual("delta"u8))
            Delta = raw;
        else if (name.SequenceEqual("content_block"u8))
            Block = raw;
        else if (name.SequenceEqual("usage"u8))
            Usage = raw;
        else if (name.SequenceEqual("message"u8))
            Message = raw;
        else if (name.SequenceEqual("content"u8))
            Content = raw;
        else if (name.SequenceEqual("error"u8))
            Error = raw;
        else if (name.SequenceEqual("stop_details"u8))
            StopDetails = raw;
    }
}
