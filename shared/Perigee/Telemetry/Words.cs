using System.Collections.Concurrent;
using System.Text.Json;

namespace Perigee.Telemetry;

/// <summary>Members of enumerations as attributes say them: each is put into that form once.</summary>
internal static class Words
{
    /// <summary>The member's word, in small letters and underscores.</summary>
    public static string Of<T>(T member)
        where T : struct, Enum => Known<T>.Words.GetOrAdd(member, static member => JsonNamingPolicy.SnakeCaseLower.ConvertName(member.ToString()));

    private static class Known<T>
        where T : struct, Enum
    {
        public static ConcurrentDictionary<T, string> Words { get; } = new();
    }
}
