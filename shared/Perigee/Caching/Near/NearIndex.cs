using System.Runtime.InteropServices;

namespace Perigee.Caching.Near;

/// <summary>
/// The questions of one namespace by their vectors, in memory. Searching takes no lock and allocates nothing; changes exclude one another
/// only. When it is full, those that were of use longest ago leave.
/// </summary>
/// <param name="dimensions">Numbers in a vector.</param>
/// <param name="mostEntries">The most entries.</param>
/// <param name="time">Tells what has expired.</param>
internal sealed class NearIndex(int dimensions, int mostEntries, TimeProvider time)
{
    private readonly int _stride = SmallVector.Stride(dimensions);
    private readonly int _most = Math.Max(1, mostEntries);
    private readonly Lock _writing = new();
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);
    private readonly Stack<int> _free = new();
    private NearChunk[] _chunks = [];
    private int _next;
    private long _bytes;
    private long _uses;

    /// <summary>Bytes of a vector as it is stored: <see cref="SmallVector.Stride"/>.</summary>
    public int Stride => _stride;

    /// <summary>How many entries it holds, expired ones included until they leave.</summary>
    public int Count
    {
        get
        {
            lock (_writing)
                return _places.Count;
        }
    }

    /// <summary>Bytes in memory, about.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Finds the nearest entries of a scope.</summary>
    /// <param name="vector">What is looked for, rounded.</param>
    /// <param name="scale">One over its length.</param>
    /// <param name="scope">The scope, which must be equal.</param>
    /// <param name="skeleton">What entries must have that the guards would pass (<see cref="NearEntry.Skeleton"/>), or 0 where that is not known.</param>
    /// <param name="threshold">The least cosine.</param>
    /// <param name="found">Takes them, best first.</param>
    /// <param name="refused">The nearest of those that the guards will refuse, where it is very near; or null.</param>
    /// <returns>How many.</returns>
    public int Search(
        ReadOnlySpan<sbyte> vector, float scale, ScopeHash scope, uint skeleton, double threshold, out NearCandidates found, out NearCandidate? refused)
    {
        found = default;
        refused = null;
        if (vector.Length != _stride || scale == 0)
            return 0;
        NearSearch search = new(
            ref MemoryMarshal.GetReference(vector), scale, SmallVector.RearLength(vector, scale), VectorFronts.Excess(vector, SmallVector.Front(_stride)), skeleton, scope,
            (float)threshold, time.GetUtcNow());
        foreach (NearChunk chunk in Volatile.Read(ref _chunks))
            chunk.Search(ref search);
        found = search.Found;
        refused = search.Refused;
        return search.Count;
    }

    /// <summary>Takes an entry in, in place of one of the same id.</summary>
    /// <returns>False where the vector is not one of this index.</returns>
    public bool Add(NearEntry entry, ReadOnlySpan<sbyte> vector)
    {
        float scale = vector.Length == _stride ? SmallVector.OneOverLength(vector) : 0;
        if (scale == 0)
            return false;
        lock (_writing)
        {
            if (_places.TryGetValue(entry.Id, out int place))
            {
                Interlocked.Add(ref _bytes, -Entry(place)!.Bytes);
            }
            else
            {
                if (_places.Count >= _most)
                    MakeRoom();
                place = _free.TryPop(out int free) ? free : Grow();
                _places.Add(entry.Id, place);
            }

            Chunk(place).Set(RowOf(place), entry, vector, scale, ++_uses);
            Interlocked.Add(ref _bytes, entry.Bytes);
        }

        return true;
    }

    /// <summary>Notes that an entry was of use, so that it leaves last.</summary>
    public void Use(string id)
    {
        lock (_writing)
        {
            if (_places.TryGetValue(id, out int place))
                Chunk(place).Use(RowOf(place), ++_uses);
        }
    }

    /// <summary>Takes an entry out.</summary>
    public bool Remove(string id)
    {
        lock (_writing)
            return Take(id);
    }

    /// <summary>Takes out what has expired.</summary>
    /// <returns>How many.</returns>
    public int RemoveExpired()
    {
        lock (_writing)
            return TakeExpired();
    }

    /// <summary>The entry of an id, or null.</summary>
    public NearEntry? Find(string id)
    {
        lock (_writing)
            return _places.TryGetValue(id, out int place) ? Entry(place) : null;
    }

    /// <summary>Hands out every living entry with its vector, about in the order in which they came. What changes meanwhile may be missed or not.</summary>
    public IEnumerable<(NearEntry Entry, sbyte[] Vector)> ReadAll()
    {
        DateTimeOffset now = time.GetUtcNow();
        foreach (NearChunk chunk in Volatile.Read(ref _chunks))
        {
            for (int row = 0; row < chunk.Rows; row++)
            {
                NearEntry? entry;
                sbyte[] vector;
                lock (_writing)
                {
                    entry = chunk[row];
                    if (entry is null || entry.Expires <= now)
                        continue;
                    vector = chunk.Vector(row);
                }

                yield return (entry, vector);
            }
        }
    }

    private int ChunkRows => NearChunk.RowsOf(_stride);

    private NearChunk Chunk(int place) => _chunks[place / ChunkRows];

    private int RowOf(int place) => place % ChunkRows;

    private NearEntry? Entry(int place) => Chunk(place)[RowOf(place)];

    /// <summary>A place that was never used. The list of chunks is copied, the chunks stay where they are.</summary>
    private int Grow()
    {
        if (_next == _chunks.Length * ChunkRows)
        {
            NearChunk added = new(_stride);
            Volatile.Write(ref _chunks, [.. _chunks, added]);
            Interlocked.Add(ref _bytes, added.ArrayBytes);
        }

        return _next++;
    }

    private bool Take(string id)
    {
        if (!_places.Remove(id, out int place))
            return false;
        Interlocked.Add(ref _bytes, -Entry(place)!.Bytes);
        Chunk(place).Clear(RowOf(place));
        _free.Push(place);
        return true;
    }

    private int TakeExpired()
    {
        DateTimeOffset now = time.GetUtcNow();
        string[] ids = [.. _places.Where(pair => Entry(pair.Value)!.Expires <= now).Select(pair => pair.Key)];
        foreach (string id in ids)
            Take(id);
        return ids.Length;
    }

    /// <summary>A hundredth leaves at a time, so that looking for it is rare.</summary>
    private void MakeRoom()
    {
        if (TakeExpired() > 0)
            return;
        int leaving = Math.Max(1, _most / 100);
        PriorityQueue<string, long> oldest = new(leaving + 1);
        foreach ((string id, int place) in _places)
        {
            // The queue gives the smallest first, so the newest of those that leave stands at its front.
            long used = -Chunk(place).UsedAt(RowOf(place));
            if (oldest.Count < leaving)
                oldest.Enqueue(id, used);
            else
                oldest.EnqueueDequeue(id, used);
        }

        while (oldest.TryDequeue(out string? id, out _))
            Take(id);
    }
}
