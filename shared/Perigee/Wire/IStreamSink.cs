namespace Perigee.Wire;

/// <summary>
/// What an answer says, verb by verb, whatever its dialect: a reader calls, a writer, a meter or the cache listens.
/// Spans are only valid during the call. A whole answer is the same verbs said at once.
/// </summary>
internal interface IStreamSink
{
    /// <summary>
    /// Whether it listens to content. To one that does not, a reader may leave Text, Reasoning, Refusal and tool calls unsaid where it can
    /// see without reading an event whole that there is nothing else in it.
    /// </summary>
    bool ListensToContent { get; }

    /// <summary>The answer begins.</summary>
    /// <param name="id">The provider's id of the answer, without quotes; may be empty.</param>
    /// <param name="model">The model's own name of itself; may be empty.</param>
    void Begin(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model);

    /// <summary>Visible text of choice <paramref name="choice"/>.</summary>
    void Text(int choice, JsonText text);

    /// <summary>Reasoning text.</summary>
    void Reasoning(int choice, JsonText text);

    /// <summary>A refusal's text.</summary>
    void Refusal(int choice, JsonText text);

    /// <summary>A tool call begins.</summary>
    void ToolCall(int choice, int index, JsonText id, JsonText name);

    /// <summary>A piece of a tool call's arguments.</summary>
    void ToolArguments(int choice, int index, JsonText fragment);

    /// <summary>A choice ended, for this reason.</summary>
    void Finish(int choice, FinishReason reason);

    /// <summary>Tokens so far, or in all: the last one said counts.</summary>
    void Usage(in TokenUsage usage);

    /// <summary>The provider reports an error instead of (the rest of) an answer.</summary>
    /// <param name="message">Its text.</param>
    /// <param name="status">The HTTP status that the error names, or 0.</param>
    void Error(ReadOnlySpan<byte> message, int status);

    /// <summary>The closing event.</summary>
    void End();
}

/// <summary>A JSON string as it stood on the wire, quotes taken off, escapes left in: copied, never decoded.</summary>
internal readonly ref struct JsonText(ReadOnlySpan<byte> escaped)
{
    /// <summary>The UTF-8 bytes between the quotes.</summary>
    public ReadOnlySpan<byte> Escaped { get; } = escaped;

    /// <summary>No characters at all.</summary>
    public bool IsEmpty => Escaped.IsEmpty;
}

/// <summary>Why an answer or a choice ended.</summary>
internal enum FinishReason
{
    /// <summary>Not said.</summary>
    None,

    /// <summary>The model was done, or met a stop sequence.</summary>
    Stop,

    /// <summary>The token limit cut it.</summary>
    Length,

    /// <summary>It calls tools.</summary>
    ToolCalls,

    /// <summary>A filter cut or withheld it.</summary>
    ContentFilter,

    /// <summary>The provider broke off.</summary>
    Error,

    /// <summary>A word that this gateway does not know.</summary>
    Other,
}
