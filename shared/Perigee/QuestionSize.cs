using System.Text.Json;
using Perigee.Wire;
using Perigee.Wire.OpenAiChat;

namespace Perigee;

/// <summary>
/// What of a question is billed: its texts, its pictures, sound and files, and the longest answer that it asks for. Read from the index of
/// the body in one walk, without the dialect's reader: what stands in a body is in its tokens, whatever it is called.
/// </summary>
/// <remarks>
/// Media are taken for the most that a provider is known to bill for their like: a picture 1,600 tokens (of gpt-4o-mini 37,000), sound one for 170 characters of its
/// base64, a document one for 20 and at least 3,000, a film one for 200 and at least 10,000. What is only named by its address or id counts
/// with the least of its kind: a document where it may be one.
/// </remarks>
internal sealed class QuestionSize
{
    private const int SoundCharacters = 170;
    private const int FileCharacters = 20;
    private const int LeastPerFile = 3_000;
    private const int FilmCharacters = 200;
    private const int LeastPerFilm = 10_000;

    /// <summary>The largest picture that one of OpenAI's image models draws at its best quality.</summary>
    private const int PerDrawing = 6_240;

    private readonly JsonIndex? _body;
    private readonly List<int> _texts = [];

    private QuestionSize(JsonIndex? body) => _body = body;

    /// <summary>Pictures.</summary>
    public int Pictures { get; private set; }

    /// <summary>Tokens that stand for other media.</summary>
    public long MediaTokens { get; private set; }

    /// <summary>Messages, tools and their like: each has a frame of a few tokens.</summary>
    public int Frames { get; private set; }

    /// <summary>The most tokens of one answer, or null where the question does not say.</summary>
    public long? MaxOutput { get; private set; }

    /// <summary>How many answers it asks for.</summary>
    public long Choices { get; private set; } = 1;

    /// <summary>The least that <see cref="MaxOutput"/> may become: thinking that was asked for has to fit in.</summary>
    public long LeastOutput { get; private set; }

    /// <summary>Whether there are tools.</summary>
    public bool HasTools { get; private set; }

    /// <summary>Whether the answer is held to a schema.</summary>
    public bool HasSchema { get; private set; }

    /// <summary>The service tier that was asked for.</summary>
    public ServiceTier Tier { get; private set; }

    /// <summary>How many texts there are.</summary>
    public int Texts => _texts.Count;

    /// <summary>A text, decoded.</summary>
    public string Text(int index) => _body!.Text(_body.Tokens[_texts[index]]);

    /// <summary>The bytes of a text in the body: never fewer than it has decoded.</summary>
    public int Bytes(int index) => _body!.Tokens[_texts[index]].Length;

    /// <summary>Reads a question. One without a body, or whose body streams through, has no texts; of an upload the length counts as a file.</summary>
    public static QuestionSize Of(Exchange exchange)
    {
        QuestionSize size = new(exchange.Question);
        if (exchange.Upload is not null)
            size.MediaTokens = Math.Max(LeastPerFile, (exchange.Http.Request.ContentLength ?? exchange.Options.Limits.UploadBytes) / SoundCharacters);
        if (exchange.Question is { } question)
        {
            JsonValue body = new(question, 0);
            size.ReadSettings(body, exchange);
            size.Walk(question);
        }

        return size;
    }

    private void ReadSettings(JsonValue body, Exchange exchange)
    {
        JsonValue config = Either(body, "generationConfig"u8, "generation_config"u8);
        MaxOutput = Number(body["max_completion_tokens"u8]) ?? Number(body["max_tokens"u8]) ?? Number(body["max_output_tokens"u8])
            ?? Number(Either(config, "maxOutputTokens"u8, "max_output_tokens"u8));
        Choices = Math.Clamp(Number(body["n"u8]) ?? Number(Either(config, "candidateCount"u8, "candidate_count"u8)) ?? 1, 1, 1_000);
        Choices = Math.Max(Choices, Math.Min(Number(body["best_of"u8]) ?? 1, 1_000));
        HasTools = body["tools"u8].IsArray || body["functions"u8].IsArray;
        HasSchema = body["output_format"u8].IsObject || body["output_config"u8]["format"u8].IsObject || body["response_format"u8].IsObject;
        LeastOutput = Number(body["thinking"u8]["budget_tokens"u8]) is { } thinking ? thinking + 1 : 0;
        JsonValue tier = Either(body, "service_tier"u8, "serviceTier"u8);
        Tier = exchange.Operation.Speaks == DialectFamily.Anthropic || !tier.IsText ? ServiceTier.Standard : ServiceTiers.Of(tier.Text.Escaped.Span);
        if (exchange.Operation.Name.StartsWith("images.", StringComparison.Ordinal))
            MaxOutput = PerDrawing;
    }

