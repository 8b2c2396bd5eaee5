using System.Buffers;
using System.Diagnostics;
using System.Text;
using Perigee.Wire;

namespace Perigee.Tests.Wire.Proving;

/// <summary>
/// Mutated questions, answers and streams: nothing throws, nothing hangs, memory stays flat. What is started from: the golden files' own
/// texts, and random conversations and answers; the corpus where it is here.
/// </summary>
[Collection(nameof(Alone))]
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int Bodies = 200_000;
    private const int Seed = 20261124;

    /// <summary>A body of a few kilobytes is done in a fraction of a millisecond: this is a hang, also on a busy machine.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    [Fact]
    public void Two_hundred_thousand_mutated_bodies_do_no_harm()
    {
        output.WriteLine($"seed {Seed}");
        List<Start> starts = Starts();
        output.WriteLine($"{starts.Count} starting texts");
        int workers = Math.Max(2, Environment.ProcessorCount);
        Run(starts, 2_000, 0, []);
        long before = Memory();
        Stopwatch time = Stopwatch.StartNew();
        List<string> faults = [];
        Parallel.For(0, workers, worker => Run(starts, Bodies / workers, worker + 1, faults));
        output.WriteLine($"{Bodies} bodies in {time.Elapsed.TotalSeconds:0.0} s on {workers} threads");
        long grown = Memory() - before;
        output.WriteLine($"heap {before / 1024} KiB before, {grown / 1024} KiB more after");
        Assert.True(faults.Count == 0, $"{faults.Count} faults\n{string.Join("\n\n", faults.Take(40))}");
        Assert.True(grown < 16 * 1024 * 1024, $"{grown} bytes more");
    }

    private static void Run(List<Start> starts, int count, int worker, List<string> faults)
    {
        Random random = new(Seed + worker);
        ArrayBufferWriter<byte> written = new();
        for (int i = 0; i < count; i++)
        {
            Start start = starts[random.Next(starts.Count)];
            byte[] bytes = random.Next(20) == 0 ? start.Bytes : Mutator.Mutate(start.Bytes, random);
            string other = Dialects.Names[random.Next(3)];
            long began = Stopwatch.GetTimestamp();
            string? fault = null;
            try
            {
                if (start.IsQuestion)
                    Ask(start.Dialect, bytes, other, random);
                else
                    fault = Answer(start, bytes, other, random, written);
            }
            catch (Exception e)
            {
                fault = $"{e.GetType().Name}: {e.Message}\n{string.Join('\n', (e.StackTrace ?? "").Split('\n').Take(9))}";
            }

            if (Stopwatch.GetElapsedTime(began) > Longest)
                fault ??= $"took {Stopwatch.GetElapsedTime(began)}";
            if (fault is null)
                continue;
            lock (faults)
            {
                if (faults.Count < 200)
                    faults.Add($"{start.Dialect} to {other} ({start.Framing}, {(start.IsQuestion ? "question" : "answer")}): {fault}\n{Encoding.UTF8.GetString(bytes.AsSpan(0, Math.Min(bytes.Length, 1500)))}");
            }
        }
    }

    private static void Ask(string dialect, byte[] bytes, string other, Random random)
    {
        (ChatQuestion? question, GatewayError? error) = Dialects.Read(dialect, bytes, random.Next(2) == 0);
        if (question is null)
        {
            if (error!.Kind != ErrorKind.BadRequest || string.IsNullOrEmpty(error.Message))
                throw new InvalidOperationException($"refused as {error.Kind}: {error.Message}");
            return;
        }

        ModelTraits traits = Dialects.UsualTraits(other);
        if (random.Next(2) == 0)
            traits = traits with { Reasoning = (ReasoningStyle)random.Next(9), ReasoningHistory = (ReasoningHistory)random.Next(5), ToolIds = (ToolIdRule)random.Next(4), Formats = (FormatSupport)random.Next(4), MiddleSystem = random.Next(2) == 0, PlainContent = random.Next(2) == 0, AssistantAfterTool = random.Next(2) == 0, CacheMarks = random.Next(2) == 0, Prefill = random.Next(2) == 0, FetchesImages = random.Next(2) == 0 };
        (byte[]? written, error, _) = Dialects.Write(other, question, traits);
        if (written is null)
        {
            if (error!.Kind != ErrorKind.BadRequest || string.IsNullOrEmpty(error.Param))
                throw new InvalidOperationException($"refused as {error.Kind}, {error.Param}: {error.Message}");
            return;
        }

        // What goes to a provider is JSON, whatever the client sent.
        Json.Parse(written);
    }

    private static string? Answer(Start start, byte[] bytes, string other, Random random, ArrayBufferWriter<byte> written)
    {
        written.ResetWrittenCount();
        bool streamed = random.Next(2) == 0;
        AnswerShape shape = Dialects.Shape(streamed, asArray: random.Next(4) == 0, usage: random.Next(2) == 0, reasoning: random.Next(4) > 0);
        Told told = new();
        using IAnswerWriter writer = Dialects.Of(other).Writer(written, shape);
        Func<int>? cut = random.Next(2) == 0 ? null : () => random.Next(1, 64);
        told.Ended = Dialects.Feed(start.Dialect, new TeeSink(told, writer), bytes, start.Framing, cut).Ended;
        if (told.Faults.Count > 0)
            return "broken promise: " + told.Faults[0];
        if (!told.Complete)
            return null;

        // A complete answer is complete in every dialect, however odd it was.
        if (!streamed)
            Json.Parse(written.WrittenSpan);
        else if (!(shape.AsArray && other == Dialects.Gemini) && StreamFault(other, written.WrittenSpan, shape) is { } fault)
            return $"{fault} in {Encoding.UTF8.GetString(written.WrittenSpan)}";
        return null;
    }

    private static string? StreamFault(string dialect, ReadOnlySpan<byte> stream, AnswerShape shape)
    {
        Grammar.Parsed parsed;
        try
        {
            parsed = Grammar.StreamGrammar.Check(dialect, stream, shape.StreamUsage);
        }
        catch (InvalidOperationException e) when (e.Message.Contains("UTF-16", StringComparison.Ordinal))
        {
            // A lone surrogate of the provider's went through, as it must; the checker's JsonNode cannot hold it.
            return null;
        }

        // Whether a provider told its usage and content at all, and its ids only once, is its own matter here.
        return parsed.Faults.FirstOrDefault(f => !f.StartsWith("two calls with", StringComparison.Ordinal) && !f.StartsWith("no usage", StringComparison.Ordinal) && !f.StartsWith("no choice", StringComparison.Ordinal) && !f.StartsWith("no candidate", StringComparison.Ordinal));
    }

    private static List<Start> Starts()
    {
        List<Start> starts = [];
        foreach (Golden golden in Golden.Names.Select(Golden.Load))
        {
            if (golden.Section("question") is { } question)
                starts.Add(new Start(golden.From, Encoding.UTF8.GetBytes(question), Framing.Whole, true));
            if (golden.Section("answer-whole") is { } whole)
                starts.Add(new Start(golden.From, Encoding.UTF8.GetBytes(whole), Framing.Whole, false));
            if (golden.Section("answer-stream") is { } stream)
                starts.Add(new Start(golden.From, Encoding.UTF8.GetBytes(stream + "\n\n"), stream.StartsWith('[') ? Framing.Array : Framing.Sse, false));
        }

        Random random = new(Seed);
        for (int i = 0; i < 100; i++)
        {
            List<Conversations.Turn> turns = Conversations.Random(random);
            foreach (string dialect in Dialects.Names)
                starts.Add(new Start(dialect, Conversations.In(dialect, turns, random), Framing.Whole, true));
        }

        if (Corpus.IsHere)
        {
            // Short ones: many small texts find more than a few large ones in the same time.
            foreach (Recorded recorded in Recorded.All.Where(_ => random.Next(6) == 0))
            {
                if (recorded.Question is { Length: < 3000 })
                    starts.Add(new Start(recorded.Dialect, recorded.Question, Framing.Whole, true));
                if (recorded.Answer is { Length: < 4000 })
                    starts.Add(new Start(recorded.Dialect, recorded.Answer, recorded.Framing, false));
            }
        }

        return starts;
    }

    private static long Memory()
    {
        GC.Collect(2, GCCollectionMode.Forced, blocking: true);
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private sealed record Start(string Dialect, byte[] Bytes, Framing Framing, bool IsQuestion);
}
