namespace Perigee.Wire.OpenAiChat;

/// <summary>Reads the content of a message: a string, or parts.</summary>
internal static class OpenAiPartReader
{
    /// <summary>Reads it.</summary>
    /// <param name="content">The member <c>content</c>.</param>
    /// <param name="place">The message.</param>
    /// <param name="parts">Takes the parts. An empty string is none.</param>
    public static GatewayError? Content(JsonValue content, Place place, List<ChatPart> parts)
    {
        if (content.IsText)
        {
            if (!content.Text.IsEmpty)
                parts.Add(new TextPart(content.Text, place));
            return null;
        }

        if (!content.IsArray)
            return Fault.At(Path(place) + ".content", "must be a string or an array of parts");
        int at = 0;
        foreach ((_, JsonValue part) in content)
        {
            Place here = place with { Part = at++ };
            int before = parts.Count;
            if (Part(part, here, parts) is { } error)
                return error;
            if (parts.Count > before && OpenAiTurnReader.Mark(part) is { } mark)
                parts[^1] = parts[^1] with { Mark = mark };
        }

        return null;
    }

    private static GatewayError? Part(JsonValue part, Place place, List<ChatPart> parts)
    {
        if (part.IsText)
        {
            parts.Add(new TextPart(part.Text, place));
            return null;
        }

        if (!part.IsObject || !part["type"u8].IsText)
            return Fault.At(part.IsObject ? Path(place) + ".type" : Path(place), part.IsObject ? "must be a string" : "must be an object");
        switch (part["type"u8].Word)
        {
            case "text" or "input_text" or "output_text":
                return Text(part["text"u8], Path(place) + ".text", text => parts.Add(new TextPart(text, place)));
            case "refusal":
                return Text(part["refusal"u8], Path(place) + ".refusal", text => parts.Add(new RefusalPart(text, place)));
            case "thinking":
                return Thinking(part["thinking"u8], place, parts);
            case "image_url":
                return Image(part["image_url"u8], place, parts);
            case "input_audio":
                return Audio(part["input_audio"u8], place, parts);
            case "video_url":
                JsonValue film = part["video_url"u8].IsObject ? part["video_url"u8]["url"u8] : part["video_url"u8];
                return Address(film, MediaKind.Video, Path(place) + ".video_url.url", place, default, parts);
            case "file":
                return File(part["file"u8], place, parts);
            default:
                return Fault.At(Path(place) + ".type",
                    $"is '{part["type"u8].Word}', and must be 'text', 'image_url', 'input_audio', 'file' or 'refusal'");
        }
    }

    private static GatewayError? Text(JsonValue text, string path, Action<WireText> take)
    {
        if (!text.IsText)
            return Fault.At(path, text.IsThere ? "must be a string" : "is required");
        take(text.Text);
        return null;
    }

    /// <summary>Mistral's reasoning in the history: a text, or text parts within the part.</summary>
    private static GatewayError? Thinking(JsonValue thinking, Place place, List<ChatPart> parts)
    {
        if (thinking.IsText)
            parts.Add(new ReasoningPart(thinking.Text, null, place));
        foreach ((_, JsonValue piece) in thinking)
        {
            if (piece["text"u8].IsText)
                parts.Add(new ReasoningPart(piece["text"u8].Text, null, place));
        }

        return thinking.IsText || thinking.IsArray ? null : Fault.At(Path(place) + ".thinking", "must be an array of text parts");
    }

    private static GatewayError? Image(JsonValue image, Place place, List<ChatPart> parts)
    {
        string path = Path(place) + ".image_url";
        if (!image.IsObject && !image.IsText)
            return Fault.At(path, image.IsThere ? "must be an object with 'url'" : "is required");
        if (image["detail"u8] is { IsThere: true, IsText: false })
            return Fault.At(path + ".detail", "must be a string");
        return Address(image.IsText ? image : image["url"u8], MediaKind.Image, path + ".url", place, image["detail"u8].Text, parts);
    }

