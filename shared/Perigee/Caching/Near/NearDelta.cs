using System.Globalization;
using System.Runtime.InteropServices;
using Perigee.Storage;

namespace Perigee.Caching.Near;

/// <summary>A change that other instances must see: an entry with its vector, or that one is gone (then there is no vector).</summary>
/// <param name="Entry">The entry; of one that is gone only the id and the time count.</param>
/// <param name="Vector">The vector, or null where the entry is gone.</param>
internal readonly record struct NearDelta(NearEntry Entry, sbyte[]? Vector)
{
    /// <summary>Longer ones are not kept: no question that may be folded is so long.</summary>
    private const int MostText = 16 * 1024;

    private const int MostFeatures = 32 * 1024;

    /// <summary>The entry is gone.</summary>
    public static NearDelta Gone(string id, long at) => new(new NearEntry(id, default, default, default) { At = at }, null);

    /// <summary>Bytes of its row, about.</summary>
    public int Bytes => Entry.Bytes + (Vector?.Length ?? 0);

    /// <summary>The order of rows: when they were written, then by whom, then how many-th.</summary>
    public static string RowName(DateTimeOffset time, string instance, long counter) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.UtcTicks:D19}-{instance}-{counter:x8}");

    /// <summary>Where reading rows from a time on begins.</summary>
    public static string RowsFrom(DateTimeOffset time) => time.UtcTicks.ToString("D19", CultureInfo.InvariantCulture);

    /// <summary>Whether rows can carry it.</summary>
    public bool Fits => Entry.Features.Length <= MostFeatures && (Entry.Text?.Length ?? 0) <= MostText;

    /// <summary>The row.</summary>
    public TableRow ToRow(string partition, string name, string version)
    {
        TableRow row = new TableRow(partition, name).Set("id", Entry.Id).Set("at", Entry.At).Set("embedder", version);
        if (Vector is null)
            return row.Set("gone", true);
        byte[] scope = new byte[ScopeHash.Size];
        Entry.Scope.CopyTo(scope);
        return row.Set("scope", scope).Set("vector", MemoryMarshal.AsBytes<sbyte>(Vector).ToArray()).Set("features", Entry.Features.ToArray())
            .Set("expires", Entry.Expires).Set("text", Entry.Text);
    }

    /// <summary>Reads a row back. Null where it is not whole.</summary>
    public static NearDelta? FromRow(TableRow row)
    {
        if (row.Text("id") is not { Length: > 0 } id || row.Number("at") is not { } at)
            return null;
        if (row.TryGet("gone", out bool gone) && gone)
            return Gone(id, at);
        if (row.Bytes("scope") is not { Length: ScopeHash.Size } scope || row.Bytes("vector") is not { Length: > 0 } vector
            || row.Bytes("features") is not { } features || row.Moment("expires") is not { } expires)
        {
            return null;
        }

        NearEntry entry = new(id, ScopeHash.Of(scope), features, expires, row.Text("text")) { At = at };
        return new NearDelta(entry, MemoryMarshal.Cast<byte, sbyte>(vector).ToArray());
    }
}
