using Perigee.Wire;

namespace Perigee;

/// <summary>How the cache came to its outcome, for headers and log.</summary>
internal sealed record CacheReceipt
{
    /// <summary>The tier that answered: <c>exact</c>, <c>equivalent</c> or <c>near</c>; or would have, where it only watches. Null for a miss.</summary>
    public string? Tier { get; init; }

    /// <summary>The public id of the entry, by which it can be removed: <c>x-perigee-cache-key</c>.</summary>
    public string? Key { get; init; }

    /// <summary>The id of the exchange whose answer this is.</summary>
    public string? Source { get; init; }

    /// <summary>Cosine of the two questions where vectors were compared.</summary>
    public double? Similarity { get; init; }

    /// <summary>What the guards said: <c>same</c>, or the first difference (<c>number</c>, <c>negation</c>, <c>entity</c> ...), or why the question stays exact.</summary>
    public string? Verdict { get; init; }

    /// <summary>Whether the tier only watched.</summary>
    public bool Observed { get; init; }

    /// <summary>The tokens that the replay saved: those of the answer when it was made.</summary>
    public TokenUsage? Saved { get; init; }

    /// <summary>What the replay saved, in pico-dollars; null where the price is unknown or nothing was replayed.</summary>
    public long? SavedPicoDollars { get; init; }
}
