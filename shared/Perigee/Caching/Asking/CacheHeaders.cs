using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Perigee.Caching.Asking;

/// <summary>Tells a client what the cache did: in our headers, and in those of the gateway whose names it used.</summary>
internal static class CacheHeaders
{
    /// <summary>Writes them to a response that has not begun.</summary>
    public static void Tell(Exchange exchange, CacheOutcome outcome, CacheWish wish, CacheReceipt? receipt = null)
    {
        exchange.Cache = outcome;
        IHeaderDictionary headers = exchange.Http.Response.Headers;
        headers[HeaderNames.Cache] = outcome switch
        {
            CacheOutcome.Hit => "hit",
            CacheOutcome.Semantic => "semantic",
            CacheOutcome.Miss => "miss",
            CacheOutcome.Refresh => "refresh",
            CacheOutcome.Joined => "joined",
            _ => "bypass",
        };
        if (receipt is not null)
        {
            exchange.CacheReceipt = receipt;
            if (receipt.Key is { } key)
                headers[HeaderNames.CacheKey] = key;
            if (receipt.Source is { Length: > 0 } source)
                headers[HeaderNames.CacheSource] = source;
            if (receipt is { Tier: { } tier, Observed: false })
                headers[HeaderNames.CacheTier] = tier;
            if (receipt is { Tier: { } watched, Observed: true })
                headers[HeaderNames.CacheVerdict] = $"would-be-{watched}";
            else if (receipt.Verdict is { } verdict)
                headers[HeaderNames.CacheVerdict] = verdict;
            if (receipt.Similarity is { } similarity)
                headers[HeaderNames.CacheSimilarity] = similarity.ToString("0.0000", CultureInfo.InvariantCulture);
        }

        if (wish.Manner != CacheManner.Own)
            TellPeers(headers, outcome, wish, receipt);
    }

    private static void TellPeers(IHeaderDictionary headers, CacheOutcome outcome, CacheWish wish, CacheReceipt? receipt)
    {
        bool hit = outcome is CacheOutcome.Hit or CacheOutcome.Semantic;
        if (wish.Manner.HasFlag(CacheManner.Portkey))
        {
            headers["x-portkey-cache-status"] = outcome switch
            {
                CacheOutcome.Hit => "HIT",
                CacheOutcome.Semantic => "SEMANTIC HIT",
                CacheOutcome.Refresh => "REFRESH",
                CacheOutcome.Miss or CacheOutcome.Joined => wish.Semantic ? "SEMANTIC MISS" : "MISS",
                _ => "DISABLED",
            };
        }

        if (wish.Manner.HasFlag(CacheManner.Cloudflare))
            headers["cf-aig-cache-status"] = hit ? "HIT" : "MISS";
        if (wish.Manner.HasFlag(CacheManner.Helicone))
            headers["helicone-cache"] = hit ? "HIT" : "MISS";
        if (wish.Manner.HasFlag(CacheManner.OpenRouter))
            headers["x-openrouter-cache-status"] = hit ? "HIT" : "MISS";
        if (wish.Manner.HasFlag(CacheManner.LiteLlm) && receipt?.Key is { } key)
            headers["x-litellm-cache-key"] = key;
    }
}
