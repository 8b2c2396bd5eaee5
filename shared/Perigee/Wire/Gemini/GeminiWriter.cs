using System.Buffers;

namespace Perigee.Wire.Gemini;

/// <summary>
/// Writes answers of generateContent: a stream of events, a stream that is one JSON array, or one body. Text goes on at once, calls when they
/// are complete, why a candidate ended and what was used with the last chunk. Source: the discovery document, "GenerateContentResponse".
/// </summary>
internal sealed class GeminiWriter : IAnswerWriter
{
    private readonly IBufferWriter<byte> _output;
    private readonly AnswerShape _shape;
    private readonly List<GeminiAnswerChoice> _choices = [];
    private byte[] _head = [];
    private byte[] _tail = [];
    private byte[] _names = [];
    private TokenUsage? _usage;
    private bool _over;
    private bool _opened;

    /// <summary>A writer of one answer.</summary>
    public GeminiWriter(IBufferWriter<byte> output, AnswerShape shape)
    {
        _output = output;
        _shape = shape;
        Name(default, default);
    }

    /// <inheritdoc/>
    public bool Shown { get; private set; }

    /// <inheritdoc/>
    public bool ListensToContent => true;

    /// <inheritdoc/>
    public void Begin(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model) => Name(id, model);

    /// <inheritdoc/>
    public void Text(int choice, JsonText text)
    {
        if (_over || text.IsEmpty)
            return;
        GeminiAnswerChoice to = Choice(choice);
        to.Offsets.Add(text.Escaped);
        Words(to, text.Escaped, thought: false);
    }

    /// <inheritdoc/>
    public void Reasoning(int choice, JsonText text)
    {
        if (!_over && !text.IsEmpty && _shape.ShowsReasoning)
            Words(Choice(choice), text.Escaped, thought: true);
    }

    /// <inheritdoc/>
    public void ReasoningEnd(int choice) => Choice(choice).EndText();

    /// <inheritdoc/>
    public void Proof(int choice, in Proof proof)
    {
        if (_over || proof.Origin == ProofOrigin.None)
            return;
        GeminiAnswerChoice to = Choice(choice);
        bool own = proof.Origin == ProofOrigin.Google && proof.Kind != ProofKind.Redacted;
        ReadOnlySpan<byte> signature = own ? proof.Data.Escaped : _shape.Seal.Wrap(proof);
        if (proof.Kind == ProofKind.OnCall)
        {
            to.SignNextCall(proof.CallId.Escaped, signature);
            return;
        }

        bool thought = !own || proof.Kind == ProofKind.Signature;
        if (own && !_shape.Stream && to.SignText(signature, thought))
            return;
        IBufferWriter<byte> part = StartPart(to);
        part.Write(thought ? "{\"text\":\"\",\"thought\":true,\"thoughtSignature\":\""u8 : "{\"text\":\"\",\"thoughtSignature\":\""u8);
        part.Write(signature);
        part.Write("\"}"u8);
        EndPart(to);
    }

    /// <inheritdoc/>
    public void Refusal(int choice, JsonText text)
    {
        Choice(choice).Refused = true;
        Text(choice, text);
    }

    /// <inheritdoc/>
    public void ToolCall(int choice, int index, JsonText id, JsonText name)
    {
        if (_over)
            return;
        ReadOnlySpan<byte> own = _shape.ToolNames is { } names && names.TryGetValue(name.Decode(), out string? client) ? WireText.Encode(client) : name.Escaped;
        Choice(choice).StartCall(index, id.Escaped, own);
    }

    /// <inheritdoc/>
    public void ToolArguments(int choice, int index, JsonText fragment) => Choice(choice).Call(index)?.Arguments.Write(fragment.Escaped);

    /// <inheritdoc/>
    public void ToolEnd(int choice, int index)
    {
        GeminiAnswerChoice to = Choice(choice);
        if (!_over && to.Call(index) is { } call)
            Complete(to, call);
    }

    /// <inheritdoc/>
    public void Citation(int choice, in Citation citation)
    {
        if (!citation.Url.IsEmpty)
            Choice(choice).Cite(citation);
    }

    /// <inheritdoc/>
    public void Media(int choice, JsonText type, JsonText data, JsonText transcript)
    {
        if (_over)
            return;
        GeminiAnswerChoice to = Choice(choice);
        IBufferWriter<byte> part = StartPart(to);
        part.Write("{\"inlineData\":{\"mimeType\":\""u8);
        part.Write(type.Escaped);
        part.Write("\",\"data\":\""u8);
        part.Write(data.Escaped);
        part.Write("\"}}"u8);
        EndPart(to);
        Text(choice, transcript);
    }

