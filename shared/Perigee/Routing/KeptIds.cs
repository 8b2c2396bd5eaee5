using System.Text;
using System.Text.Json;
using Perigee.Wire;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Routing;

/// <summary>Something that a provider keeps and a question names.</summary>
/// <param name="Field">The member that names it, as the client wrote it.</param>
/// <param name="Key">What <see cref="Origins"/> knows it by, or null where nobody can know it.</param>
internal readonly record struct KeptId(string Field, string? Key);

/// <summary>
/// Finds in a question what only the provider that made it can know: responses, conversations, files, containers, cached content, encrypted
/// reasoning. Sources: OpenAI API reference (Responses, Chat, Files), Anthropic (Files, code execution containers), Gemini (Files, caching).
/// </summary>
internal static class KeptIds
{
    private const int Most = 4096;
    private const string GeminiFiles = "https://generativelanguage.googleapis.com/";

    /// <summary>All of them, each once; null, and nothing allocated, where there is none.</summary>
    public static List<KeptId>? Find(Exchange exchange)
    {
        if (exchange.Question is not { } question || exchange.Operation is not ({ Asks: Asks.Conversation or Asks.Count } or { MakesId: true }))
            return null;
        return exchange.Operation.Speaks == DialectFamily.Gemini ? OfGemini(question) : Of(question, exchange.Operation.Name == "responses");
    }

    private static List<KeptId>? Of(JsonIndex question, bool responses)
    {
        List<KeptId>? found = null;
        ReadOnlySpan<JsonIndex.Token> tokens = question.Tokens;
        if (responses)
        {
            Add(ref found, question, "previous_response_id", "previous_response_id"u8);
            Add(ref found, question, "conversation", "conversation"u8);
        }
        else
        {
            Add(ref found, question, "container", "container"u8);
        }

        for (int i = 1; i < tokens.Length; i++)
        {
            if (tokens[i].Type != JsonTokenType.PropertyName)
                continue;
            ref readonly JsonIndex.Token value = ref tokens[i + 1];
            switch (tokens[i].Length - 2)
            {
                // What a tool takes or was called with is not the provider's: a member of the same name there means something else.
                case 5 when value.Type == JsonTokenType.StartObject && question.NameIs(tokens[i], "input"u8):
                case 10 when value.Type == JsonTokenType.StartObject && question.NameIs(tokens[i], "parameters"u8):
                case 12 when question.NameIs(tokens[i], "input_schema"u8):
                case 6 when value.Type == JsonTokenType.StartObject && question.NameIs(tokens[i], "schema"u8):
                    i = value.Next - 1;
                    break;
                case 7 when value.Type == JsonTokenType.String && question.NameIs(tokens[i], "file_id"u8):
                    Add(ref found, new("file_id", question.Text(value)));
                    break;
                case 8 when value.Type == JsonTokenType.StartArray && question.NameIs(tokens[i], "file_ids"u8):
                    foreach ((_, JsonValue id) in new JsonValue(question, i + 1))
                    {
                        if (id.Word.Length > 0)
                            Add(ref found, new("file_ids", id.Word));
                    }

                    break;
                case 17 when responses && value.Type == JsonTokenType.String && question.NameIs(tokens[i], "encrypted_content"u8):
                    Add(ref found, new("encrypted_content", KeyOfText(question, value)));
                    break;

                // Items and sounds of earlier answers, which nobody remembers one by one: only that a provider keeps them.
                case 4 when responses && value.Type == JsonTokenType.String && question.NameIs(tokens[i], "type"u8) && question.Raw(value).SequenceEqual("\"item_reference\""u8):
                    Add(ref found, new("item_reference", null));
                    break;
                case 5 when value.Type == JsonTokenType.StartObject && question.NameIs(tokens[i], "audio"u8) && new JsonValue(question, i + 1)["id"u8].IsText:
                    Add(ref found, new("audio.id", null));
                    break;
            }
        }

        return found;
    }

    private static List<KeptId>? OfGemini(JsonIndex question)
    {
        List<KeptId>? found = null;
        Add(ref found, question, "cachedContent", "cachedContent"u8);
        Add(ref found, question, "cached_content", "cached_content"u8);
        ReadOnlySpan<JsonIndex.Token> tokens = question.Tokens;
        for (int i = 1; i < tokens.Length; i++)
        {
            if (tokens[i].Type != JsonTokenType.PropertyName)
                continue;
            ref readonly JsonIndex.Token value = ref tokens[i + 1];
            switch (tokens[i].Length - 2)
            {
                case 4 when value.Type == JsonTokenType.StartObject && question.NameIs(tokens[i], "args"u8):
                case 10 when value.Type == JsonTokenType.StartObject && question.NameIs(tokens[i], "parameters"u8):
                    i = value.Next - 1;
                    break;
                case 7 when value.Type == JsonTokenType.String && question.NameIs(tokens[i], "fileUri"u8):
                case 8 when value.Type == JsonTokenType.String && question.NameIs(tokens[i], "file_uri"u8):
                    if (KeyOfGeminiFile(question.Text(value)) is { } key)
                        Add(ref found, new(question.Text(tokens[i]), key));
                    break;
            }
        }

        return found;
    }

    /// <summary>The name of a file of Gemini's in its address: <c>files/abc</c>; null for an address anywhere else.</summary>
    public static string? KeyOfGeminiFile(string uri)
    {
        if (uri.StartsWith("files/", StringComparison.Ordinal))
            return uri;
        int at = uri.StartsWith(GeminiFiles, StringComparison.Ordinal) ? uri.IndexOf("/files/", StringComparison.Ordinal) : -1;
        return at < 0 ? null : uri[(at + 1)..];
    }

    private static string KeyOfText(JsonIndex question, in JsonIndex.Token value) => value.Escaped
        ? Origins.KeyOfReasoning(Encoding.UTF8.GetBytes(question.Text(value)))
        : Origins.KeyOfReasoning(question.Raw(value)[1..^1]);

    /// <summary>A top-level member that is an id, or an object with one.</summary>
    private static void Add(ref List<KeptId>? found, JsonIndex question, string field, ReadOnlySpan<byte> name)
    {
        int at = question.FindTopLevel(name);
        if (at < 0)
            return;
        JsonValue value = new(question, at);
        string id = value.IsObject ? value["id"u8].Word : value.Word;
        if (id.Length > 0)
            Add(ref found, new(field, id));
    }

    private static void Add(ref List<KeptId>? found, KeptId id)
    {
        found ??= [];
        if (found.Count < Most && !found.Contains(id))
            found.Add(id);
    }
}
