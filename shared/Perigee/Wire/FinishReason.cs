namespace Perigee.Wire;

/// <summary>Why an answer or a choice ended. The numbers are stored with cached answers: new ones go to the end.</summary>
internal enum FinishReason
{
    /// <summary>Not said.</summary>
    None,

    /// <summary>The model was done.</summary>
    Stop,

    /// <summary>The token limit cut it.</summary>
    Length,

    /// <summary>It calls tools.</summary>
    ToolCalls,

    /// <summary>A filter cut or withheld it.</summary>
    ContentFilter,

    /// <summary>The provider broke off.</summary>
    Error,

    /// <summary>A word that this gateway does not know: passed on as the target dialect's ordinary end, the word itself kept.</summary>
    Other,

    /// <summary>It met a stop sequence.</summary>
    StopSequence,

    /// <summary>The context window is full.</summary>
    ContextFull,

    /// <summary>The model refused (Anthropic's <c>refusal</c>).</summary>
    Refusal,

    /// <summary>A long turn paused, to be gone on with (Anthropic's <c>pause_turn</c>).</summary>
    Pause,

    /// <summary>The model wrote a tool call that cannot be read.</summary>
    MalformedCall,
}

/// <summary>How a choice ended.</summary>
/// <param name="reason">Why.</param>
internal readonly ref struct Ending(FinishReason reason)
{
    /// <summary>Why.</summary>
    public FinishReason Reason { get; } = reason;

    /// <summary>The dialect's own word, for what has no word elsewhere; may be empty.</summary>
    public JsonText Word { get; init; }

    /// <summary>The stop sequence that was met, or empty.</summary>
    public JsonText Sequence { get; init; }

    /// <summary>Why it was refused or blocked, in words; may be empty.</summary>
    public JsonText Explanation { get; init; }
}
