using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Perigee.Forwarding;

/// <summary>
/// When a provider can be asked again, in any of the ways in which providers were seen to say it: <c>retry-after</c> (seconds or a date),
/// <c>retry-after-ms</c>, resets of rate limits as durations, seconds, epochs or times, and Google's <c>RetryInfo</c> in the body.
/// </summary>
internal static partial class RetryAfter
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    private static readonly string[] Resets =
    [
        "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens", "x-ratelimit-reset", "ratelimit-reset",
        "anthropic-ratelimit-requests-reset", "anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-input-tokens-reset", "anthropic-ratelimit-output-tokens-reset",
    ];

    /// <summary>The wait that an error answer asks for, or null.</summary>
    /// <param name="headers">The answer's headers.</param>
    /// <param name="body">The error body, or an empty element.</param>
    /// <param name="limited">Whether it is about a rate: then resets of rate limits count.</param>
    /// <param name="now">The time, for dates.</param>
    public static TimeSpan? Of(HttpResponseHeaders headers, JsonElement body, bool limited, DateTimeOffset now)
    {
        if (Header(headers, "retry-after-ms") is { } ms && double.TryParse(ms, NumberStyles.Float, CultureInfo.InvariantCulture, out double millis))
            return Bounded(TimeSpan.FromMilliseconds(Math.Clamp(millis, 0, Longest.TotalMilliseconds)));
        if (Header(headers, "retry-after") is { } after && Parse(after, now) is { } wait)
            return Bounded(wait);
        if (Delay(body) is { } delay && Parse(delay, now) is { } told)
            return Bounded(told);
        if (!limited)
            return null;

        // Of several limits any may be the one that was met; the soonest reset is the first moment at which a try is worth it.
        TimeSpan? soonest = null;
        foreach (string name in Resets)
        {
            if (Header(headers, name) is { } reset && Parse(reset, now) is { } until && until > TimeSpan.Zero && (soonest is null || until < soonest))
                soonest = until;
        }

        return soonest is { } found ? Bounded(found) : null;
    }

    /// <summary>Reads <c>34</c>, <c>34s</c>, <c>1m2.5s</c>, <c>6ms</c>, an epoch in seconds or milliseconds, an RFC 3339 time or an HTTP date.</summary>
    public static TimeSpan? Parse(string text, DateTimeOffset now)
    {
        text = text.Trim();
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
        {
            return number < 0 || double.IsNaN(number) ? null
                : number > 1e11 ? DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Min(number, 4e12)) - now
                : number > 1e9 ? DateTimeOffset.FromUnixTimeSeconds((long)number) - now
                : TimeSpan.FromSeconds(Math.Min(number, Longest.TotalSeconds));
        }

        if (Duration().Match(text) is { Success: true, Length: > 0 } match)
        {
            return TimeSpan.FromSeconds(Math.Min(Longest.TotalSeconds,
                (Group(match, "h") * 3600) + (Group(match, "m") * 60) + Group(match, "s") + (Group(match, "ms") / 1000)));
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at) ? at - now : null;
    }

    private static TimeSpan? Bounded(TimeSpan wait) => wait < TimeSpan.Zero ? TimeSpan.Zero : wait > Longest ? Longest : wait;

    private static double Group(Match match, string name) =>
        match.Groups[name] is { Success: true, Value: var text } ? double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture) : 0;

    private static string? Header(HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out HeaderStringValues values) ? values.ToString() : null;

    /// <summary>Google: <c>error.details[].retryDelay</c>, also where the error stands in an array.</summary>
    private static string? Delay(JsonElement body)
    {
        if (body.ValueKind == JsonValueKind.Array && body.GetArrayLength() > 0)
            body = body[0];
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("error", out JsonElement error) || error.ValueKind != JsonValueKind.Object
            || !error.TryGetProperty("details", out JsonElement details) || details.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        foreach (JsonElement detail in details.EnumerateArray())
        {
            if (detail.ValueKind == JsonValueKind.Object && detail.TryGetProperty("retryDelay", out JsonElement delay) && delay.ValueKind == JsonValueKind.String)
                return delay.GetString();
        }

        return null;
    }

    [GeneratedRegex(@"^(?:(?<h>\d+(?:\.\d+)?)h)?(?:(?<m>\d+(?:\.\d+)?)m(?!s))?(?:(?<s>\d+(?:\.\d+)?)s)?(?:(?<ms>\d+(?:\.\d+)?)ms)?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 100)]
    private static partial Regex Duration();
}
