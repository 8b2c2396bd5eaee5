using System.Text.Json;

namespace Perigee.Wire.OpenAiChat;

/// <summary>
/// Reads chat completions, whole or as chunks, and, with <paramref name="strict"/> off, any answer that shares their outer members. To a sink
/// that does not listen to content it says only what a meter needs, at a glance; to one that does, <see cref="OpenAiChoice"/> says the rest.
/// </summary>
/// <param name="sink">Who listens.</param>
/// <param name="strict">Whether an answer needs its closing event and choices to be one.</param>
/// <param name="seed">What ids of calls are made from where the provider gave none.</param>
internal sealed class OpenAiChatReader(IStreamSink sink, bool strict, string seed) : IAnswerReader
{
    private readonly OpenAiCallIds _ids = new(seed);
    private readonly List<OpenAiChoice> _said = [];
    private byte[]? _sources;
    private bool _begun;
    private bool _done;
    private bool _over;
    private bool _failed;
    private ulong _choices;
    private ulong _finished;
    private ServiceTier _tier;
    private TokenUsage? _usage;

    /// <inheritdoc/>
    /// <remarks>Some servers (Perplexity, Hugging Face) never send [DONE]: then every choice that spoke must have said why it ended.</remarks>
    public bool Ended => !strict || _done || (!(_failed && Listening) && _finished != 0 && (_choices & ~_finished) == 0);

    private bool Listening => sink.ListensToContent;

    /// <inheritdoc/>
    public EventNature ReadEvent(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
            return EventNature.Silent;
        if (data.SequenceEqual("[DONE]"u8))
        {
            SayEnd();
            return EventNature.End;
        }

        if (_over && Listening)
            return EventNature.Silent;

        // Most events of a stream are a few characters of one choice's text: seen by what they lack, at a tenth of the cost of reading them.
        if (_begun && _choices == 1 && !Listening && OpenAiGlance.OnlyContent(data))
            return EventNature.Content;
        try
        {
            EventNature nature = Read(data, whole: false);
            return !strict && nature == EventNature.Silent ? EventNature.Content : nature;
        }
        catch (Exception e) when (IsBadJson(e))
        {
            // What a provider sends that is not JSON is the client's to judge where it has the same bytes; no translation can say it.
            return Listening ? EventNature.Silent : EventNature.Content;
        }
    }

    /// <inheritdoc/>
    public void Close()
    {
        if (Ended && !_failed)
            SayEnd();
    }

    /// <inheritdoc/>
    public EventNature ReadWhole(ReadOnlySpan<byte> body)
    {
        try
        {
            EventNature nature = Read(body, whole: true);
            if (nature == EventNature.Error || (_over && Listening))
                return EventNature.Error;
            if (strict && _choices == 0)
                return Fail("The provider's answer holds no choices."u8);
            SayEnd();
            return EventNature.End;
        }
        catch (Exception e) when (IsBadJson(e))
        {
            return Fail("The provider's answer is not valid JSON."u8);
        }
    }

    /// <summary>The reader of JSON throws the one on bad JSON, the other on an escaped name that is no text.</summary>
    private static bool IsBadJson(Exception e) => e is JsonException or InvalidOperationException;

    private EventNature Fail(ReadOnlySpan<byte> message)
    {
        EnsureBegun();
        if (!_over)
            sink.Error(new JsonText(message), default, 0);
        _over = _failed = true;
        return EventNature.Error;
    }

