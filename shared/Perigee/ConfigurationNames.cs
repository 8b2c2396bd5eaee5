using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Perigee;

/// <summary>What names and values in the configuration may look like.</summary>
internal static class ConfigurationNames
{
    private static readonly SearchValues<char> ModelCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:/@+~");

    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~");

    /// <summary>Header names that the gateway or HTTP itself sets, or that carry a key.</summary>
    private static readonly HashSet<string> OwnHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "accept-encoding", "api-key", "authorization", "connection", "content-encoding", "content-length", "content-type", "cookie", "expect", "host",
        "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "set-cookie", "te", "trailer", "transfer-encoding", "upgrade",
        "x-api-key", "x-goog-api-key",
    };

    /// <summary>Header names that carry a key or a session: their values belong neither into a file nor into a decision.</summary>
    private static readonly HashSet<string> SecretHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "api-key", "authorization", "cf-aig-authorization", "cookie", "helicone-auth", "ocp-apim-subscription-key", "proxy-authorization", "set-cookie",
        "x-api-key", "x-bf-vk", "x-functions-key", "x-goog-api-key", "x-litellm-api-key", "x-portkey-api-key",
    };

    /// <summary>A provider's name: it stands before a slash, in logs, and upper-cased in a variable's name.</summary>
    public static bool IsProvider(string name) =>
        name.Length is > 0 and <= 64 && char.IsAsciiLetterLower(name[0]) && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    /// <summary>A model's name or an alias.</summary>
    public static bool IsModel(string name) => name.Length is > 0 and <= 256 && !name.AsSpan().ContainsAnyExcept(ModelCharacters);

    /// <summary>An environment variable's name.</summary>
    public static bool IsVariable(string name) =>
        name.Length is > 0 and <= 128 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    /// <summary>A header that an operator may add to every request.</summary>
    public static bool IsFreeHeader(string name) =>
        name.Length is > 0 and <= 64 && !name.AsSpan().ContainsAnyExcept(TokenCharacters) && !OwnHeaders.Contains(name);

    /// <summary>A header that a condition may look at.</summary>
    public static bool IsOpenHeader(string name) =>
        name.Length is > 0 and <= 64 && !name.AsSpan().ContainsAnyExcept(TokenCharacters) && !SecretHeaders.Contains(name);

    /// <summary>Text that can stand in a header.</summary>
    public static bool IsHeaderValue(string value) => value.Length <= 4096 && !value.AsSpan().ContainsAnyExceptInRange(' ', '~');

    /// <summary>on, off and their usual spellings; null is none of them.</summary>
    public static bool? Flag(string text) => text.Trim().ToLowerInvariant() switch
    {
        "on" or "true" or "1" or "yes" => true,
        "off" or "false" or "0" or "no" => false,
        _ => null,
    };

    /// <summary>The variable that overrides a provider's base URL: <c>my-vllm</c> has <c>MY_VLLM_BASE_URL</c>.</summary>
    public static string BaseUrlVariable(string provider) => provider.ToUpperInvariant().Replace('-', '_') + "_BASE_URL";

    /// <summary>Puts variables in the place of every <c>${NAME}</c>. A slash at the end of a value goes: URLs are joined with one.</summary>
    /// <param name="text">With placeholders.</param>
    /// <param name="environment">Where the values are.</param>
    /// <param name="expanded">The outcome, or null.</param>
    /// <param name="missing">The first variable that is not set, or null where a placeholder is malformed.</param>
    public static bool TryExpand(string text, Func<string, string?> environment, [NotNullWhen(true)] out string? expanded, out string? missing)
    {
        (expanded, missing) = (null, null);
        StringBuilder result = new();
        int at = 0;
        while (text.IndexOf("${", at, StringComparison.Ordinal) is var open and >= 0)
        {
            int close = text.IndexOf('}', open);
            if (close < 0 || !IsVariable(text[(open + 2)..close]))
                return false;
            string name = text[(open + 2)..close];
            if (string.IsNullOrWhiteSpace(environment(name)))
            {
                missing = name;
                return false;
            }

            result.Append(text, at, open - at).Append(environment(name)!.Trim().TrimEnd('/'));
            at = close + 1;
        }

        expanded = result.Append(text, at, text.Length - at).ToString();
        return true;
    }
}
