using System.Text;
using System.Text.Json;
using Perigee.Tests.Wire.Proving.Grammar;

namespace Perigee.Tests.Wire.Proving;

/// <summary>Every recorded answer: read, cut, written again in its own dialect and in the others.</summary>
public sealed class CorpusAnswerTests(ITestOutputHelper output)
{
    private const int Seed = 20261123;

    /// <summary>A cut at every byte is quadratic in the length of an event: long streams are cut at random only.</summary>
    private const int MostForOneByte = 60_000;

    public static TheoryData<string> Each => [.. Dialects.Names];

    public static TheoryData<string, string> Ways => [.. from a in Dialects.Names from b in Dialects.Names select (a, b)];

    [Theory]
    [MemberData(nameof(Each))]
    public void Every_recorded_answer_is_read(string dialect)
    {
        Assert.SkipUnless(Corpus.IsHere, Corpus.Absent);
        Disagreements read = new($"read:{dialect}");
        int errors = 0;
        foreach (Recorded recorded in Recorded.All.Where(r => r.Dialect == dialect && r.Answer is not null))
        {
            Told told = new();
            try
            {
                told.Ended = Dialects.Feed(dialect, told, recorded.Answer, recorded.Framing).Ended;
            }
            catch (Exception e)
            {
                read.Disagree(recorded.Name, e.GetType().Name + " " + e.Message);
                continue;
            }

            bool isError = recorded.Status >= 400 || IsError(recorded.Answer!);
            if (told.Faults.Count > 0)
                read.Disagree(recorded.Name, string.Join(", ", told.Faults));
            else if (isError && (told.ErrorMessage is not { Length: > 0 } || told.EndSaid))
                read.Disagree(recorded.Name, $"{recorded.Status} is not read as an error: {Start(recorded)}");
            else if (!isError && told.ErrorMessage is not null)
                read.Disagree(recorded.Name, $"an answer is read as the error {told.ErrorMessage}: {Start(recorded)}");
            else if (!isError && !(told.Complete && told.Ended))
                read.Disagree(recorded.Name, $"not complete: {End(recorded)}");
            else
                read.Agree();
            errors += isError ? 1 : 0;
        }

        output.WriteLine($"{dialect}: {read.Agreed} as expected, {errors} of them errors; {read.Disagreed} disagree as listed");
        read.AssertReviewed();
        Assert.True(read.Agreed > 700);
    }

    [Theory]
    [MemberData(nameof(Each))]
    public void Cuts_change_nothing(string dialect)
    {
        Assert.SkipUnless(Corpus.IsHere, Corpus.Absent);
        output.WriteLine($"seed {Seed}");
        Random random = new(Seed);
        Disagreements cut = new($"cut:{dialect}");
        int ones = 0;
        foreach (Recorded recorded in Recorded.Answers.Where(r => r.Dialect == dialect && r.Framing != Framing.Whole))
        {
            string whole = Dialects.Tell(dialect, recorded.Answer, recorded.Framing).Summary();
            string pieces = Dialects.Tell(dialect, recorded.Answer, recorded.Framing, () => random.Next(1, 200)).Summary();
            string bytes = whole;
            if (recorded.Answer!.Length < MostForOneByte)
            {
                bytes = Dialects.Tell(dialect, recorded.Answer, recorded.Framing, () => 1).Summary();
                ones++;
            }

            if (whole == pieces && whole == bytes)
                cut.Agree();
            else
                cut.Disagree(recorded.Name, $"{whole} | {pieces} | {bytes}");
        }

        output.WriteLine($"{dialect}: {cut.Agreed} streams cut at random, {ones} at every byte: the same");
        cut.AssertReviewed();
        Assert.True(cut.Agreed > 80);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Every_answer_says_the_same_in_every_dialect(string from, string to)
    {
        Assert.SkipUnless(Corpus.IsHere, Corpus.Absent);
        string way = from == to ? $"again:{from}" : $"cross:{from}:{to}";
        Disagreements same = new(way);
        Random random = new(Seed);
        int streams = 0, wholes = 0;
        foreach (Recorded recorded in Recorded.Answers.Where(r => r.Dialect == from))
        {
            Told source = Dialects.Tell(from, recorded.Answer, recorded.Framing);
            if (source.ErrorMessage is null && !source.Complete)
                continue;
            string? why;
            try
            {
                why = Stream(recorded, source, to, random) ?? Whole(recorded, source, to);
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                why = $"{e.GetType().Name} {e.Message} {e.StackTrace?.Split('\n').FirstOrDefault()}";
            }

            if (why is null)
            {
                same.Agree();
                streams++;
                wholes++;
            }
            else
            {
                same.Disagree(recorded.Name, why);
            }
        }

        output.WriteLine($"{from} to {to}: {streams} as a stream, {wholes} whole, the same; {same.Disagreed} disagree as listed");
        same.AssertReviewed();
        Assert.True(same.Agreed > 600);
    }

    private static string? Stream(Recorded recorded, Told source, string to, Random random)
    {
        byte[] stream = Dialects.Render(recorded.Dialect, recorded.Answer, recorded.Framing, to, Dialects.Shape(stream: true));
        Parsed parsed = StreamGrammar.Check(to, stream, usageAsked: source.LastUsage is not null);
        if (parsed.Faults.Count > 0)
            return "stream, grammar: " + string.Join(", ", parsed.Faults.Take(3));
        Told again = Dialects.Tell(to, stream, Framing.Sse);
        if (Same.Differs(source, again, recorded.Dialect, to) is { } difference)
            return "stream: " + difference;
        if (StreamGrammar.CutsLookWhole(to, stream, random, most: 12) is { } cut)
            return "stream, " + cut;
        if (to != Dialects.Gemini)
            return null;
        byte[] array = Dialects.Render(recorded.Dialect, recorded.Answer, recorded.Framing, to, Dialects.Shape(stream: true, asArray: true));
        if (source.ErrorMessage is null && StreamGrammar.Check(to, array, asArray: true) is { Faults.Count: > 0 } bad)
            return "array, grammar: " + string.Join(", ", bad.Faults.Take(3));
        return null;
    }

    private static string? Whole(Recorded recorded, Told source, string to)
    {
        byte[] whole = Dialects.Render(recorded.Dialect, recorded.Answer, recorded.Framing, to, Dialects.Shape(stream: false));
        if (Json.TryParse(Encoding.UTF8.GetString(whole)) is not { ValueKind: JsonValueKind.Object } body)
            return "whole: no JSON object: " + Encoding.UTF8.GetString(whole);
        if (source.ErrorMessage is null && WholeGrammar.Fault(to, body) is { } fault)
            return "whole, grammar: " + fault;
        return Same.Differs(source, Dialects.Tell(to, whole, Framing.Whole), recorded.Dialect, to) is { } difference ? "whole: " + difference : null;
    }

    private static bool IsError(byte[] answer)
    {
        JsonElement? body = Json.TryParse(Encoding.UTF8.GetString(answer));
        if (body is { ValueKind: JsonValueKind.Array } array && array.GetArrayLength() > 0)
            body = array[0];
        return Json.Get(body, "error") is { ValueKind: JsonValueKind.Object or JsonValueKind.String } || (body is null && Encoding.UTF8.GetString(answer).Contains("\"error\":{", StringComparison.Ordinal));
    }

    private static string Start(Recorded recorded) => Encoding.UTF8.GetString(recorded.Answer!)[..Math.Min(200, recorded.Answer!.Length / 2)];

    private static string End(Recorded recorded)
    {
        string text = Encoding.UTF8.GetString(recorded.Answer!);
        return text[Math.Max(0, text.Length - 200)..];
    }
}
