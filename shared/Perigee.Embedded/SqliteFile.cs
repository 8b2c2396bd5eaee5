using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Perigee.Storage;

namespace Perigee.Embedded;

/// <summary>
/// The SQLite file: readers on the caller's own thread (a point read takes microseconds), writers in <see cref="SqliteWriter"/>.
/// Opened at the first use, and again at the next use where that failed.
/// </summary>
internal sealed class SqliteFile(string directory) : IDisposable
{
    private const int BusyMilliseconds = 5_000;

    private readonly ConcurrentStack<ReadStatements> _idle = new();
    private readonly Lock _gate = new();
    private volatile SqliteWriter? _writer;
    private volatile bool _disposed;

    /// <summary>Runs a short read.</summary>
    /// <exception cref="StorageException">SQLite cannot.</exception>
    public T Read<T>(Func<ReadStatements, T> read)
    {
        EnsureOpen();
        try
        {
            if (!_idle.TryPop(out ReadStatements? statements))
                statements = new ReadStatements(Connect(readOnly: true));
            T result;
            try
            {
                result = read(statements);
            }
            catch
            {
                statements.Dispose();
                throw;
            }

            Return(statements);
            return result;
        }
        catch (Exception fault) when (Faults.IsStorage(fault))
        {
            throw Faults.Translate(fault);
        }
    }

    /// <summary>Queues a write; the task ends when it is committed.</summary>
    /// <exception cref="StorageException">SQLite cannot.</exception>
    public ValueTask<T> WriteAsync<T>(Func<WriteStatements, T> write, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return new ValueTask<T>(EnsureOpen().Enqueue(write, cancel));
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            _writer?.Dispose();
            while (_idle.TryPop(out ReadStatements? statements))
                statements.Dispose();
        }
    }

    private void Return(ReadStatements statements)
    {
        _idle.Push(statements);
        if (_disposed && _idle.TryPop(out ReadStatements? late))
            late.Dispose();
    }

    private SqliteWriter EnsureOpen()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_writer is { } open)
            return open;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _writer ??= Open();
        }
    }

    private SqliteWriter Open()
    {
        try
        {
            // Prompts may lie in here: the directory is its owner's alone.
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(directory);
            else
                Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

            // Switching a new file to WAL fails at once, however long the busy time-out, while another process does the same.
            using FileStream turn = TakeTurn(Path.Combine(directory, "opening.lock"));
            SqliteConnection connection = Connect(readOnly: false);
            try
            {
                WriteStatements.CreateSchema(connection);
                return new SqliteWriter(new WriteStatements(connection));
            }
            catch
            {
                connection.Dispose();
                throw;
            }
        }
        catch (Exception fault) when (Faults.IsStorage(fault))
        {
            throw Faults.Translate(fault);
        }
    }

    private static FileStream TakeTurn(string path)
    {
        SpinWait spin = default;
        long give = Environment.TickCount64 + BusyMilliseconds;
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (Environment.TickCount64 < give && File.Exists(path))
            {
                spin.SpinOnce();
            }
        }
    }

    private SqliteConnection Connect(bool readOnly)
    {
        SqliteConnection connection = new(new SqliteConnectionStringBuilder
        {
            DataSource = Path.Combine(directory, "perigee.db"),
            Mode = SqliteOpenMode.ReadWriteCreate,
            Pooling = false,

            // SQLite itself waits for a lock (below); the library's own loop around it sleeps 150 ms at a time.
            DefaultTimeout = 1,
        }.ToString());
        try
        {
            connection.Open();
            using SqliteCommand setup = connection.CreateCommand();

            // Hashed keys land on pages all over the index: those must come from memory, not by a system call each (the map is shared with
            // the file cache, not a copy), and the log is folded back seldom enough that a page is written once for many rows.
            setup.CommandText = $"PRAGMA busy_timeout={BusyMilliseconds};PRAGMA mmap_size=268435456;"
                + (readOnly ? "PRAGMA query_only=1;" : "PRAGMA cache_size=-16384;PRAGMA wal_autocheckpoint=4000;");
            setup.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
