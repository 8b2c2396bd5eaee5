using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Perigee.Storage;

namespace Perigee.Routing.Health;

/// <summary>
/// The row of one target in the table <c>health</c>: partition = region, row = the target's name. Columns: <c>target</c>, <c>state</c>
/// (<c>open</c> or <c>closed</c>), <c>openUntil</c>, <c>why</c>, <c>times</c>, <c>at</c>, <c>instance</c>.
/// </summary>
internal static class HealthRow
{
    private const int LongestPlain = 200;
    private const int LongestWhy = 60;

    private static readonly SearchValues<char> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:/");

    /// <summary>A name as a key: slashes as bars, and what a key cannot hold as its hash.</summary>
    public static string Key(string name) => name.Length is > 0 and <= LongestPlain && !name.AsSpan().ContainsAnyExcept(Plain)
        ? name.Replace('/', '|')
        : "~" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)));

    /// <summary>The row that tells of a breaker.</summary>
    public static TableRow Of(string partition, string target, in BreakerNews news, string instance) => new TableRow(partition, Key(target))
        .Set("target", target)
        .Set("state", news.OpenUntil is null ? "closed" : "open")
        .Set("openUntil", news.OpenUntil)
        .Set("why", news.Why is { Length: > LongestWhy } why ? why[..LongestWhy] : news.Why)
        .Set("times", news.Times)
        .Set("at", news.At)
        .Set("instance", instance);

    /// <summary>When the row was written, or null where it is none of ours.</summary>
    public static DateTimeOffset? At(TableRow row) => row.Moment("at");

    /// <summary>Reads what it tells, or null where it is not whole.</summary>
    public static (string Target, BreakerNews News)? Read(TableRow row)
    {
        if (row.Text("target") is not { Length: > 0 } target || row.Moment("at") is not { } at)
            return null;
        DateTimeOffset? until = row.Text("state") == "open" ? row.Moment("openUntil") : null;
        return until is null && row.Text("state") != "closed"
            ? null
            : (target, new BreakerNews(at, until, row.Text("why"), (int)Math.Clamp(row.Number("times") ?? 0, 0, 30)));
    }
}
