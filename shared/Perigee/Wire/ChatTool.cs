namespace Perigee.Wire;

/// <summary>A function that the model may call.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Schema">The JSON Schema of its arguments (an object), or empty where it takes none.</param>
/// <param name="Field">Where it stands, for errors.</param>
internal sealed record ChatTool(WireText Name, ReadOnlyMemory<byte> Schema, string Field)
{
    /// <summary>What it is for, or empty.</summary>
    public WireText Description { get; init; }

    /// <summary>Whether the arguments must follow the schema, or null where nothing was said.</summary>
    public bool? Strict { get; init; }

    /// <summary>A mark for the provider's prompt cache, or null.</summary>
    public CacheMark? Mark { get; init; }
}

/// <summary>A tool that the provider itself runs.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Name">The dialect's own word for it, for errors.</param>
/// <param name="Json">Its declaration as it stood.</param>
/// <param name="Field">Where it stands, for errors.</param>
internal sealed record ServerTool(ServerToolKind Kind, string Name, ReadOnlyMemory<byte> Json, string Field);

/// <summary>The provider's tools that more than one dialect knows.</summary>
internal enum ServerToolKind
{
    /// <summary>One that has no counterpart: 400 in any other dialect.</summary>
    Other,

    /// <summary>A search of the web: <c>web_search_options</c>, <c>web_search_...</c>, <c>googleSearch</c>.</summary>
    WebSearch,
}

/// <summary>Which tools must be called.</summary>
/// <param name="Kind">How.</param>
/// <param name="Names">The tools of <see cref="ChoiceKind.Named"/>.</param>
/// <param name="Field">How the client spells the member.</param>
internal sealed record ToolChoice(ChoiceKind Kind, IReadOnlyList<WireText> Names, string Field);

/// <summary>How tools are chosen.</summary>
internal enum ChoiceKind
{
    /// <summary>The model decides.</summary>
    Auto,

    /// <summary>None may be called.</summary>
    None,

    /// <summary>One must be called.</summary>
    Required,

    /// <summary>One of the named must be called; a single name is "this tool".</summary>
    Named,

    /// <summary>Only the named may be called, and need not (OpenAI's <c>allowed_tools</c> with mode <c>auto</c>).</summary>
    Allowed,
}

/// <summary>Whether several calls at once are allowed.</summary>
/// <param name="Allowed">The wish.</param>
/// <param name="Field">How the client spells the member.</param>
internal sealed record ParallelCalls(bool Allowed, string Field);

/// <summary>The form of the answer.</summary>
/// <param name="Schema">The JSON Schema, or empty for any JSON object.</param>
/// <param name="Field">How the client spells the member.</param>
internal sealed record AnswerFormat(ReadOnlyMemory<byte> Schema, string Field)
{
    /// <summary>The schema's name, or empty.</summary>
    public WireText Name { get; init; }

    /// <summary>What it is for, or empty.</summary>
    public WireText Description { get; init; }

    /// <summary>Whether the schema binds, or null where nothing was said.</summary>
    public bool? Strict { get; init; }
}

/// <summary>How much to think.</summary>
/// <param name="Field">How the client spells the member.</param>
internal sealed record ReasoningAsk(string Field)
{
    /// <summary>Not at all. Then the rest says nothing.</summary>
    public bool Off { get; init; }

    /// <summary>As much as the model thinks right (Anthropic's <c>adaptive</c>, Google's -1).</summary>
    public bool Adaptive { get; init; }

    /// <summary><c>minimal</c>, <c>low</c>, <c>medium</c>, <c>high</c>, <c>xhigh</c>, <c>max</c>; or null.</summary>
    public string? Effort { get; init; }

    /// <summary>Tokens to think with, or null.</summary>
    public long? Budget { get; init; }

    /// <summary>Whether the reasoning's text is to be shown, or null where nothing was said.</summary>
    public bool? Shown { get; init; }
}
