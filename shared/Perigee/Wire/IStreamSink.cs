namespace Perigee.Wire;

/// <summary>
/// What an answer says, verb by verb, whatever its dialect: a reader calls, a writer, a meter or the cache listens.
/// Spans are only valid during the call. A whole answer is the same verbs said at once.
/// </summary>
/// <remarks>
/// What a reader promises: Begin first and once; Finish once a choice, after all its content; End last and once, only where the dialect's
/// closing event (or what it lets stand for it) was seen; after Error nothing more. Tool calls of a choice have indices 0, 1, 2 ... in the
/// order in which they first appear; a call's id and name are known and complete when ToolCall is said, and its arguments follow in pieces
/// that together are its JSON text as the model wrote it (nothing at all means an empty object). Pieces of parallel calls may interleave.
/// </remarks>
internal interface IStreamSink
{
    /// <summary>
    /// Whether it listens to content. To one that does not, a reader may leave everything but Begin, Finish, Usage, Error and End unsaid
    /// where it can see without reading an event whole that there is nothing else in it.
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

    /// <summary>The stretch of reasoning that was being said is over: what follows is another (each is a block of its own where blocks are).</summary>
    void ReasoningEnd(int choice);

    /// <summary>An opaque proof of reasoning. A signature also ends the stretch that it signs.</summary>
    void Proof(int choice, in Proof proof);

    /// <summary>A refusal's text.</summary>
    void Refusal(int choice, JsonText text);

    /// <summary>A tool call begins.</summary>
    /// <param name="choice">The choice.</param>
    /// <param name="index">Its place among the choice's calls, from 0.</param>
    /// <param name="id">Its id; made by the reader where the dialect has none.</param>
    /// <param name="name">The tool's name as the provider said it.</param>
    void ToolCall(int choice, int index, JsonText id, JsonText name);

    /// <summary>A piece of a tool call's arguments: JSON text inside a JSON string, as OpenAI and Anthropic send it.</summary>
    void ToolArguments(int choice, int index, JsonText fragment);

    /// <summary>The arguments of the call are complete.</summary>
    void ToolEnd(int choice, int index);

    /// <summary>Where text comes from.</summary>
    void Citation(int choice, in Citation citation);

    /// <summary>An image or sound in the answer.</summary>
    /// <param name="choice">The choice.</param>
    /// <param name="type">The media type.</param>
    /// <param name="data">Base64.</param>
    /// <param name="transcript">The words of a sound, or empty.</param>
    void Media(int choice, JsonText type, JsonText data, JsonText transcript);

    /// <summary>Probabilities of the tokens of the visible text, in OpenAI's form.</summary>
    /// <param name="choice">The choice.</param>
    /// <param name="content">A JSON array of <c>{"token","logprob","bytes","top_logprobs"}</c>.</param>
    void Logprobs(int choice, ReadOnlySpan<byte> content);

    /// <summary>A choice ended.</summary>
    void Finish(int choice, in Ending ending);

    /// <summary>Tokens so far, or in all: the last one said counts.</summary>
    void Usage(in TokenUsage usage);

    /// <summary>The provider reports an error instead of (the rest of) an answer.</summary>
    /// <param name="message">Its text.</param>
    /// <param name="code">Its own word for the error (<c>overloaded_error</c>, <c>RESOURCE_EXHAUSTED</c>, <c>rate_limit_exceeded</c> ...), or empty.</param>
    /// <param name="status">The HTTP status that the error names or its word stands for, or 0.</param>
    void Error(JsonText message, JsonText code, int status);

    /// <summary>The closing event.</summary>
    void End();
}

/// <summary>Where a stretch of text comes from. Offsets count Unicode code points of the choice's visible text; -1 where the provider says none.</summary>
/// <param name="url">The source's address; citations without one (of documents in the question) are not said.</param>
internal readonly ref struct Citation(JsonText url)
{
    /// <summary>The source's address.</summary>
    public JsonText Url { get; } = url;

    /// <summary>The source's title, or empty.</summary>
    public JsonText Title { get; init; }

    /// <summary>The words that are quoted from the source, or empty.</summary>
    public JsonText Quoted { get; init; }

    /// <summary>Where the stretch begins in the answer, or -1.</summary>
    public int Start { get; init; } = -1;

    /// <summary>Where the stretch ends in the answer, or -1.</summary>
    public int End { get; init; } = -1;
}
