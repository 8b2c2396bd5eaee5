namespace Perigee.Logs;

/// <summary>Which of the two bodies of an exchange.</summary>
internal enum BodyPart
{
    /// <summary>What was asked.</summary>
    Question,

    /// <summary>What was answered.</summary>
    Answer,
}

/// <summary>Writes bodies as NDJSON.</summary>
internal static class BodyLine
{
    /// <summary>Bodies above this many bytes lie in blobs of their own.</summary>
    public const int MostInline = 64 * 1024;

    /// <summary>Whether a body lies in a blob of its own.</summary>
    public static bool IsLarge(CapturedBody body) => body.Bytes.Length > MostInline;
}
