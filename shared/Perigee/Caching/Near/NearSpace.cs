using System.Security.Cryptography;
using System.Text;
using Perigee.Embedding;

namespace Perigee.Caching.Near;

/// <summary>One namespace's questions with the vectors of one embedder, as this instance knows them, and how far that is.</summary>
/// <param name="name">The namespace: the partition under which its answers are kept.</param>
/// <param name="embedder">What makes the vectors.</param>
/// <param name="mostEntries">The most entries in memory.</param>
/// <param name="time">The clock.</param>
internal sealed class NearSpace(string name, ITextEmbedder embedder, int mostEntries, TimeProvider time)
{
    /// <summary>For how long it is remembered that an entry is gone: longer than any change of it is read again.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(10);

    private readonly Lock _changing = new();
    private readonly Dictionary<string, long> _gone = new(StringComparer.Ordinal);
    private long _asked = time.GetTimestamp();
    private NearIndex? _index;
    private int _changes;
    private volatile bool _loaded;

    /// <summary>What makes the vectors.</summary>
    public ITextEmbedder Embedder => embedder;

    /// <summary>Its name in storage: never the namespace's own, which holds names of tenants.</summary>
    public string Hash { get; } = HashOf(name, embedder.Version);

    /// <summary>The questions; null until it is known how long vectors are.</summary>
    public NearIndex? Index => Volatile.Read(ref _index) ?? (embedder.Dimensions > 0 ? Make() : null);

    /// <summary>Whether everything that others have kept was read once.</summary>
    public bool Loaded => _loaded;

    /// <summary>Up to when changes were read; only the synchronization sets it.</summary>
    public DateTimeOffset ReadTo { get; set; }

    /// <summary>When reading is tried again after a failure.</summary>
    public DateTimeOffset NotBefore { get; set; }

    /// <summary>Failures in a row.</summary>
    public int Failures { get; set; }

    /// <summary>Changes since the last snapshot that is known of.</summary>
    public int Changes => Volatile.Read(ref _changes);

    /// <summary>Up to when the last snapshot reaches that is known of.</summary>
    public DateTimeOffset SnapshotTo { get; set; }

    /// <summary>How long nobody asked.</summary>
    public TimeSpan Idle => time.GetElapsedTime(Interlocked.Read(ref _asked));

    /// <summary>Somebody asks.</summary>
    public void Ask() => Interlocked.Exchange(ref _asked, time.GetTimestamp());

    /// <summary>A snapshot has so many changes in it.</summary>
    public void Settle(int changes) => Interlocked.Add(ref _changes, -changes);

    /// <summary>All was read.</summary>
    public void Done() => _loaded = true;

    /// <summary>Takes a change in, unless what is known is as new. Any order and any repetition comes to the same.</summary>
    /// <returns>Whether it changed something.</returns>
    public bool Apply(in NearDelta change)
    {
        if (Index is not { } index)
            return false;
        NearEntry entry = change.Entry;
        lock (_changing)
        {
            if ((_gone.TryGetValue(entry.Id, out long gone) && gone >= entry.At) || index.Find(entry.Id)?.At >= entry.At)
                return false;
            if (change.Vector is not null)
            {
                if (entry.Expires <= time.GetUtcNow() || !index.Add(entry, change.Vector))
                    return false;
            }
            else
            {
                index.Remove(entry.Id);
                _gone[entry.Id] = entry.At;
                Forget();
            }

            Interlocked.Increment(ref _changes);
            return true;
        }
    }

    private static string HashOf(string name, string version) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(version + "|" + name)).AsSpan(0, 16));

    private NearIndex Make()
    {
        lock (_changing)
        {
            if (_index is null)
                Volatile.Write(ref _index, new NearIndex(embedder.Dimensions, mostEntries, time));
            return _index!;
        }
    }

    private void Forget()
    {
        long before = (time.GetUtcNow() - Memory).UtcTicks;
        foreach ((string id, long at) in _gone)
        {
            if (at < before)
                _gone.Remove(id);
        }
    }
}
