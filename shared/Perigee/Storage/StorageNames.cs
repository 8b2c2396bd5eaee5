using System.Text.RegularExpressions;

namespace Perigee.Storage;

/// <summary>The names that Azure allows, checked by both adapters: a name that works on one works on the other.</summary>
public static partial class StorageNames
{
    private const int BlobNameLength = 1024;
    private const int BlobSegments = 254;

    /// <summary>Checks a table's name.</summary>
    /// <returns>The name in lower case, because Azure does not tell cases apart.</returns>
    /// <exception cref="ArgumentException">It breaks the rules.</exception>
    public static string Table(string name) => TablePattern().IsMatch(name)
        ? name.ToLowerInvariant()
        : throw new ArgumentException($"'{name}' is no table name: 3 to 63 letters and digits, a letter first.", nameof(name));

    /// <summary>Checks a container's name.</summary>
    /// <exception cref="ArgumentException">It breaks the rules.</exception>
    public static string Container(string name) => ContainerPattern().IsMatch(name)
        ? name
        : throw new ArgumentException($"'{name}' is no container name: 3 to 63 lower-case letters, digits and single hyphens.", nameof(name));

    /// <summary>Checks a blob's name: segments divided by '/', none empty, none ending with a dot (so neither "." nor "..").</summary>
    /// <exception cref="ArgumentException">It breaks the rules.</exception>
    public static string Blob(string name)
    {
        if (name.Length is 0 or > BlobNameLength)
            throw new ArgumentException($"A blob name has {name.Length} characters; 1 to {BlobNameLength} are allowed.", nameof(name));
        if (name.Contains('\\', StringComparison.Ordinal) || name.Any(char.IsControl) || !TableLimits.IsWellFormed(name))
            throw new ArgumentException("A blob name holds a backslash, a control character or half of a surrogate pair.", nameof(name));

        int segments = 0;
        foreach (Range range in name.AsSpan().Split('/'))
        {
            ReadOnlySpan<char> segment = name.AsSpan()[range];
            segments++;
            if (segment.IsEmpty || segment[^1] == '.')
                throw new ArgumentException($"Blob name '{name}' has a segment that is empty or ends with a dot.", nameof(name));
        }

        return segments <= BlobSegments
            ? name
            : throw new ArgumentException($"A blob name has {segments} segments; {BlobSegments} are allowed.", nameof(name));
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9]{2,62}\\z")]
    private static partial Regex TablePattern();

    [GeneratedRegex("^(?=.{3,63}\\z)[a-z0-9]+(-[a-z0-9]+)*\\z")]
    private static partial Regex ContainerPattern();
}
