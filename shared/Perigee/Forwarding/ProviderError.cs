using System.Net;
using System.Text;
using System.Text.Json;
using Perigee.Providers;

namespace Perigee.Forwarding;

/// <summary>An error answer of a provider: kept to the byte where it has the client's own shape, else its text in that shape.</summary>
internal static class ProviderError
{
    private const int MostText = 2000;

    /// <summary>The error as a value: for the log, and for the client where the body has another shape.</summary>
    public static GatewayError Of(HttpStatusCode status, ReadOnlySpan<byte> body, Provider provider)
    {
        int code = (int)status;
        string text = KeyMask.Mask(Text(body), provider.Key);
        if (code is < 400 or > 599)
        {
            return new GatewayError(ErrorKind.ProviderFailed,
                $"Provider '{provider.Name}' answered with status {code}, which is no answer{(code is >= 300 and < 400 ? ": redirects are not followed" : "")}.");
        }

        // 529 is Anthropic's word for overloaded: to everyone else it is 503.
        return new GatewayError(ErrorKind.ProviderRefused, text.Length == 0 ? $"Provider '{provider.Name}' answered with status {code}." : text)
        {
            Status = code == 529 ? 503 : code,
        };
    }

    /// <summary>The message in any of the shapes that providers were seen to use, or the plain text itself.</summary>
    private static string Text(ReadOnlySpan<byte> body)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(body.ToArray());
            return Message(document.RootElement) ?? Plain(body);
        }
        catch (JsonException)
        {
            return Plain(body);
        }
    }

    private static string? Message(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                return Cut(element.GetString()!);
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

    private static string Plain(ReadOnlySpan<byte> body)
    {
        string text = Encoding.UTF8.GetString(body[..Math.Min(body.Length, MostText * 4)]).Trim();

        // A page of a proxy says nothing to a program.
        return text.StartsWith('<') ? "" : Cut(text);
    }

    private static string Cut(string text) => text.Length > MostText ? text[..MostText] + " ..." : text;
}
