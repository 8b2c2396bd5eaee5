using Perigee.Caching.Semantic;

namespace Perigee.Caching.Near;

/// <summary>What the index knows of one answer that is kept. It never changes: a newer one takes its place.</summary>
/// <param name="Id">The row under which the answer is kept, within the partition that is the namespace.</param>
/// <param name="Scope">What must be equal besides the words.</param>
/// <param name="Features">The features of the question's words, for the guards.</param>
/// <param name="Expires">From when the answer is no longer replayed.</param>
/// <param name="Text">The words, only where the operator has them kept.</param>
internal sealed record NearEntry(string Id, ScopeHash Scope, ReadOnlyMemory<byte> Features, DateTimeOffset Expires, string? Text = null)
{
    /// <summary>When it was kept, in ticks: of two that instances kept under one id the later one counts.</summary>
    public long At { get; init; }

    /// <summary>What every question that the guards would pass has as well (<see cref="Skeletons"/>), or 0 where that is not known.</summary>
    public uint Skeleton { get; } = Skeletons.Of(Features.Span);

    /// <summary>Bytes of the object, its strings and its place in dictionary and arrays, about.</summary>
    private const int Overhead = 288;

    /// <summary>Bytes in memory without the vector, about.</summary>
    public int Bytes => Overhead + (2 * Id.Length) + Features.Length + (2 * (Text?.Length ?? 0));
}

/// <summary>An entry whose vector is near enough for a closer look.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Similarity">The cosine.</param>
internal readonly record struct NearCandidate(NearEntry Entry, float Similarity);

/// <summary>The nearest, best first.</summary>
[System.Runtime.CompilerServices.InlineArray(Most)]
internal struct NearCandidates
{
    /// <summary>How many are looked at more closely. The true repeat of a question is among ten in 84% of cases, in the first place in 65%.</summary>
    public const int Most = 8;

    private NearCandidate _first;
}
