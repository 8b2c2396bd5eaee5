using System.Diagnostics;
using System.Globalization;
using Perigee.Caching.Near;
using Perigee.Caching.Semantic;
using Perigee.Embedding;

namespace Perigee.Benchmarks.Semantic;

/// <summary>What the key of a prompt costs, and a look for the nearest in a full index, on one thread.</summary>
internal static class SemanticSpeed
{
    private const int Entries = 100_000;
    private const int Queries = 4_000;
    private const double MostKeyMicroseconds = 60;
    private const double MostLookupMilliseconds = 3;

    /// <summary>A hundred words that fold: prose as people type it.</summary>
    private const string Prompt =
        "Hello, I would like to know how a small bakery with four employees should plan its week. We bake bread, rolls and cakes, open at six in the morning and close "
        + "at two in the afternoon. On Mondays we sell few cakes, on Saturdays we sell three times as many, and every Friday a school orders two hundred rolls. Which "
        + "doughs can be prepared the evening before, which ones have to rest overnight, and how do I share the work so that nobody has to start before three o'clock? "
        + "Please answer with a plan for each day and do not forget the cleaning of ovens and tables. Thank you!";

    /// <summary>Runs both; 1 where one is over its bound.</summary>
    public static int Run(string[] args)
    {
        if (args is not ([] or ["--seed", _]) || !int.TryParse(args is [_, string text] ? text : "7", NumberStyles.Integer, CultureInfo.InvariantCulture, out int seed))
        {
            Console.Error.WriteLine("semantic-speed [--seed N]");
            return 2;
        }

        bool key = Key();
        return Lookup(seed) && key ? 0 : 1;
    }

    private static bool Key()
    {
        const int Times = 2_000;
        if (!FoldedText.TryFold(Prompt, default, out _, out FoldRefusal refusal))
        {
            Console.WriteLine($"OVER the prompt is not folded: {refusal}");
            return false;
        }

        List<double> rounds = [];
        long bytes = 0;
        for (int round = 0; round < 40; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            long started = SemanticClock.Now();
            for (int at = 0; at < Times; at++)
                FoldedText.TryFold(Prompt, default, out _, out _);
            rounds.Add((SemanticClock.Now() - started) / 1e3 / Times);
            bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / Times;
        }

        rounds.Sort();
        bool good = rounds[rounds.Count / 2] <= MostKeyMicroseconds;
        Console.WriteLine(FormattableString.Invariant(
            $"{(good ? "ok  " : "OVER")} key of {Prompt.Split(' ').Length} words: {rounds[rounds.Count / 2]:0.0} us (fastest round {rounds[0]:0.0}), at most {MostKeyMicroseconds:0}; {bytes} B"));
        return good;
    }

    private static bool Lookup(int seed)
    {
        Console.WriteLine($"seed {seed}");
        Random dice = new(seed);
        NearIndex index = new(HashedEmbedder.Size, Entries, TimeProvider.System);
        ScopeHash scope = ScopeHash.Of("one system prompt for all"u8);
        string[] texts = Fill(index, scope, dice);
        long[] times = new long[Queries];
        long[] waits = new long[Queries];
        int hits = 0;
        long bytes = 0;
        for (int round = 0; round < 2; round++)
        {
            hits = 0;
            for (int at = 0; at < Queries; at++)
            {
                string asked = at % 2 == 0 ? Repeats.Again(texts[dice.Next(texts.Length)], dice) : Draw(dice);
                long start = GC.GetAllocatedBytesForCurrentThread();
                long onWall = Stopwatch.GetTimestamp();
                long started = SemanticClock.Now();
                hits += Find(index, scope, asked) ? 1 : 0;
                times[at] = SemanticClock.Now() - started;
                waits[at] = Stopwatch.GetTimestamp() - onWall;
                bytes = Math.Max(bytes, GC.GetAllocatedBytesForCurrentThread() - start);
            }
        }

        Array.Sort(times);
        Array.Sort(waits);
        double p50 = times[Queries / 2] / 1e6;
        double p99 = times[Queries * 99 / 100] / 1e6;
        bool good = p99 <= MostLookupMilliseconds;
        Console.WriteLine(FormattableString.Invariant(
            $"{(good ? "ok  " : "OVER")} near look-up (fold, embed, search, guards) at {index.Count} entries of one scope, {index.Bytes / 1048576.0:0} MB: p50 {p50:0.00} ms, p99 {p99:0.00} ms of a core, at most {MostLookupMilliseconds:0} (on the wall {Stopwatch.GetElapsedTime(0, waits[Queries / 2]).TotalMilliseconds:0.00} and {Stopwatch.GetElapsedTime(0, waits[Queries * 99 / 100]).TotalMilliseconds:0.00}); at most {bytes} B; {hits} hits of {Queries} queries"));
        return good;
    }

    private static string[] Fill(NearIndex index, ScopeHash scope, Random dice)
    {
        HashSet<string> texts = [];
        float[] vector = new float[HashedEmbedder.Size];
        sbyte[] small = new sbyte[index.Stride];
        while (texts.Count < Entries)
        {
            string text = Draw(dice);
            if (!texts.Add(text))
                continue;
            if (!FoldedText.TryFold(text, default, out FoldedText? folded, out _) || !HashedEmbedder.Embed(text, vector))
            {
                texts.Remove(text);
                continue;
            }

            SmallVector.Round(vector, small);
            index.Add(new NearEntry(texts.Count.ToString(CultureInfo.InvariantCulture), scope, folded.ToFeatures(), DateTimeOffset.MaxValue), small);
        }

        return [.. texts];
    }

    private static string Draw(Random dice)
    {
        Template template = TemplateFiles.General[dice.Next(TemplateFiles.General.Length)];
        return Style.Wear(Style.Draw(dice), template.Render("", "", dice).A);
    }

    private static bool Same(FoldedText asked, NearCandidate candidate) =>
        FoldedText.FromFeatures(candidate.Entry.Features.Span) is { } kept && DifferenceGuard.Compare(asked, kept).Same;

    private static bool Find(NearIndex index, ScopeHash scope, string text)
    {
        if (!FoldedText.TryFold(text, default, out FoldedText? asked, out _))
            return false;
        Span<float> vector = stackalloc float[HashedEmbedder.Size];
        Span<sbyte> small = stackalloc sbyte[index.Stride];
        if (!HashedEmbedder.Embed(text, vector))
            return false;
        int count = index.Search(
            small, SmallVector.Round(vector, small), scope, Skeletons.Of(asked.Units), SemanticTiers.Hashed.Threshold, out NearCandidates found, out NearCandidate? refused);
        foreach (NearCandidate candidate in ((ReadOnlySpan<NearCandidate>)found)[..count])
        {
            if (Same(asked, candidate))
                return true;
        }

        return refused is { } told && Same(asked, told);
    }
}
