using Perigee.Wire.OpenAiChat;

namespace Perigee.Routing.Policies;

/// <summary>Counts pictures, sound and files of a question: what they are, how many bytes of the body are theirs, and about how many tokens they are.</summary>
internal sealed class MediaTally
{
    // Providers bill a picture with 85 to 1,600 tokens, by size; a page of a document, some 50 KB, with about a thousand; a second of
    // sound, some 16 to 32 KB, with 10 to 32. Base64 has four characters for three bytes.
    private const int PerPicture = 1000;
    private const int LeastPerFile = 500;
    private const int FileCharactersPerToken = 60;
    private const int SoundCharactersPerToken = 1300;

    /// <summary>Bytes of the body that are payload and not text.</summary>
    public long Bytes { get; private set; }

    /// <summary>Tokens that stand for them.</summary>
    public long Tokens { get; private set; }

    /// <summary>Whether there was a picture.</summary>
    public bool Images { get; private set; }

    /// <summary>Whether there was sound.</summary>
    public bool Audio { get; private set; }

    /// <summary>Whether there was a video.</summary>
    public bool Video { get; private set; }

    /// <summary>Whether there was a document.</summary>
    public bool Files { get; private set; }

    /// <summary>A part of chat completions or Responses.</summary>
    public void OpenAi(JsonValue part)
    {
        switch (part["type"u8].Word)
        {
            case "image_url":
                Image(part["image_url"u8] is { IsObject: true } image ? image["url"u8] : part["image_url"u8]);
                break;
            case "input_image" or "computer_screenshot":
                Image(part["image_url"u8]);
                break;
            case "input_audio":
                Sound(part["input_audio"u8]["data"u8]);
                break;
            case "video_url" or "input_video":
                Film(part["video_url"u8]["url"u8]);
                break;
            case "file":
                File(part["file"u8]["file_data"u8]);
                break;
            case "input_file":
                File(part["file_data"u8]);
                break;
        }
    }

    /// <summary>A block of Anthropic's.</summary>
    public void Anthropic(JsonValue block)
    {
        switch (block["type"u8].Word)
        {
            case "image":
                Image(block["source"u8]["data"u8]);
                break;
            case "document" when block["source"u8]["type"u8].Word is not ("text" or "content"):
                File(block["source"u8]["data"u8]);
                break;
        }
    }

    /// <summary>A part of Gemini's, in either spelling.</summary>
    public void Gemini(JsonValue part)
    {
        JsonValue data = part["inlineData"u8];
        foreach (JsonValue other in (ReadOnlySpan<JsonValue>)[part["inline_data"u8], part["fileData"u8], part["file_data"u8]])
            data = data.IsThere ? data : other;
        if (!data.IsObject)
            return;
        string type = data["mimeType"u8] is { IsText: true } camel ? camel.Word : data["mime_type"u8].Word;
        if (type.StartsWith("image/", StringComparison.OrdinalIgnoreCase))
            Image(data["data"u8]);
        else if (type.StartsWith("audio/", StringComparison.OrdinalIgnoreCase))
            Sound(data["data"u8]);
        else if (type.StartsWith("video/", StringComparison.OrdinalIgnoreCase))
            Film(data["data"u8]);
        else
            File(data["data"u8]);
    }

    private void Image(JsonValue payload)
    {
        Images = true;
        Add(payload, PerPicture);
    }

    private void Sound(JsonValue payload)
    {
        Audio = true;
        Add(payload, payload.Raw.Length / SoundCharactersPerToken);
    }

    private void Film(JsonValue payload)
    {
        Video = true;
        Add(payload, PerPicture);
    }

    private void File(JsonValue payload)
    {
        Files = true;
        Add(payload, Math.Max(LeastPerFile, payload.Raw.Length / FileCharactersPerToken));
    }

    private void Add(JsonValue payload, long tokens)
    {
        Bytes += payload.IsText ? payload.Raw.Length : 0;
        Tokens += tokens;
    }
}
