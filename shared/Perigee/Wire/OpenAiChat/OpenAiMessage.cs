using System.Buffers;

namespace Perigee.Wire.OpenAiChat;

/// <summary>One choice of a whole answer while it is being said.</summary>
internal sealed class OpenAiMessage
{
    private readonly ArrayBufferWriter<byte> _annotations = new();
    private readonly ArrayBufferWriter<byte> _reasoning = new();
    private readonly ArrayBufferWriter<byte> _stretch = new();
    private readonly ArrayBufferWriter<byte> _details = new();
    private readonly ArrayBufferWriter<byte> _images = new();
    private readonly ArrayBufferWriter<byte> _logprobs = new();
    private readonly ArrayBufferWriter<byte> _ending = new();
    private readonly List<CallSoFar> _calls = [];
    private readonly JsonOut _detail;
    private readonly JsonOut _image;
    private ArrayBufferWriter<byte>? _refusal;
    private Sound? _sound;
    private int _detailCount;
    private int _imageCount;

    public OpenAiMessage()
    {
        Annotations = new JsonOut(_annotations);
        _detail = new JsonOut(_details);
        _image = new JsonOut(_images);
    }

    /// <summary>The visible text so far, escaped.</summary>
    public ArrayBufferWriter<byte> Text { get; } = new();

    /// <summary>Takes annotations.</summary>
    public JsonOut Annotations { get; }

    /// <summary>Takes reasoning.</summary>
    public void Reason(JsonText text, bool shown)
    {
        if (!shown)
            return;
        _reasoning.Write(text.Escaped);
        _stretch.Write(text.Escaped);
    }

    /// <summary>Ends a stretch that nothing signs.</summary>
    public void EndStretch()
    {
        if (_stretch.WrittenCount == 0)
            return;
        OpenDetail("reasoning.text"u8);
        _detail.Name("text"u8).Text(_stretch.WrittenSpan);
        CloseDetail();
        _stretch.ResetWrittenCount();
    }

    /// <summary>Takes a proof; a signature goes with the stretch before it.</summary>
    public void Proof(in Proof proof)
    {
        bool signature = proof.Kind == ProofKind.Signature;
        if (!signature || OpenAiWords.Format(proof.Origin).IsEmpty)
            EndStretch();
        if (OpenAiWords.Format(proof.Origin).IsEmpty || proof.Data.IsEmpty)
            return;
        OpenDetail(signature ? "reasoning.text"u8 : "reasoning.encrypted"u8);
        OpenAiDetails.Proof(_detail, proof, _stretch.WrittenSpan);
        CloseDetail();
        _stretch.ResetWrittenCount();
    }

    /// <summary>Takes a refusal's text.</summary>
    public void Refuse(ReadOnlySpan<byte> text) => (_refusal ??= new ArrayBufferWriter<byte>()).Write(text);

    /// <summary>Takes a call.</summary>
    public void Call(int index, ReadOnlySpan<byte> id, ReadOnlySpan<byte> name)
    {
        while (_calls.Count <= index)
            _calls.Add(new CallSoFar());
        _calls[index].Id = id.ToArray();
        _calls[index].Name = name.ToArray();
    }

    /// <summary>Takes a piece of a call's arguments.</summary>
    public void Arguments(int index, ReadOnlySpan<byte> fragment)
    {
        if (index < _calls.Count)
            _calls[index].Arguments.Write(fragment);
    }

    /// <summary>Takes a picture or a piece of sound.</summary>
    public void Media(JsonText type, JsonText data, JsonText transcript)
    {
        if (OpenAiDetails.IsSound(type, transcript))
            (_sound ??= new Sound()).Add(data, transcript);
        else
            OpenAiDetails.Image(_image, type.Escaped, data.Escaped, _imageCount++);
    }

    /// <summary>Takes probabilities: an array whose entries follow those before.</summary>
    public void AddLogprobs(ReadOnlySpan<byte> content)
    {
        content = content.Trim(" \r\n\t"u8);
        if (content.Length <= 2)
            return;
        if (_logprobs.WrittenCount > 0)
            _logprobs.Write(","u8);
        _logprobs.Write(content[1..^1]);
    }

