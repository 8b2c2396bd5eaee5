using Perigee.Caching.Semantic;

namespace Perigee.Caching.Near;

/// <summary>What a look-up came to: an entry whose answer may be replayed, or the nearest of those that were refused.</summary>
/// <param name="Id">The row under which the answer is kept.</param>
/// <param name="Similarity">The cosine of the two questions.</param>
/// <param name="Verdict">
/// What the guards and then the verifier said. <c>Same</c> alone makes a hit: <c>same</c>; <c>verified</c> where a verifier agreed;
/// <c>unverified</c> where there is one but the entry's words are not kept, so that it could not be asked. Else the first difference,
/// <c>verifier</c> where that disagreed, <c>verifier-failed</c> or <c>late</c>.
/// </param>
/// <param name="Features">The entry's features.</param>
internal sealed record NearFound(string Id, double Similarity, GuardVerdict Verdict, ReadOnlyMemory<byte> Features)
{
    /// <summary>Whether it is a hit. Else it is only good to be observed.</summary>
    public bool Hit => Verdict.Same;

    /// <summary>The entry's words, only where the operator has them kept.</summary>
    public string? Text { get; init; }
}

/// <summary>Compares the features of two questions; cosine never decides.</summary>
internal delegate GuardVerdict NearGuard(ReadOnlyMemory<byte> asked, ReadOnlyMemory<byte> kept);

/// <summary>Asks whether an answer to the kept question answers the asked one; null where that could not be found out.</summary>
internal delegate ValueTask<bool?> NearVerifier(string asked, string kept, CancellationToken cancel);
