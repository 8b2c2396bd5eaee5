using System.Globalization;

namespace Perigee.Caching.Asking;

/// <summary>What a request said so far. Our own names have the say over those of others, those over HTTP's.</summary>
internal sealed class WishDraft
{
    private string? _own;
    private bool? _peer;
    private bool? _peerSemantic;
    private (int Rank, TimeSpan Value)? _ttl;
    private (int Rank, string Value)? _namespace;
    private (int Rank, double Value)? _threshold;

    /// <summary>The first thing that is wrong, or null.</summary>
    public GatewayError? Error { get; private set; }

    /// <summary>No cache at all, whatever else is said.</summary>
    public bool Off { get; set; }

    /// <summary>Another gateway's word for asking anew.</summary>
    public bool Refresh { get; set; }

    /// <summary>Another gateway's word for not keeping the answer.</summary>
    public bool NoStore { get; set; }

    /// <summary>Cache-Control: no-cache.</summary>
    public bool ControlNoCache { get; set; }

    /// <summary>Cache-Control: no-store.</summary>
    public bool ControlNoStore { get; set; }

    /// <summary>Cache-Control: only-if-cached.</summary>
    public bool ControlOnly { get; set; }

    /// <summary>The greatest age that will do.</summary>
    public TimeSpan? MostAge { get; set; }

    /// <summary>See <see cref="CacheWish.Buckets"/>.</summary>
    public int Buckets { get; set; } = 1;

    /// <summary>See <see cref="CacheWish.Ignored"/>.</summary>
    public string[]? Ignored { get; set; }

    /// <summary>See <see cref="CacheWish.Manner"/>.</summary>
    public CacheManner Manner { get; set; }

    /// <summary>The value of our own header.</summary>
    public void Own(string value)
    {
        _own = value.ToLowerInvariant();
        if (_own is not ("" or "on" or "off" or "refresh" or "exact" or "semantic" or "only"))
            Fault(HeaderNames.Cache, "must be 'on', 'off', 'refresh', 'exact', 'semantic' or 'only'");
    }

    /// <summary>Another gateway's switch.</summary>
    public void Peer(bool on, bool? semantic = null)
    {
        // Who asks for no cache in one way and for one in another gets none.
        _peer = on && _peer != false;
        _peerSemantic = semantic ?? _peerSemantic;
    }

    /// <summary>A time to keep the answer.</summary>
    public void SetTtl(int rank, string field, TimeSpan? value)
    {
        if (value is not { } ttl || ttl <= TimeSpan.Zero)
            Fault(field, rank == 0 ? "must be a whole number of seconds, at least 1" : "must be a time of at least 1 second");
        else if (_ttl is null || rank < _ttl.Value.Rank)
            _ttl = (rank, ttl);
    }

    /// <summary>A part of the cache.</summary>
    public void SetNamespace(int rank, string field, string value)
    {
        if (value.Length > CacheWishReader.MostNamespace)
            Fault(field, $"has {value.Length} characters: at most {CacheWishReader.MostNamespace} are allowed");
        else if (value.Length > 0 && (_namespace is null || rank < _namespace.Value.Rank))
            _namespace = (rank, value);
    }

    /// <summary>A least cosine.</summary>
    public void SetThreshold(int rank, string field, string value)
    {
        if (!double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double threshold) || threshold is not (>= 0 and <= 1))
            Fault(field, "must be a number from 0 to 1");
        else if (_threshold is null || rank < _threshold.Value.Rank)
            _threshold = (rank, threshold);
    }

    /// <summary>A flag in another gateway's words.</summary>
    public bool Flag(string field, string value)
    {
        if (!CacheWishReader.IsTrue(value) && !CacheWishReader.IsFalse(value))
            Fault(field, "must be 'true' or 'false'");
        return CacheWishReader.IsTrue(value);
    }

    /// <summary>Notes what is wrong.</summary>
    public void Fault(string field, string what) =>
        Error ??= new GatewayError(ErrorKind.BadRequest, $"'{field}' {what}.", field);

    /// <summary>What follows from all of it.</summary>
    /// <param name="policy">The operator's word.</param>
    /// <param name="caller">Who asks, with the key's word.</param>
    public CacheWish Settle(CacheOptions policy, Caller caller)
    {
        bool decided = !string.IsNullOrEmpty(_own);
        bool only = _own == "only" || (!decided && ControlOnly);
        bool on = _own is "on" or "exact" or "semantic" or "only" or "refresh" || (!decided && (_peer ?? policy.Enabled));

        // Whoever's key has no cache cannot ask for one. Who wants nothing but a replay gets no call either.
        if (Off || caller.CacheTtl == TimeSpan.Zero || !on)
            return new CacheWish { Manner = Manner, Only = only };
        bool refresh = _own == "refresh" || (!decided && (Refresh || ControlNoCache));
        bool keep = !only && !NoStore && (decided || !ControlNoStore);

        // HTTP's max-age is about what is read; where another gateway's switch stands beside it, it is how long to keep, too.
        TimeSpan? ttl = _ttl?.Value ?? (Manner is CacheManner.Portkey or CacheManner.Helicone && MostAge > TimeSpan.Zero ? MostAge : null);
        return new CacheWish
        {
            Read = !refresh && MostAge != TimeSpan.Zero,
            Write = keep,
            Only = only,

            // A caller may only tighten: what the operator keeps exact stays exact.
            Semantic = policy.Mode == CacheMode.Semantic && !caller.ExactCacheOnly && _own != "exact" && (decided || _peerSemantic != false),
            Ttl = Least(ttl ?? policy.Ttl, caller.CacheTtl ?? TimeSpan.MaxValue, policy.MostTtl),
            MostAge = MostAge > TimeSpan.Zero ? MostAge : null,
            Namespace = _namespace?.Value ?? "",
            Threshold = _threshold?.Value,
            Buckets = Buckets,
            Ignored = Ignored,
            Manner = Manner,
        };
    }

    private static TimeSpan Least(TimeSpan asked, TimeSpan key, TimeSpan gateway)
    {
        TimeSpan least = asked < key ? asked : key;
        return least < gateway ? least : gateway;
    }
}
