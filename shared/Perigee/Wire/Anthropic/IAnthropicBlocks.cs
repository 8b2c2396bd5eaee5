namespace Perigee.Wire.Anthropic;

/// <summary>What an open content block is.</summary>
internal enum BlockKind
{
    /// <summary>None is open.</summary>
    None,

    /// <summary>Visible text.</summary>
    Text,

    /// <summary>Reasoning.</summary>
    Thinking,

    /// <summary>A tool call.</summary>
    Tool,
}

/// <summary>
/// Content blocks on their way out, one open at a time, in a form: events or the members of one body. The caller keeps the order; nothing is
/// closed or opened behind its back. All texts have their escapes in them.
/// </summary>
internal interface IAnthropicBlocks
{
    /// <summary>What is open.</summary>
    BlockKind Open { get; }

    /// <summary>Whether content was written to the client's side.</summary>
    bool Shown { get; }

    /// <summary>The answer's id and model.</summary>
    void Name(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model);

    /// <summary>Opens a block of text or reasoning.</summary>
    void Start(BlockKind kind);

    /// <summary>Opens a call.</summary>
    void StartTool(ReadOnlySpan<byte> id, ReadOnlySpan<byte> name);

    /// <summary>Adds to the open block.</summary>
    void Add(ReadOnlySpan<byte> escaped);

    /// <summary>Adds a citation, an object, to the open block of text.</summary>
    void Cite(ReadOnlySpan<byte> citation);

    /// <summary>Signs the open block of reasoning.</summary>
    void Sign(ReadOnlySpan<byte> signature);

    /// <summary>Closes the open block.</summary>
    void Stop();

    /// <summary>Writes a block of hidden reasoning. None may be open.</summary>
    void Redacted(ReadOnlySpan<byte> data);

    /// <summary>Ends the answer.</summary>
    /// <param name="end">The members of its end, <c>"stop_reason":... </c> and what belongs to it, without brackets.</param>
    /// <param name="usage">All tokens.</param>
    void End(ReadOnlySpan<byte> end, in TokenUsage usage);
}
