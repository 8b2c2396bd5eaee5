namespace Perigee.Caching.Asking;

/// <summary>What a request may have of the cache: the operator's word, tightened or changed by the key's and the request's own.</summary>
internal sealed record CacheWish
{
    /// <summary>Neither replay nor keep.</summary>
    public static CacheWish Nothing { get; } = new();

    /// <summary>Whether an answer may be replayed.</summary>
    public bool Read { get; init; }

    /// <summary>Whether the answer may be kept.</summary>
    public bool Write { get; init; }

    /// <summary>Whether nothing but a replay will do.</summary>
    public bool Only { get; init; }

    /// <summary>Whether an answer to the same question in other words will do.</summary>
    public bool Semantic { get; init; }

    /// <summary>How long the answer may be replayed: what the request asks, else the route or the gateway, and no longer than key and gateway allow.</summary>
    public TimeSpan Ttl { get; init; }

    /// <summary>The greatest age of an answer that will do.</summary>
    public TimeSpan? MostAge { get; init; }

    /// <summary>The part of the tenant's cache that is meant; empty for the common one.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>The least cosine of tier <c>near</c> that the request asks for.</summary>
    public double? Threshold { get; init; }

    /// <summary>How many different answers to one question are kept, of which one is replayed at random (Helicone's buckets).</summary>
    public int Buckets { get; init; } = 1;

    /// <summary>Members of the body that the request wants left out of the key; null for none.</summary>
    public IReadOnlyList<string>? Ignored { get; init; }

    /// <summary>In whose manner the outcome is to be told besides our own.</summary>
    public CacheManner Manner { get; init; }
}

/// <summary>The gateways whose header names a request used: it is answered with theirs as well.</summary>
[Flags]
internal enum CacheManner
{
    /// <summary>Only our own.</summary>
    Own = 0,

    /// <summary>Portkey's.</summary>
    Portkey = 1,

    /// <summary>Cloudflare's.</summary>
    Cloudflare = 2,

    /// <summary>Helicone's.</summary>
    Helicone = 4,

    /// <summary>OpenRouter's.</summary>
    OpenRouter = 8,

    /// <summary>Bifrost's: it has no header for the outcome.</summary>
    Bifrost = 16,

    /// <summary>LiteLLM's.</summary>
    LiteLlm = 32,
}
