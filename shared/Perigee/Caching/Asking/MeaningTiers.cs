namespace Perigee.Caching.Asking;

#pragma warning disable CA1822
/// <summary>The tiers beyond the exact one.</summary>
internal sealed class MeaningTiers
{
    /// <summary>Whether an answer to other words may be replayed.</summary>
    public bool Allows(Exchange exchange, CacheOptions policy, CacheWish wish) => wish.Semantic && !policy.Semantic.Observe;

    /// <summary>Looks for an answer to a question that is near.</summary>
    public ValueTask<MeaningFound> FindAsync(Exchange exchange, CacheOptions policy, CacheWish wish, CacheQuestion question) => default;

    /// <summary>An answer to other words was replayed.</summary>
    public void Replayed(Exchange exchange, CacheOptions policy, CacheQuestion question, CachedAnswer answer)
    {
    }

    /// <summary>An answer was kept.</summary>
    public void Kept(Exchange exchange, CacheOptions policy, CacheWish wish, CacheQuestion question, CachedAnswer answer)
    {
    }
}

/// <summary>What was found near a question.</summary>
internal readonly record struct MeaningFound(CachedAnswer? Answer, CacheReceipt? Receipt);
