using System.Buffers;

namespace Perigee.Wire;

/// <summary>One wire language: how its answers are read and its errors are written. Stateless; the readers hold the state.</summary>
internal interface IDialect
{
    /// <summary>The word in logs: <c>openai-chat</c>, <c>openai-responses</c> ...</summary>
    string Name { get; }

    /// <summary>A reader for one answer, which tells the sink what it sees.</summary>
    IAnswerReader Reader(IStreamSink sink);

    /// <summary>Writes an error as the body of a JSON answer.</summary>
    void WriteError(IBufferWriter<byte> output, GatewayError error);

    /// <summary>Writes an error as the closing event(s) of a stream.</summary>
    void WriteErrorEvent(IBufferWriter<byte> output, GatewayError error);
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
