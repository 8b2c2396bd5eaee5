using System.Text;
using Perigee.Wire;

namespace Perigee;

/// <summary>What an answer said of itself: the meter among the sinks.</summary>
internal sealed class AnswerFacts : IStreamSink
{
    /// <summary>The provider's id of the answer, or null.</summary>
    public string? Id { get; private set; }

    /// <summary>The model's own name of itself, or null.</summary>
    public string? Model { get; private set; }

    /// <summary>Tokens, or null where the provider said none.</summary>
    public TokenUsage? Usage { get; private set; }

    /// <summary>Why it ended. With several choices the worst of them: one that was cut taints the whole.</summary>
    public FinishReason Finish { get; private set; }

    /// <summary>The provider's message where it reported an error inside the answer.</summary>
    public string? ErrorMessage { get; private set; }

    /// <summary>The provider's own word for such an error, or null.</summary>
    public string? ErrorCode { get; private set; }

    /// <summary>The HTTP status that such an error names, or 0.</summary>
    public int ErrorStatus { get; private set; }

    /// <summary>How many errors it reported.</summary>
    public int Errors { get; private set; }

    /// <summary>Forgets everything: the next try begins.</summary>
    public void Clear()
    {
        Id = Model = ErrorMessage = ErrorCode = null;
        Usage = null;
        ContentBytes = 0;
        Said = false;
        Finish = FinishReason.None;
        ErrorStatus = Errors = 0;
    }

    /// <summary>Takes over what is known of a replayed answer.</summary>
    public void Restore(string? model, TokenUsage? usage, FinishReason finish) => (Model, Usage, Finish) = (model, usage, finish);

    /// <summary>Bytes of text, reasoning, refusals and arguments so far, as JSON text; counted where a translation listens to them anyway.</summary>
    public long ContentBytes { get; private set; }

    /// <summary>Whether it said anything at all that a person or program would use; known where a translation listens to content anyway.</summary>
    public bool Said { get; private set; }

    bool IStreamSink.ListensToContent => false;

    void IStreamSink.Begin(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model)
    {
        if (Id is null && !id.IsEmpty)
            Id = Encoding.UTF8.GetString(id);
        if (Model is null && !model.IsEmpty)
            Model = Encoding.UTF8.GetString(model);
    }

    void IStreamSink.Text(int choice, JsonText text) => Heard(text);

    void IStreamSink.Reasoning(int choice, JsonText text) => Heard(text);

    void IStreamSink.ReasoningEnd(int choice) { }

    void IStreamSink.Proof(int choice, in Proof proof) { }

    void IStreamSink.Refusal(int choice, JsonText text) => Heard(text);

    void IStreamSink.ToolCall(int choice, int index, JsonText id, JsonText name) => Said = true;

    void IStreamSink.ToolArguments(int choice, int index, JsonText fragment) => ContentBytes += fragment.Escaped.Length;

    void IStreamSink.ToolEnd(int choice, int index) { }

    void IStreamSink.Citation(int choice, in Citation citation) { }

    void IStreamSink.Media(int choice, JsonText type, JsonText data, JsonText transcript) => Said = true;

    void IStreamSink.Logprobs(int choice, ReadOnlySpan<byte> content) { }

    void IStreamSink.Finish(int choice, in Ending ending)
    {
        if (Finish is FinishReason.None or FinishReason.Stop or FinishReason.StopSequence or FinishReason.ToolCalls)
            Finish = ending.Reason;
    }

    void IStreamSink.Usage(in TokenUsage usage) => Usage = usage;

    void IStreamSink.Error(JsonText message, JsonText code, int status)
    {
        Errors++;
        ErrorMessage ??= message.Decode();
        ErrorCode ??= code.IsEmpty ? null : code.Decode();
        ErrorStatus = ErrorStatus == 0 ? status : ErrorStatus;
    }

    void IStreamSink.End() { }

    private void Heard(JsonText text)
    {
        ContentBytes += text.Escaped.Length;
        Said |= !text.IsEmpty;
    }
}
