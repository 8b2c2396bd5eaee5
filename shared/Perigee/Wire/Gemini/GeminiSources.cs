using System.Text.Json;

namespace Perigee.Wire.Gemini;

/// <summary>
/// Turns <c>groundingMetadata</c> and <c>citationMetadata</c> into citations. Google's supports point into its list of chunks, which in a
/// stream goes on from event to event, and count bytes from the beginning of a part. Source: the discovery document, "GroundingSupport".
/// </summary>
internal sealed class GeminiSources
{
    private readonly List<(byte[] Url, byte[] Title)> _chunks = [];
    private readonly HashSet<int> _cited = [];
    private readonly List<byte[]> _loose = [];
    private int _said;

    /// <summary>Says the citations of a <c>groundingMetadata</c>.</summary>
    /// <returns>How many searches it names.</returns>
    public int Ground(Utf8JsonReader reader, IStreamSink sink, GeminiChoice choice)
    {
        Utf8JsonReader chunks = default, supports = default;
        int searches = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isChunks = GeminiNames.Is(ref reader, "groundingChunks"u8);
            bool isSupports = GeminiNames.Is(ref reader, "groundingSupports"u8);
            bool isQueries = GeminiNames.Is(ref reader, "webSearchQueries"u8);
            reader.Read();
            if (isChunks)
                chunks = reader;
            else if (isSupports)
                supports = reader;
            if (isQueries && reader.TokenType == JsonTokenType.StartArray)
            {
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    searches++;
                    reader.Skip();
                }
            }
            else
            {
                reader.Skip();
            }
        }

        if (!sink.ListensToContent)
            return searches;
        bool repeated = chunks.TokenType == JsonTokenType.StartArray && Chunks(chunks);
        if (supports.TokenType == JsonTokenType.StartArray)
            Supports(supports, sink, choice, repeated ? _said : 0);
        return searches;
    }

    /// <summary>Says the pages that were read but support no certain words, once no more supports can come.</summary>
    public void SayRest(IStreamSink sink, int choice)
    {
        for (int i = 0; i < _chunks.Count; i++)
        {
            if (_chunks[i].Url.Length > 0 && _cited.Add(i) && IsNew(_chunks[i].Url))
                Say(sink, choice, _chunks[i], -1, -1);
        }
    }

    /// <summary>Says the citations of a <c>citationMetadata</c>: <c>citationSources</c> there, <c>citations</c> on Vertex.</summary>
    public void Cite(Utf8JsonReader reader, IStreamSink sink, GeminiChoice choice)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isList = GeminiNames.Is(ref reader, "citationSources"u8) || reader.ValueTextEquals("citations"u8);
            reader.Read();
            if (!isList || reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                Source(ref reader, sink, choice);
        }
    }

    private void Source(scoped ref Utf8JsonReader reader, IStreamSink sink, GeminiChoice choice)
    {
        ReadOnlySpan<byte> url = default, title = default;
        int start = -1, end = -1;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isStart = GeminiNames.Is(ref reader, "startIndex"u8);
            bool isEnd = GeminiNames.Is(ref reader, "endIndex"u8);
            bool isUrl = reader.ValueTextEquals("uri"u8);
            bool isTitle = reader.ValueTextEquals("title"u8);
            reader.Read();
            if (reader.TokenType == JsonTokenType.String && (isUrl || isTitle))
            {
                if (isUrl)
                    url = reader.ValueSpan;
                else
                    title = reader.ValueSpan;
            }
            else if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int offset))
            {
                if (isStart)
                    start = offset;
                else if (isEnd)
                    end = offset;
            }

            reader.Skip();
        }

        if (url.IsEmpty)
            return;

        // A beginning of 0 is left out, as every zero is in the JSON of protocol buffers.
        int first = end < 0 ? -1 : choice.Offsets.ToPoints(Math.Max(0, start)), last = choice.Offsets.ToPoints(end);
        bool known = first >= 0 && last >= first;
        if (!known && !IsNew(url))
            return;
        sink.Citation(choice.Index, new Citation(new JsonText(url)) { Title = new JsonText(title), Start = known ? first : -1, End = known ? last : -1 });
    }

    /// <summary>Whether a page that supports no certain words is not yet said: Google names some again and again.</summary>
    private bool IsNew(ReadOnlySpan<byte> url)
    {
        foreach (byte[] known in _loose)
        {
            if (url.SequenceEqual(known))
                return false;
        }

        _loose.Add(url.ToArray());
        return true;
    }

    /// <summary>Takes the chunks of an event. True where they are those of an earlier event again, not more of them.</summary>
    private bool Chunks(Utf8JsonReader reader)
    {
        bool repeated = false;
        int at = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            (byte[] url, byte[] title) = Chunk(ref reader);
            if (at == 0)
                repeated = _chunks.Count > 0 && url.AsSpan().SequenceEqual(_chunks[0].Url);
            if (!repeated || at >= _chunks.Count)
                _chunks.Add((url, title));
            at++;
        }

        return repeated;
    }

    /// <summary>One chunk: <c>{"web":{"uri","title"}}</c>, or another kind in place of <c>web</c>.</summary>
    private static (byte[] Url, byte[] Title) Chunk(scoped ref Utf8JsonReader reader)
    {
        byte[] url = [], title = [];
        int depth = reader.CurrentDepth;
        while (reader.Read() && !(reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == depth))
        {
            if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth != depth + 2)
                continue;
            bool isUrl = reader.ValueTextEquals("uri"u8) || GeminiNames.Is(ref reader, "sourceUri"u8);
            bool isTitle = reader.ValueTextEquals("title"u8);
            reader.Read();
            if (reader.TokenType == JsonTokenType.String && isUrl && url.Length == 0)
                url = reader.ValueSpan.ToArray();
            else if (reader.TokenType == JsonTokenType.String && isTitle)
                title = reader.ValueSpan.ToArray();
            reader.Skip();
        }

        return (url, title);
    }

    private void Supports(Utf8JsonReader reader, IStreamSink sink, GeminiChoice choice, int skipped)
    {
        int at = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            Utf8JsonReader chunks = default;
            int start = 0, end = -1, part = 0;
            int depth = reader.CurrentDepth;
            while (reader.Read() && !(reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == depth))
            {
                if (reader.TokenType != JsonTokenType.PropertyName)
                    continue;
                bool isChunks = GeminiNames.Is(ref reader, "groundingChunkIndices"u8);
                bool isStart = GeminiNames.Is(ref reader, "startIndex"u8);
                bool isEnd = GeminiNames.Is(ref reader, "endIndex"u8);
                bool isPart = GeminiNames.Is(ref reader, "partIndex"u8);
                reader.Read();
                if (isChunks && reader.TokenType == JsonTokenType.StartArray)
                {
                    chunks = reader;
                    reader.Skip();
                }
                else if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int number))
                {
                    if (isStart)
                        start = number;
                    else if (isEnd)
                        end = number;
                    else if (isPart)
                        part = number;
                }
            }

            if (at++ < skipped)
                continue;
            _said++;
            (int first, int last) = Place(choice, part, start, end);
            if (chunks.TokenType != JsonTokenType.StartArray)
                continue;
            while (chunks.Read() && chunks.TokenType == JsonTokenType.Number)
            {
                if (chunks.TryGetInt32(out int chunk) && chunk >= 0 && chunk < _chunks.Count && _chunks[chunk].Url.Length > 0)
                {
                    _cited.Add(chunk);
                    Say(sink, choice.Index, _chunks[chunk], first, last);
                }
            }
        }
    }

    private static (int First, int Last) Place(GeminiChoice choice, int part, int start, int end)
    {
        // The recorded answers name no part and count from the beginning of the visible text; some reach a few bytes beyond its end.
        int origin = part > 0 && part < choice.PartStarts.Count ? choice.PartStarts[part] : part == 0 ? 0 : -1;
        if (origin < 0 || end < 0)
            return (-1, -1);
        int first = choice.Offsets.ToPoints(origin + start), last = choice.Offsets.ToPoints(Math.Min(origin + end, choice.Offsets.ByteCount));
        return first < 0 || last < first ? (-1, -1) : (first, last);
    }

    private static void Say(IStreamSink sink, int choice, (byte[] Url, byte[] Title) chunk, int first, int last) =>
        sink.Citation(choice, new Citation(new JsonText(chunk.Url)) { Title = new JsonText(chunk.Title), Start = first, End = last });
}
