using System.Buffers;

namespace Perigee.Wire.OpenAiChat;

/// <summary>Writes an answer as one <c>chat.completion</c>: keeps what is said, and writes it at the end.</summary>
internal sealed class OpenAiCompletionWriter(IBufferWriter<byte> output, AnswerShape shape) : IAnswerWriter
{
    private readonly List<OpenAiMessage?> _choices = [];
    private byte[] _head = [];
    private TokenUsage? _usage;
    private bool _over;

    /// <inheritdoc/>
    public bool Shown { get; private set; }

    /// <inheritdoc/>
    public bool ListensToContent => true;

    /// <inheritdoc/>
    public void Begin(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model) => _head = OpenAiHead.Make(shape, id, model, default, "chat.completion"u8);

    /// <inheritdoc/>
    public void Text(int choice, JsonText text) => Of(choice).Text.Write(text.Escaped);

    /// <inheritdoc/>
    public void Reasoning(int choice, JsonText text) => Of(choice).Reason(text, shape.ShowsReasoning);

    /// <inheritdoc/>
    public void ReasoningEnd(int choice) => Of(choice).EndStretch();

    /// <inheritdoc/>
    public void Proof(int choice, in Proof proof) => Of(choice).Proof(proof);

    /// <inheritdoc/>
    public void Refusal(int choice, JsonText text) => Of(choice).Refuse(text.Escaped);

    /// <inheritdoc/>
    public void ToolCall(int choice, int index, JsonText id, JsonText name) =>
        Of(choice).Call(index, id.Escaped, OpenAiHead.ClientName(shape, name));

    /// <inheritdoc/>
    public void ToolArguments(int choice, int index, JsonText fragment) => Of(choice).Arguments(index, fragment.Escaped);

    /// <inheritdoc/>
    public void ToolEnd(int choice, int index)
    {
    }

    /// <inheritdoc/>
    public void Citation(int choice, in Citation citation) => OpenAiDetails.Citation(Of(choice).Annotations, citation);

    /// <inheritdoc/>
    public void Media(int choice, JsonText type, JsonText data, JsonText transcript) => Of(choice).Media(type, data, transcript);

    /// <inheritdoc/>
    public void Logprobs(int choice, ReadOnlySpan<byte> content) => Of(choice).AddLogprobs(content);

    /// <inheritdoc/>
    public void Finish(int choice, in Ending ending) => Of(choice).Finish(ending);

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
        Shown = true;
        if (_head.Length == 0)
            Begin([], []);
        if (_choices.Count == 0)
            Of(0);
        JsonOut json = new(output);
        json.Bytes(_head);
        for (int i = 0; i < _choices.Count; i++)
            _choices[i]?.Write(json, i, shape);
        json.EndArray();
        if (_usage is { } usage)
            OpenAiUsage.Write(json.Name("usage"u8), usage);
        json.EndObject();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private OpenAiMessage Of(int choice)
    {
        while (_choices.Count <= choice)
            _choices.Add(null);
        return _choices[choice] ??= new OpenAiMessage();
    }
}
