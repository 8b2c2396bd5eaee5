namespace Perigee.Wire.Gemini;

/// <summary>Media types of files: what their first bytes say, and what an address hints at.</summary>
internal static class GeminiMedia
{
    /// <summary>
    /// The type that the first bytes of base64 show, or null. Clients label pictures wrongly, and Google then answers 400. The magic bytes
    /// of each format, in base64.
    /// </summary>
    public static string? TypeOfData(ReadOnlySpan<byte> base64) =>
        base64.StartsWith("iVBORw0KGgo"u8) ? "image/png"
        : base64.StartsWith("/9j/"u8) || base64.StartsWith("\\/9j\\/"u8) ? "image/jpeg"
        : base64.StartsWith("R0lGODdh"u8) || base64.StartsWith("R0lGODlh"u8) ? "image/gif"
        : base64.StartsWith("JVBERi0"u8) ? "application/pdf"
        : base64.StartsWith("UklGR"u8) && base64.Length >= 16 ? Riff(base64)
        : base64.StartsWith("SUQz"u8) ? "audio/mpeg"
        : base64.StartsWith("ZkxhQ"u8) ? "audio/flac"
        : base64.StartsWith("T2dnU"u8) ? "audio/ogg"
        : null;

    /// <summary>The type that the end of an address hints at, or an empty string.</summary>
    public static string TypeOfUrl(string url)
    {
        int end = url.AsSpan().IndexOfAny('?', '#');
        string path = end < 0 ? url : url[..end];
        int dot = path.LastIndexOf('.');
        string extension = dot > path.LastIndexOf('/') ? path[(dot + 1)..].ToLowerInvariant() : "";
        return extension switch
        {
            "png" => "image/png",
            "jpg" or "jpeg" => "image/jpeg",
            "gif" => "image/gif",
            "webp" => "image/webp",
            "heic" => "image/heic",
            "heif" => "image/heif",
            "pdf" => "application/pdf",
            "txt" => "text/plain",
            "md" => "text/markdown",
            "csv" => "text/csv",
            "html" or "htm" => "text/html",
            "json" => "application/json",
            "mp3" => "audio/mpeg",
            "wav" => "audio/wav",
            "ogg" => "audio/ogg",
            "flac" => "audio/flac",
            "aac" => "audio/aac",
            "mp4" => "video/mp4",
            "mov" => "video/quicktime",
            "webm" => "video/webm",
            "mpeg" or "mpg" => "video/mpeg",
            _ => url.Contains("youtube.com/", StringComparison.OrdinalIgnoreCase) || url.Contains("youtu.be/", StringComparison.OrdinalIgnoreCase) ? "video/mp4" : "",
        };
    }

    /// <summary>RIFF holds pictures and sound: bytes 8 to 11 tell, which stand in characters 10 to 15 of base64.</summary>
    private static string? Riff(ReadOnlySpan<byte> base64)
    {
        Span<byte> bytes = stackalloc byte[12];
        if (System.Buffers.Text.Base64.DecodeFromUtf8(base64[..16], bytes, out _, out int length) != System.Buffers.OperationStatus.Done || length < 12)
            return null;
        return bytes[8..12].SequenceEqual("WEBP"u8) ? "image/webp" : bytes[8..12].SequenceEqual("WAVE"u8) ? "audio/wav" : null;
    }
}
