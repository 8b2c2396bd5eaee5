using System.Buffers;
using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;

namespace Perigee.Forwarding;

/// <summary>
/// What is left of a provider's rate limits, as the headers of its answers say it: <c>x-ratelimit-remaining-tokens</c> (OpenAI and those like
/// it), <c>anthropic-ratelimit-tokens-remaining</c>, <c>x-ratelimit-remaining</c> and <c>ratelimit-remaining</c> (IETF draft up to 7), each
/// beside its limit and its reset.
/// </summary>
internal static class RateHeadroom
{
    private const string Anthropic = "anthropic-ratelimit-";
    private const string Common = "x-ratelimit-";
    private const string Ietf = "ratelimit-";

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <summary>Where no reset is told: limits are by the minute nearly everywhere.</summary>
    private static readonly TimeSpan Usual = TimeSpan.FromMinutes(1);

    /// <summary>The least that is left of any limit, 0 to 1, and until when; null where nothing is told.</summary>
    public static (double Left, TimeSpan Reset)? Read(HttpResponseHeaders headers, DateTimeOffset now)
    {
        Limits limits = default;
        bool any = false;
        foreach ((string name, HeaderStringValues values) in headers.NonValidated)
        {
            if (name.Length < Ietf.Length || (name[0] | 0x20) is not ('x' or 'a' or 'r') || !TryName(name, out int kind, out Word word))
                continue;
            any = true;
            switch (word)
            {
                case Word.Limit:
                    limits[kind].Most = Number(values.ToString());
                    break;
                case Word.Remaining:
                    limits[kind].Left = Number(values.ToString());
                    break;
                default:
                    limits[kind].Reset = values.ToString();
                    break;
            }
        }

        return any ? Least(limits, now) : null;
    }

    private static (double Left, TimeSpan Reset)? Least(in Limits limits, DateTimeOffset now)
    {
        (double Left, TimeSpan Reset)? least = null;
        foreach (ref readonly Limit limit in limits)
        {
            if (limit.Most is not > 0 || limit.Left is not { } left)
                continue;
            double share = Math.Clamp(left / limit.Most.Value, 0, 1);
            if (least is { } found && found.Left <= share)
                continue;
            TimeSpan reset = limit.Reset is { } text && RetryAfter.Parse(text, now) is { } told ? told : Usual;
            if (reset > TimeSpan.Zero)
                least = (share, reset);
        }

        return least;
    }

    private static bool TryName(string name, out int kind, out Word word)
    {
        (kind, word) = (-1, default);
        if (name.StartsWith(Anthropic, StringComparison.OrdinalIgnoreCase))
        {
            ReadOnlySpan<char> rest = name.AsSpan(Anthropic.Length);
            int at = rest.LastIndexOf('-');
            if (at < 0 || !TryWord(rest[(at + 1)..], out word))
                return false;
            kind = Kind(rest[..at]);
        }
        else
        {
            int prefix = name.StartsWith(Common, StringComparison.OrdinalIgnoreCase) ? Common.Length
                : name.StartsWith(Ietf, StringComparison.OrdinalIgnoreCase) ? Ietf.Length : 0;
            if (prefix == 0)
                return false;
            ReadOnlySpan<char> rest = name.AsSpan(prefix);
            int at = rest.IndexOf('-');
            if (!TryWord(at < 0 ? rest : rest[..at], out word))
                return false;
            kind = Kind(at < 0 ? default : rest[(at + 1)..]);
        }

        return kind >= 0;
    }

    private static bool TryWord(ReadOnlySpan<char> text, out Word word)
    {
        word = text.Equals("limit", StringComparison.OrdinalIgnoreCase) ? Word.Limit
            : text.Equals("remaining", StringComparison.OrdinalIgnoreCase) ? Word.Remaining
            : text.Equals("reset", StringComparison.OrdinalIgnoreCase) ? Word.Reset : Word.None;
        return word != Word.None;
    }

    private static int Kind(ReadOnlySpan<char> text) =>
        text.IsEmpty ? 0
        : text.Equals("requests", StringComparison.OrdinalIgnoreCase) ? 1
        : text.Equals("tokens", StringComparison.OrdinalIgnoreCase) ? 2
        : text.Equals("input-tokens", StringComparison.OrdinalIgnoreCase) ? 3
        : text.Equals("output-tokens", StringComparison.OrdinalIgnoreCase) ? 4
        : text.Equals("requests-day", StringComparison.OrdinalIgnoreCase) ? 5
        : text.Equals("tokens-minute", StringComparison.OrdinalIgnoreCase) ? 6
        : -1;

    /// <summary>The number at the beginning: the draft has <c>100, 100;w=60</c>.</summary>
    private static double? Number(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        int end = text.IndexOfAnyExcept(Digits);
        return double.TryParse(end < 0 ? text : text[..end], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) ? number : null;
    }

    private enum Word
    {
        None,
        Limit,
        Remaining,
        Reset,
    }

    private struct Limit
    {
        public double? Most;
        public double? Left;
        public string? Reset;
    }

    [InlineArray(7)]
    private struct Limits
    {
        private Limit _first;
    }
}
