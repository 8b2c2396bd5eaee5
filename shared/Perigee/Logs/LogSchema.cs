namespace Perigee.Logs;

/// <summary>The schema of the lines in the log blobs. README.md in this folder documents every member; a test holds both together.</summary>
internal static class LogSchema
{
    /// <summary>The version in every line. Members are only ever added to a version.</summary>
    public const int Version = 2;

    /// <summary>One record an exchange.</summary>
    public const string Requests = "requests";

    /// <summary>What was done through the management API.</summary>
    public const string Audit = "audit";

    /// <summary>Questions and answers.</summary>
    public const string Bodies = "bodies";

    /// <summary>The streams: the first folder below <c>v1/</c>.</summary>
    public static IReadOnlyList<string> Streams { get; } = [Requests, Audit, Bodies];
}
