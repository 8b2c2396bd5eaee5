using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Perigee.Wire.Anthropic;

/// <summary>Pictures and documents as Anthropic takes them.</summary>
internal static class AnthropicMedia
{
    /// <summary>Enough of a file to know it by.</summary>
    private const int HeadLength = 24;

    /// <summary>Checks a part, and bends it into a form that can be written.</summary>
    /// <param name="part">The part. Replaced where its media type is not what its bytes are, or where it is text in truth.</param>
    /// <param name="translation">Whom it is for.</param>
    /// <param name="dialect">The client's dialect.</param>
    public static GatewayError? Check(ref MediaPart part, Translation translation, string dialect)
    {
        string field = part.Place.In(dialect);
        if (part.Source == MediaSource.FileId)
            return translation.Drop(field, Loss.Contract, "A file's id means nothing to another provider: send the file itself.");
        if (part.Kind is MediaKind.Audio or MediaKind.Video)
            return translation.Drop(field, Loss.Contract, $"Anthropic Messages takes no {(part.Kind == MediaKind.Audio ? "audio" : "video")}.");
        if (!part.Detail.IsEmpty && !part.Detail.Escaped.Span.SequenceEqual("auto"u8)
            && translation.Drop($"{field}.{(dialect == "openai-chat" ? "image_url.detail" : "detail")}", Loss.Hint, "Anthropic Messages has no level of detail.") is { } strict)
        {
            return strict;
        }

        return part.Source switch
        {
            MediaSource.Url => Url(part, field, translation),
            MediaSource.Data => Data(ref part, field, translation),
            _ => null,
        };
    }

    /// <summary>Writes the members of a checked part's block, up to its cache mark.</summary>
    public static void Write(AnthropicJson json, MediaPart part)
    {
        json.Text("type"u8, part.Kind == MediaKind.Image ? "image"u8 : "document"u8);
        json.Name("source"u8);
        json.Open('{');
        switch (part.Source)
        {
            case MediaSource.Url:
                json.Text("type"u8, "url"u8);
                json.Text("url"u8, part.Value.Escaped.Span);
                break;
            case MediaSource.Text:
                json.Text("type"u8, "text"u8);
                json.Text("media_type"u8, "text/plain"u8);
                json.Text("data"u8, part.Value.Escaped.Span);
                break;
            default:
                json.Text("type"u8, "base64"u8);
                json.Text("media_type"u8, part.Type.Escaped.Span);
                json.Text("data"u8, Standard(part.Value.Escaped.Span));
                break;
        }

        json.Close('}');
        if (part.Kind == MediaKind.Document && !part.Name.IsEmpty)
            json.Text("title"u8, part.Name.Escaped.Span);
    }

    private static GatewayError? Url(MediaPart part, string field, Translation translation)
    {
        bool fetched = part.Kind == MediaKind.Image ? translation.Traits.FetchesImages : translation.Traits.FetchesDocuments;
        string url = part.Value.Decode();
        bool web = url.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || url.StartsWith("http://", StringComparison.OrdinalIgnoreCase);
        return fetched && web ? null
            : translation.Drop(field, Loss.Contract, fetched ? "Only http and https addresses can be fetched: send the file itself." : "The provider fetches nothing from addresses there: send the file itself, as base64.");
    }

    private static GatewayError? Data(ref MediaPart part, string field, Translation translation)
    {
        string stated = part.Type.Decode().ToLowerInvariant();
        int end = stated.IndexOf(';', StringComparison.Ordinal);
        stated = (end < 0 ? stated : stated[..end]).Trim();
        string real = Sniff(part.Value) ?? (stated == "image/jpg" ? "image/jpeg" : stated);
        switch (real)
        {
            case "image/png" or "image/jpeg" or "image/gif" or "image/webp":
                part = part with { Kind = MediaKind.Image, Type = WireText.Of(real) };
                return null;
            case "application/pdf":
                part = part with { Kind = MediaKind.Document, Type = WireText.Of(real) };
                return null;
        }

        if (real.StartsWith("text/", StringComparison.Ordinal) || real is "application/json" or "application/xml" or "application/yaml")
        {
            if (TryText(part.Value, out WireText text))
            {
                part = part with { Kind = MediaKind.Document, Source = MediaSource.Text, Value = text, Type = WireText.Of("text/plain") };
                return null;
            }

            return translation.Drop(field, Loss.Contract, "Its text is not UTF-8 in base64.");
        }

        return translation.Drop(field, Loss.Contract, part.Kind == MediaKind.Image
            ? $"Anthropic Messages takes PNG, JPEG, GIF and WebP, not '{real}'."
            : $"Anthropic Messages takes PDF and text, not '{real}'.");
    }

    /// <summary>What the bytes are, or null where that cannot be told. Clients do state a wrong type, and Anthropic refuses it then.</summary>
    private static string? Sniff(WireText base64)
    {
        ReadOnlySpan<byte> text = base64.Escaped.Span;
        text = Standard(WireText.Unescape(text[..Math.Min(text.Length, HeadLength * 3)]));
        text = text[..(Math.Min(text.Length, HeadLength) / 4 * 4)];
        Span<byte> head = stackalloc byte[HeadLength];
        if (Base64.DecodeFromUtf8(text, head, out _, out int length) is not (OperationStatus.Done or OperationStatus.DestinationTooSmall or OperationStatus.NeedMoreData))
            return null;
        head = head[..length];
        return head.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G']) ? "image/png"
            : head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? "image/jpeg"
            : head.StartsWith("GIF8"u8) ? "image/gif"
            : head.Length >= 12 && head.StartsWith("RIFF"u8) && head[8..].StartsWith("WEBP"u8) ? "image/webp"
            : head.StartsWith("%PDF"u8) ? "application/pdf"
            : null;
    }

    private static bool TryText(WireText base64, out WireText text)
    {
        text = default;
        try
        {
            byte[] plain = Convert.FromBase64String(Encoding.ASCII.GetString(Standard(WireText.Unescape(base64.Escaped.Span))));
            text = WireText.Of(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(plain));
            return true;
        }
        catch (Exception e) when (e is FormatException or DecoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>Google's SDKs write base64 in the alphabet of addresses, which Anthropic does not read.</summary>
    private static ReadOnlySpan<byte> Standard(ReadOnlySpan<byte> base64)
    {
        if (!base64.ContainsAny((byte)'-', (byte)'_'))
            return base64;
        byte[] standard = base64.ToArray();
        standard.AsSpan().Replace((byte)'-', (byte)'+');
        standard.AsSpan().Replace((byte)'_', (byte)'/');
        return standard;
    }
}
