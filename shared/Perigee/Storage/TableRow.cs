using System.Diagnostics.CodeAnalysis;

namespace Perigee.Storage;

/// <summary>
/// A row: two keys, a version, and named values of the types that Table Storage knows
/// (<see cref="string"/>, <see cref="bool"/>, <see cref="int"/>, <see cref="long"/>, <see cref="double"/>, <see cref="Guid"/>,
/// <see cref="DateTimeOffset"/> in UTC, byte arrays). Null is the absence of a value.
/// </summary>
public sealed class TableRow(string partition, string row)
{
    /// <summary>The partition key: at most 1,024 UTF-16 units, without / \ # ? and control characters.</summary>
    public string Partition { get; } = partition;

    /// <summary>The row key, under the same rules.</summary>
    public string Row { get; } = row;

    /// <summary>The version that was read, or that a write with <see cref="WriteWhen.Unchanged"/> expects. Opaque.</summary>
    public string? ETag { get; set; }

    /// <summary>
    /// When the storage wrote the row that was read, by the storage's own clock, to the millisecond or better. Null in a row that was not read,
    /// and where the storage did not say. Not for telling versions apart: its clock may be set back.
    /// </summary>
    public DateTimeOffset? WrittenAt { get; set; }

    /// <summary>The values by name, in the order they were set.</summary>
    public OrderedDictionary<string, object> Values { get; } = new(StringComparer.Ordinal);

    /// <summary>Sets a value; null removes it. Returns the row, so that calls chain.</summary>
    public TableRow Set(string name, object? value)
    {
        if (value is null)
            Values.Remove(name);
        else
            Values[name] = value;
        return this;
    }

    /// <summary>The value of that name if it is there and of that type.</summary>
    public bool TryGet<T>(string name, [MaybeNullWhen(false)] out T value)
    {
        if (Values.TryGetValue(name, out object? found) && found is T typed)
        {
            value = typed;
            return true;
        }

        value = default;
        return false;
    }

    /// <summary>The text of that name, or null.</summary>
    public string? Text(string name) => TryGet(name, out string? text) ? text : null;

    /// <summary>The whole number of that name (32 or 64 bits), or null.</summary>
    public long? Number(string name) => Values.TryGetValue(name, out object? found)
        ? found switch { long wide => wide, int narrow => narrow, _ => null }
        : null;

    /// <summary>The moment of that name, or null.</summary>
    public DateTimeOffset? Moment(string name) => TryGet(name, out DateTimeOffset moment) ? moment : null;

    /// <summary>The bytes of that name, or null. The array belongs to the row.</summary>
    public byte[]? Bytes(string name) => TryGet(name, out byte[]? bytes) ? bytes : null;
}
