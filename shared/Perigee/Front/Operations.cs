using System.Collections.Frozen;
using Perigee.Wire;

namespace Perigee.Front;

/// <summary>The operations of all dialects, each with the route that it stands under.</summary>
internal static class Operations
{
    /// <summary>
    /// Every call of Gemini's: its path ends with <c>{model}:{verb}</c>, which no route pattern can tell apart. <see cref="OfGemini"/> does.
    /// </summary>
    public static Operation Gemini { get; } = Post("gemini", "/v1beta/models/{**call}") with { Speaks = DialectFamily.Gemini };

    private static readonly FrozenDictionary<string, Operation> GeminiVerbs = new Dictionary<string, Operation>(StringComparer.Ordinal)
    {
        ["generateContent"] = Gemini with { Name = "gemini.generate", Cacheable = true, Asks = Asks.Conversation },
        ["streamGenerateContent"] = Gemini with { Name = "gemini.stream", Cacheable = true, Asks = Asks.Conversation },
        ["countTokens"] = Gemini with { Name = "gemini.count", Asks = Asks.Count, Inspected = false },
        ["embedContent"] = Gemini with { Name = "gemini.embed", Cacheable = true, Asks = Asks.Vectors, Inspected = false },
        ["batchEmbedContents"] = Gemini with { Name = "gemini.embed_batch", Cacheable = true, Asks = Asks.Vectors, Inspected = false },
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Operation> All { get; } =
    [
        Post("chat", "/v1/chat/completions") with { Cacheable = true, StreamsUsage = true, Asks = Asks.Conversation },
        Post("messages", "/v1/messages") with { Cacheable = true, Asks = Asks.Conversation, Speaks = DialectFamily.Anthropic },
        Post("messages.count_tokens", "/v1/messages/count_tokens") with { Asks = Asks.Count, Speaks = DialectFamily.Anthropic, Inspected = false },
        Gemini,
        Post("completions", "/v1/completions") with { Cacheable = true, StreamsUsage = true },
        Post("embeddings", "/v1/embeddings") with { Cacheable = true, Asks = Asks.Vectors },
        Post("moderations", "/v1/moderations") with { Cacheable = true, DefaultModel = "omni-moderation-latest" },
        Post("rerank", "/v1/rerank") with { Cacheable = true },

        Post("responses", "/v1/responses") with { MakesId = true },
        ById("responses.get", "GET", "/v1/responses/{id}"),
        ById("responses.delete", "DELETE", "/v1/responses/{id}"),
        ById("responses.input_items", "GET", "/v1/responses/{id}/input_items"),
        ById("responses.cancel", "POST", "/v1/responses/{id}/cancel"),

        Post("images.generations", "/v1/images/generations"),
        Form("images.edits", "/v1/images/edits"),
        Form("images.variations", "/v1/images/variations"),
        Post("audio.speech", "/v1/audio/speech"),
        Form("audio.transcriptions", "/v1/audio/transcriptions"),
        Form("audio.translations", "/v1/audio/translations"),

        new("files.create", "POST", "/v1/files", BodyShape.Multipart, TargetBy.Provider) { MakesId = true },
        new("files.list", "GET", "/v1/files", BodyShape.None, TargetBy.Provider) { ListsIds = true },
        ById("files.get", "GET", "/v1/files/{id}"),
        ById("files.delete", "DELETE", "/v1/files/{id}"),
        ById("files.content", "GET", "/v1/files/{id}/content") with { Inspected = false },

        new("batches.create", "POST", "/v1/batches", BodyShape.Json, TargetBy.BodyId) { MakesId = true },
        new("batches.list", "GET", "/v1/batches", BodyShape.None, TargetBy.Provider) { ListsIds = true },
        ById("batches.get", "GET", "/v1/batches/{id}") with { NamesFiles = true },
        ById("batches.cancel", "POST", "/v1/batches/{id}/cancel") with { NamesFiles = true },
    ];

    /// <summary>The list of models, which the gateway answers itself.</summary>
    public static Operation Models { get; } = new("models.list", "GET", "/v1/models", BodyShape.None, TargetBy.None);

    /// <summary>One model.</summary>
    public static Operation Model { get; } = new("models.get", "GET", "/v1/models/{**id}", BodyShape.None, TargetBy.None);

    /// <summary>The list of models in Gemini's form.</summary>
    public static Operation GeminiModels { get; } = Models with { Name = "gemini.models.list", Pattern = "/v1beta/models", Speaks = DialectFamily.Gemini };

    /// <summary>One model in Gemini's form.</summary>
    public static Operation GeminiModel { get; } = Model with { Name = "gemini.models.get", Pattern = "/v1beta/models/{**id}", Speaks = DialectFamily.Gemini };

    /// <summary>The operation and the model of a path that <see cref="Gemini"/> matched.</summary>
    /// <param name="call">What stands behind <c>models/</c>, escaped or not.</param>
    /// <param name="model">The model's name.</param>
    /// <returns>Null where there is no such verb.</returns>
    public static Operation? OfGemini(string call, out string model)
    {
        // A model's name may itself hold a colon (llama3:8b) and, escaped by some SDKs, slashes.
        string text = Uri.UnescapeDataString(call);
        int colon = text.LastIndexOf(':');
        model = colon < 0 ? text : text[..colon];
        return colon <= 0 ? null : GeminiVerbs.GetValueOrDefault(text[(colon + 1)..]);
    }

    private static Operation Post(string name, string pattern) => new(name, "POST", pattern, BodyShape.Json, TargetBy.Model);

    private static Operation Form(string name, string pattern) => new(name, "POST", pattern, BodyShape.Multipart, TargetBy.Model);

    private static Operation ById(string name, string method, string pattern) =>
        new(name, method, pattern, BodyShape.None, TargetBy.PathId);
}
