using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Perigee.Caching.Near;
using Perigee.Embedding;

namespace Perigee.Tests.Caching.Near;

public sealed class NearIndexTests(ITestOutputHelper output)
{
    private const int Dimensions = 64;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 24, 3, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Nearest_come_first_and_none_under_the_threshold()
    {
        NearIndex index = new(3, 10, _time);
        Put(index, "far", Vector(0, 1, 0));
        Put(index, "near", Vector(1, 0.2f, 0));
        Put(index, "nearest", Vector(1, 0, 0.02f));
        Assert.Equal(["nearest", "near"], Search(index, Vector(1, 0, 0), 0.5));
        Assert.Equal(["nearest"], Search(index, Vector(1, 0, 0), 0.99));
        Assert.Equal([], Search(index, Vector(-1, 0, 0), 0.5));
    }

    [Fact]
    public void Expired_entries_are_not_found_and_leave()
    {
        NearIndex index = new(3, 10, _time);
        Put(index, "short", Vector(1, 0, 0), life: 60);
        Put(index, "long", Vector(1, 0, 0), life: 600);
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(["long"], Search(index, Vector(1, 0, 0), 0.5));
        Assert.Equal(1, index.RemoveExpired());
        Assert.Equal(1, index.Count);
    }

    [Fact]
    public void Newer_entry_takes_the_place_of_one_of_the_same_id()
    {
        NearIndex index = new(3, 10, _time);
        Put(index, "a", Vector(1, 0, 0));
        Put(index, "a", Vector(0, 1, 0));
        Assert.Equal(1, index.Count);
        Assert.Equal([], Search(index, Vector(1, 0, 0), 0.5));
        Assert.Equal(["a"], Search(index, Vector(0, 1, 0), 0.5));
    }

