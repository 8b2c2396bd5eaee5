using System.Buffers;
using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Primitives;
using Perigee.Wire;

namespace Perigee.Caching.Asking;

/// <summary>
/// Reads what a request says of the cache: our own headers, those of other gateways that mean the same, LiteLLM's member <c>cache</c> of the
/// body, and HTTP's Cache-Control. The first that says a thing has the say, in that order. Sources: the documentation pages of Portkey ("Cache
/// (Simple and Semantic)"), Cloudflare AI Gateway ("Caching"), Helicone ("LLM Caching"), OpenRouter ("Response Caching"), Bifrost ("Semantic
/// Caching") and LiteLLM ("Cache Controls").
/// </summary>
internal static class CacheWishReader
{
    private const int LongestNamespace = 256;
    private const int MostBuckets = 20;
    private const int LongestTtl = 366 * 24 * 3600;

    private static readonly SearchValues<char> NumberLetters = SearchValues.Create("0123456789.");

    private static readonly FrozenSet<string> Names = new[]
    {
        HeaderNames.Cache, HeaderNames.CacheTtl, HeaderNames.CacheNamespace, HeaderNames.CacheThreshold, "cache-control",
        "x-portkey-cache", "x-portkey-cache-force-refresh", "x-portkey-cache-namespace",
        "cf-aig-cache-ttl", "cf-aig-skip-cache", "cf-aig-cache-key",
        "helicone-cache-enabled", "helicone-cache-seed", "helicone-cache-bucket-max-size", "helicone-cache-ignore-keys",
        "x-openrouter-cache", "x-openrouter-cache-ttl", "x-openrouter-cache-clear",
        "x-bf-cache-key", "x-bf-cache-ttl", "x-bf-cache-threshold", "x-bf-cache-type", "x-bf-cache-no-store",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads it.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="policy">What the operator says for this request.</param>
    /// <param name="error">What is wrong with it, naming the field.</param>
    /// <returns>Null where something is wrong.</returns>
    public static CacheWish? Read(Exchange exchange, CacheOptions policy, out GatewayError? error)
    {
        WishDraft draft = new();
        foreach (KeyValuePair<string, StringValues> header in exchange.Http.Request.Headers)
        {
            // Few headers begin like these: the rest costs a look at the first letter.
            if (header.Key.Length > 12 && (header.Key[0] | 0x20) is 'x' or 'c' or 'h' && Names.Contains(header.Key))
                Take(draft, header.Key, header.Value);
        }

        if (exchange.Question is { } question)
        {
            TakeBody(draft, question);

            // What a client stores at the provider must be there under the id that the answer names.
            if (question.TopLevelType("store"u8) == JsonTokenType.True)
                draft.Off = true;
        }

        CacheWish wish = draft.Settle(policy, exchange.Caller!);
        error = draft.Error;
        return error is null ? wish : null;
    }

    private static void Take(WishDraft draft, string name, StringValues values)
    {
        string value = values.ToString().Trim();
        switch (name.ToLowerInvariant())
        {
            case HeaderNames.Cache:
                draft.Own(value);
                break;
            case HeaderNames.CacheTtl:
                draft.SetTtl(0, name, Seconds(value));
                break;
            case HeaderNames.CacheNamespace:
                draft.SetNamespace(0, name, value);
                break;
            case HeaderNames.CacheThreshold:
                draft.SetThreshold(0, name, value);
                break;
            case "cache-control":
                CacheControl(draft, value);
                break;
            case "x-portkey-cache":
                draft.Manner |= CacheManner.Portkey;
                if (value.Equals("simple", StringComparison.OrdinalIgnoreCase) || value.Equals("semantic", StringComparison.OrdinalIgnoreCase) || IsTrue(value))
                    draft.Peer(on: true, semantic: value.Equals("semantic", StringComparison.OrdinalIgnoreCase));
                else if (IsFalse(value))
                    draft.Peer(on: false);
                else
                    draft.Fault(name, "must be 'simple' or 'semantic'");
                break;
            case "x-portkey-cache-force-refresh":
                draft.Manner |= CacheManner.Portkey;
                draft.Refresh |= draft.Flag(name, value);
                break;
            case "x-portkey-cache-namespace":
                draft.Manner |= CacheManner.Portkey;
                draft.SetNamespace(1, name, value);
                break;
            case "cf-aig-cache-ttl":
                draft.Manner |= CacheManner.Cloudflare;
                draft.Peer(on: true);
                draft.SetTtl(1, name, Seconds(value));
                break;
            case "cf-aig-skip-cache":
                draft.Manner |= CacheManner.Cloudflare;
                if (draft.Flag(name, value))
                    draft.Peer(on: false);
                break;
            case "cf-aig-cache-key":
                // Cloudflare takes it for the whole key. Here it divides the cache further: another question never gets this one's answer.
                draft.Manner |= CacheManner.Cloudflare;
                draft.SetNamespace(1, name, value);
                break;
            case "helicone-cache-enabled":
                draft.Manner |= CacheManner.Helicone;
                draft.Peer(on: draft.Flag(name, value));
                break;
            case "helicone-cache-seed":
                draft.Manner |= CacheManner.Helicone;
                draft.SetNamespace(1, name, value);
                break;
            case "helicone-cache-bucket-max-size":
                draft.Manner |= CacheManner.Helicone;
                if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int buckets) && buckets is >= 1 and <= MostBuckets)
                    draft.Buckets = buckets;
                else
                    draft.Fault(name, $"must be a whole number from 1 to {MostBuckets}");
                break;
            case "helicone-cache-ignore-keys":
                draft.Manner |= CacheManner.Helicone;
                draft.Ignored = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
                break;
            case "x-openrouter-cache":
                draft.Manner |= CacheManner.OpenRouter;
                draft.Peer(on: draft.Flag(name, value));
                break;
            case "x-openrouter-cache-ttl":
                draft.Manner |= CacheManner.OpenRouter;
                draft.SetTtl(1, name, Seconds(value));
                break;
            case "x-openrouter-cache-clear":
                draft.Manner |= CacheManner.OpenRouter;
                draft.Refresh |= draft.Flag(name, value);
                break;
            case "x-bf-cache-key":
                draft.Manner |= CacheManner.Bifrost;
                draft.Peer(on: true);
                draft.SetNamespace(1, name, value);
                break;
            case "x-bf-cache-ttl":
                draft.Manner |= CacheManner.Bifrost;
                draft.SetTtl(1, name, GoDuration(value));
                break;
            case "x-bf-cache-threshold":
                draft.Manner |= CacheManner.Bifrost;
                draft.SetThreshold(1, name, value);
                break;
            case "x-bf-cache-type":
                draft.Manner |= CacheManner.Bifrost;
                if (value.Equals("direct", StringComparison.OrdinalIgnoreCase) || value.Equals("semantic", StringComparison.OrdinalIgnoreCase))
                    draft.Peer(on: true, semantic: value.Equals("semantic", StringComparison.OrdinalIgnoreCase));
                else
                    draft.Fault(name, "must be 'direct' or 'semantic'");
                break;
            case "x-bf-cache-no-store":
                draft.Manner |= CacheManner.Bifrost;
                draft.NoStore |= draft.Flag(name, value);
                break;
            default:
                break;
        }
    }

    /// <summary>RFC 9111 section 5.2.1. Portkey's pages spell <c>max-age:1000</c>, so a colon will do.</summary>
    private static void CacheControl(WishDraft draft, string value)
    {
        foreach (Range part in value.AsSpan().Split(','))
        {
            ReadOnlySpan<char> directive = value.AsSpan()[part].Trim();
            int divider = directive.IndexOfAny('=', ':');
            ReadOnlySpan<char> name = divider < 0 ? directive : directive[..divider].Trim();
            if (name.Equals("no-store", StringComparison.OrdinalIgnoreCase))
                (draft.ControlNoStore, draft.ControlNoCache) = (true, true);
            else if (name.Equals("no-cache", StringComparison.OrdinalIgnoreCase))
                draft.ControlNoCache = true;
            else if (name.Equals("only-if-cached", StringComparison.OrdinalIgnoreCase))
                draft.ControlOnly = true;
            else if (name.Equals("max-age", StringComparison.OrdinalIgnoreCase) && divider >= 0
                && long.TryParse(directive[(divider + 1)..].Trim().Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out long age))
                draft.MostAge = TimeSpan.FromSeconds(Math.Min(age, LongestTtl));
        }
    }

    /// <summary>LiteLLM's <c>{"cache": {"ttl", "s-maxage", "no-cache", "no-store", "use-cache", "namespace"}}</c>.</summary>
    private static void TakeBody(WishDraft draft, JsonIndex question)
    {
        int at = question.FindTopLevel("cache"u8);
        if (at < 0 || question.Tokens[at].Type == JsonTokenType.Null)
            return;
        ReadOnlySpan<JsonIndex.Token> tokens = question.Tokens;
        if (tokens[at].Type != JsonTokenType.StartObject)
        {
            draft.Fault("cache", "must be an object such as {\"no-cache\": true}");
            return;
        }

        draft.Manner |= CacheManner.LiteLlm;
        for (int i = at + 1; i < tokens[at].Next; i = tokens[i + 1].Next)
        {
            string member = question.Text(tokens[i]);
            string path = $"cache.{member}";
            JsonIndex.Token value = tokens[i + 1];
            bool flag = value.Type == JsonTokenType.True;
            switch (member)
            {
                case "ttl":
                    draft.SetTtl(1, path, Seconds(question, value));
                    break;
                case "s-maxage" or "s-max-age":
                    if (Seconds(question, value) is { } age)
                        draft.MostAge = age;
                    else
                        draft.Fault(path, "must be a number of seconds");
                    break;
                case "no-cache" when value.Type is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null:
                    draft.Refresh |= flag;
                    break;
                case "no-store" when value.Type is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null:
                    draft.NoStore |= flag;
                    break;
                case "use-cache" when value.Type is JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null:
                    if (value.Type != JsonTokenType.Null)
                        draft.Peer(on: flag);
                    break;
                case "namespace" when value.Type is JsonTokenType.String:
                    draft.SetNamespace(1, path, question.Text(value));
                    break;
                default:
                    draft.Fault(path, "is unknown or not of its type; known are ttl, s-maxage, no-cache, no-store, use-cache and namespace");
                    break;
            }
        }
    }

    private static TimeSpan? Seconds(JsonIndex question, in JsonIndex.Token token) =>
        token.Type is JsonTokenType.Number && double.TryParse(question.Raw(token), NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds)
            && seconds is >= 0 and <= LongestTtl
            ? TimeSpan.FromSeconds(seconds) : token.Type == JsonTokenType.String ? Seconds(question.Text(token)) : null;

    private static TimeSpan? Seconds(string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) && seconds <= LongestTtl ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>Go's durations, as Bifrost takes them: <c>30s</c>, <c>5m</c>, <c>1h30m</c>, or plain seconds.</summary>
    private static TimeSpan? GoDuration(string value)
    {
        if (Seconds(value) is { } plain)
            return plain;
        TimeSpan total = TimeSpan.Zero;
        ReadOnlySpan<char> rest = value;
        while (!rest.IsEmpty)
        {
            int digits = rest.IndexOfAnyExcept(NumberLetters);
            if (digits <= 0 || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) || number > LongestTtl)
                return null;
            rest = rest[digits..];
            int letters = rest.IndexOfAny(NumberLetters);
            ReadOnlySpan<char> unit = letters < 0 ? rest : rest[..letters];
            double? seconds = unit switch { "h" => 3600, "m" => 60, "s" => 1, "ms" => 0.001, _ => null };
            if (seconds is null || (total += TimeSpan.FromSeconds(number * seconds.Value)) > TimeSpan.FromSeconds(LongestTtl))
                return null;
            rest = rest[unit.Length..];
        }

        return total > TimeSpan.Zero ? total : null;
    }

    internal static bool IsTrue(string value) => value is "1" || value.Equals("true", StringComparison.OrdinalIgnoreCase);

    internal static bool IsFalse(string value) => value is "0" or "" || value.Equals("false", StringComparison.OrdinalIgnoreCase);

    internal static int MostNamespace => LongestNamespace;
}
