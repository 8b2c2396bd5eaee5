using Microsoft.AspNetCore.Http;

namespace Perigee.Logs.Bodies;

/// <summary>Whether question and answer of an exchange are kept.</summary>
internal static class BodyPolicy
{
    // Names of others for the same wish. What a client says can only keep a body out of the logs.
    private static readonly (string Header, bool Keeps)[] Wishes =
    [
        (HeaderNames.NoLog, false), ("helicone-omit-request", false), ("helicone-omit-response", false), ("x-litellm-enable-message-redaction", false),
        ("cf-aig-collect-log", true), ("cf-aig-collect-log-payload", true), ("x-portkey-debug", true),
    ];

    /// <summary>The share of exchanges whose bodies are kept, in percent: the key's, team's and organisation's word before the gateway's.</summary>
    public static double PercentOf(Exchange exchange) => exchange.Options.ContentCapture ? exchange.Caller?.LogBodies?.Percent ?? exchange.Options.Logs.Bodies : 0;

    /// <summary>Whether the client asks not to be kept. What cannot be read is taken for that wish.</summary>
    public static bool IsUnwanted(IHeaderDictionary headers)
    {
        foreach ((string header, bool keeps) in Wishes)
        {
            if (headers.TryGetValue(header, out var value) && (ConfigurationNames.Flag(value.ToString().Trim()) ?? !keeps) != keeps)
                return true;
        }

        return false;
    }

    /// <summary>Whether an exchange is in the sample: the same on every instance and at every time, by its id alone.</summary>
    public static bool IsSampled(string id, double percent)
    {
        if (percent <= 0)
            return false;
        if (percent >= 100)
            return true;
        uint hash = 2166136261;
        foreach (char c in id)
            hash = (hash ^ c) * 16777619;
        hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
        hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
        return (hash ^ (hash >> 16)) < percent / 100 * uint.MaxValue;
    }

    /// <summary>Whether a media type is text.</summary>
    public static bool IsText(string contentType) => contentType.Length == 0
        || contentType.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
        || contentType.Contains("json", StringComparison.OrdinalIgnoreCase);
}
