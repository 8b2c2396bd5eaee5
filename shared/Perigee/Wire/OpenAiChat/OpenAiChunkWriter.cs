using System.Buffers;

namespace Perigee.Wire.OpenAiChat;

/// <summary>
/// Writes an answer as a stream of <c>chat.completion.chunk</c>. Every verb becomes its own event at once; nothing is kept back and nothing
/// decoded, so an event of text allocates nothing.
/// </summary>
/// <remarks>
/// Reasoning goes out twice in the same delta: as <c>reasoning_content</c>, which most clients show, and as an entry of OpenRouter's
/// <c>reasoning_details</c>. The entries of one stretch share an <c>index</c>; its text is in pieces, its <c>signature</c> and <c>format</c> come
/// once, in the last. So the proof survives whichever way a client puts deltas together: by index with strings joined (OpenAI's own
/// SDKs), by appending to a list (then the text entries before a signature belong to it), or merged by neighbours (OpenRouter's SDK).
/// </remarks>
internal sealed class OpenAiChunkWriter(IBufferWriter<byte> output, AnswerShape shape) : IAnswerWriter
{
    private readonly JsonOut _json = new(output);
    private readonly List<State> _choices = [];
    private byte[] _head = [];
    private TokenUsage? _usage;
    private bool _over;

    /// <inheritdoc/>
    public bool Shown { get; private set; }

    /// <inheritdoc/>
    public bool ListensToContent => true;

    /// <inheritdoc/>
    public void Begin(ReadOnlySpan<byte> id, ReadOnlySpan<byte> model) => _head = OpenAiHead.Make(shape, id, model, "data: "u8, "chat.completion.chunk"u8);

    /// <inheritdoc/>
    public void Text(int choice, JsonText text) => Member(choice, "content"u8, text);

    /// <inheritdoc/>
    public void Refusal(int choice, JsonText text)
    {
        if (!text.IsEmpty)
            Of(choice).Refused = true;
        Member(choice, "refusal"u8, text);
    }

    /// <inheritdoc/>
    public void Reasoning(int choice, JsonText text)
    {
        if (text.IsEmpty || _over)
            return;
        State state = Of(choice);
        state.InStretch = true;
        if (!shape.ShowsReasoning)
            return;
        Open(choice, state);
        _json.Name("reasoning_content"u8).Text(text.Escaped);
        OpenDetail("reasoning.text"u8);
        _json.Name("text"u8).Text(text.Escaped);
        CloseDetail(state.Details);
        Close();
    }

    /// <inheritdoc/>
    public void ReasoningEnd(int choice)
    {
        State state = Of(choice);
        if (state.InStretch)
            state.Details++;
        state.InStretch = false;
    }

    /// <inheritdoc/>
    public void Proof(int choice, in Proof proof)
    {
        ReadOnlySpan<byte> format = OpenAiWords.Format(proof.Origin);
        if (_over || proof.Data.IsEmpty)
            return;
        State state = Of(choice);
        if (proof.Kind != ProofKind.Signature)
            ReasoningEnd(choice);

        // Nobody takes back what nobody is known to have made.
        if (!format.IsEmpty)
        {
            Open(choice, state);
            OpenDetail(proof.Kind == ProofKind.Signature ? "reasoning.text"u8 : "reasoning.encrypted"u8);
            OpenAiDetails.Proof(_json, proof, default);
            CloseDetail(state.Details);
            Close();
        }

        state.Details++;
        state.InStretch = false;
    }

    /// <inheritdoc/>
    public void ToolCall(int choice, int index, JsonText id, JsonText name)
    {
        if (_over)
            return;
        State state = Of(choice);
        while (state.Calls.Count <= index)
            state.Calls.Add(false);
        Open(choice, state, callsTools: true);
        OpenCall(index);
        _json.Name("id"u8).Text(id.Escaped);
        _json.Name("type"u8).Text("function"u8);
        _json.Name("function"u8).Object();
        _json.Name("name"u8).Text(OpenAiHead.ClientName(shape, name));
        _json.Name("arguments"u8).Text(default(ReadOnlySpan<byte>));
        CloseCall();
    }

    /// <inheritdoc/>
    public void ToolArguments(int choice, int index, JsonText fragment)
    {
        if (_over || fragment.IsEmpty)
            return;
        State state = Of(choice);
        if (index < state.Calls.Count)
            state.Calls[index] = true;
        Open(choice, state);
        OpenCall(index);
        _json.Name("function"u8).Object();
        _json.Name("arguments"u8).Text(fragment.Escaped);
        CloseCall();
    }

    /// <inheritdoc/>
    public void ToolEnd(int choice, int index)
    {
        // Clients parse the arguments: no text at all is no JSON.
        if (index < Of(choice).Calls.Count && !Of(choice).Calls[index])
            ToolArguments(choice, index, new JsonText("{}"u8));
    }

