using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Perigee.Caching.Near;
using Perigee.Caching.Semantic;
using Perigee.Embedding;

namespace Perigee.Tests.Caching.Near;

/// <summary>Instances on one storage under one clock.</summary>
internal sealed class NearRig : IAsyncDisposable
{
    private readonly List<Instance> _instances = [];

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));

    public MemoryStorage Storage { get; } = new();

    public async Task<Instance> StartAsync(ITextEmbedder? embedder = null, NearOptions? options = null, NearVerifier? verifier = null, NearGuard? guard = null)
    {
        Instance instance = new(this, embedder ?? new HashedEmbedder(), options ?? new NearOptions(), verifier, guard ?? Guard);
        await instance.Sync.StartAsync(default);
        await instance.RestsAsync(0);
        _instances.Add(instance);
        return instance;
    }

    /// <summary>Time passes, half a second at a time, and all instances do what there is to do.</summary>
    public async Task PassAsync(double seconds)
    {
        for (double passed = 0; passed < seconds; passed += 0.5)
        {
            int[] before = [.. _instances.Select(static instance => instance.Rests)];
            Time.Advance(TimeSpan.FromSeconds(0.5));
            for (int i = 0; i < before.Length; i++)
                await _instances[i].RestsAsync(before[i]);
        }
    }

    /// <summary>A new instance knows a namespace after it was asked about it.</summary>
    public async Task<Instance> StartKnowingAsync(string space, ITextEmbedder? embedder = null, NearOptions? options = null, NearVerifier? verifier = null)
    {
        Instance instance = await StartAsync(embedder, options, verifier);
        Assert.Null(await instance.AskAsync(space, "anything?"));
        await instance.LoadedAsync(space);
        return instance;
    }

    public async Task StopAsync(Instance instance)
    {
        _instances.Remove(instance);
        await instance.Sync.StopAsync(default);
        await instance.Lookup.DisposeAsync();
        instance.Sync.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        Storage.Down = false;
        foreach (Instance instance in _instances.ToArray())
            await StopAsync(instance);
    }

    /// <summary>Features of a test are the words without case and question mark; numbers are told apart by name.</summary>
    public static byte[] Features(string text) => Encoding.UTF8.GetBytes(text.ToLowerInvariant().Replace("please", "", StringComparison.Ordinal).Trim(' ', '?'));

    private static GuardVerdict Guard(ReadOnlyMemory<byte> asked, ReadOnlyMemory<byte> kept)
    {
        if (asked.Span.SequenceEqual(kept.Span))
            return new GuardVerdict(true, "same");
        return new GuardVerdict(false, Digits(asked) == Digits(kept) ? "entity" : "number");
    }

    private static string Digits(ReadOnlyMemory<byte> features) => string.Concat(Encoding.UTF8.GetString(features.Span).Where(char.IsAsciiDigit));

    /// <summary>A process.</summary>
    internal sealed class Instance
    {
        private readonly NearRig _rig;
        private readonly Clock _clock;

        public Instance(NearRig rig, ITextEmbedder embedder, NearOptions options, NearVerifier? verifier, NearGuard guard)
        {
            _rig = rig;
            _clock = new Clock(rig.Time);
            Embedder = embedder;
            Sync = new NearSync(rig.Storage, TimeSpan.FromHours(24), _clock, NullLogger<NearSync>.Instance);
            Lookup = new NearLookup(options, embedder, Sync, guard, verifier, _clock);
        }

        public ITextEmbedder Embedder { get; }

        public NearSync Sync { get; }

        public NearLookup Lookup { get; }

        public int Rests => _clock.Rests;

        public ValueTask<NearFound?> AskAsync(string space, string text, string scope = "s", double threshold = 0) =>
            Lookup.FindAsync(space, Encoding.UTF8.GetBytes(scope), text, Features(text), threshold, default);

        public async Task<bool> HitsAsync(string space, string text, string scope = "s") => await AskAsync(space, text, scope) is { Hit: true };

        public void Keep(string space, string id, string text, string scope = "s", double minutes = 60, bool keepText = false) =>
            Lookup.Keep(space, id, Encoding.UTF8.GetBytes(scope), text, Features(text), _rig.Time.GetUtcNow().AddMinutes(minutes), keepText);

        public NearSpace Space(string name) => Sync.Open(name, Embedder, 100);

        public Task LoadedAsync(string space) => Eventually.IsTrueAsync(() => Space(space).Loaded, $"{space} is loaded");

        /// <summary>Waits until it has done what there was and waits for the next tick; and until all is written that can be.</summary>
        public async Task RestsAsync(int before)
        {
            await Eventually.IsTrueAsync(() => _clock.Rests > before, "the instance rests");
            await Eventually.IsTrueAsync(() => _rig.Storage.Down || Sync.Unwritten == 0 || _clock.Pauses > 0, "all is written");
        }
    }

    /// <summary>Tells when somebody begins to wait for the next tick, and whether the writer pauses.</summary>
    private sealed class Clock(FakeTimeProvider time) : TimeProvider
    {
        private static readonly double[] PausesInMs = [25, 200, 400, 800, 1600, 3200];

        private int _rests;
        private int _pauses;

        public int Rests => Volatile.Read(ref _rests);

        public int Pauses => Volatile.Read(ref _pauses);

        public override long TimestampFrequency => time.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => time.GetUtcNow();

        public override long GetTimestamp() => time.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (PausesInMs.Contains(dueTime.TotalMilliseconds))
            {
                Interlocked.Increment(ref _pauses);
                TimerCallback inner = callback;
                callback = with =>
                {
                    Interlocked.Decrement(ref _pauses);
                    inner(with);
                };
            }

            ITimer timer = time.CreateTimer(callback, state, dueTime, period);
            if (dueTime == TimeSpan.FromMilliseconds(500))
                Interlocked.Increment(ref _rests);
            return timer;
        }
    }
}
