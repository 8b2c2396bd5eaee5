namespace Perigee.Wire.Gemini;

/// <summary>Reads files in parts, and code that ran at the provider as text.</summary>
internal static class GeminiMediaReader
{
    /// <summary>Reads <c>inlineData</c>.</summary>
    public static MediaPart? Inline(GeminiNode inline, Place place, out GatewayError? error)
    {
        GeminiNode? type = inline.Find("mimeType"u8), data = inline.Find("data"u8);
        error = data is not { } bytes ? inline.Wrong("must have 'data': base64.")
            : !bytes.IsText ? bytes.Wrong("must be a string: base64.")
            : type is not { } mime ? inline.Wrong("must have a 'mimeType'.")
            : !mime.IsText ? mime.Wrong("must be a string.")
            : null;
        if (error is not null)
            return null;
        WireText name = inline.Find("displayName"u8) is { IsText: true } shown ? shown.Text : default;
        return new MediaPart(KindOf(type!.Value.Text.Decode()), MediaSource.Data, data!.Value.Text, type.Value.Text, place) { Name = name };
    }

    /// <summary>Reads <c>fileData</c>: a public address, or a file that lies with Google.</summary>
    public static MediaPart? File(GeminiNode file, Place place, out GatewayError? error)
    {
        GeminiNode? type = file.Find("mimeType"u8), uri = file.Find("fileUri"u8);
        error = uri is not { } address ? file.Wrong("must have a 'fileUri'.")
            : !address.IsText ? address.Wrong("must be a string.")
            : type is { IsText: false } wrong ? wrong.Wrong("must be a string.")
            : null;
        if (error is not null)
            return null;
        string url = uri!.Value.Text.Decode();
        bool web = url.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || url.StartsWith("http://", StringComparison.OrdinalIgnoreCase);
        bool stored = !web || (url.Contains("generativelanguage.googleapis.com/", StringComparison.OrdinalIgnoreCase) && url.Contains("/files/", StringComparison.Ordinal));
        WireText mime = type?.Text ?? default;
        MediaKind kind = KindOf(mime.IsEmpty ? GeminiMedia.TypeOfUrl(url) : mime.Decode());
        WireText name = file.Find("displayName"u8) is { IsText: true } shown ? shown.Text : default;
        return new MediaPart(kind, stored ? MediaSource.FileId : MediaSource.Url, uri.Value.Text, mime, place) { Name = name };
    }

    /// <summary>Code that ran at the provider, or what came out of it, as fenced text: no other dialect has a part for it.</summary>
    public static string Code(GeminiMember part)
    {
        if (part.Is("executableCode"u8))
        {
            string language = part.Value.Find("language"u8) is { IsText: true } word ? word.Text.Decode().ToLowerInvariant() : "";
            string code = part.Value.Find("code"u8) is { IsText: true } text ? text.Text.Decode() : "";
            return $"```{(language == "language_unspecified" ? "" : language)}\n{code.TrimEnd('\n')}\n```";
        }

        string output = part.Value.Find("output"u8) is { IsText: true } result ? result.Text.Decode() : "";
        return $"```\n{output.TrimEnd('\n')}\n```";
    }

    private static MediaKind KindOf(string type) =>
        type.StartsWith("image/", StringComparison.OrdinalIgnoreCase) ? MediaKind.Image
        : type.StartsWith("audio/", StringComparison.OrdinalIgnoreCase) ? MediaKind.Audio
        : type.StartsWith("video/", StringComparison.OrdinalIgnoreCase) ? MediaKind.Video
        : MediaKind.Document;
}
