namespace Perigee;

/// <summary>
/// Questions that the gateway asks on its own account (vectors, a verifier, a fresh answer to compare with): through routing and forwarding
/// like any other, but no cache, of limits the gateway's own alone (but for concurrency), and no client waits for the bytes. Each leaves a log record with its purpose.
/// </summary>
internal interface IOwnCalls
{
    /// <summary>Asks. Never throws but for <paramref name="cancel"/>: a failure is a status.</summary>
    ValueTask<OwnAnswer> AskAsync(OwnCall call, CancellationToken cancel);
}

/// <summary>A question of the gateway's own.</summary>
/// <param name="Path">The path of an operation that is asked by POST with JSON: <c>/v1/embeddings</c>, <c>/v1beta/models/m:generateContent</c> ...</param>
/// <param name="Body">The body. It stays the caller's and must not change until the call returns.</param>
/// <param name="Caller">On whose behalf.</param>
/// <param name="Purpose">The word in the log: <c>embedding</c>, <c>verifier</c>, <c>shadow</c>.</param>
internal sealed record OwnCall(string Path, ReadOnlyMemory<byte> Body, Caller Caller, string Purpose)
{
    /// <summary>Headers that a route may choose by, or null.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }
}

/// <summary>What came of it.</summary>
/// <param name="Status">The HTTP status: 200, or why there is no answer.</param>
/// <param name="Body">The answer, whole.</param>
internal sealed record OwnAnswer(int Status, ReadOnlyMemory<byte> Body)
{
    /// <summary>Whether it is an answer that ended as a complete one ends.</summary>
    public bool Complete { get; init; }
}
