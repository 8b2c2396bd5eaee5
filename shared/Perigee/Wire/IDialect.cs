using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Perigee.Wire;

/// <summary>One wire language: how its answers are read and its errors are written. Stateless; the readers and writers hold the state.</summary>
internal interface IDialect
{
    /// <summary>The word in logs: <c>openai-chat</c>, <c>openai-responses</c>, <c>anthropic</c>, <c>gemini</c> ...</summary>
    string Name { get; }

    /// <summary>A reader for one answer, which tells the sink what it sees.</summary>
    /// <param name="sink">Who listens.</param>
    /// <param name="seed">What ids are made from where the dialect has none: letters and digits, different for every answer.</param>
    IAnswerReader Reader(IStreamSink sink, string seed = "0");

    /// <summary>Writes an error as the body of a JSON answer.</summary>
    void WriteError(IBufferWriter<byte> output, GatewayError error);

    /// <summary>Writes an error as the closing event(s) of a stream.</summary>
    void WriteErrorEvent(IBufferWriter<byte> output, GatewayError error);

    /// <summary>Whether an error body of a provider is what this dialect's clients read: it then passes in its own bytes.</summary>
    bool IsOwnError(ReadOnlySpan<byte> body);
}

/// <summary>A dialect of conversations: its questions can be asked in another dialect, and its answers given in another.</summary>
internal interface IChatDialect : IDialect
{
    /// <summary>Reads a question into what it means. Nothing of it is lost: what the dialect-free form has no place for stands in its settings.</summary>
    /// <param name="body">The body. The question holds slices of it and dies with it.</param>
    /// <param name="context">What the path and the gateway know besides.</param>
    /// <param name="question">The question.</param>
    /// <param name="error">What is wrong with it, naming the field: the dialect's own rules only.</param>
    bool TryRead(JsonIndex body, in QuestionContext context, [NotNullWhen(true)] out ChatQuestion? question, [NotNullWhen(false)] out GatewayError? error);

    /// <summary>Writes a question of another dialect in this one. Deterministic: equal questions give equal bytes.</summary>
    /// <param name="question">The question. Not changed, so that another target can be tried.</param>
    /// <param name="translation">Whom it is for; takes what was dropped and what the answer's writer has to know.</param>
    /// <param name="output">Takes the body.</param>
    /// <returns>Null, or why this question cannot be asked there, naming the field.</returns>
    GatewayError? Write(ChatQuestion question, Translation translation, IBufferWriter<byte> output);

    /// <summary>A writer of one answer.</summary>
    /// <param name="output">Takes the bytes of a stream as they are due, or those of a whole answer at its end.</param>
    /// <param name="shape">What the client asked for.</param>
    IAnswerWriter Writer(IBufferWriter<byte> output, AnswerShape shape);
}

/// <summary>Writes one answer in one dialect, keeping its grammar whatever the verbs' order. Not thread-safe.</summary>
/// <remarks>
/// A stream's opening is written with the first thing that has to follow it, not before. Nothing is written after Error: the gateway
/// itself ends such an answer (<see cref="IDialect.WriteErrorEvent"/>).
/// </remarks>
internal interface IAnswerWriter : IStreamSink, IDisposable
{
    /// <summary>Whether content (not only an opening) was written: from here there is no way back.</summary>
    bool Shown { get; }
}

/// <summary>Reads one answer, whole or event by event. Not thread-safe.</summary>
internal interface IAnswerReader
{
    /// <summary>Reads one event of a stream. Bytes that are not what the dialect allows are skipped, never thrown on.</summary>
    /// <param name="name">The <c>event:</c> field, or empty.</param>
    /// <param name="data">The joined <c>data:</c> fields.</param>
    EventNature ReadEvent(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data);

    /// <summary>Reads a whole JSON answer.</summary>
    EventNature ReadWhole(ReadOnlySpan<byte> body);

    /// <summary>
    /// No more events will come. Where the dialect lets a stream end without a closing event and what was read is complete, says Finish and
    /// End now, once. Does nothing after End or Error.
    /// </summary>
    void Close();

    /// <summary>Whether what was read so far is a complete answer: its closing event was seen, or what the dialect lets stand for it.</summary>
    bool Ended { get; }
}

/// <summary>What an event means for the relay.</summary>
internal enum EventNature
{
    /// <summary>Nothing a person would see: an opening, a ping, bookkeeping.</summary>
    Silent,

    /// <summary>Content: from here there is no way back.</summary>
    Content,

    /// <summary>Only usage, no choice: hidden from a client that did not ask for it.</summary>
    UsageOnly,

    /// <summary>The closing event.</summary>
    End,

    /// <summary>An error in place of an answer.</summary>
    Error,
}
