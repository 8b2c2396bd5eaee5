namespace Perigee.Wire.OpenAiChat;

/// <summary>
/// What a file really is, by the base64 of its first bytes. Clients label wrongly, and providers refuse a wrong label.
/// Source of the marks: the formats' own signatures (PNG, JPEG, GIF, RIFF, ISO 32000, ID3, fLaC, OggS).
/// </summary>
internal static class MediaSniff
{
    /// <summary>The picture's media type, or empty where the mark is none that this gateway knows.</summary>
    public static ReadOnlySpan<byte> Image(ReadOnlySpan<byte> base64) =>
        base64.StartsWith("iVBORw0KGgo"u8) ? "image/png"u8
        : base64.StartsWith("/9j/"u8) ? "image/jpeg"u8
        : base64.StartsWith("R0lGOD"u8) ? "image/gif"u8
        : base64.StartsWith("UklGR"u8) && base64.Length > 16 && base64[12..].StartsWith("RUJQ"u8) ? "image/webp"u8
        : default;

    /// <summary>Whether it is a PDF.</summary>
    public static bool IsPdf(ReadOnlySpan<byte> base64) => base64.StartsWith("JVBER"u8);

    /// <summary>The sound's media type; without a mark it is taken for bare samples.</summary>
    public static ReadOnlySpan<byte> Audio(ReadOnlySpan<byte> base64) =>
        base64.StartsWith("UklGR"u8) ? "audio/wav"u8
        : base64.StartsWith("SUQz"u8) || base64.StartsWith("//"u8) ? "audio/mpeg"u8
        : base64.StartsWith("ZkxhQ"u8) ? "audio/flac"u8
        : base64.StartsWith("T2dnUw"u8) ? "audio/ogg"u8
        : "audio/pcm"u8;
}
