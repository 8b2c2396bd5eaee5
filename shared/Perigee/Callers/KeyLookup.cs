using System.Collections.Concurrent;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary>
/// Keys as requests look them up: from memory for at most 10 seconds after the read began, known and unknown ones alike; one read for all who
/// ask at the same time. A key in use is read again before its time is over, so that no request waits for it. Organisation and team are read
/// with it and believed as long: the caller is made once of all three. While the storage does not answer, keys that were good go on for ten minutes: nobody can revoke one there either.
/// </summary>
internal sealed class KeyLookup(KeyStore store, OwnerLookup owners, TimeProvider time) : IForgets
{
    /// <summary>How long a key is believed.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    /// <summary>How long a key that was good is believed while the storage does not answer. Its own end, and a change that is known of, hold all the same.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    /// <summary>How long who was known is waited for before the storage is taken to be away.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private const int MostEntries = 20_000;
    private const double UnknownPerSecond = 100;
    private const double UnknownAtOnce = 1_000;

    private static readonly TimeSpan RefreshAfter = TimeSpan.FromSeconds(6);

    /// <summary>
    /// For this long after a change elsewhere a key that was read before is still believed while it is read again: all keys in use would otherwise
    /// wait for the storage at once.
    /// </summary>
    private static readonly TimeSpan ForgetWithin = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<KeyHash, Task<Entry>> _reads = new();
    private readonly Lock _gate = new();
    private volatile ConcurrentDictionary<KeyHash, Entry> _young = new();
    private volatile ConcurrentDictionary<KeyHash, Entry> _old = new();
    private long _turned = time.GetTimestamp();
    private double _left = UnknownAtOnce;
    private long _filledAt = time.GetTimestamp();
    private long _changedAt = long.MinValue;

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
        Entry? known = null;
        if (_young.TryGetValue(hash, out Entry? entry) || _old.TryGetValue(hash, out entry))
        {
            TimeSpan age = time.GetElapsedTime(entry.ReadAt);
            bool older = entry.ReadAt < Volatile.Read(ref _changedAt);
            if (age < Lifetime && (entry.Organisation is null || entry.Version == owners.Version) && (!older || MayStillServe(entry)))
            {
                if ((older || age >= RefreshAfter) && entry.Record is not null)
                    Refresh(hash);
                return new ValueTask<KeyFinding>(Judge(entry));
            }

            if (entry.Record is not null && age < Grace && !older && (entry.Organisation is null || entry.Version == owners.Version))
                known = entry;
        }

        // That the storage is away was seen a moment ago, with this key: nobody waits for it once more.
        if (known is not null && known.IsAlone)
        {
            if (time.GetElapsedTime(known.TriedAt) >= Patience)
                Retry(hash, known);
            return new ValueTask<KeyFinding>(Judge(known));
        }

        if (!_reads.TryGetValue(hash, out Task<Entry>? read))
        {
            bool pays = known is null;
            if (pays && !TryTake())
                return new ValueTask<KeyFinding>(KeyFinding.Busy);
            read = ReadOnce(hash, pays);
        }

