using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Perigee;

/// <summary>
/// JSON of strangers whose texts are read one by one. The parser takes what is no text, and throws when somebody reads it: escapes that spell half a surrogate pair (<c>\ud800</c>; RFC 8259,
/// section 8.2, allows them) and bytes that are no UTF-8.
/// </summary>
internal static class ReadableJson
{
    private const int Escape = 6;

    /// <summary>The JSON with U+FFFD for each of them, or the same memory where there is none.</summary>
    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> json) =>
        Paired(Utf8.IsValid(json.Span) ? json : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(json.Span)));

    /// <summary>Whether an escape spells half a surrogate pair.</summary>
    public static bool HasHalfPairs(ReadOnlyMemory<byte> json) => !Paired(json).Equals(json);

    private static ReadOnlyMemory<byte> Paired(ReadOnlyMemory<byte> json)
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
