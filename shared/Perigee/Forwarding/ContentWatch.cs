using Perigee.Wire;

namespace Perigee.Forwarding;

/// <summary>Sees whether an answer says anything at all: text, reasoning, a refusal, a tool call, a picture.</summary>
internal sealed class ContentWatch : IStreamSink
{
    /// <summary>Whether it did.</summary>
    public bool Any { get; private set; }

    bool IStreamSink.ListensToContent => true;

    void IStreamSink.Begin(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model) { }

    void IStreamSink.Text(int choice, JsonText text) => Any |= !text.IsEmpty;

    void IStreamSink.Reasoning(int choice, JsonText text) => Any |= !text.IsEmpty;

    void IStreamSink.ReasoningEnd(int choice) { }

    void IStreamSink.Proof(int choice, in Proof proof) { }

    void IStreamSink.Refusal(int choice, JsonText text) => Any |= !text.IsEmpty;

    void IStreamSink.ToolCall(int choice, int index, JsonText id, JsonText name) => Any = true;

    void IStreamSink.ToolArguments(int choice, int index, JsonText fragment) { }

    void IStreamSink.ToolEnd(int choice, int index) { }

    void IStreamSink.Citation(int choice, in Citation citation) => Any = true;

    void IStreamSink.Media(int choice, JsonText type, JsonText data, JsonText transcript) => Any = true;

    void IStreamSink.Logprobs(int choice, ReadOnlySpan<byte> content) { }

    void IStreamSink.Finish(int choice, in Ending ending) { }

    void IStreamSink.Usage(in TokenUsage usage) { }

    void IStreamSink.Error(JsonText message, JsonText code, int status) { }

    void IStreamSink.End() { }
}