        return known is null ? WaitAsync(read, cancel) : WaitAsync(read, known, cancel);
    }

    /// <inheritdoc/>
    public void Forget() => Volatile.Write(ref _changedAt, time.GetTimestamp());

    /// <summary>A change made by this process: it holds at once, for each of the key's secrets.</summary>
    /// <exception cref="StorageException">Its organisation or team cannot be read.</exception>
    public async ValueTask PutAsync(KeyRecord record)
    {
        if (record.RevokedAt is not null || record.Organisation is null)
        {
            Put(record);
            return;
        }

        int version = owners.Version;
        long now = time.GetTimestamp();
        (Owner? organisation, Owner? team) = await owners.FindAsync(record.Organisation, record.Team);
        foreach (string hash in Hashes(record))
            Keep(KeyHash.FromHex(hash), new Entry(record, hash, organisation, team, now, version));
    }

    /// <summary>As <see cref="PutAsync"/>, of a key that is revoked or stands alone.</summary>
    public void Put(KeyRecord record)
    {
        foreach (string hash in Hashes(record))
            Keep(KeyHash.FromHex(hash), new Entry(record, hash, null, null, time.GetTimestamp(), owners.Version));
    }

    private bool MayStillServe(Entry entry) => entry.Record is not null && time.GetElapsedTime(Volatile.Read(ref _changedAt)) < ForgetWithin;

    private static IEnumerable<string> Hashes(KeyRecord record) => record.Secrets.Select(static secret => secret.Hash).Prepend(record.Hash);

    private async ValueTask<KeyFinding> WaitAsync(Task<Entry> read, CancellationToken cancel) => Judge(await read.WaitAsync(cancel));

    private async ValueTask<KeyFinding> WaitAsync(Task<Entry> read, Entry known, CancellationToken cancel)
    {
        try
        {
            return Judge(await read.WaitAsync(Patience, time, cancel));
        }
        catch (Exception fault) when (fault is StorageException or TimeoutException)
        {
            known.TriedAt = time.GetTimestamp();
            known.IsAlone = true;
            return Judge(known);
        }
    }

    private void Retry(KeyHash hash, Entry known)
    {
        known.TriedAt = time.GetTimestamp();
        Refresh(hash);
    }

    private KeyFinding Judge(Entry entry)
    {
        if (entry.Record is not { } record)
            return KeyFinding.Unknown;
        if (record.RevokedAt is not null)
            return KeyFinding.Revoked;
        DateTimeOffset now = time.GetUtcNow();
        if (record.Settings.Disabled)
            return KeyFinding.Disabled;
        if (record.Settings.ExpiresAt <= now)
            return KeyFinding.Expired;
        if (entry.SecretEndsAt <= now)
            return KeyFinding.Rotated;
        return (entry.Organisation is null ? null : CallerMaker.Refusal(entry.Organisation, now) ?? CallerMaker.Refusal(entry.Team, now)) is { } refusal
            ? KeyFinding.Refused(refusal)
            : entry.Finding!;
    }

    private async void Refresh(KeyHash hash)
    {
        try
        {
            await ReadOnce(hash, paid: false);
        }
        catch (Exception)
        {
            // The next request tries again, and meets what it is; until then the key is believed for the rest of its time. Nothing may leave here: it would end the process.
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
            Entry entry = Keep(hash, await ReadAsync(hash.Hex()));
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

    private async Task<Entry> ReadAsync(string hash)
    {
        int version = owners.Version;
        long began = time.GetTimestamp();
        if (await store.FindRowAsync(hash, CancellationToken.None) is not { } row)
            return new Entry(null, hash, null, null, began, version);

        // A later secret's row names the key; that, organisation and team are read at the same time.
        ValueTask<TableRow?> main = row.Text("of") is { } of ? store.FindRowAsync(of, CancellationToken.None) : new ValueTask<TableRow?>(row);
        ValueTask<(Owner? Organisation, Owner? Team)> above = owners.FindAsync(row.Text("organisation"), row.Text("team"));
        KeyRecord? record = await main is { } key ? KeyRecord.FromRow(key) : null;
        (Owner? organisation, Owner? team) = await above;
        return new Entry(record, hash, organisation, team, began, version);
    }

    /// <summary>Two generations bound the memory: the older is dropped whole when the younger is as old as half the grace, or full.</summary>
    private Entry Keep(KeyHash hash, Entry entry)
    {
        lock (_gate)
        {
            if (time.GetElapsedTime(_turned) >= Grace / 2 || _young.Count >= MostEntries)
            {
                _old = _young;
                _young = new ConcurrentDictionary<KeyHash, Entry>();
                _turned = time.GetTimestamp();
            }

            // A read that began before this process changed the key must not bring back what it was; revoked is for ever.
            if (entry.Record is { RevokedAt: null }
                && (_young.TryGetValue(hash, out Entry? known) || _old.TryGetValue(hash, out known))
                && (known.Record?.RevokedAt is not null || known.Began > entry.Began))
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
    private sealed class Entry
    {
        public Entry(KeyRecord? record, string hash, Owner? organisation, Owner? team, long began, int version)
        {
            (Organisation, Team, Began, Version) = (organisation, team, began, version);
            ReadAt = Math.Min(began, Math.Min(organisation?.ReadAt ?? began, team?.ReadAt ?? began));
            if (record is null)
                return;
            SecretEndsAt = record.EndOf(hash, out bool known);

            // A secret that its key does not name was never handed out.
            if (!known)
                return;
            Record = record;
            Finding = KeyFinding.Of(CallerMaker.Of(record, organisation?.Record, team?.Record));
        }

        public KeyRecord? Record { get; }

        public Owner? Organisation { get; }

        public Owner? Team { get; }

        /// <summary>When the read began.</summary>
        public long Began { get; }

        /// <summary>When the oldest of what it was made of was read.</summary>
        public long ReadAt { get; }

        /// <summary>What <see cref="OwnerLookup.Version"/> was then.</summary>
        public int Version { get; }

        public DateTimeOffset? SecretEndsAt { get; }

        /// <summary>Whether it is used though its time is over, because it could not be read again. What is read takes its place.</summary>
        public volatile bool IsAlone;

        /// <summary>When it was tried last to read it again.</summary>
        public long TriedAt { get => Volatile.Read(ref field); set => Volatile.Write(ref field, value); }

        public KeyFinding? Finding { get; }
    }
}
