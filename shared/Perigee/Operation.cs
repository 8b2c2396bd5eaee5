using Perigee.Wire;

namespace Perigee;

/// <summary>How a request body is taken in.</summary>
internal enum BodyShape
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>JSON: read whole, up to the limit, and indexed once.</summary>
    Json,

    /// <summary>Multipart form: streamed; only the model's name is looked for. JSON is taken too.</summary>
    Multipart,
}

/// <summary>How the target of a request is found.</summary>
internal enum TargetBy
{
    /// <summary>By the model that the body names.</summary>
    Model,

    /// <summary>By the id in the path: the provider that made it.</summary>
    PathId,

    /// <summary>By an id in the body (a batch's input file), else as <see cref="Provider"/>.</summary>
    BodyId,

    /// <summary>There is none: the gateway answers itself.</summary>
    None,

    /// <summary>By <c>x-perigee-provider</c>, else the first provider that is on and keeps files.</summary>
    Provider,
}

/// <summary>What an operation asks of a model, where that can be asked in more than one dialect.</summary>
internal enum Asks
{
    /// <summary>Something that only its own dialect knows.</summary>
    OwnThing,

    /// <summary>The next turn of a conversation.</summary>
    Conversation,

    /// <summary>How many tokens a conversation has.</summary>
    Count,

    /// <summary>Vectors of texts.</summary>
    Vectors,
}

/// <summary>One operation of one dialect: what an endpoint is, as its metadata.</summary>
/// <param name="Name">The word in logs: <c>chat</c>, <c>embeddings</c>, <c>files.get</c> ...</param>
/// <param name="Method">The HTTP method.</param>
/// <param name="Pattern">The route pattern.</param>
/// <param name="Body">How the body is taken in.</param>
/// <param name="TargetBy">How the target is found.</param>
internal sealed record Operation(string Name, string Method, string Pattern, BodyShape Body, TargetBy TargetBy)
{
    /// <summary>Whose dialect it belongs to.</summary>
    public DialectFamily Speaks { get; init; }

    /// <summary>What it asks for.</summary>
    public Asks Asks { get; init; }

    /// <summary>Whether a complete answer may be replayed to an equal question.</summary>
    public bool Cacheable { get; init; }

    /// <summary>Whether <c>stream_options.include_usage</c> belongs to it.</summary>
    public bool StreamsUsage { get; init; }

    /// <summary>The model that is meant where the body names none, or null where it must name one.</summary>
    public string? DefaultModel { get; init; }

    /// <summary>Whether the answer holds an id that later calls name (stored responses, files, batches).</summary>
    public bool MakesId { get; init; }

    /// <summary>Whether the answer names files that the provider made for the caller (a batch's results).</summary>
    public bool NamesFiles { get; init; }

    /// <summary>Whether the answer lists such ids: a caller sees its own only.</summary>
    public bool ListsIds { get; init; }

    /// <summary>Whether a JSON answer is read whole before it is shown, so that an error inside a 200 is seen in time.</summary>
    public bool Inspected { get; init; } = true;
}
