using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Perigee.Embedded;

/// <summary>Prepared statements with numbered parameters.</summary>
internal static class Statements
{
    public static SqliteCommand Prepare(SqliteConnection connection, string sql, int parameters)
    {
        SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // The texts are constants of this folder.
        command.CommandText = sql;
#pragma warning restore CA2100
        for (int number = 1; number <= parameters; number++)
            command.Parameters.Add(new SqliteParameter { ParameterName = string.Create(CultureInfo.InvariantCulture, $"${number}") });
        return command;
    }

    public static void Bind(SqliteCommand command, params ReadOnlySpan<object> values)
    {
        for (int at = 0; at < values.Length; at++)
            command.Parameters[at].Value = values[at];
    }
}
