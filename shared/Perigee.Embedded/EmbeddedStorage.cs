using System.Collections.Concurrent;
using Perigee.Storage;

namespace Perigee.Embedded;

/// <summary>
/// Storage on this machine alone: tables in one SQLite file, blobs as files. What was acknowledged survives the death of the process;
/// after the death of the machine the last moments may be missing (SQLite's synchronous=NORMAL).
/// </summary>
public sealed class EmbeddedStorage : IStorage, IDisposable
{
    private readonly SqliteFile _file;
    private readonly string _blobs;
    private readonly Drafts _drafts;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, ITable> _tables = new(StringComparer.Ordinal);

    /// <summary>Names the place; nothing is opened before the first use.</summary>
    /// <param name="dataDirectory">Made on the first write where it is missing.</param>
    /// <param name="time">The clock that rows are stamped by; the machine's where none is given.</param>
    public EmbeddedStorage(string dataDirectory, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        Location = Path.GetFullPath(dataDirectory);
        _file = new SqliteFile(Location);
        _blobs = Path.Combine(Location, "blobs");
        _drafts = new Drafts(Path.Combine(Location, "temp"));
    }

    /// <inheritdoc/>
    public string Location { get; }

    /// <inheritdoc/>
    public ITable Table(string name) => _tables.GetOrAdd(StorageNames.Table(name), static (table, place) => new SqliteTable(place._file, table, place._time), this);

    /// <inheritdoc/>
    public IBlobs Blobs(string container) => new FolderBlobs(Path.Combine(_blobs, StorageNames.Container(container)), _drafts);

    /// <inheritdoc/>
    public async ValueTask DropTableAsync(string name, CancellationToken cancel)
    {
        // In slices, so that other writers are not kept waiting.
        string table = StorageNames.Table(name);
        while (await _file.WriteAsync(statements => statements.RemoveSome(table), cancel) > 0)
        {
        }
    }

    /// <inheritdoc/>
    public ValueTask ProbeAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        _file.Read(static statements => statements.Find("probe", "", ""));
        return ValueTask.CompletedTask;
    }

    /// <summary>Writes what is waiting and closes the file.</summary>
    public void Dispose() => _file.Dispose();
}