    private void Walk(JsonIndex body)
    {
        ReadOnlySpan<JsonIndex.Token> tokens = body.Tokens;
        int name = -1;
        for (int i = 1; i < tokens.Length; i++)
        {
            ref readonly JsonIndex.Token token = ref tokens[i];
            switch (token.Type)
            {
                case JsonTokenType.PropertyName:
                    name = i;
                    continue;
                case JsonTokenType.StartObject:
                    Frames++;
                    if (name == i - 1 && IsSchema(body, tokens[name]))
                    {
                        // A schema goes to the model as it stands: its names are words like others.
                        _texts.Add(i);
                        i = token.Next - 1;
                    }

                    break;
                case JsonTokenType.String when name == i - 1 && body.NameIs(tokens[name], "model"u8):
                    break;
                case JsonTokenType.String when name == i - 1 && TryMedia(body, tokens, name, i):
                    break;
                case JsonTokenType.Number when name != i - 1:
                    // Texts may come as tokens already (embeddings).
                    MediaTokens++;
                    break;
                case JsonTokenType.String:
                    _texts.Add(i);
                    break;
            }
        }
    }

    private static bool IsSchema(JsonIndex body, in JsonIndex.Token name) =>
        body.NameIs(name, "parameters"u8) || body.NameIs(name, "input_schema"u8) || body.NameIs(name, "schema"u8)
        || body.NameIs(name, "parametersJsonSchema"u8) || body.NameIs(name, "responseSchema"u8) || body.NameIs(name, "responseJsonSchema"u8);

    /// <summary>Takes a payload for what it is. False where it is a text after all.</summary>
    private bool TryMedia(JsonIndex body, ReadOnlySpan<JsonIndex.Token> tokens, int name, int at)
    {
        ReadOnlySpan<byte> value = body.Raw(tokens[at])[1..];
        JsonIndex.Token of = tokens[name];
        bool carries = body.NameIs(of, "data"u8) || body.NameIs(of, "file_data"u8);
        bool links = body.NameIs(of, "url"u8) || body.NameIs(of, "image_url"u8);
        if (body.NameIs(of, "file_url"u8) || body.NameIs(of, "file_id"u8) || body.NameIs(of, "fileUri"u8) || body.NameIs(of, "file_uri"u8))
        {
            MediaTokens += LeastPerFile;
            return true;
        }

        if (links && !value.StartsWith("data:"u8))
        {
            if (Sibling(body, tokens, name, "type"u8).SequenceEqual("url"u8))
                MediaTokens += LeastPerFile;
            else
                Pictures++;
            return true;
        }

        if (!carries && !links)
            return false;
        ReadOnlySpan<byte> type = value.StartsWith("data:"u8) ? value[5..] : TypeOf(body, tokens, name);

        // A text that stands where a payload could (a document of plain text) has blanks; base64 has none.
        if (type.StartsWith("text/"u8) && !value.StartsWith("data:"u8))
            return false;
        if (type.StartsWith("image/"u8))
        {
            Pictures++;
            return true;
        }

        long length = tokens[at].Length;
        MediaTokens += type.StartsWith("audio/"u8) || IsFormat(type) ? length / SoundCharacters
            : type.StartsWith("video/"u8) ? Math.Max(LeastPerFilm, length / FilmCharacters)
            : Math.Max(LeastPerFile, length / FileCharacters);
        return true;
    }

    /// <summary>What the payload's object says of its type, in any dialect: before it or behind it.</summary>
    private static ReadOnlySpan<byte> TypeOf(JsonIndex body, ReadOnlySpan<JsonIndex.Token> tokens, int name) =>
        Sibling(body, tokens, name, "media_type"u8) is { IsEmpty: false } anthropic ? anthropic
        : Sibling(body, tokens, name, "mimeType"u8) is { IsEmpty: false } gemini ? gemini
        : Sibling(body, tokens, name, "mime_type"u8) is { IsEmpty: false } snake ? snake
        : Sibling(body, tokens, name, "format"u8);

    private static ReadOnlySpan<byte> Sibling(JsonIndex body, ReadOnlySpan<JsonIndex.Token> tokens, int name, ReadOnlySpan<byte> member)
    {
        int open = name - 1;
        while (open > 0 && !(tokens[open].Type == JsonTokenType.StartObject && tokens[open].Next > name))
            open--;
        for (int i = open + 1; i < tokens[open].Next; i = tokens[i + 1].Next)
        {
            if (tokens[i + 1].Type == JsonTokenType.String && body.NameIs(tokens[i], member))
                return body.Raw(tokens[i + 1])[1..^1];
        }

        return default;
    }

    // OpenAI's input_audio names the format alone.
    private static bool IsFormat(ReadOnlySpan<byte> type) => type.SequenceEqual("wav"u8) || type.SequenceEqual("mp3"u8) || type.SequenceEqual("flac"u8)
        || type.SequenceEqual("opus"u8) || type.SequenceEqual("ogg"u8) || type.SequenceEqual("m4a"u8) || type.SequenceEqual("pcm16"u8);

    private static JsonValue Either(JsonValue value, ReadOnlySpan<byte> one, ReadOnlySpan<byte> other) => value[one] is { IsThere: true } found ? found : value[other];

    private static long? Number(JsonValue value) => value.TryInteger(out long number) && number >= 0 ? number : null;
}
