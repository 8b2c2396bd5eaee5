using System.Globalization;

namespace Perigee;

/// <summary>
/// Escapes of JSON that spell half a surrogate pair (<c>\ud800</c>): RFC 8259, section 8.2, allows them, they are no text, and the parser takes them and throws when somebody reads them.
/// For JSON of strangers whose texts are read one by one.
/// </summary>
internal static class HalfPairs
{
    private const int Escape = 6;

    /// <summary>The JSON with U+FFFD for each of them, or the same memory where there is none.</summary>
    public static ReadOnlyMemory<byte> Mended(ReadOnlyMemory<byte> json)
    {
        byte[]? copy = null;
        ReadOnlySpan<byte> all = json.Span;
        for (int at = Next(all, 0); at >= 0; at = Next(all, at))
        {
            if (UnitAt(all, at) is not { } unit)
            {
                // Any other escape: what is escaped begins none.
                at += 2;
            }
            else if (char.IsHighSurrogate(unit) && UnitAt(all, at + Escape) is { } second && char.IsLowSurrogate(second))
            {
                at += 2 * Escape;
            }
            else
            {
                if (char.IsSurrogate(unit))
                    "\\ufffd"u8.CopyTo((copy ??= json.ToArray()).AsSpan(at));
                at += Escape;
            }
        }

        return copy ?? json;
    }

    /// <summary>Whether there is any.</summary>
    public static bool AreIn(ReadOnlyMemory<byte> json) => !Mended(json).Equals(json);

    private static int Next(ReadOnlySpan<byte> json, int from)
    {
        int found = from < json.Length ? json[from..].IndexOf((byte)'\\') : -1;
        return found < 0 ? -1 : from + found;
    }

    /// <summary>The UTF-16 unit that is escaped here; null where none is.</summary>
    private static char? UnitAt(ReadOnlySpan<byte> json, int at) =>
        at + Escape <= json.Length && json[at] == (byte)'\\' && json[at + 1] == (byte)'u'
        && ushort.TryParse(json.Slice(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort unit)
            ? (char)unit : null;
}
