namespace Perigee.Wire;

/// <summary>Tells two sinks the same: the meter first.</summary>
internal sealed class TeeSink(IStreamSink first, IStreamSink second) : IStreamSink
{
    public bool ListensToContent => first.ListensToContent || second.ListensToContent;

    public void Begin(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model)
    {
        first.Begin(id, model);
        second.Begin(id, model);
    }

    public void Text(int choice, JsonText text)
    {
        first.Text(choice, text);
        second.Text(choice, text);
    }

    public void Reasoning(int choice, JsonText text)
    {
        first.Reasoning(choice, text);
        second.Reasoning(choice, text);
    }

    public void ReasoningEnd(int choice)
    {
        first.ReasoningEnd(choice);
        second.ReasoningEnd(choice);
    }

    public void Proof(int choice, in Proof proof)
    {
        first.Proof(choice, proof);
        second.Proof(choice, proof);
    }

    public void Refusal(int choice, JsonText text)
    {
        first.Refusal(choice, text);
        second.Refusal(choice, text);
    }

    public void ToolCall(int choice, int index, JsonText id, JsonText name)
    {
        first.ToolCall(choice, index, id, name);
        second.ToolCall(choice, index, id, name);
    }

    public void ToolArguments(int choice, int index, JsonText fragment)
    {
        first.ToolArguments(choice, index, fragment);
        second.ToolArguments(choice, index, fragment);
    }

    public void ToolEnd(int choice, int index)
    {
        first.ToolEnd(choice, index);
        second.ToolEnd(choice, index);
    }

    public void Citation(int choice, in Citation citation)
    {
        first.Citation(choice, citation);
        second.Citation(choice, citation);
    }

    public void Media(int choice, JsonText type, JsonText data, JsonText transcript)
    {
        first.Media(choice, type, data, transcript);
        second.Media(choice, type, data, transcript);
    }

    public void Logprobs(int choice, ReadOnlySpan<byte> content)
    {
        first.Logprobs(choice, content);
        second.Logprobs(choice, content);
    }

    public void Finish(int choice, in Ending ending)
    {
        first.Finish(choice, ending);
        second.Finish(choice, ending);
    }

    public void Usage(in TokenUsage usage)
    {
        first.Usage(usage);
        second.Usage(usage);
    }

    public void Error(JsonText message, JsonText code, int status)
    {
        first.Error(message, code, status);
        second.Error(message, code, status);
    }

    public void End()
    {
        first.End();
        second.End();
    }
}
