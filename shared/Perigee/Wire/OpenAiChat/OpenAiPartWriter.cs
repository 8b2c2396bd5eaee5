using System.Text;

namespace Perigee.Wire.OpenAiChat;

/// <summary>Writes content: a string where it is one text, else parts.</summary>
internal sealed class OpenAiPartWriter(ChatQuestion question, Translation translation, JsonOut json)
{
    private ModelTraits Traits => translation.Traits;

    /// <summary>Writes the member <c>content</c>.</summary>
    /// <param name="parts">What to say. Empty texts are left out.</param>
    public GatewayError? Content(List<ChatPart> parts)
    {
        List<ChatPart> said = parts.FindAll(p => p is not TextPart { Text.IsEmpty: true });
        foreach (ChatPart part in said)
        {
            if (part.Mark is not null && !Traits.CacheMarks && OpenAiMarks.Lost(translation) is { } lost)
                return lost;
        }

        bool plain = said.TrueForAll(p => p is TextPart) && (Traits.PlainContent || said.Count <= 1) && !(Traits.CacheMarks && said.Exists(p => p.Mark is not null));
        json.Name("content"u8);
        if (plain)
        {
            Joined(said);
            return null;
        }

        json.Array();
        foreach (ChatPart part in said)
        {
            json.Object();
            if ((Part(part) ?? OpenAiMarks.Write(Traits.CacheMarks ? part.Mark : null, translation, json)) is { } error)
                return error;
            json.EndObject();
        }

        json.EndArray();
        return null;
    }

    /// <summary>The text of a file that is text, or null where it is none.</summary>
    public static WireText? TextOf(MediaPart media)
    {
        if (media.Source == MediaSource.Text)
            return media.Value;
        if (media is not { Kind: MediaKind.Document, Source: MediaSource.Data } || !media.Type.Escaped.Span.StartsWith("text/"u8))
            return null;
        byte[] bytes = new byte[media.Value.Escaped.Length];
        return Convert.TryFromBase64String(media.Value.Decode(), bytes, out int length)
            ? WireText.Of(Encoding.UTF8.GetString(bytes, 0, length))
            : null;
    }

    private void Joined(List<ChatPart> texts)
    {
        json.BeginText();
        for (int i = 0; i < texts.Count; i++)
        {
            if (i > 0)
                json.Piece("\\n\\n"u8);
            json.Piece(((TextPart)texts[i]).Text.Escaped.Span);
        }

        json.EndText();
    }

    private GatewayError? Part(ChatPart part)
    {
        switch (part)
        {
            case TextPart text:
                Text(text.Text);
                return null;
            case RefusalPart refusal:
                Text(refusal.Text);
                return null;
            case MediaPart media when TextOf(media) is { } text:
                Text(text);
                return null;
            case MediaPart { Source: MediaSource.FileId } media:
                return Lost(media, "The file lies with another provider, under an id that only that one knows. Send its bytes instead.");
            case MediaPart { Kind: MediaKind.Image } image:
                Image(image);
                return null;
            case MediaPart { Kind: MediaKind.Document } document:
                return Document(document);
            case MediaPart { Kind: MediaKind.Audio } audio:
                return Audio(audio);
            default:
                return Lost(part, $"{OpenAiChatQuestionWriter.Dialect} has no such content in a message of this role.");
        }
    }

    private GatewayError? Lost(ChatPart part, string why) => translation.Drop(part.Place.In(question.Dialect), Loss.Contract, why);

    private void Text(WireText text)
    {
        json.Name("type"u8).Text("text"u8);
        json.Name("text"u8).Text(text);
    }

    private void Image(MediaPart image)
    {
        json.Name("type"u8).Text("image_url"u8);
        json.Name("image_url"u8).Object();
        json.Name("url"u8);
        if (image.Source == MediaSource.Url)
            json.Text(image.Value);
        else
            Data(MediaSniff.Image(image.Value.Escaped.Span) is { IsEmpty: false } real ? real : image.Type.IsEmpty ? "image/png"u8 : image.Type.Escaped.Span, image);
        if (!image.Detail.IsEmpty)
            json.Name("detail"u8).Text(image.Detail);
        json.EndObject();
    }

    private GatewayError? Document(MediaPart document)
    {
        if (document.Source == MediaSource.Url && !Traits.FetchesDocuments)
            return Lost(document, $"{OpenAiChatQuestionWriter.Dialect} takes documents as bytes, not from an address.");
        json.Name("type"u8).Text("file"u8);
        json.Name("file"u8).Object();
        json.Name("filename"u8);
        if (document.Name.IsEmpty)
            json.Text("document.pdf"u8);
        else
            json.Text(document.Name);
        json.Name("file_data"u8);
        if (document.Source == MediaSource.Url)
            json.Text(document.Value);
        else
            Data(MediaSniff.IsPdf(document.Value.Escaped.Span) || document.Type.IsEmpty ? "application/pdf"u8 : document.Type.Escaped.Span, document);
        json.EndObject();
        return null;
    }

    private GatewayError? Audio(MediaPart audio)
    {
        ReadOnlySpan<byte> format = audio.Type.Decode() switch
        {
            "audio/wav" or "audio/x-wav" or "audio/wave" or "audio/vnd.wave" => "wav"u8,
            "audio/mpeg" or "audio/mp3" or "audio/x-mp3" => "mp3"u8,
            _ => default,
        };
        if (format.IsEmpty || audio.Source != MediaSource.Data)
            return Lost(audio, $"{OpenAiChatQuestionWriter.Dialect} takes sound as bytes of the types audio/wav and audio/mpeg.");
        json.Name("type"u8).Text("input_audio"u8);
        json.Name("input_audio"u8).Object();
        json.Name("data"u8).Text(audio.Value);
        json.Name("format"u8).Text(format);
        json.EndObject();
        return null;
    }

    private void Data(ReadOnlySpan<byte> type, MediaPart media)
    {
        json.BeginText();
        json.Piece("data:"u8);
        json.Piece(type);
        json.Piece(";base64,"u8);
        json.Piece(media.Value.Escaped.Span);
        json.EndText();
    }
}
