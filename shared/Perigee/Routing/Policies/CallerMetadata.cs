using System.Text;
using System.Text.Json;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Routing.Policies;

/// <summary>What callers say of a request for the operator's purposes: <c>x-perigee-metadata</c>, else the body's <c>metadata</c>.</summary>
internal static class CallerMetadata
{
    private const int MostBytes = 2048;

    private static readonly Dictionary<string, string> None = [];

    /// <summary>The texts of the body's <c>metadata</c>.</summary>
    public static Dictionary<string, string> OfBody(Exchange exchange)
    {
        if (exchange.Question is not { } question || new JsonValue(question, 0)["metadata"u8] is not { IsObject: true } metadata)
            return None;
        Dictionary<string, string> found = new(StringComparer.Ordinal);
        foreach ((string name, JsonValue value) in metadata)
        {
            if (value.IsText)
                found[name] = value.Word;
        }

        return found;
    }

    /// <summary>Reads the header.</summary>
    /// <param name="text">Its value.</param>
    /// <param name="error">Why it cannot be used.</param>
    public static Dictionary<string, string>? OfHeader(string text, out GatewayError? error)
    {
        error = null;
        if (text.Length > MostBytes || Encoding.UTF8.GetByteCount(text) > MostBytes)
        {
            error = Bad($"is longer than {MostBytes} bytes");
            return null;
        }

        Dictionary<string, string> found = new(StringComparer.Ordinal);
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                error = Bad("is no JSON object");
                return null;
            }

            foreach (JsonProperty member in document.RootElement.EnumerateObject())
            {
                if (member.Value.ValueKind != JsonValueKind.String || !found.TryAdd(member.Name, member.Value.GetString()!))
                {
                    error = Bad(member.Value.ValueKind == JsonValueKind.String ? "names a member twice" : "holds something else than strings");
                    return null;
                }
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            error = Bad("is not valid JSON");
            return null;
        }

        return found;
    }

    private static GatewayError Bad(string what) => new(ErrorKind.BadRequest,
        $"'{HeaderNames.Metadata}' {what}: send one JSON object of strings, such as {{\"tier\":\"gold\"}}, of at most {MostBytes} bytes.", HeaderNames.Metadata);
}
