using System.Buffers;
using System.Text;
using System.Text.Json;
using Perigee.Wire;
using Perigee.Wire.Gemini;

namespace Perigee.Tests.Wire.Gemini;

/// <summary>Recorded answers and questions: read, written again, read again, and nothing is lost.</summary>
public sealed class GeminiCorpusTests
{
    private static readonly ProofSeal Seal = new("secret"u8.ToArray(), "tenant");

    [Fact]
    public void Recorded_answers_survive_the_way_through_the_verbs()
    {
        Assert.SkipUnless(Corpus.IsHere, Corpus.Absent);
        int read = 0;
        foreach (JsonElement exchange in Corpus.Exchanges(IsGemini))
        {
            string file = exchange.GetProperty("file").GetString()!;
            List<byte[]> events = Events(exchange);
            if (events.Count == 0)
                continue;
            Spoken said = new();
            GeminiReader reader = new(said, "s");
            foreach (byte[] data in events)
                reader.ReadEvent([], data);
            reader.Close();
            if (said.Verbs.Exists(verb => verb.StartsWith("error", StringComparison.Ordinal)) || !reader.Ended)
                continue;
            read++;
            Assert.Equal("end", said.Verbs[^1]);
            Assert.True(said.Verbs.FindIndex(verb => verb.StartsWith("finish", StringComparison.Ordinal)) > said.Verbs.FindLastIndex(IsContent), file);
            Total(events[^1], said.LastUsage, file);
            foreach (bool stream in new[] { false, true })
                Assert.True(Semantics(said.Verbs) == Semantics(Again(events, stream)), $"{file} stream {stream}\n{Semantics(said.Verbs)}\n---\n{Semantics(Again(events, stream))}");
        }

        Assert.True(read > 800, $"only {read} read");
        TestContext.Current.TestOutputHelper?.WriteLine($"{read} answers");
    }

    [Fact]
    public void Recorded_questions_mean_the_same_after_the_way_through_the_dialect_free_form()
    {
        Assert.SkipUnless(Corpus.IsHere, Corpus.Absent);
        int asked = 0;
        foreach (JsonElement exchange in Corpus.Exchanges(IsGemini))
        {
            string file = exchange.GetProperty("file").GetString()!;
            if (exchange.GetProperty("request") is not { ValueKind: JsonValueKind.Object } request || !request.TryGetProperty("body", out JsonElement body)
                || body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("contents", out _) || exchange.GetProperty("response").GetProperty("status").GetInt32() != 200)
            {
                continue;
            }

            asked++;
            string first = Written(body.GetRawText(), file, out Translation translation);
            Assert.True(translation.Dropped.TrueForAll(field => field.Contains('[', StringComparison.Ordinal) || field.StartsWith("toolConfig.", StringComparison.Ordinal)), file + " " + string.Join(',', translation.Dropped));

            // What was written reads as what was read: a second time changes nothing.
            Assert.Equal(first, Written(first, file, out _));
        }

        Assert.True(asked > 700, $"only {asked} asked");
    }

    private static string Written(string body, string file, out Translation translation)
    {
        Assert.True(JsonIndex.TryParse(Encoding.UTF8.GetBytes(body), out JsonIndex? index, out string? fault), file + fault);
        bool read = GeminiDialect.Instance.TryRead(index, new QuestionContext(false, Seal), out ChatQuestion? question, out GatewayError? error);
        Assert.True(read, file + " " + error?.Message);
        translation = new Translation("gemini", new ModelTraits());
        ArrayBufferWriter<byte> output = new();
        error = GeminiDialect.Instance.Write(question!, translation, output);
        Assert.True(error is null, file + " " + error?.Message);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static bool IsGemini(JsonElement exchange) => exchange.GetProperty("dialect").GetString() == "gemini";

    private static bool IsContent(string verb) => !verb.StartsWith("finish", StringComparison.Ordinal) && verb != "end" && !verb.StartsWith("usage", StringComparison.Ordinal);

    private static void Total(byte[] last, TokenUsage usage, string file)
    {
        using JsonDocument document = JsonDocument.Parse(last);
        if (document.RootElement.TryGetProperty("usageMetadata", out JsonElement metadata) && metadata.TryGetProperty("totalTokenCount", out JsonElement total))
            Assert.True(total.GetInt64() == usage.Input + usage.Output, file);
    }

    /// <summary>The verbs in which writing and reading again may not differ: text joined, names and numbers of places left out.</summary>
    private static string Semantics(List<string> verbs)
    {
        StringBuilder joined = new();
        string open = "";
        foreach (string verb in verbs)
        {
            int space = verb.IndexOf(' ', StringComparison.Ordinal);
            string word = space < 0 ? verb : verb[..space];
            if (word is "usage" or "begin" || (word == "args" && verb.EndsWith(" {}", StringComparison.Ordinal)))
                continue;
            if (word.StartsWith("text", StringComparison.Ordinal) || word.StartsWith("reasoning", StringComparison.Ordinal))
            {
                joined.Append(open == word ? "" : "\n" + word + " ").Append(verb[(space + 1)..]);
                open = word;
            }
            else
            {
                joined.Append('\n').Append(verb);
                open = "";
            }
        }

        return joined.Append('\n').Append(verbs.FindLast(verb => verb.StartsWith("usage", StringComparison.Ordinal))?.Split(" searches")[0]).ToString();
    }

    private static List<string> Again(List<byte[]> events, bool stream)
    {
        ArrayBufferWriter<byte> output = new();
        GeminiWriter writer = new(output, new AnswerShape { Stream = stream, AsArray = true, Id = "id", Model = "m", Seal = Seal });
        GeminiReader reader = new(writer, "s");
        foreach (byte[] data in events)
            reader.ReadEvent([], data);
        reader.Close();
        Spoken said = new();
        new GeminiReader(said, "s").ReadWhole(output.WrittenSpan);
        return said.Verbs;
    }

    private static List<byte[]> Events(JsonElement exchange)
    {
        JsonElement response = exchange.GetProperty("response");
        List<byte[]> events = [];
        if (response.TryGetProperty("events", out JsonElement parsed) && parsed.ValueKind == JsonValueKind.Array)
        {
            events.AddRange(parsed.EnumerateArray().Select(data => Encoding.UTF8.GetBytes(data.GetRawText())));
            return events;
        }

        if (!response.TryGetProperty("body", out JsonElement body) || body.ValueKind != JsonValueKind.String)
            return events;
        byte[] bytes = Encoding.UTF8.GetBytes(body.GetString()!);
        int at = 0, scanned = 0;
        if (exchange.GetProperty("framing").GetString() == "sse")
        {
            while (SseFrame.TryRead(bytes.AsSpan(at), atEnd: true, ref scanned, out SseFrame frame))
            {
                if (!frame.Data.IsEmpty)
                    events.Add(frame.Data.ToArray());
                at += frame.Length;
            }

            return events;
        }

        JsonArrayScan scan = default;
        while (JsonArrayFrame.TryRead(bytes.AsSpan(at), atEnd: true, ref scan, out JsonArrayFrame element))
        {
            if (!element.Data.IsEmpty)
                events.Add(element.Data.ToArray());
            at += element.Length;
        }

        return events;
    }
}
