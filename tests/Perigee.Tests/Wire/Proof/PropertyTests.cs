using System.Buffers;
using System.Text;
using CsCheck;
using Perigee.Tests.Wire.Proving.Grammar;
using Perigee.Wire;

namespace Perigee.Tests.Wire.Proving;

/// <summary>Random conversations and answers: there and back keeps what both dialects can say.</summary>
public sealed class PropertyTests(ITestOutputHelper output)
{
    private const int Conversations = 400;
    private const int Answers = 1000;

    public static TheoryData<string, string> Ways => [.. from a in Dialects.Names from b in Dialects.Names select (a, b)];

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_conversation_goes_there_and_back(string from, string to)
    {
        Gen.Int.Sample(
            seed =>
            {
                Random random = new(seed);
                List<Conversations.Turn> turns = Proving.Conversations.Random(random);
                byte[] body = Proving.Conversations.In(from, turns, random);
                string what = $"seed {seed}: {Encoding.UTF8.GetString(body)}";
                (ChatQuestion? asked, GatewayError? error) = Dialects.Read(from, body, false);
                Assert.True(asked is not null, $"{error?.Param}: {error?.Message}\n{what}");
                (byte[]? there, error, _) = Dialects.Write(to, asked);
                Assert.True(there is not null, $"{error?.Param}: {error?.Message}\n{what}");
                (ChatQuestion? read, error) = Dialects.Read(to, there, false);
                Assert.True(read is not null, $"{error?.Param}: {error?.Message}\nin {Encoding.UTF8.GetString(there)}\n{what}");
                (byte[]? back, error, _) = Dialects.Write(from, read);
                Assert.True(back is not null, $"{error?.Param}: {error?.Message}\nin {Encoding.UTF8.GetString(there)}\n{what}");
                (ChatQuestion? again, error) = Dialects.Read(from, back, false);
                Assert.True(again is not null, $"{error?.Param}: {error?.Message}\nin {Encoding.UTF8.GetString(back)}\n{what}");

                // OpenAI has no word for a failed result, and Google's results are wrapped: texts are looked for, not forms.
                Assert.True(Asked.Lost(asked, again) is not { } lost, $"lost: {Asked.Lost(asked, again)}\nthere {Encoding.UTF8.GetString(there)}\nback {Encoding.UTF8.GetString(back)}\n{what}");
                Assert.Equal(Calls(asked), Calls(again));
                Assert.Equal(asked.Tools.Count, again.Tools.Count);
                if (from == to)
                    Assert.Equal(Asked.Describe(asked), Asked.Describe(again));
            },
            iter: Conversations,
            threads: 1,
            writeLine: output.WriteLine);
    }

    public static TheoryData<string> Each => [.. Dialects.Names];

    [Theory]
    [MemberData(nameof(Each))]
    public void What_is_said_to_a_writer_is_read_of_its_stream(string dialect)
    {
        Gen.Int.Sample(
            seed =>
            {
                Random random = new(seed);
                Script script = Script.Random(random);
                Told source = new();
                script.Say(source);
                source.AssertKept("the script");
                foreach (bool streamed in (bool[])[true, false])
                {
                    ArrayBufferWriter<byte> written = new();
                    using (IAnswerWriter writer = Dialects.Of(dialect).Writer(written, Dialects.Shape(streamed)))
                        script.Say(writer);
                    string what = $"seed {seed}:\n{script.Words}{Encoding.UTF8.GetString(written.WrittenSpan)}";
                    if (streamed)
                    {
                        Parsed parsed = StreamGrammar.Check(dialect, written.WrittenSpan);
                        Assert.True(parsed.Faults.Count == 0, $"{string.Join("; ", parsed.Faults)}\n{what}");
                        Assert.True(StreamGrammar.CutsLookWhole(dialect, written.WrittenSpan, random, most: 20) is not { } cut, what);
                    }
                    else
                    {
                        string? fault = WholeGrammar.Fault(dialect, Json.Parse(written.WrittenSpan));
                        Assert.True(fault is null, $"{fault}\n{what}");
                    }

                    Told read = Dialects.Tell(dialect, written.WrittenSpan, streamed ? Framing.Sse : Framing.Whole);
                    Assert.True(Same.Differs(source, read, "a script", dialect) is not { } difference, $"{(streamed ? "stream" : "whole")}: {Same.Differs(source, read, "a script", dialect)}\n{what}");
                    Assert.Equal(source.First.Calls.Select(c => c.CallId), read.First.Calls.Select(c => c.CallId));
                }
            },
            iter: Answers,
            threads: 1,
            writeLine: output.WriteLine);
    }

    private static IEnumerable<string> Calls(ChatQuestion question) =>
        question.Turns.SelectMany(t => t.Parts).OfType<ToolCallPart>().Select(c => $"{c.Name} {Json.Canonical(Encoding.UTF8.GetString(c.Arguments.Span))}");
}
