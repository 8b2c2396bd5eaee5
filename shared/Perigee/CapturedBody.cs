namespace Perigee;

/// <summary>The bytes of a question or an answer that are kept for the logs: as they were, not redacted yet.</summary>
/// <param name="Bytes">The bytes, at most as many as the configuration keeps.</param>
/// <param name="Length">How many there were.</param>
/// <param name="ContentType">Their media type, or empty.</param>
internal sealed record CapturedBody(ReadOnlyMemory<byte> Bytes, long Length, string ContentType)
{
    /// <summary>Whether some of it is missing at the end.</summary>
    public bool IsCut => Length > Bytes.Length;
}
