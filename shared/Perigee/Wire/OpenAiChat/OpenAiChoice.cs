using System.Text.Json;

namespace Perigee.Wire.OpenAiChat;

/// <summary>One choice of an answer, for a sink that listens: says what its messages hold, reasoning first, and keeps its end until all is said.</summary>
internal sealed class OpenAiChoice(IStreamSink sink, int choice, OpenAiCallIds ids)
{
    /// <summary>OpenAI's own limit of <c>n</c>: no answer has more.</summary>
    public const int Most = 128;

    private readonly OpenAiCalls _calls = new(sink, choice, ids);
    private readonly OpenAiReasoning _reasoning = new(sink, choice);
    private byte[] _word = [];
    private bool _finished;
    private bool _refused;
    private bool _cited;

    /// <summary>Whether the provider said anything of it.</summary>
    public bool Spoken { get; set; }

    /// <summary>Says what a message or delta holds.</summary>
    /// <param name="json">Its object.</param>
    /// <param name="whole">Whether it is a whole message.</param>
    public void Message(ReadOnlySpan<byte> json, bool whole)
    {
        ReadOnlySpan<byte> content = default, reasoning = default, details = default, refusal = default;
        ReadOnlySpan<byte> calls = default, function = default, annotations = default, images = default, audio = default, extra = default;
        Utf8JsonReader reader = new(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            // Told apart here, read below: the order in which members stand is not the order in which they were thought.
            if (reader.ValueTextEquals("content"u8))
                content = Next(ref reader, json);
            else if (reader.ValueTextEquals("reasoning_content"u8) || reader.ValueTextEquals("reasoning"u8) || reader.ValueTextEquals("reasoning_text"u8))
                reasoning = Next(ref reader, json) is { Length: > 2 } said && said[0] == (byte)'"' && reasoning.IsEmpty ? said : reasoning;
            else if (reader.ValueTextEquals("reasoning_details"u8))
                details = Next(ref reader, json);
            else if (reader.ValueTextEquals("refusal"u8))
                refusal = Next(ref reader, json);
            else if (reader.ValueTextEquals("tool_calls"u8))
                calls = Next(ref reader, json);
            else if (reader.ValueTextEquals("function_call"u8))
                function = Next(ref reader, json);
            else if (reader.ValueTextEquals("annotations"u8))
                annotations = Next(ref reader, json);
            else if (reader.ValueTextEquals("images"u8))
                images = Next(ref reader, json);
            else if (reader.ValueTextEquals("audio"u8))
                audio = Next(ref reader, json);
            else if (reader.ValueTextEquals("extra_content"u8))
                extra = JsonPiece.Member(Next(ref reader, json), "google"u8);
            else
                Next(ref reader, json);
        }

        bool callsTools = JsonPiece.IsArray(calls) || JsonPiece.IsObject(function);
        if (_calls.Any && (reasoning.Length > 2 || (content.Length > 2 && content[0] is (byte)'"' or (byte)'[')))
            _calls.EndComplete();
        _reasoning.Say(JsonPiece.Text(reasoning), details, _calls);
        JsonText signature = JsonPiece.TextOf(extra, "thought_signature"u8);
        if (JsonPiece.IsArray(content))
            Parts(content);
        else if (JsonPiece.Text(content) is { IsEmpty: false } text)
            Content(text, thought: signature.IsEmpty && JsonPiece.Member(extra, "thought"u8).SequenceEqual("true"u8));
        if (!signature.IsEmpty && callsTools)
            _calls.Hold(new KeptProof(ProofOrigin.Google, ProofKind.OnCall, signature.Keep()));
        else if (!signature.IsEmpty)
            sink.Proof(choice, new Proof(ProofOrigin.Google, ProofKind.OnText, signature));
        if (JsonPiece.Text(refusal) is { IsEmpty: false } refused)
        {
            _refused = true;
            sink.Refusal(choice, refused);
        }

        if (JsonPiece.IsArray(annotations))
            Sources(annotations, "url_citation"u8);
        if (JsonPiece.IsArray(images))
            Images(images);
        if (JsonPiece.IsObject(audio))
            Audio(audio, whole);
        if (JsonPiece.IsArray(calls))
            _calls.Read(calls, whole);
        if (JsonPiece.IsObject(function))
            _calls.Function(function);
    }

    /// <summary>Says the probabilities of a chunk or choice.</summary>
    public void Logprobs(ReadOnlySpan<byte> logprobs)
    {
        ReadOnlySpan<byte> content = JsonPiece.Member(logprobs, "content"u8);
        if (JsonPiece.IsArray(content))
            sink.Logprobs(choice, content);
    }

    /// <summary>Says sources that stand beside the choices, where the message itself named none.</summary>
    public void Sources(ReadOnlySpan<byte> array)
    {
        if (!_cited)
            Sources(array, default);
    }

    /// <summary>Takes the word for why the choice ended. The first that is not empty counts: OpenRouter says it again with the usage.</summary>
    public void Ends(ReadOnlySpan<byte> word)
    {
        if (word.IsEmpty || _word.Length > 0)
            return;
        _word = word.ToArray();

        // Interleaved calls are told apart by their pieces; here no more pieces come.
        _calls.Finish();
    }

