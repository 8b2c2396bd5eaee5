using System.Collections.Concurrent;

namespace Perigee.Caching.Store;

/// <summary>
/// Values in memory up to a number of bytes, with the admission policy W-TinyLFU: what is new stands in a small window; who is pushed out of it
/// must have been used more often than those who would have to go for it. So a scan of questions that are asked once does not flush those that
/// are asked all day. Source: Einziger, Friedman, Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", 2017, section 4. A value of many
/// times the others' size needs more uses than each of those that go for it, not than all together: a sketch that counts to fifteen would
/// never let in a long answer that is asked all day.
/// <para>
/// A look-up takes no lock: its use is noted where the lock happens to be free, which under load is a fair sample. All else holds one lock for
/// a short time. No operation takes longer because there are more entries, save <see cref="RemoveDead"/>.
/// </para>
/// </summary>
internal sealed class ByteCache<TKey, TValue>
    where TKey : notnull
    where TValue : class
{
    /// <summary>Bytes of an entry besides the value's own: the two nodes that hold it, and the key's reference.</summary>
    public const int Overhead = 192;

    private const int FirstEntries = 256;

    /// <summary>The window is a hundredth, as in the paper, but takes one answer of usual size where memory is scarce.</summary>
    private const long LeastWindow = 256 * 1024;

    private readonly ConcurrentDictionary<TKey, Entry> _entries;
    private readonly IEqualityComparer<TKey> _keys;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly FrequencySketch _sketch = new(FirstEntries);
    private readonly EntryList _window = new();
    private readonly EntryList _probation = new();
    private readonly EntryList _protected = new();
    private long _most;
    private long _bytes;
    private int _count;

    /// <param name="mostBytes">The bound. What is larger than it is not kept.</param>
    /// <param name="time">The clock that entries expire by.</param>
    /// <param name="keys">How keys compare; one that knows an alternate form lets <see cref="FindAlternate"/> be used.</param>
    public ByteCache(long mostBytes, TimeProvider time, IEqualityComparer<TKey>? keys = null)
    {
        _most = mostBytes;
        _time = time;
        _keys = keys ?? EqualityComparer<TKey>.Default;
        _entries = new ConcurrentDictionary<TKey, Entry>(concurrencyLevel: 1, FirstEntries, _keys);
    }

    /// <summary>Bytes held, with <see cref="Overhead"/> for each entry. Never more than <see cref="MostBytes"/>.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Entries held.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The bound. A smaller one takes effect at once.</summary>
    public long MostBytes
    {
        get => Volatile.Read(ref _most);
        set
        {
            lock (_gate)
            {
                Volatile.Write(ref _most, value);
                Balance();
            }
        }
    }

    private long WindowMost => Math.Max(_most / 100, Math.Min(LeastWindow, _most / 4));

    private long MainMost => _most - WindowMost;

    /// <summary>The value, or null.</summary>
    public TValue? Find(TKey key) => _entries.TryGetValue(key, out Entry? entry) ? Use(entry) : null;

    /// <summary>The value under a key in its other form (a span of bytes, say), or null. The comparer must know that form.</summary>
    public TValue? FindAlternate<TAlternate>(TAlternate key)
        where TAlternate : notnull, allows ref struct =>
        _entries.GetAlternateLookup<TAlternate>().TryGetValue(key, out Entry? entry) ? Use(entry) : null;

    /// <summary>Keeps a value, in place of one that is there. It may be dropped at once where others are used more often.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">The value; it must not change.</param>
    /// <param name="bytes">Its size, with that of the key.</param>
    /// <param name="expires">From when it is not found any more.</param>
    public void Put(TKey key, TValue value, long bytes, DateTimeOffset expires)
    {
        Entry entry = new(key, value, bytes + Overhead, expires.UtcTicks, _keys.GetHashCode(key));
        lock (_gate)
        {
            EntryList home = _window;
            if (_entries.TryGetValue(key, out Entry? old))
            {
                home = old.Home!;
                Drop(old);
            }

            _sketch.Add(entry.Hash);
            if (entry.Bytes <= _most)
            {
                _entries[key] = entry;
                if (home == _window && entry.Bytes > WindowMost)
                    home.AddOldest(entry); // It passes through, and does not push out those who stand there.
                else
                    home.Add(entry);
                _count++;
                _sketch.Fit(_count);
            }

            Balance();
        }
    }

    /// <summary>Removes a value.</summary>
    public bool Remove(TKey key) => _entries.TryGetValue(key, out Entry? entry) && Remove(entry);

    /// <summary>Removes what has expired and, where told, what is dead for another reason. Looks at every entry; holds the lock for none but the dead.</summary>
    /// <returns>How many were removed.</returns>
    public int RemoveDead(Func<TValue, bool>? isDead = null)
    {
        long now = _time.GetUtcNow().UtcTicks;
        int removed = 0;
        foreach (KeyValuePair<TKey, Entry> pair in _entries)
        {
            if ((pair.Value.Expires <= now || isDead?.Invoke(pair.Value.Value) == true) && Remove(pair.Value))
                removed++;
        }

        return removed;
    }

    private TValue? Use(Entry entry)
    {
        if (entry.Expires <= _time.GetUtcNow().UtcTicks)
        {
            Remove(entry);
            return null;
        }

        // Nobody waits in order to be counted.
        if (_gate.TryEnter())
        {
            try
            {
                Touch(entry);
            }
            finally
            {
                _gate.Exit();
            }
        }

        return entry.Value;
    }

    private bool Remove(Entry entry)
    {
        lock (_gate)
        {
            if (entry.Home is null)
                return false;
            Drop(entry);
            Volatile.Write(ref _bytes, Held);
            return true;
        }
    }

    private long Held => _window.Bytes + _probation.Bytes + _protected.Bytes;

    private void Touch(Entry entry)
    {
        if (entry.Home is not { } home)
            return;
        _sketch.Add(entry.Hash);
        home.Remove(entry);
        if (home != _probation)
        {
            home.Add(entry);
            return;
        }

        // Used again: protected from those who come new, four fifths of the main part long.
        _protected.Add(entry);
        while (_protected.Bytes > MainMost / 5 * 4 && _protected.Oldest is { } oldest)
        {
            _protected.Remove(oldest);
            _probation.Add(oldest);
        }
    }

    /// <summary>Makes the window give what is too much for it to the main part, and the main part keep within its bounds.</summary>
    private void Balance()
    {
        while (_window.Bytes > WindowMost && _window.Oldest is { } candidate)
            Admit(candidate);

        // Only after the bound, or the size of an entry in place, has changed.
        while (Held > _most && (_probation.Oldest ?? _protected.Oldest ?? _window.Oldest) is { } victim)
            Drop(victim);
        Volatile.Write(ref _bytes, Held);
    }

    /// <summary>Moves a candidate to the main part if it was used more often than each who has to go for it, else drops it.</summary>
    private void Admit(Entry candidate)
    {
        long now = _time.GetUtcNow().UtcTicks;
        if (candidate.Bytes > MainMost || candidate.Expires <= now)
        {
            Drop(candidate);
            return;
        }

        // One by one: a candidate that meets its better half-way has cost none that was used as often as itself, and each step removes somebody.
        long missing = candidate.Bytes - (MainMost - _probation.Bytes - _protected.Bytes);
        int worth = _sketch.Estimate(candidate.Hash);
        while (missing > 0 && (_probation.Oldest ?? _protected.Oldest) is { } victim)
        {
            if (victim.Expires > now && _sketch.Estimate(victim.Hash) >= worth)
            {
                Drop(candidate);
                return;
            }

            missing -= victim.Bytes;
            Drop(victim);
        }

        _window.Remove(candidate);
        _probation.Add(candidate);
    }

    private void Drop(Entry entry)
    {
        entry.Home!.Remove(entry);
        _entries.TryRemove(new KeyValuePair<TKey, Entry>(entry.Key, entry));
        _count--;
    }

    private sealed class Entry(TKey key, TValue value, long bytes, long expires, int hash)
    {
        public readonly TKey Key = key;
        public readonly TValue Value = value;
        public readonly long Bytes = bytes;
        public readonly long Expires = expires;
        public readonly int Hash = hash;
        public Entry? Older;
        public Entry? Newer;

        /// <summary>The list that it stands in; null once it is gone.</summary>
        public EntryList? Home;
    }

    /// <summary>Entries in the order of their last use.</summary>
    private sealed class EntryList
    {
        private Entry? _newest;

        public Entry? Oldest { get; private set; }

        public long Bytes { get; private set; }

        public void Add(Entry entry)
        {
            (entry.Home, entry.Older, entry.Newer) = (this, _newest, null);
            if (_newest is null)
                Oldest = entry;
            else
                _newest.Newer = entry;
            _newest = entry;
            Bytes += entry.Bytes;
        }

        public void AddOldest(Entry entry)
        {
            (entry.Home, entry.Older, entry.Newer) = (this, null, Oldest);
            if (Oldest is null)
                _newest = entry;
            else
                Oldest.Older = entry;
            Oldest = entry;
            Bytes += entry.Bytes;
        }

        public void Remove(Entry entry)
        {
            if (entry.Older is { } older)
                older.Newer = entry.Newer;
            else
                Oldest = entry.Newer;
            if (entry.Newer is { } newer)
                newer.Older = entry.Older;
            else
                _newest = entry.Older;
            (entry.Home, entry.Older, entry.Newer) = (null, null, null);
            Bytes -= entry.Bytes;
        }
    }
}
