using System.Text.Json;

namespace Perigee.Wire.Anthropic;

/// <summary>The members of a content block or of a delta, as slices, in whatever order they stand. Strings without quotes, escapes in.</summary>
internal ref struct AnthropicBlock
{
    /// <summary>Its type.</summary>
    public ReadOnlySpan<byte> Type;

    /// <summary>Visible text.</summary>
    public ReadOnlySpan<byte> Text;

    /// <summary>Reasoning.</summary>
    public ReadOnlySpan<byte> Thinking;

    /// <summary>The proof of the reasoning.</summary>
    public ReadOnlySpan<byte> Signature;

    /// <summary>Reasoning that is hidden.</summary>
    public ReadOnlySpan<byte> Data;

    /// <summary>A call's id.</summary>
    public ReadOnlySpan<byte> Id;

    /// <summary>A tool's name.</summary>
    public ReadOnlySpan<byte> Name;

    /// <summary>A piece of a call's arguments.</summary>
    public ReadOnlySpan<byte> PartialJson;

    /// <summary>A call's arguments, whole: JSON.</summary>
    public ReadOnlySpan<byte> Input;

    /// <summary>Citations: a JSON array.</summary>
    public ReadOnlySpan<byte> Citations;

    /// <summary>One citation: a JSON object.</summary>
    public ReadOnlySpan<byte> Citation;

    /// <summary>A citation's address.</summary>
    public ReadOnlySpan<byte> Url;

    /// <summary>What a citation of a search result calls its source: often an address.</summary>
    public ReadOnlySpan<byte> Source;

    /// <summary>A citation's title.</summary>
    public ReadOnlySpan<byte> Title;

    /// <summary>The words that a citation quotes.</summary>
    public ReadOnlySpan<byte> CitedText;

    /// <summary>Why an answer was refused (of <c>stop_details</c>).</summary>
    public ReadOnlySpan<byte> Explanation;

    /// <summary>Reads the members of an object.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    public static AnthropicBlock Read(ReadOnlySpan<byte> json)
    {
        AnthropicBlock block = default;
        Utf8JsonReader reader = new(json, AnthropicEvent.Options);
        if (json.IsEmpty || !reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return block;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            ReadOnlySpan<byte> name = reader.ValueSpan;
            reader.Read();
            if (reader.TokenType == JsonTokenType.String)
            {
                block.Take(name, reader.ValueSpan);
            }
            else if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                int start = (int)reader.TokenStartIndex;
                reader.Skip();
                ReadOnlySpan<byte> raw = json[start..(int)reader.BytesConsumed];
                if (name.SequenceEqual("input"u8))
                    block.Input = raw;
                else if (name.SequenceEqual("citations"u8))
                    block.Citations = raw;
                else if (name.SequenceEqual("citation"u8))
                    block.Citation = raw;
            }
        }

        return block;
    }

    private void Take(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.SequenceEqual("type"u8))
            Type = value;
        else if (name.SequenceEqual("text"u8))
            Text = value;
        else if (name.SequenceEqual("thinking"u8))
            Thinking = value;
        else if (name.SequenceEqual("partial_json"u8))
            PartialJson = value;
        else if (name.SequenceEqual("signature"u8))
            Signature = value;
        else if (name.SequenceEqual("data"u8))
            Data = value;
        else if (name.SequenceEqual("id"u8))
            Id = value;
        else if (name.SequenceEqual("name"u8))
            Name = value;
        else if (name.SequenceEqual("url"u8))
            Url = value;
        else if (name.SequenceEqual("source"u8))
            Source = value;
        else if (name.SequenceEqual("title"u8))
            Title = value;
        else if (name.SequenceEqual("cited_text"u8))
            CitedText = value;
        else if (name.SequenceEqual("explanation"u8))
            Explanation = value;
    }
}