    /// <inheritdoc/>
    public void Citation(int choice, in Citation citation)
    {
        if (_over)
            return;
        Open(choice, Of(choice));
        _json.Name("annotations"u8).Array();
        OpenAiDetails.Citation(_json, citation);
        _json.EndArray();
        Close();
    }

    /// <inheritdoc/>
    public void Media(int choice, JsonText type, JsonText data, JsonText transcript)
    {
        if (_over)
            return;
        State state = Of(choice);
        Open(choice, state);
        if (OpenAiDetails.IsSound(type, transcript))
        {
            _json.Name("audio"u8).Object();
            OpenAiDetails.SoundId(_json, shape);
            if (!data.IsEmpty)
                _json.Name("data"u8).Text(data.Escaped);
            if (!transcript.IsEmpty)
                _json.Name("transcript"u8).Text(transcript.Escaped);
            _json.EndObject();
        }
        else
        {
            _json.Name("images"u8).Array();
            OpenAiDetails.Image(_json, type.Escaped, data.Escaped, state.Images++);
            _json.EndArray();
        }

        Close();
    }

    /// <inheritdoc/>
    public void Logprobs(int choice, ReadOnlySpan<byte> content)
    {
        if (_over || content.Length <= 2)
            return;
        Open(choice, Of(choice));
        _json.EndObject();
        _json.Name("logprobs"u8).Object();
        _json.Name("content"u8).RawLine(content);
        _json.Name("refusal"u8).Null();
        _json.EndObject();
        _json.Name("finish_reason"u8).Null();
        Tail();
    }

    /// <inheritdoc/>
    public void Finish(int choice, in Ending ending)
    {
        if (_over)
            return;
        State state = Of(choice);
        for (int i = 0; i < state.Calls.Count; i++)
            ToolEnd(choice, i);
        if (ending.Reason == FinishReason.Refusal && !state.Refused)
            Refusal(choice, ending.Explanation);

        Open(choice, state);
        _json.EndObject();
        _json.Name("logprobs"u8).Null();
        OpenAiDetails.Finish(_json, ending, state.Calls.Count > 0);
        Tail();
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
        if (shape.StreamUsage && _usage is { } usage)
        {
            Head();
            _json.Bytes("],\"usage\":"u8);
            OpenAiUsage.Write(_json, usage);
            _json.Bytes("}\n\n"u8);
        }

        _json.Bytes("data: [DONE]\n\n"u8);
        _over = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private State Of(int choice)
    {
        while (_choices.Count <= choice)
            _choices.Add(new State());
        return _choices[choice];
    }

    private void Member(int choice, ReadOnlySpan<byte> name, JsonText text)
    {
        if (_over || text.IsEmpty)
            return;
        Open(choice, Of(choice));
        _json.Name(name).Text(text.Escaped);
        Close();
    }

    /// <summary>Opens a chunk up to the inside of its delta, after the choice's opening where there was none yet.</summary>
    private void Open(int choice, State state, bool callsTools = false)
    {
        Shown = true;
        if (!state.Opened)
        {
            state.Opened = true;
            Delta(choice);
            _json.Name("role"u8).Text("assistant"u8);
            if (callsTools)
                _json.Name("content"u8).Null();
            else
                _json.Name("content"u8).Text(default(ReadOnlySpan<byte>));
            _json.Name("refusal"u8).Null();
            Close();
        }

        Delta(choice);
    }

    private void Head()
    {
        if (_head.Length == 0)
            Begin([], []);
        _json.Bytes(_head);
    }

    private void Delta(int choice)
    {
        Head();
        _json.Object();
        _json.Name("index"u8).Number(choice);
        _json.Name("delta"u8).Object();
    }

    private void Close()
    {
        _json.EndObject();
        _json.Bytes(",\"logprobs\":null,\"finish_reason\":null"u8);
        Tail();
    }

    private void Tail() => _json.Bytes(shape.StreamUsage ? "}],\"usage\":null}\n\n"u8 : "}]}\n\n"u8);

    private void OpenCall(int index)
    {
        _json.Name("tool_calls"u8).Array();
        _json.Object();
        _json.Name("index"u8).Number(index);
    }

    private void CloseCall()
    {
        _json.EndObject();
        _json.EndObject();
        _json.EndArray();
        Close();
    }

    private void OpenDetail(ReadOnlySpan<byte> type)
    {
        _json.Name("reasoning_details"u8).Array();
        _json.Object();
        _json.Name("type"u8).Text(type);
    }

    private void CloseDetail(int index)
    {
        _json.Name("index"u8).Number(index);
        _json.EndObject();
        _json.EndArray();
    }

    /// <summary>What was said of one choice.</summary>
    private sealed class State
    {
        public bool Opened { get; set; }

        public bool Refused { get; set; }

        /// <summary>For each call, whether any of its arguments were said.</summary>
        public List<bool> Calls { get; } = [];

        /// <summary>The index of the next entry of <c>reasoning_details</c>.</summary>
        public int Details { get; set; }

        /// <summary>Whether that entry has been begun.</summary>
        public bool InStretch { get; set; }

        public int Images { get; set; }
    }
}
