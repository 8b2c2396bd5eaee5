using Perigee.Caching.Store;
using Perigee.Wire;

namespace Perigee.Caching;

/// <summary>An answer that is kept: the bytes as the client got them, and what is needed to replay and count it. One serves all dialects and shapes.</summary>
/// <param name="Body">The wire bytes.</param>
/// <param name="Form">What they are.</param>
internal sealed record CachedAnswer(ReadOnlyMemory<byte> Body, AnswerForm Form)
{
    /// <summary>Their media type.</summary>
    public required string ContentType { get; init; }

    /// <summary>The model that answered, by its own name.</summary>
    public string? Model { get; init; }

    /// <summary>The tokens that the answer cost when it was made.</summary>
    public TokenUsage? Usage { get; init; }

    /// <summary>Why it ended.</summary>
    public FinishReason Finish { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset StoredAt { get; init; }

    /// <summary>From when it is no longer replayed.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>The id of the exchange that made it.</summary>
    public string Source { get; init; } = "";

    /// <summary>Whose answer it is, as <c>provider/model</c>.</summary>
    public string Target { get; init; } = "";

    /// <summary>The canonical question's own hash. Under a key that several wordings share it tells which of them this answered.</summary>
    public string Question { get; init; } = "";

    /// <summary>From the first byte to the last when it was made.</summary>
    public TimeSpan Took { get; init; }

    /// <summary>When it was asked for: what was invalidated after that is not what it says.</summary>
    public DateTimeOffset Began { get => field == default ? StoredAt - Took : field; init; }

    /// <summary>Request fields that its target did not get, comma-separated, as the first client spelled them; or empty.</summary>
    public string Dropped { get; init; } = "";

    /// <summary>What it cost, in pico-dollars; null where the price is unknown.</summary>
    public long? PicoDollars { get; init; }

    /// <summary>Whose entry it is.</summary>
    public CacheScope Scope { get; init; } = CacheScope.None;

    /// <summary>The entry's public id (<see cref="AnswerCache.IdOf"/>). The cache sets it, from the key under which it keeps or finds the answer.</summary>
    public string Id { get; set; } = "";

    /// <summary>The largest answer that is kept, in bytes.</summary>
    public const int MostBytes = 16 * 1024 * 1024;
}
