using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Time.Testing;
using Perigee.Caching.Store;

namespace Perigee.Tests.Caching.Store;

public sealed class ByteCacheTests(ITestOutputHelper output)
{
    private const int Entry = 1000 - ByteCache<int, string>.Overhead;

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Hot_set_survives_a_scan_of_a_hundred_times_as_many_that_are_asked_once()
    {
        const int Seed = 20261124;
        Random dice = new(Seed);
        ByteCache<int, string> cache = Make<int>(1000 * 1000);
        PlainLru lru = new(1000);
        int hits = 0, lruHits = 0, asked = 0, once = 1_000_000;
        foreach (int key in Enumerable.Range(0, 5000).Select(_ => dice.Next(500)))
            Ask(key);
        (hits, lruHits, asked) = (0, 0, 0);
        for (int i = 0; i < 100_000; i++)
        {
            if (cache.Find(once) is null)
                Put(cache, once);
            lru.Ask(once++);
            if (dice.Next(10) == 0)
                Ask(dice.Next(500));
        }

        output.WriteLine($"seed {Seed}: {(double)hits / asked:P1} of {asked} questions of the hot set are hits, plain LRU {(double)lruHits / asked:P1}");
        Assert.True(hits > 0.97 * asked);
        Assert.True(lruHits < 0.25 * asked);

        void Ask(int key)
        {
            asked++;
            if (cache.Find(key) is not null)
                hits++;
            else
                Put(cache, key);
            lruHits += lru.Ask(key) ? 1 : 0;
        }
    }

    [Fact]
    public void New_hot_set_replaces_the_old_one()
    {
        const int Seed = 7;
        Random dice = new(Seed);
        output.WriteLine($"seed {Seed}");
        ByteCache<int, string> cache = Make<int>(1000 * 1000);
        double first = Run(0), second = Run(10_000);
        output.WriteLine($"hit rates {first:P1}, {second:P1}");
        Assert.True(second > 0.9);

        double Run(int from)
        {
            int hits = 0;
            for (int i = 0; i < 60_000; i++)
            {
                int key = from + dice.Next(900);
                if (cache.Find(key) is null)
                    Put(cache, key);
                else if (i >= 30_000)
                    hits++;
            }

            return hits / 30_000.0;
        }
    }

