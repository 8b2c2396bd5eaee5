using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Perigee.Providers;

namespace Perigee.Forwarding;

/// <summary>An error answer of a provider, in whichever of the dozen shapes it comes, as a value: for the log, for failover, and for the client.</summary>
internal static class ProviderError
{
    private const int MostText = 2000;

    /// <summary>The error as a value.</summary>
    /// <param name="status">The answer's status.</param>
    /// <param name="headers">Its headers.</param>
    /// <param name="body">Its body.</param>
    /// <param name="provider">Whose it is.</param>
    /// <param name="now">The time.</param>
    /// <param name="errors">Takes out what a client must not be told.</param>
    public static GatewayError Of(
        HttpStatusCode status, HttpResponseHeaders headers, ReadOnlySpan<byte> body, Provider provider, DateTimeOffset now, IErrorRedactor? errors = null)
    {
        int code = (int)status;
        if (code is < 400 or > 599)
        {
            return new GatewayError(ErrorKind.ProviderFailed,
                $"Provider '{provider.Name}' answered with status {code}, which is no answer{(code is >= 300 and < 400 ? ": redirects are not followed" : "")}.");
        }

        using JsonDocument? document = Parse(body);
        JsonElement root = document?.RootElement ?? default;
        string text = KeyMask.Mask((document is null ? null : Message(root)) ?? Plain(body), provider.Key);
        (int meant, string? word) = ErrorWords.Of(code, text, document is null ? [] : Words(root));

        // Before it is cut: half a key is no longer known for one.
        string told = Cut(errors?.Clean(text) ?? text);
        return new GatewayError(ErrorKind.ProviderRefused, told.Length == 0 ? $"Provider '{provider.Name}' answered with status {code}." : told,
            RetryAfter: RetryAfter.Of(headers, root, meant is 429 or 503 or 529, now))
        {
            Status = meant,
            Code = word,
        };
    }

    private static JsonDocument? Parse(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonDocument.Parse(ReadableJson.Of(body.ToArray()));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Message(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                return element.GetString()!;
            case JsonValueKind.Array:
                return element.GetArrayLength() > 0 ? Message(element[0]) : null;
            case JsonValueKind.Object:
                foreach (string name in (ReadOnlySpan<string>)["error", "message", "Message", "detail", "msg", "error_message"])
                {
                    if (element.TryGetProperty(name, out JsonElement inner) && inner.ValueKind != JsonValueKind.Null && Message(inner) is { } found)
                        return found;
                }

                return null;
            default:
                return null;
        }
    }

    /// <summary>Every word by which the body names the error: codes, types, statuses and reasons, of the error itself and what it holds.</summary>
    private static List<string> Words(JsonElement root)
    {
        List<string> words = [];
        Collect(root, 0, words);
        return words;
    }

    private static void Collect(JsonElement element, int depth, List<string> words)
    {
        if (depth > 4 || words.Count > 32)
            return;
        if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement one in element.EnumerateArray())
                Collect(one, depth + 1, words);
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty member in element.EnumerateObject())
            {
                bool names = member.Name is "code" or "type" or "status" or "reason" or "error_type" or "kind";
                if (names && member.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
                    words.Add(member.Value.ToString());
                else
                    Collect(member.Value, depth + 1, words);
            }
        }
    }

    private static string Plain(ReadOnlySpan<byte> body)
    {
        string text = Encoding.UTF8.GetString(body).Trim();

        // A page of a proxy says nothing to a program.
        return text.StartsWith('<') ? "" : text;
    }

    private static string Cut(string text) => text.Length > MostText ? text[..MostText] + " ..." : text;
}
