using System.Globalization;
using Microsoft.Data.Sqlite;
using Perigee.Storage;

namespace Perigee.Embedded;

/// <summary>One reading connection with its statements prepared. Used by one caller at a time.</summary>
internal sealed class ReadStatements : IDisposable
{
    private const int PageRows = 500;
    private const int PageBytes = 4 * 1024 * 1024;

    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _find;
    private readonly SqliteCommand _open;
    private readonly SqliteCommand _bounded;
    private readonly SqliteCommand _scan;

    public ReadStatements(SqliteConnection connection)
    {
        _connection = connection;
        _find = Statements.Prepare(connection, "SELECT id, data FROM entity WHERE tbl=$1 AND pk=$2 AND rk=$3", 3);
        _open = Statements.Prepare(connection, $"SELECT pk, rk, id, data FROM entity WHERE tbl=$1 AND pk=$2 AND rk>=$3 ORDER BY rk LIMIT {PageRows}", 3);
        _bounded = Statements.Prepare(
            connection, $"SELECT pk, rk, id, data FROM entity WHERE tbl=$1 AND pk=$2 AND rk>=$3 AND rk<$4 ORDER BY rk LIMIT {PageRows}", 4);
        _scan = Statements.Prepare(
            connection, $"SELECT pk, rk, id, data FROM entity WHERE tbl=$1 AND (pk, rk)>=($2, $3) ORDER BY pk, rk LIMIT {PageRows}", 3);
    }

    /// <summary>Point read.</summary>
    public TableRow? Find(string table, string partition, string row)
    {
        Statements.Bind(_find, table, partition, row);
        using SqliteDataReader reader = _find.ExecuteReader();
        return reader.Read() ? Row(partition, row, reader, 0) : null;
    }

    /// <summary>Some rows of a partition from <paramref name="from"/> on.</summary>
    /// <returns>False where they were the last.</returns>
    public bool Page(string table, string partition, string from, string? to, List<TableRow> rows)
    {
        SqliteCommand command = to is null ? _open : _bounded;
        if (to is null)
            Statements.Bind(command, table, partition, from);
        else
            Statements.Bind(command, table, partition, from, to);
        return Fill(command, rows);
    }

    /// <summary>Some rows of the table from these keys on.</summary>
    /// <returns>False where they were the last.</returns>
    public bool Scan(string table, string partition, string from, List<TableRow> rows)
    {
        Statements.Bind(_scan, table, partition, from);
        return Fill(_scan, rows);
    }

    public void Dispose()
    {
        _find.Dispose();
        _open.Dispose();
        _bounded.Dispose();
        _scan.Dispose();
        _connection.Dispose();
    }

    private static bool Fill(SqliteCommand command, List<TableRow> rows)
    {
        using SqliteDataReader reader = command.ExecuteReader();
        int bytes = 0;
        while (reader.Read())
        {
            rows.Add(Row(reader.GetString(0), reader.GetString(1), reader, 2));
            bytes += (int)reader.GetBytes(3, 0, null, 0, 0);
            if (bytes > PageBytes)
                return true;
        }

        return rows.Count == PageRows;
    }

    private static TableRow Row(string partition, string row, SqliteDataReader reader, int first)
    {
        TableRow result = new(partition, row) { ETag = reader.GetInt64(first).ToString(CultureInfo.InvariantCulture) };
        RowCodec.Read(reader.GetFieldValue<byte[]>(first + 1), result);
        return result;
    }
}