    [Fact]
    public async Task Bytes_never_exceed_the_bound_under_parallel_use()
    {
        const int Seed = 11, Bound = 3_000_000;
        output.WriteLine($"seed {Seed}");
        ByteCache<int, string> cache = Make<int>(Bound);
        long worst = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() =>
        {
            Random dice = new(Seed + worker);
            for (int i = 0; i < 60_000; i++)
            {
                int key = (int)(2000 * dice.NextDouble() * dice.NextDouble());
                if (cache.Find(key) is { } found)
                    Assert.Equal($"{key}", found);
                else
                    cache.Put(key, $"{key}", dice.Next(20) == 0 ? dice.Next(600_000) : dice.Next(8000), _time.GetUtcNow().AddDays(1));
                if (dice.Next(50) == 0)
                    cache.Remove(dice.Next(2000));
                InterlockedMax(ref worst, cache.Bytes);
            }
        })));
        output.WriteLine($"most {worst} of {Bound}, now {cache.Bytes} in {cache.Count}");
        Assert.InRange(worst, 1, Bound);
        Assert.Equal(cache.Count, Enumerable.Range(0, 2000).Count(key => cache.Find(key) is not null));
        for (int key = 0; key < 2000; key++)
            cache.Remove(key);
        Assert.Equal((0, 0), (cache.Count, cache.Bytes));
    }

    [Fact]
    public void Expired_entry_is_not_found_and_leaves()
    {
        ByteCache<int, string> cache = Make<int>(1_000_000);
        cache.Put(1, "a", Entry, _time.GetUtcNow().AddSeconds(10));
        cache.Put(2, "b", Entry, _time.GetUtcNow().AddSeconds(10));
        cache.Put(3, "c", Entry, _time.GetUtcNow().AddSeconds(11));
        Assert.Equal("a", cache.Find(1));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(cache.Find(1));
        Assert.Equal(2, cache.Count);
        Assert.Equal(1, cache.RemoveDead());
        Assert.Equal((1, 1000L), (cache.Count, cache.Bytes));
        Assert.Equal(1, cache.RemoveDead(value => value == "c"));
        Assert.Equal((0, 0L), (cache.Count, cache.Bytes));
    }

    [Fact]
    public void Size_counts_whatever_it_replaces_and_what_is_too_large_is_not_kept()
    {
        ByteCache<int, string> cache = Make<int>(100_000);
        cache.Put(1, "a", Entry, DateTimeOffset.MaxValue);
        cache.Put(1, "b", 9 * 1000 + Entry, DateTimeOffset.MaxValue);
        Assert.Equal(("b", 1, 10_000L), (cache.Find(1), cache.Count, cache.Bytes));
        cache.Put(1, "c", 100_001, DateTimeOffset.MaxValue);
        Assert.Equal((null, 0, 0L), (cache.Find(1), cache.Count, cache.Bytes));
        for (int key = 0; key < 90; key++)
            Put(cache, key);
        cache.MostBytes = 10_000;
        Assert.InRange(cache.Bytes, 1, 10_000);
    }

    [Fact]
    public void Large_value_takes_the_place_of_small_ones_once_it_is_used_more_often()
    {
        ByteCache<int, string> cache = Make<int>(1_000_000);
        for (int key = 0; key < 2000; key++)
            Put(cache, key);
        for (int i = 0; i < 3 * 2000; i++)
            cache.Find(i % 2000);
        long held = cache.Count;
        cache.Put(-1, "large", 400_000, DateTimeOffset.MaxValue);
        Assert.Null(cache.Find(-1));
        Assert.Equal(held, cache.Count);
        for (int i = 0; i < FrequencySketch.Most; i++)
            cache.Put(-1, "large", 400_000, DateTimeOffset.MaxValue);
        Assert.Equal("large", cache.Find(-1));
        Assert.InRange(cache.Bytes, 1, 1_000_000);
    }

    [Fact]
    public void Key_is_found_by_its_bytes_without_an_allocation()
    {
        ByteCache<byte[], string> cache = new(1_000_000, TimeProvider.System, new ByteKeys());
        cache.Put([1, 2, 3], "x", 10, DateTimeOffset.MaxValue);
        ReadOnlySpan<byte> asked = [1, 2, 3];
        Assert.Equal("x", cache.FindAlternate(asked));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            cache.FindAlternate(asked);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Null(cache.FindAlternate<ReadOnlySpan<byte>>([1, 2]));
    }

    [Fact]
    public void Sketch_counts_ages_and_keeps_its_counts_when_it_grows()
    {
        FrequencySketch sketch = new(64);
        for (int i = 0; i < 9; i++)
            sketch.Add(42);
        Assert.Equal(9, sketch.Estimate(42));
        sketch.Fit(1000);
        Assert.Equal(9, sketch.Estimate(42));
        for (int i = 0; i < 100; i++)
            sketch.Add(42);
        Assert.Equal(FrequencySketch.Most, sketch.Estimate(42));
        for (int i = 1; i <= 10 * 1024; i++)
            sketch.Add(i * 100_003);
        Assert.InRange(sketch.Estimate(42), 7, 8);
    }

    private ByteCache<TKey, string> Make<TKey>(long bytes)
        where TKey : notnull => new(bytes, _time);

    private static void Put(ByteCache<int, string> cache, int key) => cache.Put(key, $"{key}", Entry, DateTimeOffset.MaxValue);

    private static void InterlockedMax(ref long most, long value)
    {
        for (long seen = Volatile.Read(ref most); value > seen;)
        {
            long was = Interlocked.CompareExchange(ref most, value, seen);
            if (was == seen)
                return;
            seen = was;
        }
    }

    private sealed class PlainLru(int most)
    {
        private readonly Dictionary<int, LinkedListNode<int>> _nodes = [];
        private readonly LinkedList<int> _order = new();

        public bool Ask(int key)
        {
            if (_nodes.TryGetValue(key, out LinkedListNode<int>? node))
            {
                _order.Remove(node);
                _order.AddLast(node);
                return true;
            }

            _nodes[key] = _order.AddLast(key);
            if (_nodes.Count > most)
            {
                _nodes.Remove(_order.First!.Value);
                _order.RemoveFirst();
            }

            return false;
        }
    }

    private sealed class ByteKeys : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            HashCode hash = new();
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }
    }
}
