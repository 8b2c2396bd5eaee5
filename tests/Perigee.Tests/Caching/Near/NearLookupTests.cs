using System.Diagnostics;
using Perigee.Caching.Near;
using Perigee.Caching.Semantic;
using Perigee.Embedding;

namespace Perigee.Tests.Caching.Near;

public sealed class NearLookupTests(ITestOutputHelper output) : IAsyncDisposable
{
    private const string Question = "How many moons does Jupiter have?";
    private const string Again = "please how many moons does jupiter have";
    private readonly NearRig _rig = new();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Nearest_that_the_guards_pass_is_the_hit_though_others_are_nearer()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns");
        one.Keep("ns", "jupiter", Question);
        one.Keep("ns", "twin", Question + " Jupiter?");
        NearFound? found = await one.AskAsync("ns", Again);
        Assert.True(found is { Hit: true, Id: "jupiter", Verdict.Word: "same" });
        Assert.Equal(NearRig.Features(Question), found.Features.ToArray());
        Assert.Null(found.Text);
    }

    [Fact]
    public async Task Best_that_was_refused_is_told_with_its_reason()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns");
        one.Keep("ns", "79", "Does Jupiter have 79 moons?");
        one.Keep("ns", "saturn", "What is the colour of the moons of Saturn?");
        NearFound? found = await one.AskAsync("ns", "Does Jupiter have 80 moons?");
        Assert.True(found is { Hit: false, Id: "79", Verdict.Word: "number" });
        Assert.Null(await one.AskAsync("ns", "Translate good morning into Welsh"));
    }

    [Fact]
    public async Task Threshold_may_only_be_stricter()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns", options: new NearOptions { Threshold = 0.7 });
        one.Keep("ns", "e1", Question);
        Assert.Null(await one.AskAsync("ns", "what colour is jupiter and its largest storm", threshold: 0.01));
        Assert.NotNull(await one.AskAsync("ns", Again + " now", threshold: 0.8));
        Assert.Null(await one.AskAsync("ns", Again + " now", threshold: 0.999));
    }

    /// <summary>Same words everywhere; only where namespace and scope are the same is there a hit, and it is that one.</summary>
    [Fact]
    public async Task Nothing_leaks_between_namespaces_and_scopes()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        Random dice = new(seed);
        NearRig.Instance one = await _rig.StartAsync();
        foreach (int space in Enumerable.Range(0, 10))
            one.Space($"ns{space}");
        foreach (int space in Enumerable.Range(0, 10))
            await one.LoadedAsync($"ns{space}");
        HashSet<(int, int)> kept = [];
        for (int i = 0; i < 1500; i++)
        {
            (int space, int scope) = (dice.Next(10), dice.Next(60));
            if (dice.Next(3) == 0)
            {
                one.Keep($"ns{space}", $"{scope}", Question, $"scope{scope}");
                kept.Add((space, scope));
            }

            (space, scope) = (dice.Next(10), dice.Next(60));
            NearFound? found = await one.AskAsync($"ns{space}", Again, $"scope{scope}");
            Assert.Equal(kept.Contains((space, scope)), found is { Hit: true });
            Assert.True(found is null || found.Id == $"{scope}");
        }
    }

    [Theory]
    [InlineData(true, true, "verified")]
    [InlineData(false, false, "verifier")]
    [InlineData(null, false, "verifier-failed")]
    public async Task Verifier_has_the_last_word(bool? says, bool hit, string word)
    {
        (string Asked, string Kept) seen = default;
        NearRig.Instance one = await _rig.StartKnowingAsync("ns", verifier: (asked, kept, _) =>
        {
            seen = (asked, kept);
            return new(says);
        });
        one.Keep("ns", "e1", Question, keepText: true);
        NearFound? found = await one.AskAsync("ns", Again);
        Assert.Equal((Again, Question), seen);
        Assert.Equal((hit, word), (found!.Hit, found.Verdict.Word));
        Assert.Equal(Question, found.Text);
    }

    [Fact]
    public async Task Verifier_that_crashes_is_a_miss()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns", verifier: static (_, _, _) => throw new InvalidOperationException("broken"));
        one.Keep("ns", "e1", Question, keepText: true);
        Assert.True(await one.AskAsync("ns", Again) is { Hit: false, Verdict.Word: "verifier-failed" });
    }

    [Fact]
    public async Task Verifier_that_is_late_is_a_miss_within_the_budget()
    {
        TaskCompletionSource<bool?> never = new();
        NearRig.Instance one = await _rig.StartKnowingAsync("ns", verifier: (_, _, _) => new(never.Task));
        one.Keep("ns", "e1", Question, keepText: true);
        ValueTask<NearFound?> asked = one.AskAsync("ns", Again);
        Assert.False(asked.IsCompleted);
        _rig.Time.Advance(TimeSpan.FromMilliseconds(251));
        Assert.True(await asked.AsTask().WaitAsync(TimeSpan.FromSeconds(90)) is { Hit: false, Verdict.Word: "late" });
    }

    [Fact]
    public async Task Verifier_without_words_to_show_it_is_skipped_and_that_is_said()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns", verifier: static (_, _, _) => throw new InvalidOperationException("not asked"));
        one.Keep("ns", "e1", Question);
        Assert.True(await one.AskAsync("ns", Again) is { Hit: true, Verdict.Word: "unverified" });
    }

    [Fact]
    public async Task Embedder_that_is_late_or_fails_is_a_miss()
    {
        Slow slow = new();
        NearRig.Instance one = await _rig.StartKnowingAsync("ns", slow);
        one.Keep("ns", "e1", Question);
        await Eventually.IsTrueAsync(() => one.HitsAsync("ns", Question), "it is kept");

        slow.Gate = new TaskCompletionSource<bool>();
        ValueTask<NearFound?> asked = one.AskAsync("ns", Again);
        Assert.False(asked.IsCompleted);
        _rig.Time.Advance(TimeSpan.FromMilliseconds(251));
        Assert.Null(await asked.AsTask().WaitAsync(TimeSpan.FromSeconds(90)));
        slow.Gate.SetException(new InvalidOperationException("broken"));
        Assert.Null(await one.AskAsync("ns", Again));

        // A vector that is known already costs nothing and is there.
        Assert.True(await one.HitsAsync("ns", Question));
    }

    [Fact]
    public async Task Guard_that_crashes_on_features_refuses()
    {
        NearRig.Instance one = await _rig.StartAsync(guard: static (_, _) => throw new InvalidDataException());
        one.Space("ns");
        await one.LoadedAsync("ns");
        one.Keep("ns", "e1", Question);
        Assert.True(await one.AskAsync("ns", Again) is { Hit: false, Verdict.Word: "damaged" });
    }

    [Fact]
    public async Task Questions_without_a_vector_are_not_kept_and_counted()
    {
        NearRig.Instance one = await _rig.StartKnowingAsync("ns");
        one.Keep("ns", "e1", "?!");
        Assert.Equal(1, one.Lookup.NotKept);
        Assert.Null(await one.AskAsync("ns", "?!"));
    }

    /// <summary>Times are printed only. A guard here does nothing: those of questions have their own figures.</summary>
    [Fact]
    public async Task Look_up_among_a_hundred_thousand_allocates_little()
    {
        NearOptions options = new();
        await using NearRig rig = new();
        NearRig.Instance one = await rig.StartAsync(options: options, guard: static (_, _) => new GuardVerdict(false, "entity"));
        NearSpace space = one.Sync.Open("ns", one.Embedder, options.MostEntries);
        await one.LoadedAsync("ns");
        Random dice = new(2);
        float[] vector = new float[HashedEmbedder.Size];
        sbyte[] small = new sbyte[HashedEmbedder.Size];
        for (int i = 0; i < 100_000; i++)
        {
            HashedEmbedder.Embed(NearIndexTests.Question(dice), vector);
            SmallVector.Round(vector, small);
            space.Index!.Add(new NearEntry($"{i}", ScopeHash.Of("s"u8), new byte[60], rig.Time.GetUtcNow().AddHours(1)), small);
        }

        string[] asked = [.. Enumerable.Range(0, 300).Select(_ => NearIndexTests.Question(dice))];
        byte[] scope = "s"u8.ToArray();
        double[] times = new double[asked.Length];
        long[] allocated = new long[asked.Length];
        int refused = 0;
        for (int i = 0; i < asked.Length; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            long started = Stopwatch.GetTimestamp();
            ValueTask<NearFound?> found = one.Lookup.FindAsync("ns", scope, asked[i], scope, 0, default);
            Assert.True(found.IsCompleted);
            refused += await found is { Hit: false } ? 1 : 0;
            times[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            allocated[i] = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        // A collection beside it may have emptied a pool: so not the most, but what nine of ten stay below.
        Array.Sort(times);
        Array.Sort(allocated);
        output.WriteLine($"p50 {times[150]:f3} ms, p99 {times[297]:f3} ms, p90 {allocated[270]} bytes, at most {allocated[299]}, {refused} of {asked.Length} with candidates");
        Assert.Equal(100_000, space.Index!.Count);
        Assert.InRange(allocated[270], 0, 600);
    }

    /// <summary>Makes vectors of words, when it is let.</summary>
    private sealed class Slow : ITextEmbedder
    {
        public string Version => "slow1";

        public int Dimensions => HashedEmbedder.Size;

        public double Threshold => 0.5;

        public TaskCompletionSource<bool>? Gate { get; set; }

        public async ValueTask<bool> EmbedAsync(string text, Memory<float> vector, CancellationToken cancel)
        {
            if (Gate is not null)
                await Gate.Task;
            return HashedEmbedder.Embed(text, vector.Span);
        }
    }
}
