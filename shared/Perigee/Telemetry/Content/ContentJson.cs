using System.Runtime.InteropServices;
using System.Text.Json;
using Perigee.Wire;

namespace Perigee.Telemetry.Content;

/// <summary>Looks things up in JSON that others wrote: what is not there, or is something else, is nothing.</summary>
internal static class ContentJson
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 128 };

    /// <summary>Reads a text that is JSON.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json) => JsonDocument.Parse(json, Options);

    /// <summary>A member of an object; undefined where there is none.</summary>
    public static JsonElement Member(JsonElement of, string name) => of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out JsonElement value) ? value : default;

    /// <summary>A string, half surrogate pairs and all; null for anything else.</summary>
    public static string? Text(JsonElement of) => of.ValueKind == JsonValueKind.String ? WireText.Decode(JsonMarshal.GetRawUtf8Value(of)[1..^1]) : null;

    /// <summary>A member that is a string, or null.</summary>
    public static string? Text(JsonElement of, string name) => Text(Member(of, name));

    /// <summary>The elements of an array; none for anything else.</summary>
    public static IEnumerable<JsonElement> Items(JsonElement of) => of.ValueKind == JsonValueKind.Array ? of.EnumerateArray() : [];

    /// <summary>The data of the events of a stream that was kept, each with what its JSON says.</summary>
    public static IEnumerable<JsonDocument> Events(ReadOnlyMemory<byte> bytes)
    {
        while (Next(ref bytes, out ReadOnlyMemory<byte> data))
        {
            if (data.Length > 0 && data.Span[0] == (byte)'{' && TryParse(data) is { } parsed)
            {
                using (parsed)
                    yield return parsed;
            }
        }
    }

    private static bool Next(ref ReadOnlyMemory<byte> bytes, out ReadOnlyMemory<byte> data)
    {
        int scanned = 0;
        data = default;
        if (!SseFrame.TryRead(bytes.Span, atEnd: false, ref scanned, out SseFrame frame))
            return false;
        data = frame.Data.ToArray();
        bytes = bytes[frame.Length..];
        return true;
    }

    private static JsonDocument? TryParse(ReadOnlyMemory<byte> json)
    {
        try
        {
            return Parse(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
