using System.Text.Json;

namespace Perigee.Wire.Anthropic;

/// <summary>Reads stop sequences: a string, or an array of them.</summary>
internal static class AnthropicStops
{
    /// <summary>The sequences. What is no string is passed over.</summary>
    public static List<WireText> Read(ReadOnlyMemory<byte> json)
    {
        List<WireText> stops = [];
        try
        {
            Utf8JsonReader reader = new(json.Span);
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.String)
                    stops.Add(new WireText(json.Slice((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length)));
            }
        }
        catch (JsonException)
        {
            // The question's reader has seen to it that this is JSON.
        }

        return stops;
    }
}
