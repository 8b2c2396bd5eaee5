namespace Perigee;

/// <summary>The gateway's own header names, in one place.</summary>
internal static class HeaderNames
{
    /// <summary>On every answer: the id under which the exchange is logged.</summary>
    public const string RequestId = "x-request-id";

    /// <summary>The region that answered.</summary>
    public const string Region = "x-perigee-region";

    /// <summary>The provider's own id of the call.</summary>
    public const string ProviderRequestId = "x-perigee-provider-request-id";

    /// <summary>
    /// On a request <c>on</c>, <c>off</c>, <c>refresh</c>, <c>exact</c>, <c>semantic</c> or <c>only</c>; on an answer what the cache did:
    /// <c>hit</c>, <c>semantic</c>, <c>miss</c>, <c>bypass</c>, <c>refresh</c> or <c>joined</c>.
    /// </summary>
    public const string Cache = "x-perigee-cache";

    /// <summary>On a request: for how many seconds the answer may be replayed.</summary>
    public const string CacheTtl = "x-perigee-cache-ttl";

    /// <summary>On a request: a part of the caller's own cache that only requests with the same name share.</summary>
    public const string CacheNamespace = "x-perigee-cache-namespace";

    /// <summary>On a request: the least cosine of tier <c>near</c>; it may only be stricter than the operator's.</summary>
    public const string CacheThreshold = "x-perigee-cache-threshold";

    /// <summary>On an answer: the entry's id, by which it can be removed.</summary>
    public const string CacheKey = "x-perigee-cache-key";

    /// <summary>On a replay: the tier that found it, <c>exact</c>, <c>equivalent</c> or <c>near</c>.</summary>
    public const string CacheTier = "x-perigee-cache-tier";

    /// <summary>On a replay: the request id of the exchange that made the answer.</summary>
    public const string CacheSource = "x-perigee-cache-source";

    /// <summary>On an answer: cosine of the two questions, where vectors were compared.</summary>
    public const string CacheSimilarity = "x-perigee-cache-similarity";

    /// <summary>On an answer: what the guards said, <c>same</c> or what differs or why the question stays exact.</summary>
    public const string CacheVerdict = "x-perigee-cache-verdict";

    /// <summary>On an answer: the most tokens that it could have, where a budget was nearly spent and the limit says to shorten (<c>clamp</c>).</summary>
    public const string MaxTokens = "x-perigee-max-tokens";

    /// <summary>On an answer: the dollars of the budget that leaves the least.</summary>
    public const string BudgetLimit = "x-perigee-budget-limit";

    /// <summary>What of it is spent, this request at most included.</summary>
    public const string BudgetSpent = "x-perigee-budget-spent";

    /// <summary>What of it is left.</summary>
    public const string BudgetRemaining = "x-perigee-budget-remaining";

    /// <summary>When it begins anew (RFC 3339); missing where it never does.</summary>
    public const string BudgetReset = "x-perigee-budget-reset";

    /// <summary>On an answer <c>false</c>: a budget holds for the request, but what it costs is not known.</summary>
    public const string PriceKnown = "x-perigee-price-known";

    /// <summary>Where the answer came from: <c>provider/model</c>.</summary>
    public const string Target = "x-perigee-target";

    /// <summary>On an answer <c>true</c>: the count was made here, the provider has no way to count.</summary>
    public const string Estimated = "x-perigee-estimated";

    /// <summary>On a request that names no model: the provider to use.</summary>
    public const string Provider = "x-perigee-provider";

    /// <summary>On a request <c>true</c> or <c>false</c>: whether a parameter that cannot be translated is an error instead of being dropped.</summary>
    public const string Strict = "x-perigee-strict";

    /// <summary>Request fields left out because the target, or its dialect, cannot take them.</summary>
    public const string DroppedParams = "x-perigee-dropped-params";

    /// <summary>On an answer: the operator's name of the route that chose the target.</summary>
    public const string Route = "x-perigee-route";

    /// <summary>On an answer: why the route chose this target, in a few words.</summary>
    public const string Chosen = "x-perigee-chosen";

    /// <summary>On an answer: every try as <c>provider/model;outcome;ms</c>, comma-separated, in the order in which they began.</summary>
    public const string Attempts = "x-perigee-attempts";

    /// <summary>On an answer: the gateway's own share of the time to the first byte, in milliseconds.</summary>
    public const string OverheadMs = "x-perigee-overhead-ms";

    /// <summary>On a request <c>1</c> or <c>true</c>: no other target than the first is tried.</summary>
    public const string NoFallback = "x-perigee-no-fallback";

    /// <summary>On a request <c>1</c> or <c>true</c>: answer with the decision, call nobody.</summary>
    public const string Explain = "x-perigee-explain";

    /// <summary>On a request: the session whose requests should go to one target (policy <c>sticky</c>).</summary>
    public const string Session = "x-perigee-session";

    /// <summary>On a request for <c>auto</c>: the least quality, <c>basic</c>, <c>standard</c>, <c>strong</c> or <c>frontier</c>.</summary>
    public const string Quality = "x-perigee-quality";

    /// <summary>On a request: a JSON object of the caller's, for conditions of routes and for the log.</summary>
    public const string Metadata = "x-perigee-metadata";

    /// <summary>On a request: the end user behind the caller, for limits by user. It goes before the body's own <c>user</c>.</summary>
    public const string User = "x-perigee-user";

    /// <summary>On a request <c>1</c> or <c>true</c>: question and answer are not kept in the logs, whatever the operator samples. The record is.</summary>
    public const string NoLog = "x-perigee-no-log";
}
