namespace Perigee;

/// <summary>Log shipping.</summary>
internal sealed record LogOptions
{
    /// <summary>Whether exchanges are logged to blobs at all.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>A blob is written at the latest after this time, however few records wait.</summary>
    public TimeSpan FlushAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A blob that has <see cref="BusyRecords"/> is written after this time: a kill loses what came since, and the blob that is under way.</summary>
    public TimeSpan BusyFlushAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>From how many waiting records on <see cref="BusyFlushAfter"/> holds; fewer wait for <see cref="FlushAfter"/>. 1: always, so that a kill costs about a second at any rate.</summary>
    public int BusyRecords { get; init; } = 1;

    /// <summary>A blob is written once this many bytes (before compression) wait.</summary>
    public int FlushBytes { get; init; } = 1024 * 1024;

    /// <summary>The most bytes of records that wait in memory; past it the oldest go, counted.</summary>
    public int MemoryBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Of how many exchanges the bodies are kept, in percent, where key, team and organisation do not say: the gateway's own word.</summary>
    public double Bodies { get; init; }

    /// <summary>The most bytes kept of one body; what is longer is cut.</summary>
    public int BodyBytes { get; init; } = 256 * 1024;

    /// <summary>Request headers that are kept besides <c>user-agent</c>, in lower case. None that may hold a credential can be among them.</summary>
    public IReadOnlyList<string> Headers { get; init; } = [];

    /// <summary>What is taken out of texts before they are written.</summary>
    public RedactionOptions Redaction { get; init; } = new();
}
