namespace Perigee.Wire;

/// <summary>
/// Turns the one call of the tool that stood for the answer's form back into the answer's text (<see cref="Translation.AnswerTool"/>).
/// The arguments are JSON inside a JSON string already, so they are the text as they come.
/// </summary>
internal sealed class AnswerToolSink(IStreamSink next, string tool) : IStreamSink
{
    private readonly byte[] _tool = WireText.Encode(tool);
    private int _index = -1;
    private bool _said;

    public bool ListensToContent => true;

    public void Begin(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model) => next.Begin(id, model);

    public void Text(int choice, JsonText text)
    {
        // Words around the call would spoil the JSON that the client parses.
        if (_index < 0)
            next.Text(choice, text);
    }

    public void Reasoning(int choice, JsonText text) => next.Reasoning(choice, text);

    public void ReasoningEnd(int choice) => next.ReasoningEnd(choice);

    public void Proof(int choice, in Proof proof) => next.Proof(choice, proof);

    public void Refusal(int choice, JsonText text) => next.Refusal(choice, text);

    public void ToolCall(int choice, int index, JsonText id, JsonText name)
    {
        if (_index < 0 && name.Escaped.SequenceEqual(_tool))
            _index = index;
        else
            next.ToolCall(choice, index, id, name);
    }

    public void ToolArguments(int choice, int index, JsonText fragment)
    {
        if (index != _index)
        {
            next.ToolArguments(choice, index, fragment);
            return;
        }

        _said |= !fragment.IsEmpty;
        next.Text(choice, fragment);
    }

    public void ToolEnd(int choice, int index)
    {
        if (index != _index)
            next.ToolEnd(choice, index);
        else if (!_said)
            next.Text(choice, new JsonText("{}"u8));
    }

    public void Citation(int choice, in Citation citation) => next.Citation(choice, citation);

    public void Media(int choice, JsonText type, JsonText data, JsonText transcript) => next.Media(choice, type, data, transcript);

    public void Logprobs(int choice, ReadOnlySpan<byte> content) => next.Logprobs(choice, content);

    public void Finish(int choice, in Ending ending)
    {
        if (_index >= 0 && ending.Reason == FinishReason.ToolCalls)
            next.Finish(choice, new Ending(FinishReason.Stop));
        else
            next.Finish(choice, ending);
    }

    public void Usage(in TokenUsage usage) => next.Usage(usage);

    public void Error(JsonText message, JsonText code, int status) => next.Error(message, code, status);

    public void End() => next.End();
}
