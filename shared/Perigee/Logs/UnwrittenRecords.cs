namespace Perigee.Logs;

/// <summary>
/// The records that this instance has taken and that no blob holds yet, for who asks for them at once. Bounded by what the shipper's queue and its
/// next blob hold: a record is here from when it has its number until its blob is written, or it is dropped. Thread-safe.
/// </summary>
internal sealed class UnwrittenRecords
{
    private readonly Lock _gate = new();
    private readonly Dictionary<long, ExchangeRecord> _records = [];

    /// <summary>A record waits from now on. It has its number already.</summary>
    public void Add(ExchangeRecord record)
    {
        lock (_gate)
            _records[record.Sequence] = record;
    }

    /// <summary>A record waits no more.</summary>
    public void Remove(ExchangeRecord record)
    {
        lock (_gate)
            _records.Remove(record.Sequence);
    }

    /// <summary>The one of an id, or null.</summary>
    public ExchangeRecord? Find(string id)
    {
        lock (_gate)
        {
            foreach (ExchangeRecord record in _records.Values)
            {
                if (record.Id == id)
                    return record;
            }
        }

        return null;
    }

    /// <summary>Those that began within a time, the newest first.</summary>
    /// <param name="from">Not before this.</param>
    /// <param name="to">Before this.</param>
    /// <param name="most">The most that are given.</param>
    public IReadOnlyList<ExchangeRecord> Within(DateTimeOffset from, DateTimeOffset to, int most)
    {
        List<ExchangeRecord> found;
        lock (_gate)
            found = [.. _records.Values.Where(record => record.Time >= from && record.Time < to)];
        found.Sort(static (one, other) => string.CompareOrdinal(other.Id, one.Id));
        return found.Count > most ? found.GetRange(0, most) : found;
    }
}
