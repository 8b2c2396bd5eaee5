using System.Buffers;
using System.Text;
using System.Text.Json;
using Perigee.Tests.Wire.Proving.Grammar;
using Perigee.Wire;

namespace Perigee.Tests.Wire.Proving;

/// <summary>Every rule of the reference's sections 2, 4, 5 and 8 to 12 for the three dialects, as files.</summary>
public sealed class GoldenTests
{
    public static TheoryData<string> Files => [.. Golden.Names];

    [Theory]
    [MemberData(nameof(Files))]
    public void Golden_file(string name)
    {
        Golden golden = Golden.Load(name);
        if (golden.Section("question") is { } question)
            Question(golden, question);
        else if (golden.Section("gateway-error") is not null)
            Error(golden);
        else
            Answers(golden);
    }

    [Fact]
    public void There_are_at_least_ninety_and_each_names_its_rule()
    {
        List<Golden> all = [.. Golden.Names.Select(Golden.Load)];
        Assert.True(all.Count >= 90, $"{all.Count}");
        Assert.All(all, golden => Assert.False(string.IsNullOrEmpty(golden["rule"]), golden.Name));
    }

    private static void Question(Golden golden, string text)
    {
        byte[] body = Encoding.UTF8.GetBytes(text);
        (ChatQuestion? question, GatewayError? error) = Dialects.Read(golden.From, body, golden.Stream);
        byte[]? written = null;
        Translation? translation = null;
        if (question is not null)
            (written, error, translation) = Dialects.Write(golden.To, question, golden.Traits(), strict: golden["strict"] == "true");
        if (golden.Section("error") is { } expected && (error is not null || golden.Section("expect") is null))
        {
            string[] lines = expected.Split('\n');
            Assert.True(error is not null, $"expected an error that names {lines[0]}, but it was written: {(written is null ? "" : Encoding.UTF8.GetString(written))}");
            Assert.Equal(ErrorKind.BadRequest, error.Kind);
            Assert.Contains(error.Param, lines[0].Split(" | "));
            foreach (string word in lines.Skip(1).Where(l => l.Length > 0))
                Assert.Contains(word, error.Message, StringComparison.OrdinalIgnoreCase);
            return;
        }

        Assert.True(error is null, $"{error?.Param}: {error?.Message}");
        string? difference = Json.Differs(golden.Expectation(), Json.Parse(written!), loose: false);
        Assert.True(difference is null, $"{difference}\nin {Encoding.UTF8.GetString(written!)}");
        if (!golden.AnyDropped)
        {
            string[] dropped = (golden.Section("dropped") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(dropped.Order(StringComparer.Ordinal), translation!.Dropped.Order(StringComparer.Ordinal));
        }

        // Equal questions give equal bytes: the provider's prompt cache depends on it.
        (byte[]? again, _, _) = Dialects.Write(golden.To, Dialects.Read(golden.From, body, golden.Stream).Question!, golden.Traits());
        Assert.Equal(written, again);
    }

    private static void Answers(Golden golden)
    {
        int inputs = 0;
        foreach ((string section, Framing usual) in ((string, Framing)[])[("answer-stream", Framing.Sse), ("answer-whole", Framing.Whole)])
        {
            if (golden.Section(section) is not { } text)
                continue;
            inputs++;
            Framing framing = text.StartsWith('[') ? Framing.Array : usual;
            byte[] bytes = Encoding.UTF8.GetBytes(framing == Framing.Sse ? text + "\n\n" : text);
            Told told = Dialects.Tell(golden.From, bytes, framing);
            told.AssertKept(section);
            if (golden.Section("error") is { } expected)
            {
                Assert.True(told.ErrorMessage is not null, $"{section}: no error was told: {told.Summary()}");
                foreach (string word in expected.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                    Assert.Contains(word, $"{told.ErrorMessage} {told.ErrorCode} {told.ErrorStatus}", StringComparison.Ordinal);
                Assert.False(told.EndSaid);
            }
            else
            {
                Assert.True(told.ErrorMessage is null, $"{section}: {told.ErrorMessage}");
                Assert.True(golden["ends"] == "no" ? !told.Ended : told.Ended && told.EndSaid, $"{section}: {told.Summary()}");
            }

            if (golden["ends"] == "no")
                continue;
            if (golden.Section("expect") is not null && golden.Section("error") is null)
            {
                byte[] whole = Dialects.Render(golden.From, bytes, framing, golden.To, golden.Shape(stream: false));
                Agrees(golden, $"{section} to whole", Json.Parse(whole), golden.Expectation());
            }

            byte[] stream = Dialects.Render(golden.From, bytes, framing, golden.To, golden.Shape(stream: true));
            string shown = Encoding.UTF8.GetString(stream);
            AnswerShape shape = golden.Shape(true);
            Parsed parsed = StreamGrammar.Check(golden.To, stream, shape.StreamUsage, shape.AsArray);
            Assert.True(parsed.Faults.Count == 0, $"{section} to stream: {string.Join("; ", parsed.Faults)}\nin {shown}");
            Assert.Equal(golden.Section("error") is not null, parsed.Failed);
            if (golden.Section("expect") is not null)
                Agrees(golden, $"{section} to stream", parsed.Folded, golden.Expectation(golden.Section("expect-folded") is null ? "expect" : "expect-folded"), shown);
            if (golden.Section("expect-stream") is { } events && section == "answer-stream")
                SameEvents(golden.To, events, stream);
            if (!shape.AsArray)
                Assert.Null(StreamGrammar.CutsLookWhole(golden.To, stream, new Random(1)));
        }

        Assert.True(inputs > 0, "no input");
    }

    private static void Agrees(Golden golden, string what, JsonElement actual, JsonElement expected, string? shown = null)
    {
        string? difference = Json.Differs(expected, actual, loose: true);
        Assert.True(difference is null, $"{golden.Name}, {what}: {difference}\nin {shown ?? actual.GetRawText()}");
    }

    private static void SameEvents(string dialect, string expected, byte[] stream)
    {
        string blank = dialect == Dialects.Gemini ? "\r\n\r\n" : "\n\n";
        List<StreamEvent> wanted = StreamGrammar.Events(Encoding.UTF8.GetBytes(expected + "\n\n"), "\n\n");
        List<StreamEvent> seen = StreamGrammar.Events(stream, blank);
        string shown = Encoding.UTF8.GetString(stream);
        Dictionary<string, string> names = [];
        for (int i = 0; i < Math.Min(wanted.Count, seen.Count); i++)
        {
            Assert.True(wanted[i].Name == seen[i].Name, $"event {i}: {wanted[i].Raw} expected, was {seen[i].Raw}\nin {shown}");
            if (wanted[i].Data == "[DONE]")
            {
                Assert.Equal("[DONE]", seen[i].Data);
                continue;
            }

            string? difference = Json.Differs(Json.Parse(wanted[i].Data), Json.Parse(seen[i].Data), loose: true, names);
            Assert.True(difference is null, $"event {i}: {difference}\nin {shown}");
        }

        Assert.True(wanted.Count == seen.Count, $"{wanted.Count} events expected, {seen.Count} seen\nin {shown}");
    }

    /// <summary>The gateway's own errors in a dialect, whole and as the end of a stream.</summary>
    private static void Error(Golden golden)
    {
        JsonElement given = golden.Expectation("gateway-error");
        GatewayError error = new(Enum.Parse<ErrorKind>(Json.Text(given, "kind")!), Json.Text(given, "message")!, Json.Text(given, "param")) { Code = Json.Text(given, "code") };
        if (Json.Number(given, "status") is var status and > 0)
            error = error with { Status = (int)status };
        ArrayBufferWriter<byte> output = new();
        Dialects.Of(golden.To).WriteError(output, error);
        Agrees(golden, "whole", Json.Parse(output.WrittenSpan), golden.Expectation());
        Assert.True(Dialects.Of(golden.To).IsOwnError(output.WrittenSpan));
        if (golden.Section("expect-stream") is { } events)
        {
            output.Clear();
            Dialects.Of(golden.To).WriteErrorEvent(output, error);
            SameEvents(golden.To, events, output.WrittenSpan.ToArray());
            Told told = Dialects.Tell(golden.To, output.WrittenSpan, Framing.Sse);
            Assert.Contains(error.Message, told.ErrorMessage, StringComparison.Ordinal);
            Assert.False(told.Complete);
        }
    }
}
