using System.Collections.Frozen;

namespace Perigee.Routing.Policies;

/// <summary>What a request itself wishes of its routing: other models, providers, prices. Immutable.</summary>
internal sealed record Wishes
{
    /// <summary>No wish.</summary>
    public static Wishes None { get; } = new();

    /// <summary>Models to fall back to, in order: OpenRouter's <c>models</c>. The first stands for a missing <c>model</c>.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>More of them: LiteLLM's <c>fallbacks</c>.</summary>
    public IReadOnlyList<string> Fallbacks { get; init; } = [];

    /// <summary>OpenRouter's <c>provider</c>, or null.</summary>
    public ProviderWish? Provider { get; init; }

    /// <summary>The members of the body that said so.</summary>
    public FrozenSet<string> Fields { get; init; } = FrozenSet<string>.Empty;
}

/// <summary>What offers are sorted by at a request's wish.</summary>
internal enum OfferSort
{
    /// <summary>The cheapest first: <c>sort: price</c>, or the suffix <c>:floor</c>.</summary>
    Price,

    /// <summary>The most tokens a second first: <c>sort: throughput</c>, or the suffix <c>:nitro</c>.</summary>
    Throughput,

    /// <summary>The least time to the first content first: <c>sort: latency</c>.</summary>
    Latency,
}

/// <summary>OpenRouter's <c>provider</c>: which providers may serve, in what order, at what price. Source: OpenRouter docs, "Provider Routing".</summary>
internal sealed record ProviderWish
{
    /// <summary>These first, in this order: names of providers here.</summary>
    public IReadOnlyList<string> Order { get; init; } = [];

    /// <summary>None but these, or null for all.</summary>
    public FrozenSet<string>? Only { get; init; }

    /// <summary>None of these.</summary>
    public FrozenSet<string> Ignore { get; init; } = FrozenSet<string>.Empty;

    /// <summary>Whether others than the preferred may be tried: than those of <see cref="Order"/>, or than the first where that is empty.</summary>
    public bool AllowFallbacks { get; init; } = true;

    /// <summary>Only those that are known to honour everything that the request says.</summary>
    public bool RequireParameters { get; init; }

    /// <summary>How the rest is sorted, or null for the order of preference.</summary>
    public OfferSort? Sort { get; init; }

    /// <summary>The most that may be paid, or null.</summary>
    public PriceCap? MostPaid { get; init; }
}

/// <summary>The most that may be paid, in the catalogue's units: micro-dollars per million tokens, or per request.</summary>
/// <param name="Input">Of plain input.</param>
/// <param name="Output">Of output.</param>
/// <param name="Audio">Of sound in the question.</param>
/// <param name="Request">Of a request as such.</param>
internal sealed record PriceCap(long? Input, long? Output, long? Audio, long? Request);