    private EventNature Read(ReadOnlySpan<byte> json, bool whole)
    {
        if (!_begun)
            Begin(json);
        Utf8JsonReader reader = new(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            if (reader.TokenType == JsonTokenType.StartArray && reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                return Read(JsonPiece.Raw(ref reader, json), whole);
            return whole ? throw new JsonException() : EventNature.Silent;
        }

        bool content = false, usageSeen = false, choicesSeen = false;
        ReadOnlySpan<byte> error = default, groq = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("choices"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.StartArray)
                    content |= Choices(ref reader, json, whole, ref choicesSeen);
                else
                    reader.Skip();
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                usageSeen |= Usage(ref reader);
            }
            else if (reader.ValueTextEquals("service_tier"u8))
            {
                // Behind the usage, as OpenAI orders its members, the tokens are said once more with it.
                reader.Read();
                _tier = reader.TokenType == JsonTokenType.String ? ServiceTiers.Of(reader.ValueSpan) : ServiceTier.Standard;
                reader.Skip();
                if (_usage is { } said && said.Tier != _tier && usageSeen)
                    Tell(said);
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                error = reader.TokenType is JsonTokenType.String or JsonTokenType.StartObject ? JsonPiece.Raw(ref reader, json) : default;
            }
            else if (reader.ValueTextEquals("x_groq"u8))
            {
                reader.Read();
                groq = JsonPiece.Raw(ref reader, json);
            }
            else if (Listening && (reader.ValueTextEquals("citations"u8) || reader.ValueTextEquals("search_results"u8)))
            {
                reader.Read();
                KeepSources(JsonPiece.Raw(ref reader, json));
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        if (!usageSeen && !groq.IsEmpty)
            GroqUsage(groq);
        if (whole && error.IsEmpty && !choicesSeen && strict && OpenAiAnswerError.IsOne(json))
            error = json;
        if (!error.IsEmpty)
        {
            Listened();
            OpenAiAnswerError.Say(sink, error, json);
            _failed = true;
            _over |= Listening;
            if (!content || Listening)
                return EventNature.Error;
        }

        return content ? EventNature.Content : usageSeen && !choicesSeen ? EventNature.UsageOnly : EventNature.Silent;
    }

    /// <summary>The sink is told id and model before anything else, wherever in the first object they stand.</summary>
    private void Begin(ReadOnlySpan<byte> json)
    {
        ReadOnlySpan<byte> id = default, model = default;
        Utf8JsonReader reader = new(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return;
        while ((id.IsEmpty || model.IsEmpty) && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isId = reader.ValueTextEquals("id"u8);
            bool isModel = !isId && reader.ValueTextEquals("model"u8);
            reader.Read();
            if ((isId || isModel) && reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty)
            {
                if (isId)
                    id = reader.ValueSpan;
                else
                    model = reader.ValueSpan;
            }

            reader.Skip();
        }

        // Azure opens with a chunk that has neither: it is not the beginning.
        if (id.IsEmpty && model.IsEmpty)
            return;
        _begun = true;
        sink.Begin(id, model);
    }

    /// <summary>To a sink that listens, nothing comes before Begin, even where the provider names neither id nor model.</summary>
    private void Listened()
    {
        if (Listening)
            EnsureBegun();
    }

    private void EnsureBegun()
    {
        if (_begun)
            return;
        _begun = true;
        sink.Begin([], []);
    }

    private bool Choices(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json, bool whole, ref bool any)
    {
        bool content = false;
        int position = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            any = true;
            if (reader.TokenType == JsonTokenType.StartObject)
                content |= Choice(ref reader, json, position++, whole);
            else
                reader.Skip();
        }

        return content;
    }

    /// <summary>Reads one choice. Its members come in any order: what they say is said when all are seen.</summary>
    private bool Choice(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json, int choice, bool whole)
    {
        bool content = false, calls = false;
        ReadOnlySpan<byte> delta = default, message = default, word = default, logprobs = default;
        JsonText text = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("index"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int index) && index >= 0)
                    choice = index;
            }
            else if (reader.ValueTextEquals("delta"u8))
            {
                content |= Message(ref reader, json, ref calls, ref delta);
            }
            else if (reader.ValueTextEquals("message"u8))
            {
                content |= Message(ref reader, json, ref calls, ref message);
            }
            else if (reader.ValueTextEquals("text"u8))
            {
                reader.Read();
                content |= JsonPiece.Says(ref reader, out text);
            }
            else if (reader.ValueTextEquals("finish_reason"u8))
            {
                reader.Read();
                content |= JsonPiece.Says(ref reader, out JsonText said);
                word = said.Escaped;
            }
            else if (reader.ValueTextEquals("logprobs"u8))
            {
                reader.Read();
                logprobs = JsonPiece.Raw(ref reader, json);
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                // Moonshot's place for it.
                reader.Read();
                Usage(ref reader);
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        _choices |= Bit(choice);
        if (!word.IsEmpty)
            _finished |= Bit(choice);
        if (Listening)
            Say(choice, whole, delta, message, text, logprobs, word);
        else if (!word.IsEmpty)
            sink.Finish(choice, new Ending(OpenAiWords.Reason(word) is FinishReason.Stop && calls ? FinishReason.ToolCalls : OpenAiWords.Reason(word)) { Word = new JsonText(word) });
        return content;
    }

