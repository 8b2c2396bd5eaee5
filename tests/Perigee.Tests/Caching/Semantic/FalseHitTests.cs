using Perigee.Benchmarks.Semantic;

namespace Perigee.Tests.Caching.Semantic;

/// <summary>The sets of the false-hit benchmark, and the bounds that they keep in every run.</summary>
public sealed class FalseHitTests
{
    private static readonly PairSets Sets = PairSets.Make(PairSets.Seed);

    [Fact]
    public void The_sets_are_as_large_and_as_diverse_as_they_claim()
    {
        Assert.True(Sets.Minimal.Count >= 2500, $"{Sets.Minimal.Count} minimal pairs");
        Assert.True(Sets.Near.Count >= 800, $"{Sets.Near.Count} near-repeats");
        Assert.True(Sets.Paraphrases.Count >= 300, $"{Sets.Paraphrases.Count} paraphrases");
        Assert.True(Sets.Hard.Count >= 100, $"{Sets.Hard.Count} hard negatives");
        Assert.True(Sets.Minimal.Select(pair => pair.Domain).Distinct().Count() >= 40);
        Assert.All(Sets.Minimal.GroupBy(pair => pair.Class), named =>
        {
            Assert.True(named.Count() >= 100, $"{named.Key}: {named.Count()}");
            Assert.True(named.CountBy(pair => pair.Source).Max(count => count.Value) <= 3, named.Key);
        });
    }

    [Fact]
    public void No_pair_says_what_another_denies()
    {
        Meanings meanings = new(Sets.All);

        Assert.Empty(Sets.All.Where(pair => pair.Same != meanings.Same(pair.A, pair.B)).Select(pair => $"{pair.Class}: {pair.A.Text} / {pair.B.Text}"));
    }

    [Fact]
    public void The_same_seed_gives_the_same_pairs() =>
        Assert.Equal(Sets.All.Select(pair => pair.A.Whole + pair.B.Whole), PairSets.Make(PairSets.Seed).All.Select(pair => pair.A.Whole + pair.B.Whole));

    [Fact]
    public async Task The_tiers_keep_their_bounds()
    {
        Prepared prepared = await Prepared.MakeAsync(Sets.All, SemanticTiers.Hashed);

        Assert.Empty(SemanticBounds.Broken(Sets, Tiers.Equivalent(prepared), Tiers.Near(prepared, "hashed")));
    }

    [Theory]
    [InlineData(0, 100, 0, 0.0370)]
    [InlineData(5, 100, 0.0215, 0.1118)]
    public void The_interval_is_that_of_Wilson(int served, int of, double low, double high)
    {
        (double from, double to) = new Share(served, of).Wilson();

        Assert.Equal(low, from, 4);
        Assert.Equal(high, to, 4);
    }
}