    private static GatewayError? Address(JsonValue url, MediaKind kind, string path, Place place, WireText detail, List<ChatPart> parts)
    {
        if (!url.IsText || url.Text.IsEmpty)
            return Fault.At(path, url.IsThere ? "must be a string that is not empty" : "is required");
        WireText address = Plain(url.Text);
        if (!DataUrl.IsOne(address.Escaped.Span))
        {
            if (!url.Word.Contains("://", StringComparison.Ordinal))
                return Fault.At(path, "must be an http(s) address or a data url");
            parts.Add(new MediaPart(kind, MediaSource.Url, url.Text, default, place) { Detail = detail });
            return null;
        }

        if (!DataUrl.TrySplit(address.Escaped.Span, out ReadOnlySpan<byte> type, out ReadOnlySpan<byte> data))
            return Fault.At(path, "must be a data url in base64: 'data:image/png;base64,...'");
        parts.Add(new MediaPart(kind, MediaSource.Data, Slice(address, data.Length), new WireText(type.ToArray()), place) { Detail = detail });
        return null;
    }

    private static GatewayError? Audio(JsonValue audio, Place place, List<ChatPart> parts)
    {
        string path = Path(place) + ".input_audio";
        if (!audio["data"u8].IsText)
            return Fault.At(audio.IsObject ? path + ".data" : path, audio.IsObject ? "must be a string of base64" : "must be an object with 'data' and 'format'");
        if (!audio["format"u8].IsText)
            return Fault.At(path + ".format", audio["format"u8].IsThere ? "must be a string" : "is required");
        WireText data = Plain(audio["data"u8].Text);
        if (DataUrl.TrySplit(data.Escaped.Span, out _, out ReadOnlySpan<byte> inside))
            data = Slice(data, inside.Length);
        string format = audio["format"u8].Word;
        parts.Add(new MediaPart(MediaKind.Audio, MediaSource.Data, data, WireText.Of(format == "mp3" ? "audio/mpeg" : "audio/" + format), place));
        return null;
    }

    private static GatewayError? File(JsonValue file, Place place, List<ChatPart> parts)
    {
        string path = Path(place) + ".file";
        if (!file.IsObject)
            return Fault.At(path, file.IsThere ? "must be an object" : "is required");
        if (file["filename"u8] is { IsThere: true, IsText: false })
            return Fault.At(path + ".filename", "must be a string");
        WireText name = file["filename"u8].Text;
        if (file["file_id"u8] is { IsThere: true } id)
        {
            if (!id.IsText)
                return Fault.At(path + ".file_id", "must be a string");
            parts.Add(new MediaPart(MediaKind.Document, MediaSource.FileId, id.Text, default, place) { Name = name });
            return null;
        }

        if (!file["file_data"u8].IsText || file["file_data"u8].Text.IsEmpty)
            return Fault.At(path + ".file_data", file["file_data"u8].IsThere ? "must be a data url" : "or 'file_id' is required");
        WireText data = Plain(file["file_data"u8].Text);
        WireText type = default;
        if (DataUrl.TrySplit(data.Escaped.Span, out ReadOnlySpan<byte> said, out ReadOnlySpan<byte> inside))
            (type, data) = (new WireText(said.ToArray()), Slice(data, inside.Length));
        else if (file["file_data"u8].Word.Contains("://", StringComparison.Ordinal))
            return Add(MediaSource.Url);
        else if (MediaSniff.IsPdf(data.Escaped.Span))
            type = new WireText("application/pdf"u8.ToArray());
        return Add(MediaSource.Data);

        GatewayError? Add(MediaSource source)
        {
            string declared = type.Decode();
            MediaKind kind = declared.StartsWith("image/", StringComparison.Ordinal) ? MediaKind.Image
                : declared.StartsWith("audio/", StringComparison.Ordinal) ? MediaKind.Audio
                : declared.StartsWith("video/", StringComparison.Ordinal) ? MediaKind.Video
                : MediaKind.Document;
            parts.Add(new MediaPart(kind, source, data, type, place) { Name = name });
            return null;
        }
    }

    /// <summary>Base64 and addresses need no escapes, but some encoders write <c>\/</c>: what reads on must not stumble over it.</summary>
    private static WireText Plain(WireText text) =>
        text.Escaped.Span.Contains((byte)'\\') ? new WireText(WireText.Encode(WireText.Unescape(text.Escaped.Span))) : text;

    /// <summary>The last bytes of a text, where they lie.</summary>
    private static WireText Slice(WireText text, int length) => new(text.Escaped[^length..]);

    private static string Path(Place place) => place.In("openai-chat");
}