    /// <summary>Says Finish, once.</summary>
    public void SayFinish()
    {
        if (_finished || !Spoken)
            return;
        _finished = true;
        _calls.Finish();
        FinishReason reason = _word.Length == 0 ? FinishReason.Stop : OpenAiWords.Reason(_word);
        if (reason == FinishReason.Stop)
            reason = _calls.Any ? FinishReason.ToolCalls : _refused ? FinishReason.Refusal : reason;
        sink.Finish(choice, new Ending(reason) { Word = new JsonText(_word) });
    }

    private static ReadOnlySpan<byte> Next(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        reader.Read();
        return JsonPiece.Raw(ref reader, json);
    }

    /// <summary>Google's server marks its thoughts and wraps them in a tag of its own, as <c>\u003cthought\u003e</c>.</summary>
    private void Content(JsonText text, bool thought)
    {
        if (!thought)
        {
            sink.Text(choice, text);
            return;
        }

        ReadOnlySpan<byte> escaped = text.Escaped;
        foreach (string tag in (ReadOnlySpan<string>)["\\u003cthought\\u003e", "<thought>"])
            escaped = StartsWith(escaped, tag) ? escaped[tag.Length..] : escaped;
        foreach (string tag in (ReadOnlySpan<string>)["\\u003c/thought\\u003e", "</thought>"])
            escaped = EndsWith(escaped, tag) ? escaped[..^tag.Length] : escaped;
        if (!escaped.IsEmpty)
            sink.Reasoning(choice, new JsonText(escaped));
    }

    private static bool StartsWith(ReadOnlySpan<byte> text, string tag) => text.Length >= tag.Length && System.Text.Ascii.EqualsIgnoreCase(text[..tag.Length], tag);

    private static bool EndsWith(ReadOnlySpan<byte> text, string tag) => text.Length >= tag.Length && System.Text.Ascii.EqualsIgnoreCase(text[^tag.Length..], tag);

    /// <summary>Content in parts: Mistral's reasoning models, and some servers' answers as a whole.</summary>
    private void Parts(ReadOnlySpan<byte> array)
    {
        Utf8JsonReader reader = new(array);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            ReadOnlySpan<byte> part = JsonPiece.Raw(ref reader, array);
            ReadOnlySpan<byte> thinking = JsonPiece.Member(part, "thinking"u8);
            if (JsonPiece.IsArray(thinking))
                Thinking(thinking);
            else if (JsonPiece.Text(thinking) is { IsEmpty: false } thought)
                sink.Reasoning(choice, thought);
            else if (JsonPiece.TextOf(part, "text"u8) is { IsEmpty: false } text)
                sink.Text(choice, text);
            else if (!JsonPiece.Member(part, "image_url"u8).IsEmpty)
                Image(part);
        }
    }

    private void Thinking(ReadOnlySpan<byte> array)
    {
        Utf8JsonReader reader = new(array);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (JsonPiece.TextOf(JsonPiece.Raw(ref reader, array), "text"u8) is { IsEmpty: false } text)
                sink.Reasoning(choice, text);
        }
    }

    private void Sources(ReadOnlySpan<byte> array, ReadOnlySpan<byte> inside)
    {
        Utf8JsonReader reader = new(array);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            ReadOnlySpan<byte> source = JsonPiece.Raw(ref reader, array);
            if (!inside.IsEmpty && JsonPiece.Member(source, inside) is { IsEmpty: false } citation)
                source = citation;
            JsonText url = JsonPiece.IsObject(source) ? JsonPiece.TextOf(source, "url"u8) : JsonPiece.Text(source);
            if (url.IsEmpty)
                continue;
            _cited = true;
            int start = JsonPiece.NumberOf(source, "start_index"u8), end = JsonPiece.NumberOf(source, "end_index"u8);

            // OpenRouter writes 0 and 0 where it knows no place.
            bool placed = start >= 0 && end > start;
            sink.Citation(choice, new Citation(url)
            {
                Title = JsonPiece.TextOf(source, "title"u8),
                Quoted = JsonPiece.TextOf(source, "content"u8),
                Start = placed ? start : -1,
                End = placed ? end : -1,
            });
        }
    }

    private void Images(ReadOnlySpan<byte> array)
    {
        Utf8JsonReader reader = new(array);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            Image(JsonPiece.Raw(ref reader, array));
    }

    private void Image(ReadOnlySpan<byte> image)
    {
        ReadOnlySpan<byte> holder = JsonPiece.Member(image, "image_url"u8);
        JsonText url = JsonPiece.IsObject(holder) ? JsonPiece.TextOf(holder, "url"u8) : JsonPiece.Text(holder);
        if (DataUrl.TrySplit(url.Escaped, out ReadOnlySpan<byte> type, out ReadOnlySpan<byte> data))
            sink.Media(choice, new JsonText(type), new JsonText(data), default);
    }

    private void Audio(ReadOnlySpan<byte> audio, bool whole)
    {
        JsonText data = JsonPiece.TextOf(audio, "data"u8), transcript = JsonPiece.TextOf(audio, "transcript"u8);
        if (!data.IsEmpty || !transcript.IsEmpty)
            sink.Media(choice, new JsonText(whole ? MediaSniff.Audio(data.Escaped) : "audio/pcm"u8), data, transcript);
    }
}
