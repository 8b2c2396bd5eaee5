using System.Globalization;
using Microsoft.Data.Sqlite;
using Perigee.Storage;

namespace Perigee.Embedded;

/// <summary>
/// The writing connection with its statements prepared. A row's version is its rowid: AUTOINCREMENT never gives one twice, not even after a
/// removal, and every write is a new row in the old one's place.
/// </summary>
internal sealed class WriteStatements : IDisposable
{
    private const int RemovedAtOnce = 500;

    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _rollback;
    private readonly SqliteCommand _save;
    private readonly SqliteCommand _release;
    private readonly SqliteCommand _undo;
    private readonly SqliteCommand _always;
    private readonly SqliteCommand _absent;
    private readonly SqliteCommand _unchanged;
    private readonly SqliteCommand _remove;
    private readonly SqliteCommand _removeUnchanged;
    private readonly SqliteCommand _removeSome;

    public WriteStatements(SqliteConnection connection)
    {
        _connection = connection;
        _begin = Statements.Prepare(connection, "BEGIN IMMEDIATE", 0);
        _commit = Statements.Prepare(connection, "COMMIT", 0);
        _rollback = Statements.Prepare(connection, "ROLLBACK", 0);
        _save = Statements.Prepare(connection, "SAVEPOINT batch", 0);
        _release = Statements.Prepare(connection, "RELEASE batch", 0);
        _undo = Statements.Prepare(connection, "ROLLBACK TO batch", 0);
        _always = Statements.Prepare(connection, "INSERT OR REPLACE INTO entity(tbl, pk, rk, data) VALUES($1, $2, $3, $4) RETURNING id", 4);
        _absent = Statements.Prepare(
            connection, "INSERT INTO entity(tbl, pk, rk, data) VALUES($1, $2, $3, $4) ON CONFLICT(tbl, pk, rk) DO NOTHING RETURNING id", 4);
        _unchanged = Statements.Prepare(
            connection,
            "INSERT OR REPLACE INTO entity(tbl, pk, rk, data) SELECT $1, $2, $3, $4 FROM entity WHERE tbl=$1 AND pk=$2 AND rk=$3 AND id=$5 RETURNING id",
            5);
        _remove = Statements.Prepare(connection, "DELETE FROM entity WHERE tbl=$1 AND pk=$2 AND rk=$3", 3);
        _removeUnchanged = Statements.Prepare(connection, "DELETE FROM entity WHERE tbl=$1 AND pk=$2 AND rk=$3 AND id=$4", 4);
        _removeSome = Statements.Prepare(
            connection, $"DELETE FROM entity WHERE id IN (SELECT id FROM entity WHERE tbl=$1 LIMIT {RemovedAtOnce})", 1);
    }

    /// <summary>Makes the file's schema where it has none.</summary>
    public static void CreateSchema(SqliteConnection connection)
    {
        using SqliteCommand create = connection.CreateCommand();

        // UTF-16 big endian compared byte by byte is the ordinal order of strings that the port promises; UTF-8 is not.
        create.CommandText = """
            PRAGMA encoding='UTF-16be';
            PRAGMA journal_mode=WAL;
            PRAGMA synchronous=NORMAL;
            CREATE TABLE IF NOT EXISTS entity(
              id INTEGER PRIMARY KEY AUTOINCREMENT,
              tbl TEXT NOT NULL, pk TEXT NOT NULL, rk TEXT NOT NULL,
              data BLOB NOT NULL,
              UNIQUE(tbl, pk, rk));
            """;
        create.ExecuteNonQuery();
    }

    public void Begin() => _begin.ExecuteNonQuery();

    public void Commit() => _commit.ExecuteNonQuery();

    /// <summary>Ends a transaction that failed; SQLite may have ended it already.</summary>
    public void TryRollback()
    {
        try
        {
            _rollback.ExecuteNonQuery();
        }
        catch (SqliteException)
        {
        }
    }

    /// <summary>Writes one row if the condition holds.</summary>
    /// <returns>Its new version, or null.</returns>
    public string? Write(string table, TableWrite write, byte[] data)
    {
        (string partition, string row) = (write.Row.Partition, write.Row.Row);
        switch (write.When)
        {
            case WriteWhen.Always:
                Statements.Bind(_always, table, partition, row, data);
                return Version(_always);
            case WriteWhen.Absent:
                Statements.Bind(_absent, table, partition, row, data);
                return Version(_absent);
            default:
                if (!TryVersion(write.Row.ETag, out long expected))
                    return null;
                Statements.Bind(_unchanged, table, partition, row, data, expected);
                return Version(_unchanged);
        }
    }

    /// <summary>Writes all rows or none.</summary>
    /// <returns>The index of the first whose condition did not hold, or -1.</returns>
    public int WriteTogether(string table, IReadOnlyList<TableWrite> writes, byte[][] data)
    {
        _save.ExecuteNonQuery();
        int failed = -1;
        for (int at = 0; at < writes.Count && failed < 0; at++)
        {
            if (Write(table, writes[at], data[at]) is null)
                failed = at;
        }

        if (failed >= 0)
            _undo.ExecuteNonQuery();
        _release.ExecuteNonQuery();
        return failed;
    }

    /// <summary>Removes a row; with an <paramref name="etag"/> only if it is unchanged.</summary>
    public bool Remove(string table, string partition, string row, string? etag)
    {
        if (etag is null)
        {
            Statements.Bind(_remove, table, partition, row);
            return _remove.ExecuteNonQuery() > 0;
        }

        if (!TryVersion(etag, out long expected))
            return false;
        Statements.Bind(_removeUnchanged, table, partition, row, expected);
        return _removeUnchanged.ExecuteNonQuery() > 0;
    }

    /// <summary>Removes some rows of a table.</summary>
    /// <returns>How many; 0 when none are left.</returns>
    public int RemoveSome(string table)
    {
        Statements.Bind(_removeSome, table);
        return _removeSome.ExecuteNonQuery();
    }

    public void Dispose()
    {
        foreach (SqliteCommand command in (SqliteCommand[])
            [_begin, _commit, _rollback, _save, _release, _undo, _always, _absent, _unchanged, _remove, _removeUnchanged, _removeSome])
            command.Dispose();
        _connection.Dispose();
    }

    private static string? Version(SqliteCommand command) =>
        command.ExecuteScalar() is long id ? id.ToString(CultureInfo.InvariantCulture) : null;

    private static bool TryVersion(string? etag, out long version) =>
        long.TryParse(etag, NumberStyles.None, CultureInfo.InvariantCulture, out version);
}