    [Fact]
    public void Full_index_lets_go_what_was_of_use_longest_ago()
    {
        NearIndex index = new(3, 3, _time);
        foreach (string id in (string[])["a", "b", "c"])
            Put(index, id, Vector(1, 0, 0));
        index.Use("a");
        Put(index, "d", Vector(1, 0, 0));
        Assert.Null(index.Find("b"));
        Assert.Equal(["a", "c", "d"], Search(index, Vector(1, 0, 0), 0.5).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Full_index_lets_go_expired_ones_first()
    {
        NearIndex index = new(3, 3, _time);
        Put(index, "a", Vector(1, 0, 0));
        Put(index, "b", Vector(1, 0, 0));
        Put(index, "short", Vector(1, 0, 0), life: 5);
        _time.Advance(TimeSpan.FromSeconds(10));
        Put(index, "d", Vector(1, 0, 0));
        Assert.Equal(["a", "b", "d"], Search(index, Vector(1, 0, 0), 0.5).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Vectors_of_another_length_or_range_are_not_taken()
    {
        NearIndex index = new(3, 3, _time);
        Assert.False(index.Add(Entry("a"), new sbyte[64]));
        Assert.False(index.Add(Entry("a"), new sbyte[32]));
        sbyte[] loud = new sbyte[32];
        loud[0] = 64;
        Assert.False(index.Add(Entry("a"), loud));
        Assert.Equal(0, index.Count);
    }

    [Fact]
    public void Memory_is_counted_up_and_down()
    {
        NearIndex index = new(256, 100_000, _time);
        Put(index, "a", Random(new Random(1), 256));
        long one = index.Bytes;
        for (int i = 0; i < 10_000; i++)
            Put(index, "id" + i.ToString(CultureInfo.InvariantCulture), Random(new Random(i), 256));
        Assert.InRange(index.Bytes, 10_000 * 500, 10_000 * 1000);
        for (int i = 0; i < 10_000; i++)
            index.Remove("id" + i.ToString(CultureInfo.InvariantCulture));
        Assert.InRange(index.Bytes, one, one + (3 * 1024 * 1024));
    }

    /// <summary>Random changes and searches against a list that is searched plainly. Entries of other scopes are the very same vectors.</summary>
    [Fact]
    public void Index_finds_what_a_plain_search_finds_and_never_another_scope()
    {
        int seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        Random dice = new(seed);
        NearIndex index = new(Dimensions, 100_000, _time);
        ScopeHash[] scopes = [.. Enumerable.Range(0, 20).Select(static i => ScopeHash.Of([(byte)i]))];

        // Two scopes whose tags are equal.
        byte[] twin = new byte[ScopeHash.Size];
        scopes[0] = ScopeHash.Of(twin);
        twin[20] = 1;
        scopes[1] = ScopeHash.Of(twin);
        Assert.Equal(scopes[0].Tag, scopes[1].Tag);

        Dictionary<string, (ScopeHash Scope, float[] Vector)> plain = [];
        float[][] centres = [.. Enumerable.Range(0, 30).Select(_ => Random(dice, Dimensions))];
        for (int round = 0; round < 40_000; round++)
        {
            string id = dice.Next(6000).ToString(CultureInfo.InvariantCulture);
            if (dice.Next(5) == 0)
            {
                Assert.Equal(plain.Remove(id), index.Remove(id));
            }
            else
            {
                ScopeHash scope = scopes[dice.Next(20)];
                float[] vector = Near(dice, centres[dice.Next(30)], 0.5f);
                plain[id] = (scope, vector);
                Put(index, id, vector, scope);
            }

            if (round % 100 != 0)
                continue;
            ScopeHash asked = scopes[dice.Next(20)];
            float[] wanted = Near(dice, centres[dice.Next(30)], 0.3f);
            double threshold = dice.NextDouble();
            double[] best = [.. plain.Values.Where(value => value.Scope == asked).Select(value => Cosine(Rounded(value.Vector), Rounded(wanted)))
                .Where(cosine => cosine > threshold).OrderDescending().Take(NearCandidates.Most)];
            NearCandidate[] found = Find(index, wanted, threshold, asked);
            Assert.All(found, candidate => Assert.Equal(asked, candidate.Entry.Scope));
            Assert.Equal(best.Length, found.Length);
            Assert.All(best.Zip(found), static pair => Assert.Equal(pair.First, pair.Second.Similarity, 1e-4));
        }
    }

    [Fact]
    public void All_ways_to_multiply_agree()
    {
        Random dice = new(5);
        foreach (int stride in (int[])[32, 64, 96, 128, 256, 384, 1536, 1568])
        {
            for (int i = 0; i < 50; i++)
            {
                sbyte[] left = [.. Enumerable.Range(0, stride).Select(_ => (sbyte)(i == 0 ? 63 : dice.Next(-63, 64)))];
                sbyte[] right = [.. Enumerable.Range(0, stride).Select(_ => (sbyte)(i == 0 ? -63 : dice.Next(-63, 64)))];
                int expected = left.Zip(right, static (a, b) => a * b).Sum();
                Assert.Equal(expected, SmallVector.DotPortable(ref left[0], ref right[0], stride));
                Assert.Equal(expected, SmallVector.Dot(ref left[0], ref right[0], stride));
            }
        }
    }

    /// <summary>Writers put ever other vectors under few places, readers check that each similarity is that of the entry they got.</summary>
    [Fact]
    public async Task Readers_see_whole_entries_while_writers_write()
    {
        NearIndex index = new(Dimensions, 64, _time);
        ConcurrentDictionary<NearEntry, float[]> vectors = new(ReferenceEqualityComparer.Instance);
        bool stop = false;
        Task[] writers = [.. Enumerable.Range(0, 2).Select(n => Task.Run(() =>
        {
            Random dice = new(n);
            while (!Volatile.Read(ref stop))
            {
                NearEntry entry = Entry($"{dice.Next(100)}");
                float[] vector = Random(dice, Dimensions);
                vectors[entry] = vector;
                index.Add(entry, Rounded(vector));
                if (dice.Next(4) == 0)
                    index.Remove($"{dice.Next(100)}");
            }
        }))];
        Random asker = new(9);
        int seen = 0;
        long started = Stopwatch.GetTimestamp();
        while (seen <= 1000 && Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(60))
        {
            float[] wanted = Random(asker, Dimensions);
            foreach (NearCandidate candidate in Find(index, wanted, 0, ScopeHash.Of([])))
            {
                Assert.Equal(Cosine(Rounded(vectors[candidate.Entry]), Rounded(wanted)), candidate.Similarity, 1e-4);
                seen++;
            }
        }

        Volatile.Write(ref stop, true);
        await Task.WhenAll(writers);
        Assert.InRange(seen, 1000, int.MaxValue);
        Assert.InRange(index.Count, 1, 64);
    }

    /// <summary>The time is printed only: it means something where the compiler optimizes and nobody else works.</summary>
    [Fact]
    public void Hundred_thousand_entries_are_searched_without_allocating()
    {
        NearIndex index = new(HashedEmbedder.Size, 100_000, _time);
        Random dice = new(3);
        float[] vector = new float[HashedEmbedder.Size];
        for (int i = 0; i < 101_000; i++)
        {
            HashedEmbedder.Embed(Question(dice), vector);
            Put(index, i.ToString(CultureInfo.InvariantCulture), vector);
        }

        Assert.InRange(index.Count, 99_000, 100_000);
        ScopeHash scope = ScopeHash.Of([]);
        sbyte[] small = new sbyte[index.Stride];
        string[] asked = [.. Enumerable.Range(0, 400).Select(_ => Question(dice))];
        double[] times = new double[asked.Length];
        long allocated = 0;
        for (int i = 0; i < asked.Length; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            long started = Stopwatch.GetTimestamp();
            HashedEmbedder.Embed(asked[i], vector);
            float scale = SmallVector.Round(vector, small);
            index.Search(small, scale, scope, 0, 0.5, out _, out _);
            times[i] = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            allocated += i < 100 ? 0 : GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Array.Sort(times);
        output.WriteLine($"embed + search at {index.Count}: p50 {times[200]:f3} ms, p99 {times[396]:f3} ms, {index.Bytes / 1024 / 1024} MiB, {allocated / 300.0} bytes a look-up");
        Assert.InRange(allocated, 0, 300);
    }

    /// <summary>Twelve words of two thousand.</summary>
    internal static string Question(Random dice) => string.Join(' ', Enumerable.Range(0, 12).Select(_ => $"{(char)('a' + dice.Next(26))}{dice.Next(77):x}ing"));

    private static void Put(NearIndex index, string id, float[] vector, ScopeHash? scope = null, int life = 3600) =>
        Assert.True(index.Add(Entry(id, scope, life), Rounded(vector)));

    private static NearEntry Entry(string id, ScopeHash? scope = null, int life = 3600) =>
        new(id, scope ?? ScopeHash.Of([]), new byte[50], new DateTimeOffset(2026, 11, 24, 3, 0, 0, TimeSpan.Zero).AddSeconds(life));

    private static string[] Search(NearIndex index, float[] vector, double threshold) =>
        [.. Find(index, vector, threshold, ScopeHash.Of([])).Select(static candidate => candidate.Entry.Id)];

    private static NearCandidate[] Find(NearIndex index, float[] vector, double threshold, ScopeHash scope)
    {
        sbyte[] small = new sbyte[index.Stride];
        float scale = SmallVector.Round(vector, small);
        int count = index.Search(small, scale, scope, 0, threshold, out NearCandidates found, out _);
        return ((ReadOnlySpan<NearCandidate>)found)[..count].ToArray();
    }

    private static float[] Vector(params float[] values) => values;

    private static float[] Random(Random dice, int dimensions) => [.. Enumerable.Range(0, dimensions).Select(_ => (float)(dice.NextDouble() - 0.5))];

    private static float[] Near(Random dice, float[] centre, float noise) => [.. centre.Select(value => value + ((float)(dice.NextDouble() - 0.5) * noise))];

    private static sbyte[] Rounded(float[] vector)
    {
        sbyte[] small = new sbyte[SmallVector.Stride(vector.Length)];
        SmallVector.Round(vector, small);
        return small;
    }

    private static double Cosine(sbyte[] left, sbyte[] right) =>
        left.Zip(right, static (a, b) => (double)a * b).Sum() / Math.Sqrt(left.Sum(static a => (double)a * a) * right.Sum(static a => (double)a * a));
}
