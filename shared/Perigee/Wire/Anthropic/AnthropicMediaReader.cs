using System.Buffers;

namespace Perigee.Wire.Anthropic;

/// <summary>Reads images, documents and search results.</summary>
internal static class AnthropicMediaReader
{
    /// <summary>Reads an image.</summary>
    public static GatewayError? Image(AnthropicNode block, string path, Place place, AnthropicReading reading, List<ChatPart> parts)
    {
        AnthropicPartReader.Rest(block, path, reading, "source");
        return Source(block, path, place, MediaKind.Image, default, parts);
    }

    /// <summary>Reads a document.</summary>
    public static GatewayError? Document(AnthropicNode block, string path, Place place, AnthropicReading reading, List<ChatPart> parts)
    {
        AnthropicNode title = block.Find("title"u8);
        if (title.Exists && !title.IsString)
            return AnthropicReading.Fault($"{path}.title", "Must be a string.");
        AnthropicPartReader.Rest(block, path, reading, "source", "title");
        WireText name = title.Exists ? title.Text : default;
        AnthropicNode source = block.Find("source"u8);
        AnthropicNode type = source.Find("type"u8);
        return type.IsString && type.Is("content"u8)
            ? Content(source, path, place, name, reading, parts)
            : Source(block, path, place, MediaKind.Document, name, parts);
    }

    /// <summary>Reads a search result: title, source and words, as text.</summary>
    public static GatewayError? SearchResult(AnthropicNode block, string path, Place place, AnthropicReading reading, List<ChatPart> parts)
    {
        AnthropicNode content = block.Find("content"u8);
        if (!content.IsArray)
            return AnthropicReading.Fault($"{path}.content", "Must be an array of text blocks.");
        ArrayBufferWriter<byte> text = new();
        AnthropicNode title = block.Find("title"u8), source = block.Find("source"u8);
        Line(text, title);
        Line(text, source);
        int index = 0;
        foreach (AnthropicNode item in content.Items())
        {
            AnthropicNode words = item.Find("text"u8);
            if (!words.IsString)
                return AnthropicReading.Fault($"{path}.content[{index}].text", "Must be a string.");
            Line(text, words);
            index++;
        }

        AnthropicPartReader.Rest(block, path, reading, "title", "source", "content");
        parts.Add(new TextPart(new WireText(text.WrittenMemory), place));
        return null;
    }

    private static void Line(ArrayBufferWriter<byte> text, AnthropicNode node)
    {
        if (!node.IsString)
            return;
        if (text.WrittenCount > 0)
            text.Write("\\n"u8);
        text.Write(node.Text.Escaped.Span);
    }

    private static GatewayError? Source(AnthropicNode block, string path, Place place, MediaKind kind, WireText name, List<ChatPart> parts)
    {
        AnthropicNode source = block.Find("source"u8);
        if (!source.IsObject)
            return AnthropicReading.Fault($"{path}.source", "Must be an object with a type.");
        path += ".source";
        AnthropicNode type = source.Find("type"u8);
        string word = type.IsString ? type.Decode() : "";
        WireText media = default, value;
        MediaSource from;
        GatewayError? error;
        switch (word)
        {
            case "base64":
                error = AnthropicPartReader.Need(source, "media_type"u8, path, "media_type", out media) ?? AnthropicPartReader.Need(source, "data"u8, path, "data", out _);
                value = error is null ? source.Find("data"u8).Text : default;
                from = MediaSource.Data;
                break;
            case "url":
                error = AnthropicPartReader.Need(source, "url"u8, path, "url", out value);
                from = MediaSource.Url;
                break;
            case "file":
                error = AnthropicPartReader.Need(source, "file_id"u8, path, "file_id", out value);
                from = MediaSource.FileId;
                break;
            case "text" when kind == MediaKind.Document:
                error = AnthropicPartReader.Need(source, "data"u8, path, "data", out value);
                media = WireText.Of("text/plain");
                from = MediaSource.Text;
                break;
            default:
                return AnthropicReading.Fault($"{path}.type", kind == MediaKind.Image
                    ? "Must be \"base64\", \"url\" or \"file\"."
                    : "Must be \"base64\", \"text\", \"content\", \"url\" or \"file\".");
        }

        if (error is null)
            parts.Add(new MediaPart(kind, from, value, media, place) { Name = name });
        return error;
    }

    /// <summary>A document that is made of blocks: its texts are one document, its pictures follow it.</summary>
    private static GatewayError? Content(AnthropicNode source, string path, Place place, WireText name, AnthropicReading reading, List<ChatPart> parts)
    {
        path += ".source.content";
        AnthropicNode content = source.Find("content"u8);
        ArrayBufferWriter<byte> text = new();
        List<ChatPart> pictures = [];
        if (content.IsString)
        {
            Line(text, content);
        }
        else if (content.IsArray)
        {
            int index = 0;
            foreach (AnthropicNode item in content.Items())
            {
                string where = $"{path}[{index++}]";
                AnthropicNode type = item.Find("type"u8);
                if (type.IsString && type.Is("image"u8))
                {
                    if (Image(item, where, place, reading, pictures) is { } error)
                        return error;
                }
                else if (type.IsString && type.Is("text"u8) && item.Find("text"u8).IsString)
                {
                    Line(text, item.Find("text"u8));
                }
                else
                {
                    return AnthropicReading.Fault($"{where}.type", "Must be \"text\" with a text, or \"image\".");
                }
            }
        }
        else
        {
            return AnthropicReading.Fault(path, "Must be a string or an array of content blocks.");
        }

        if (text.WrittenCount > 0)
            parts.Add(new MediaPart(MediaKind.Document, MediaSource.Text, new WireText(text.WrittenMemory), WireText.Of("text/plain"), place) { Name = name });
        parts.AddRange(pictures);
        return null;
    }
}
