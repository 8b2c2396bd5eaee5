using System.Text.Json;

namespace Perigee.Wire.Gemini;

/// <summary>
/// Reads answers of generateContent: the same object is a whole answer and an event of a stream. A stream has no closing event; it is whole
/// when every candidate that spoke has said why it ended. Source: Google's discovery document, "GenerateContentResponse".
/// </summary>
/// <param name="sink">Who listens.</param>
/// <param name="seed">What ids of tool calls are made from, which the older models do not give.</param>
internal sealed class GeminiReader(IStreamSink sink, string seed) : IAnswerReader
{
    private readonly List<GeminiChoice> _choices = [];
    private readonly GeminiPartReader _parts = new(sink, seed);
    private bool _begun;
    private bool _over;
    private bool _failed;
    private byte[]? _block;
    private byte[]? _blockText;
    private int _searches;

    /// <inheritdoc/>
    public bool Ended
    {
        get
        {
            if (_failed)
                return false;
            foreach (GeminiChoice choice in _choices)
            {
                if (!choice.Finished)
                    return false;
            }

            return _choices.Count > 0 || _block is not null;
        }
    }

    /// <inheritdoc/>
    public EventNature ReadEvent(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty || _over)
            return EventNature.Silent;
        try
        {
            return Read(data);
        }
        catch (JsonException)
        {
            // What a provider sends that is not JSON is the client's to judge: it has the same bytes.
            return EventNature.Silent;
        }
    }

    /// <inheritdoc/>
    public EventNature ReadWhole(ReadOnlySpan<byte> body)
    {
        try
        {
            EventNature nature = IsArray(body) ? ReadArray(body) : Read(body);
            if (nature == EventNature.Error)
                return nature;
            if (_choices.Count == 0 && _block is null)
                return Fail("The provider's answer holds no candidates."u8);
            End();
            return EventNature.End;
        }
        catch (JsonException)
        {
            return Fail("The provider's answer is not valid JSON."u8);
        }
    }

    /// <inheritdoc/>
    public void Close()
    {
        if (!_over && Ended)
            End();
    }

    private static bool IsArray(ReadOnlySpan<byte> body)
    {
        Utf8JsonReader reader = new(body, GeminiNames.Deep);
        return reader.Read() && reader.TokenType == JsonTokenType.StartArray;
    }

    /// <summary>A stream without <c>alt=sse</c> that came as one body: errors of such streams stand in an array too.</summary>
    private EventNature ReadArray(ReadOnlySpan<byte> body)
    {
        Utf8JsonReader reader = new(body, GeminiNames.Deep);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            int start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (Read(body[start..(int)reader.BytesConsumed]) == EventNature.Error)
                return EventNature.Error;
        }

        return EventNature.Content;
    }

    private EventNature Fail(ReadOnlySpan<byte> message)
    {
        if (!_over)
            sink.Error(new JsonText(message), default, 0);
        _over = _failed = true;
        return EventNature.Error;
    }

    private EventNature Report(ReadOnlySpan<byte> json)
    {
        GeminiError.Said said = GeminiError.Read(json);
        _over = _failed = true;
        sink.Error(new JsonText(said.Message), new JsonText(said.Word), said.Status);
        return EventNature.Error;
    }

    private void End()
    {
        _over = true;
        foreach (GeminiChoice choice in _choices)
        {
            _parts.CloseCall(choice);
            choice.Sources.SayRest(sink, choice.Index);
            FinishReason reason = choice.Reason is FinishReason.Stop or FinishReason.None ? (choice.Calls > 0 ? FinishReason.ToolCalls : FinishReason.Stop) : choice.Reason;

            // Google explains an ordinary end too ("Model generated function call(s)."): that is no refusal.
            bool explains = reason is not (FinishReason.Stop or FinishReason.ToolCalls or FinishReason.Length);
            sink.Finish(choice.Index, new Ending(reason) { Word = new JsonText(choice.Word), Explanation = new JsonText(explains ? choice.Message : []) });
        }

        if (_choices.Count == 0)
            sink.Finish(0, new Ending(FinishReason.ContentFilter) { Word = new JsonText(_block), Explanation = new JsonText(_blockText) });
        sink.End();
    }

    private EventNature Read(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json, GeminiNames.Deep);
        if (!reader.Read() || reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
            return EventNature.Silent;
        if (reader.TokenType == JsonTokenType.StartArray)
            return ReadArray(json);
        if (!_begun && !Begin(json))
            return Report(json);

        bool content = false;
        bool usageSeen = false;
        bool error = false;
        TokenUsage usage = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (GeminiNames.Is(ref reader, "candidates"u8))
            {
                reader.Read();
                content |= Candidates(ref reader, json);
            }
            else if (GeminiNames.Is(ref reader, "usageMetadata"u8))
            {
                reader.Read();
                usageSeen |= GeminiUsage.TryRead(ref reader, out usage);
            }
            else if (GeminiNames.Is(ref reader, "promptFeedback"u8))
            {
                reader.Read();
                content |= GeminiFeedback.TryRead(ref reader, ref _block, ref _blockText);
            }
            else
            {
                error |= GeminiNames.Is(ref reader, "error"u8);
                reader.Read();
                error &= reader.TokenType != JsonTokenType.Null;
                reader.Skip();
            }
        }

        if (usageSeen)
            sink.Usage(usage with { WebSearches = _searches });
        if (error)
            return Report(json);

        return content ? EventNature.Content : EventNature.Silent;
    }

    /// <summary>
    /// Tells the sink id and model before anything else, wherever in the first object they stand. False where the object is an error.
    /// </summary>
    private bool Begin(ReadOnlySpan<byte> json)
    {
        ReadOnlySpan<byte> id = default, model = default;
        bool answer = false, error = false;
        Utf8JsonReader reader = new(json, GeminiNames.Deep);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isId = GeminiNames.Is(ref reader, "responseId"u8);
            bool isModel = !isId && GeminiNames.Is(ref reader, "modelVersion"u8);
            bool isError = reader.ValueTextEquals("error"u8);
            answer |= GeminiNames.Is(ref reader, "candidates"u8) || GeminiNames.Is(ref reader, "promptFeedback"u8);
            reader.Read();
            if (isId && reader.TokenType == JsonTokenType.String)
                id = reader.ValueSpan;
            else if (isModel && reader.TokenType == JsonTokenType.String)
                model = reader.ValueSpan;
            error |= isError && reader.TokenType != JsonTokenType.Null;
            reader.Skip();
        }

        if (error && !answer)
            return false;
        _begun = true;
        sink.Begin(id, model);
        return true;
    }

    private bool Candidates(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return false;
        }

        bool content = false;
        int position = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
                content |= Candidate(ref reader, json, position++);
            else
                reader.Skip();
        }

        return content;
    }

    private bool Candidate(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json, int position)
    {
        GeminiChoice choice = Choice(GeminiIndex.Ahead(reader, json) ?? position);
        bool content = false;
        Utf8JsonReader grounding = default, citations = default, logprobs = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (GeminiNames.Is(ref reader, "content"u8))
            {
                reader.Read();
                content |= _parts.Content(ref reader, json, choice);
            }
            else if (GeminiNames.Is(ref reader, "finishReason"u8))
            {
                reader.Read();
                content |= Finish(ref reader, choice);
            }
            else if (GeminiNames.Is(ref reader, "finishMessage"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.String && sink.ListensToContent)
                    choice.Message = reader.ValueSpan.ToArray();
                reader.Skip();
            }
            else if (GeminiNames.Is(ref reader, "groundingMetadata"u8))
            {
                reader.Read();
                grounding = reader;
                reader.Skip();
            }
            else if (GeminiNames.Is(ref reader, "citationMetadata"u8))
            {
                reader.Read();
                citations = reader;
                reader.Skip();
            }
            else if (GeminiNames.Is(ref reader, "logprobsResult"u8))
            {
                reader.Read();
                logprobs = reader;
                reader.Skip();
            }
            else if (reader.Read())
            {
                reader.Skip();
            }
        }

        // Their offsets count the text, which may stand behind them in the object.
        if (grounding.TokenType == JsonTokenType.StartObject)
            _searches = Math.Max(_searches, choice.Sources.Ground(grounding, sink, choice));
        if (citations.TokenType == JsonTokenType.StartObject && sink.ListensToContent)
            choice.Sources.Cite(citations, sink, choice);
        if (logprobs.TokenType == JsonTokenType.StartObject && sink.ListensToContent)
            GeminiLogprobs.Read(logprobs, sink, choice.Index);
        return content;
    }

    private static bool Finish(scoped ref Utf8JsonReader reader, GeminiChoice choice)
    {
        byte[] word = [];
        FinishReason reason = FinishReason.None;
        if (reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty)
            reason = GeminiFinish.Read(reader.ValueSpan, out word);
        else if (reader.TokenType == JsonTokenType.Number)
            reason = reader.TryGetInt32(out int number) ? GeminiFinish.Read(number, out word) : FinishReason.Other;
        else
            reader.Skip();
        if (reason == FinishReason.None)
            return false;

        // Older models say STOP on every chunk and something else on the last: the last one counts.
        choice.Finished = true;
        choice.Reason = reason;
        choice.Word = word;
        return true;
    }

    private GeminiChoice Choice(int index)
    {
        foreach (GeminiChoice known in _choices)
        {
            if (known.Index == index)
                return known;
        }

        GeminiChoice choice = new(index);
        int at = _choices.Count;
        while (at > 0 && _choices[at - 1].Index > index)
            at--;
        _choices.Insert(at, choice);
        return choice;
    }
}
