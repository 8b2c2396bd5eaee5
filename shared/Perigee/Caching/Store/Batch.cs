using Perigee.Storage;

namespace Perigee.Caching.Store;

/// <summary>Rows that are written at the same time, sorted into what Table Storage takes in one go, and which of the answers missed it.</summary>
internal sealed class Batch(int answers)
{
    private readonly Dictionary<(Bucket Bucket, string Partition), Dictionary<string, (TableRow Row, int Size, int Index)>> _rows = [];
    private readonly bool[] _missed = new bool[answers];

    /// <summary>Answers that are not shared, or not in every bucket in which they can be looked up.</summary>
    public int Missed => _missed.Count(static missed => missed);

    /// <summary>Why the last of them is not.</summary>
    public string? Why { get; private set; }

    /// <summary>Takes a row. Of two of the same key the later one stays.</summary>
    public void Add(Bucket bucket, TableRow row, int size, int index)
    {
        if (!_rows.TryGetValue((bucket, row.Partition), out Dictionary<string, (TableRow, int, int)>? rows))
            _rows[(bucket, row.Partition)] = rows = new(StringComparer.Ordinal);
        rows[row.Row] = (row, size, index);
    }

    /// <summary>Notes that an answer could not be written. Safe for several threads.</summary>
    public void Miss(int index, string why)
    {
        _missed[index] = true;
        Why = why;
    }

    /// <summary>The parts that go in one request each.</summary>
    public IEnumerable<Part> Split(int mostBytes)
    {
        foreach (((Bucket bucket, _), Dictionary<string, (TableRow Row, int Size, int Index)> rows) in _rows)
        {
            Part part = new(bucket, [], []);
            int bytes = 0;
            foreach ((TableRow row, int size, int index) in rows.Values)
            {
                if (part.Rows.Count == TableLimits.BatchRows || (bytes + size > mostBytes && part.Rows.Count > 0))
                {
                    yield return part;
                    (part, bytes) = (new Part(bucket, [], []), 0);
                }

                part.Rows.Add(new TableWrite(row, WriteWhen.Always));
                part.Indexes.Add(index);
                bytes += size;
            }

            yield return part;
        }
    }

    /// <summary>Rows of one table and one partition.</summary>
    internal sealed record Part(Bucket Bucket, List<TableWrite> Rows, List<int> Indexes);
}