    /// <inheritdoc/>
    public void Logprobs(int choice, ReadOnlySpan<byte> content) => Choice(choice).AddLogprobs(content);

    /// <inheritdoc/>
    public void Finish(int choice, in Ending ending)
    {
        if (_over)
            return;
        GeminiAnswerChoice to = Choice(choice);
        while (to.Calls.Count > 0)
            Complete(to, to.Calls[0]);
        to.Finish(ending);
    }

    /// <inheritdoc/>
    public void Usage(in TokenUsage usage) => _usage = usage;

    /// <inheritdoc/>
    public void Error(JsonText message, JsonText code, int status) => _over = true;

    /// <inheritdoc/>
    public void End()
    {
        if (_over)
            return;
        _over = true;
        if (_choices.Count == 0)
            Choice(0);
        Open();
        JsonPen pen = new(_output);
        pen.Object().Name("candidates"u8).Array();
        foreach (GeminiAnswerChoice choice in _choices)
            choice.Write(pen, _shape.Stream);
        pen.EndArray();
        if (_usage is { } usage)
        {
            pen.Name("usageMetadata"u8);
            GeminiUsage.Write(pen, usage);
        }

        _output.Write(_names);
        if (_shape.Stream)
            _output.Write(_shape.AsArray ? "]"u8 : "\r\n\r\n"u8);
        Shown = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>What every chunk says of the answer, made once.</summary>
    private void Name(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model)
    {
        ReadOnlySpan<byte> ownId = id.IsEmpty ? WireText.Encode(_shape.Id) : id;
        ReadOnlySpan<byte> ownModel = model.IsEmpty ? WireText.Encode(_shape.Model) : model;
        _names = [.. ",\"modelVersion\":\""u8, .. ownModel, .. "\",\"responseId\":\""u8, .. ownId, .. "\"}"u8];
        _head = [.. "{\"candidates\":[{\"content\":{\"parts\":["u8];
        _tail = [.. "],\"role\":\"model\"},\"index\":0}]"u8, .. _names, .. _shape.AsArray ? default : "\r\n\r\n"u8];
    }

    private void Words(GeminiAnswerChoice to, ReadOnlySpan<byte> escaped, bool thought)
    {
        if (!_shape.Stream)
        {
            to.AddText(escaped, thought);
            return;
        }

        IBufferWriter<byte> part = StartPart(to);
        part.Write("{\"text\":\""u8);
        part.Write(escaped);
        part.Write(thought ? "\",\"thought\":true}"u8 : "\"}"u8);
        EndPart(to);
    }

    private void Complete(GeminiAnswerChoice to, GeminiAnswerCall call)
    {
        to.Calls.Remove(call);
        call.Write(StartPart(to));
        EndPart(to);
    }

    /// <summary>Where the next part goes: a chunk of its own in a stream, the candidate's list in a whole answer.</summary>
    private IBufferWriter<byte> StartPart(GeminiAnswerChoice to)
    {
        if (!_shape.Stream)
            return to.StartPart();
        Open();
        _output.Write(_head);
        return _output;
    }

    private void EndPart(GeminiAnswerChoice to)
    {
        if (!_shape.Stream)
            return;
        if (to.Index == 0)
        {
            _output.Write(_tail);
        }
        else
        {
            _output.Write("],\"role\":\"model\"}"u8);
            new JsonPen(_output).Frame(","u8).Name("index"u8).Number(to.Index);
            _output.Write("}]"u8);
            _output.Write(_names);
            if (!_shape.AsArray)
                _output.Write("\r\n\r\n"u8);
        }

        Shown = true;
    }

    private void Open()
    {
        if (!_shape.Stream)
            return;
        if (!_shape.AsArray)
            _output.Write("data: "u8);
        else
            _output.Write(_opened ? ",\r\n"u8 : "["u8);
        _opened = true;
    }

    private GeminiAnswerChoice Choice(int index)
    {
        foreach (GeminiAnswerChoice known in _choices)
        {
            if (known.Index == index)
                return known;
        }

        GeminiAnswerChoice choice = new(index);
        int at = _choices.Count;
        while (at > 0 && _choices[at - 1].Index > index)
            at--;
        _choices.Insert(at, choice);
        return choice;
    }
}
