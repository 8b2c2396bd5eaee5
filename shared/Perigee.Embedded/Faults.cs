using Microsoft.Data.Sqlite;
using Perigee.Storage;

namespace Perigee.Embedded;

/// <summary>What counts as "the storage cannot answer".</summary>
internal static class Faults
{
    public static bool IsStorage(Exception fault) => fault is SqliteException or IOException or UnauthorizedAccessException or InvalidDataException;

    public static StorageException Translate(Exception fault) => fault is SqliteException sqlite
        ? new StorageException($"SQLite cannot answer (code {sqlite.SqliteExtendedErrorCode}): {sqlite.Message}", sqlite)
        : new StorageException($"The data directory cannot be used: {fault.Message}", fault);
}