    private void Say(
        int choice, bool whole, ReadOnlySpan<byte> delta, ReadOnlySpan<byte> message, JsonText text, ReadOnlySpan<byte> logprobs, ReadOnlySpan<byte> word)
    {
        if (choice >= OpenAiChoice.Most || _over)
            return;
        EnsureBegun();
        while (_said.Count <= choice)
            _said.Add(new OpenAiChoice(sink, _said.Count, _ids));

        // Perplexity's chunks hold both: the increment, and all so far.
        ReadOnlySpan<byte> said = (whole && !message.IsEmpty) || delta.IsEmpty ? message : delta;
        OpenAiChoice one = _said[choice];
        one.Spoken = true;
        if (!said.IsEmpty)
            one.Message(said, whole || delta.IsEmpty);
        if (!text.IsEmpty)
            sink.Text(choice, text);
        if (!logprobs.IsEmpty)
            one.Logprobs(logprobs);
        one.Ends(word);
    }

    /// <summary>Whether a message says anything, and its bytes for whoever wants to know what.</summary>
    private bool Message(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json, ref bool calls, ref ReadOnlySpan<byte> message)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return false;
        }

        int start = (int)reader.TokenStartIndex;
        bool content = OpenAiGlance.Message(ref reader, ref calls);
        if (Listening)
            message = json[start..(int)reader.BytesConsumed];
        return content;
    }

    private bool Usage(scoped ref Utf8JsonReader reader)
    {
        if (!OpenAiUsage.TryRead(ref reader, out TokenUsage usage))
            return false;
        Tell(usage);
        return true;
    }

    private void Tell(in TokenUsage usage)
    {
        _usage = usage with { Tier = _tier };
        Listened();
        if (!_over || !Listening)
            sink.Usage(_usage.Value);
    }

    private void GroqUsage(ReadOnlySpan<byte> groq)
    {
        Utf8JsonReader reader = new(groq);
        reader.Read();
        while (reader.TokenType != JsonTokenType.Null && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool usage = reader.ValueTextEquals("usage"u8);
            reader.Read();
            if (usage)
                Usage(ref reader);
            else
                reader.Skip();
        }
    }

    /// <summary>Perplexity and xAI name their sources beside the choices, some on every chunk: they are said once, at the end.</summary>
    private void KeepSources(ReadOnlySpan<byte> array)
    {
        // The results of the search have titles: better than the bare addresses.
        if (array.Length > 2 && array[0] == (byte)'[' && (_sources is null || array.IndexOf((byte)'{') > 0))
            _sources = array.ToArray();
    }

    private void SayEnd()
    {
        if (_over)
            return;
        _done = true;
        _over = true;
        if (Listening)
        {
            EnsureBegun();
            if (_sources is not null && _said.Count > 0)
                _said[0].Sources(_sources);
            foreach (OpenAiChoice choice in _said)
                choice.SayFinish();
        }

        sink.End();
    }

    private static ulong Bit(int choice) => 1UL << Math.Min(choice, 63);
}
