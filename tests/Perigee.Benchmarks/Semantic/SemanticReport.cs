namespace Perigee.Benchmarks.Semantic;

/// <summary>Prints what was found, as tables that fit a README.</summary>
internal static class SemanticReport
{
    private const int Examples = 6;

    /// <summary>Counts of a set: what a reader needs to judge how diverse it is.</summary>
    public static void Set(string title, List<Pair> pairs)
    {
        int[] words = [.. pairs.Select(pair => pair.A.Text.Split(' ').Length).Order()];
        Console.WriteLine(FormattableString.Invariant(
            $"{title}: {pairs.Count} pairs, {pairs.Select(pair => pair.Class).Distinct().Count()} classes, {pairs.Select(pair => pair.Domain).Distinct().Count()} domains, {pairs.Select(pair => pair.Source).Distinct().Count()} sources; {words[0]} to {words[^1]} words, median {words[words.Length / 2]}"));
        if (pairs[0].Source == "hand")
            return;
        (string Class, double Share) most = pairs.GroupBy(pair => pair.Class)
            .Select(group => (group.Key, (double)group.CountBy(pair => pair.Source).Max(count => count.Value) / group.Count()))
            .MaxBy(one => one.Item2);
        Console.WriteLine(FormattableString.Invariant($"  the largest share that one template has in a class: {100 * most.Share:0.0}% ({most.Class})"));
    }

    /// <summary>The share served, a row for each class.</summary>
    public static void Table(string title, List<Pair> pairs, IReadOnlyList<Tier> tiers)
    {
        Console.WriteLine($"\n## {title}: % served [95% interval of Wilson]\n");
        Console.WriteLine($"| class | pairs | {string.Join(" | ", tiers.Select(tier => tier.Name))} |");
        Console.WriteLine($"|---|---|{string.Concat(tiers.Select(_ => "---|"))}");
        foreach (IGrouping<string, Pair> group in pairs.GroupBy(pair => pair.Class))
            Row(group.Key, group, tiers);
        if (pairs.Select(pair => pair.Class).Distinct().Count() > 1)
            Row("**all**", pairs, tiers);
    }

    /// <summary>What should not have been served, to be read by a person.</summary>
    public static void FalseHits(IEnumerable<Pair> pairs, Tier tier, int most)
    {
        Pair[] wrong = [.. pairs.Where(pair => !pair.Same && tier.Serves(pair))];
        Console.WriteLine($"\n## False hits of {tier.Name}: {wrong.Length}{(wrong.Length > most ? $", the first {most} of them" : "")}\n");
        foreach (Pair pair in wrong.Take(most))
            Console.WriteLine($"- {pair.Class}, {pair.Source}: {Shown(pair.A)} -> {Shown(pair.B)}");
    }

    /// <summary>Why pairs of one meaning miss, by class.</summary>
    public static void Misses(List<Pair> pairs, Prepared prepared, Tier tier)
    {
        Console.WriteLine($"\n## Why {tier.Name} misses what is the same\n");
        foreach (IGrouping<string, Pair> group in pairs.Where(pair => pair.Same && !tier.Serves(pair)).GroupBy(pair => pair.Class))
        {
            IEnumerable<string> reasons = group.CountBy(pair => Reason(pair, prepared)).OrderByDescending(count => count.Value).Select(count => $"{count.Key} {count.Value}");
            Console.WriteLine($"- {group.Key}, {group.Count()}: {string.Join(", ", reasons)}");
            foreach (Pair pair in group.DistinctBy(pair => Reason(pair, prepared)).Take(Examples))
                Console.WriteLine($"  - {Reason(pair, prepared)}: {Shown(pair.A)} -> {Shown(pair.B)}");
        }
    }

    /// <summary>The curve of a tier over the stream.</summary>
    public static void Curve(string name, List<Answered> answers)
    {
        HitCurve curve = HitCurve.Of(answers);
        IEnumerable<string> points = Enumerable.Range(1, 19).Select(step => curve.At(step / 20.0) is { } point
            ? FormattableString.Invariant($"{100 * point.Precision:0.0}{(point.Score is > 0 and < 1 ? $" ({point.Score:0.00})" : "")}")
            : "").TakeWhile(cell => cell.Length > 0).Append("");
        Console.WriteLine(FormattableString.Invariant(
            $"| {name} | {100 * curve.Last.HitRate:0.0} | {100 * curve.Last.Precision:0.0} | {curve.Area:0.000} | {string.Join(", ", points.SkipLast(1))} |"));
    }

    /// <summary>Wrong answers over the stream.</summary>
    public static void WrongAnswers(string name, List<Answered> answers, int most)
    {
        Answered[] wrong = [.. answers.Where(answer => answer.Kept is not null && !answer.Right).DistinctBy(answer => answer.Asked.Whole + answer.Kept!.Whole)];
        Console.WriteLine($"\n## Wrong in the stream, {name}: {wrong.Length}{(wrong.Length > most ? $", the first {most} of them" : "")}\n");
        foreach (Answered answer in wrong.Take(most))
            Console.WriteLine(FormattableString.Invariant($"- {(answer.Score > 1 ? "key" : $"{answer.Score:0.00}")}: {Shown(answer.Kept!)} -> {Shown(answer.Asked)}"));
    }

    private static void Row(string name, IEnumerable<Pair> pairs, IReadOnlyList<Tier> tiers)
    {
        Pair[] all = [.. pairs];
        Console.WriteLine($"| {name} | {all.Length} | {string.Join(" | ", tiers.Select(tier => Share.Count(all, tier.Serves).ToString()))} |");
    }

    private static string Reason(Pair pair, Prepared prepared)
    {
        Folded one = prepared.Fold(pair.A);
        Folded other = prepared.Fold(pair.B);
        if (pair.A.Scope != pair.B.Scope)
            return "scope";
        if (one.Key is null || other.Key is null)
            return $"refused: {(one.Key is null ? one.Refusal : other.Refusal)}";
        return SemanticTiers.Compare(other, one) is { Same: false } verdict ? verdict.Word : "key alone";
    }

    private static string Shown(Ask ask) => (ask.History.Count == 0 ? "" : $"({string.Join(" / ", ask.History)}) ") + $"\"{ask.Text.ReplaceLineEndings("\\n")}\"";
}
