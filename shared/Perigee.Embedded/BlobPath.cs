using System.Buffers;
using System.Globalization;
using System.Text;

namespace Perigee.Embedded;

/// <summary>
/// A blob's name as a path below its container's folder, and back. Plain names stay as they are, so that readers of log files find the layout;
/// everything that some file system treats in its own way becomes %XX. A folder has no dot in its name and a file has one, or a mark,
/// because blobs "a" and "a/b" may both exist. A segment longer than file systems take goes on in a sub-folder.
/// </summary>
internal static class BlobPath
{
    private const int PieceLength = 200;
    private const string FileMark = "%f";
    private const string FolderMark = "%d";
    private const string GoesOn = "%-";

    private static readonly SearchValues<char> Plain =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=.+,@~()[]{}!$&';");

    private static readonly SearchValues<string> Devices = SearchValues.Create(
        ["CON", "PRN", "AUX", "NUL", "COM", "LPT"], StringComparison.OrdinalIgnoreCase);

    /// <summary>The relative path of a name that was checked.</summary>
    public static string FromName(string name)
    {
        string[] segments = name.Split('/');
        List<string> parts = new(segments.Length);
        for (int at = 0; at < segments.Length; at++)
            Add(parts, Escape(segments[at]), isFile: at == segments.Length - 1);
        return Path.Combine([.. parts]);
    }

    /// <summary>The deepest folder that holds every blob whose name begins with the prefix.</summary>
    public static string FolderOfPrefix(string prefix)
    {
        List<string> parts = [];
        string[] segments = prefix.Split('/');
        foreach (string segment in segments[..^1])
        {
            if (segment.Length == 0)
                return Path.Combine("%", "none");
            Add(parts, Escape(segment), isFile: false);
        }

        return Path.Combine([.. parts]);
    }

    /// <summary>The name of a relative path that <see cref="FromName"/> made, or null for a stranger's file.</summary>
    public static string? ToName(string path)
    {
        string[] parts = path.Split(Path.DirectorySeparatorChar);
        StringBuilder name = new(path.Length);
        for (int at = 0; at < parts.Length; at++)
        {
            bool last = at == parts.Length - 1;
            ReadOnlySpan<char> part = parts[at];
            bool goesOn = !last && part.EndsWith(GoesOn, StringComparison.Ordinal);
            string mark = goesOn ? GoesOn : last ? FileMark : FolderMark;
            if (part.EndsWith(mark, StringComparison.Ordinal))
                part = part[..^2];
            if (Unescape(part) is not { } text)
                return null;
            name.Append(text);
            if (!last && !goesOn)
                name.Append('/');
        }

        string result = name.ToString();
        return FromName(result) == path ? result : null;
    }

    private static void Add(List<string> parts, string segment, bool isFile)
    {
        while (segment.Length > PieceLength)
        {
            // Not within a %XX.
            int cut = PieceLength;
            if (segment[cut - 1] == '%')
                cut--;
            else if (segment[cut - 2] == '%')
                cut -= 2;
            parts.Add(segment[..cut] + GoesOn);
            segment = segment[cut..];
        }

        bool dot = segment.Contains('.', StringComparison.Ordinal);
        parts.Add(isFile == dot ? segment : segment + (isFile ? FileMark : FolderMark));
    }

    private static string Escape(string segment)
    {
        // Windows keeps some names for devices, whatever follows the dot.
        bool device = segment.Length >= 3 && segment.AsSpan(0, 3).ContainsAny(Devices);
        if (!device && !segment.AsSpan().ContainsAnyExcept(Plain))
            return segment;
        StringBuilder escaped = new(segment.Length + 16);
        foreach (byte value in Encoding.UTF8.GetBytes(segment))
        {
            if (value < 128 && Plain.Contains((char)value) && !(device && escaped.Length == 0))
                escaped.Append((char)value);
            else
                escaped.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
        }

        return escaped.ToString();
    }

    private static string? Unescape(ReadOnlySpan<char> part)
    {
        if (!part.Contains('%'))
            return part.ToString();
        List<byte> bytes = new(part.Length);
        while (!part.IsEmpty)
        {
            bool escaped = part[0] == '%';
            if (!escaped)
                bytes.Add((byte)part[0]);
            else if (part.Length >= 3 && byte.TryParse(part[1..3], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value))
                bytes.Add(value);
            else
                return null;
            part = part[(escaped ? 3 : 1)..];
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
