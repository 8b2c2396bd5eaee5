namespace Perigee.Front;

/// <summary>The operations of OpenAI's dialects, each with the route that it stands under.</summary>
internal static class Operations
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Operation> All { get; } =
    [
        Post("chat", "/v1/chat/completions") with { Cacheable = true, StreamsUsage = true },
        Post("completions", "/v1/completions") with { Cacheable = true, StreamsUsage = true },
        Post("embeddings", "/v1/embeddings") with { Cacheable = true },
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

    private static Operation Post(string name, string pattern) => new(name, "POST", pattern, BodyShape.Json, TargetBy.Model);

    private static Operation Form(string name, string pattern) => new(name, "POST", pattern, BodyShape.Multipart, TargetBy.Model);

    private static Operation ById(string name, string method, string pattern) =>
        new(name, method, pattern, BodyShape.None, TargetBy.PathId);
}
