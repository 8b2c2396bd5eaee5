using Perigee.Embedding;

namespace Perigee.Benchmarks.Semantic;

/// <summary>How often each tier serves what it should, and what it should not.</summary>
internal static class SemanticRun
{
    private const int Listed = 50;

    /// <summary>Runs it; 1 where a bound is broken.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (!SemanticOptions.TryRead(args, out SemanticOptions? options))
        {
            await Console.Error.WriteLineAsync(SemanticOptions.Usage);
            return 2;
        }

        if (options.Files.Count > 0)
            return await RunAsync([.. options.Files.SelectMany(PairFile.Read).GroupBy(pair => pair.Same ? "The same" : "Not the same").Select(set => (set.Key, set.ToList()))], null, options);
        PairSets sets = PairSets.Make(options.Seed);
        Console.WriteLine($"seed {options.Seed}");
        if (options.Written is { } file)
            PairFile.Write(file, sets.All);
        return await RunAsync(
            [("Minimal pairs", sets.Minimal), ("Hard negatives by hand", sets.Hard), ("Near-repeats", sets.Near), ("True paraphrases by hand", sets.Paraphrases)], sets, options);
    }

    private static async Task<int> RunAsync(List<(string Title, List<Pair> Pairs)> sets, PairSets? own, SemanticOptions options)
    {
        Pair[] all = [.. sets.SelectMany(set => set.Pairs)];
        Prepared keys = await Prepared.MakeAsync(all, SemanticTiers.Hashed);
        Tier equivalent = Tiers.Equivalent(keys);
        List<Tier> tiers = [Tiers.Exact, equivalent];
        List<(string Name, Prepared Prepared)> embedded = [];
        foreach ((string name, ITextEmbedder embedder) in options.Embedders())
        {
            Prepared prepared = embedder == SemanticTiers.Hashed ? keys : await Prepared.MakeAsync(all, embedder);
            embedded.Add((name, prepared));
            tiers.Add(Tiers.Near(prepared, name));
            tiers.Add(Tiers.Bare(prepared, name));
            Console.WriteLine(FormattableString.Invariant($"embedder {name}: {embedder.Version}, {embedder.Dimensions} dimensions, threshold {embedder.Threshold}"));
        }

        foreach ((string title, List<Pair> pairs) in sets)
            SemanticReport.Set(title, pairs);
        foreach ((string title, List<Pair> pairs) in sets)
            SemanticReport.Table(title, pairs, tiers);
        foreach (Tier tier in tiers)
            SemanticReport.FalseHits(all, tier, Listed);
        SemanticReport.Misses([.. all], keys, equivalent);
        SemanticReport.Misses([.. all], keys, tiers[2]);
        Streams(all, keys, embedded, options.Seed);
        return own is null ? 0 : Judge(own, tiers, equivalent, tiers[2]);
    }

    private static void Streams(Pair[] all, Prepared keys, List<(string Name, Prepared Prepared)> embedded, int seed)
    {
        Meanings meanings = new(all);
        CacheStream stream = new(all, keys, meanings, seed);
        Console.WriteLine($"\n## Precision at hit rate over a stream: {stream.Entries} entries, {all.Length} queries\n");
        Console.WriteLine("| tier | hit rate % | precision % there | area | precision % at a hit rate of 5, 10, 15 ... % (lowest cosine served) |\n|---|---|---|---|---|");
        List<(string Name, List<Answered> Answers)> curves = [("exact", stream.Exact()), ("equivalent", stream.Equivalent())];
        foreach ((string name, Prepared prepared) in embedded)
        {
            (List<Answered> guarded, List<Answered> bare) = new CacheStream(all, prepared, meanings, seed).Near();
            curves.Add(($"near, {name}", guarded));
            curves.Add(($"{name}, no guards, any cosine", bare));
        }

        foreach ((string name, List<Answered> answers) in curves)
            SemanticReport.Curve(name, answers);
        foreach ((string name, List<Answered> answers) in curves.Where(curve => !curve.Name.Contains("no guards", StringComparison.Ordinal)))
            SemanticReport.WrongAnswers(name, answers, Listed);
    }

    private static int Judge(PairSets sets, List<Tier> tiers, Tier equivalent, Tier near)
    {
        Console.WriteLine($"\nOf {sets.Paraphrases.Count} true paraphrases, these remain hits: "
            + string.Join(", ", tiers.Select(tier => $"{tier.Name} {sets.Paraphrases.Count(tier.Serves)}")) + ".");
        Console.WriteLine("What is said in other words is a miss, by intent: no rule here tells other words for the same from words for something else.");
        List<string> broken = SemanticBounds.Broken(sets, equivalent, near);
        foreach (string sentence in broken)
            Console.WriteLine($"BROKEN {sentence}");
        Console.WriteLine(broken.Count == 0 ? "ok: all bounds hold" : $"{broken.Count} bounds are broken");
        return broken.Count == 0 ? 0 : 1;
    }
}