    /// <summary>Takes why it ended.</summary>
    public void Finish(in Ending ending)
    {
        if (ending.Reason == FinishReason.Refusal && _refusal is null)
            Refuse(ending.Explanation.Escaped);
        _ending.ResetWrittenCount();
        OpenAiDetails.Finish(new JsonOut(_ending), ending, _calls.Count > 0);
    }

    /// <summary>Writes the choice.</summary>
    public void Write(JsonOut json, int index, AnswerShape shape)
    {
        EndStretch();
        json.Object();
        json.Name("index"u8).Number(index);
        json.Name("message"u8).Object();
        json.Name("role"u8).Text("assistant"u8);
        if (Text.WrittenCount == 0 && (_calls.Count > 0 || _refusal is not null || _sound is not null))
            json.Name("content"u8).Null();
        else
            json.Name("content"u8).Text(Text.WrittenSpan);
        if (_reasoning.WrittenCount > 0)
            json.Name("reasoning_content"u8).Text(_reasoning.WrittenSpan);
        Array(json, "reasoning_details"u8, _details);
        if (_refusal is null)
            json.Name("refusal"u8).Null();
        else
            json.Name("refusal"u8).Text(_refusal.WrittenSpan);
        Array(json, "annotations"u8, _annotations);
        Calls(json);
        Array(json, "images"u8, _images);
        _sound?.Write(json, shape);
        json.EndObject();
        Logprobs(json);
        if (_ending.WrittenCount == 0)
            Finish(new Ending(FinishReason.None));
        json.Bytes(","u8);
        json.Bytes(_ending.WrittenSpan);
        json.EndObject();
    }

    private static void Array(JsonOut json, ReadOnlySpan<byte> name, ArrayBufferWriter<byte> entries)
    {
        if (entries.WrittenCount == 0)
            return;
        json.Name(name).Array();
        json.Raw(entries.WrittenSpan);
        json.EndArray();
    }

    private void Calls(JsonOut json)
    {
        if (_calls.Count == 0)
            return;
        json.Name("tool_calls"u8).Array();
        foreach (CallSoFar call in _calls)
        {
            json.Object();
            json.Name("id"u8).Text(call.Id);
            json.Name("type"u8).Text("function"u8);
            json.Name("function"u8).Object();
            json.Name("name"u8).Text(call.Name);
            json.Name("arguments"u8).Text(call.Arguments.WrittenCount == 0 ? "{}"u8 : call.Arguments.WrittenSpan);
            json.EndObject();
            json.EndObject();
        }

        json.EndArray();
    }

    private void Logprobs(JsonOut json)
    {
        if (_logprobs.WrittenCount == 0)
        {
            json.Name("logprobs"u8).Null();
            return;
        }

        json.Name("logprobs"u8).Object();
        Array(json, "content"u8, _logprobs);
        json.Name("refusal"u8).Null();
        json.EndObject();
    }

    private void OpenDetail(ReadOnlySpan<byte> type)
    {
        _detail.Object();
        _detail.Name("type"u8).Text(type);
    }

    private void CloseDetail()
    {
        _detail.Name("index"u8).Number(_detailCount++);
        _detail.EndObject();
    }

    private sealed class CallSoFar
    {
        public byte[] Id { get; set; } = [];

        public byte[] Name { get; set; } = [];

        public ArrayBufferWriter<byte> Arguments { get; } = new();
    }

    /// <summary>Sound that comes in pieces, each base64 of its own.</summary>
    private sealed class Sound
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();
        private readonly ArrayBufferWriter<byte> _transcript = new();

        public void Add(JsonText data, JsonText transcript)
        {
            ReadOnlySpan<byte> base64 = WireText.Unescape(data.Escaped);
            Span<byte> bytes = _bytes.GetSpan(System.Buffers.Text.Base64.GetMaxDecodedFromUtf8Length(base64.Length) + 1);
            System.Buffers.Text.Base64.DecodeFromUtf8(base64, bytes, out _, out int length);
            _bytes.Advance(length);
            _transcript.Write(transcript.Escaped);
        }

        public void Write(JsonOut json, AnswerShape shape)
        {
            json.Name("audio"u8).Object();
            OpenAiDetails.SoundId(json, shape);
            json.Name("data"u8).Plain(Convert.ToBase64String(_bytes.WrittenSpan));
            json.Name("expires_at"u8).Number(shape.Created);
            json.Name("transcript"u8).Text(_transcript.WrittenSpan);
            json.EndObject();
        }
    }
}
