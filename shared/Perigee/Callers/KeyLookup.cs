using System.Collections.Concurrent;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary>
/// Keys as requests look them up: from memory for at most 10 seconds after the read began, known and unknown ones alike; one read for all who
/// ask at the same time. A key in use is read again before its time is over, so that no request waits for it.
/// </summary>
internal sealed class KeyLookup(KeyStore store, TimeProvider time)
{
    /// <summary>How long a key is believed.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    private const int MostEntries = 20_000;
    private const double UnknownPerSecond = 100;
    private const double UnknownAtOnce = 1_000;

    private static readonly TimeSpan RefreshAfter = TimeSpan.FromSeconds(6);

    private readonly ConcurrentDictionary<KeyHash, Task<Entry>> _reads = new();
    private readonly Lock _gate = new();
    private volatile ConcurrentDictionary<KeyHash, Entry> _young = new();
    private volatile ConcurrentDictionary<KeyHash, Entry> _old = new();
    private long _turned = time.GetTimestamp();
    private double _left = UnknownAtOnce;
    private long _filledAt = time.GetTimestamp();

    /// <summary>
    /// Looks a key up. <see cref="KeyFinding.Busy"/>: so many unknown keys were tried that no further one is looked up at the moment, because
    /// each costs a trip to the storage; keys in memory are served all the same.
    /// </summary>
    /// <exception cref="StorageException">The key is not in memory and the storage does not answer.</exception>
    public ValueTask<KeyFinding> FindAsync(string key, CancellationToken cancel) =>
        KeyText.MayBe(key) ? FindAsync(KeyText.Hash(key), cancel) : new ValueTask<KeyFinding>(KeyFinding.Unknown);

    /// <inheritdoc cref="FindAsync(string, CancellationToken)"/>
    public ValueTask<KeyFinding> FindAsync(KeyHash hash, CancellationToken cancel)
    {
        if (_young.TryGetValue(hash, out Entry? entry) || _old.TryGetValue(hash, out entry))
        {
            TimeSpan age = time.GetElapsedTime(entry.ReadAt);
            if (age < Lifetime)
            {
                if (age >= RefreshAfter && entry.Record is not null)
                    Refresh(hash);
                return new ValueTask<KeyFinding>(Judge(entry));
            }
        }

        if (!_reads.TryGetValue(hash, out Task<Entry>? read))
        {
            if (!TryTake())
                return new ValueTask<KeyFinding>(KeyFinding.Busy);
            read = ReadOnce(hash, paid: true);
        }

        return WaitAsync(read, cancel);
    }

    /// <summary>A change made by this process: it holds at once.</summary>
    public void Put(KeyRecord record) => Keep(KeyHash.FromHex(record.Hash), new Entry(record, time.GetTimestamp()));

    private async ValueTask<KeyFinding> WaitAsync(Task<Entry> read, CancellationToken cancel) => Judge(await read.WaitAsync(cancel));

    private KeyFinding Judge(Entry entry)
    {
        if (entry.Record is not { } record)
            return KeyFinding.Unknown;
        if (record.RevokedAt is not null)
            return KeyFinding.Revoked;
        return record.ExpiresAt <= time.GetUtcNow() ? KeyFinding.Expired : entry.Finding!;
    }

    private async void Refresh(KeyHash hash)
    {
        try
        {
            await ReadOnce(hash, paid: false);
        }
        catch (StorageException)
        {
            // The next request tries again; until then the key is believed for the rest of its time.
        }
    }

    /// <summary>The read belongs to all who wait for it: none of them can cancel it.</summary>
    private Task<Entry> ReadOnce(KeyHash hash, bool paid)
    {
        TaskCompletionSource<Entry> mine = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<Entry> read = _reads.GetOrAdd(hash, mine.Task);
        if (read == mine.Task)
            ReadInto(mine, hash, paid);
        else if (paid)
            GiveBack();
        return read;
    }

    private async void ReadInto(TaskCompletionSource<Entry> mine, KeyHash hash, bool paid)
    {
        try
        {
            long began = time.GetTimestamp();
            Entry entry = Keep(hash, new Entry(await store.FindAsync(hash, CancellationToken.None), began));
            if (paid && entry.Record is not null)
                GiveBack();
            _reads.TryRemove(hash, out _);
            mine.SetResult(entry);
        }
        catch (Exception fault)
        {
            _reads.TryRemove(hash, out _);
            mine.SetException(fault);

            // A refresh has nobody who looks at the task.
            _ = mine.Task.Exception;
        }
    }

    /// <summary>Two generations bound the memory: the older is dropped whole when the younger is 10 seconds old or full.</summary>
    private Entry Keep(KeyHash hash, Entry entry)
    {
        lock (_gate)
        {
            if (time.GetElapsedTime(_turned) >= Lifetime || _young.Count >= MostEntries)
            {
                _old = _young;
                _young = new ConcurrentDictionary<KeyHash, Entry>();
                _turned = time.GetTimestamp();
            }

            // A read that began before this process revoked the key must not bring it back to life; revoked is for ever.
            if (entry.Record is { RevokedAt: null }
                && (_young.TryGetValue(hash, out Entry? known) || _old.TryGetValue(hash, out known))
                && known.Record?.RevokedAt is not null)
                return known;
            _young[hash] = entry;
            return entry;
        }
    }

    /// <summary>Takes the price of a read; who turns out to be known gets it back.</summary>
    private bool TryTake()
    {
        lock (_gate)
        {
            long now = time.GetTimestamp();
            _left = Math.Min(UnknownAtOnce, _left + (time.GetElapsedTime(_filledAt, now).TotalSeconds * UnknownPerSecond));
            _filledAt = now;
            if (_left < 1)
                return false;
            _left--;
            return true;
        }
    }

    private void GiveBack()
    {
        lock (_gate)
            _left++;
    }

    /// <summary>What one read found; the caller is made once and not for every request.</summary>
    private sealed class Entry(KeyRecord? record, long readAt)
    {
        public KeyRecord? Record { get; } = record;

        public long ReadAt { get; } = readAt;

        public KeyFinding? Finding { get; } = record is null
            ? null
            : KeyFinding.Of(new Caller(record.Id, record.Tenant, record.Name, record.RequestsPerMinute) 
            {
                Quality = record.Quality,
                CacheTtl = record.CacheTtlSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            });
    }
}

/// <summary>What a look-up found.</summary>
internal sealed class KeyFinding
{
    public static readonly KeyFinding Unknown = new(null);
    public static readonly KeyFinding Revoked = new(null);
    public static readonly KeyFinding Expired = new(null);
    public static readonly KeyFinding Busy = new(null);

    private KeyFinding(Caller? caller) => Caller = caller;

    /// <summary>Whose key it is, or null where it is good for nothing.</summary>
    public Caller? Caller { get; }

    public static KeyFinding Of(Caller caller) => new(caller);
}
