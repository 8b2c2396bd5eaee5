using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Perigee;

/// <summary>One page of a list: <c>?limit=&amp;after=</c>, and <c>{"object":"list","data":[...],"hasMore":false,"after":null}</c>.</summary>
/// <param name="Limit">The most that are shown.</param>
/// <param name="After">Where the page before it ended, or null.</param>
internal sealed record ListPage(int Limit, string? After)
{
    public const int Most = 1000;
    private const int Usual = 100;
    private const int LongestCursor = 200;

    /// <summary>Reads the query; names that the list does not know are refused.</summary>
    /// <param name="http">The request.</param>
    /// <param name="error">Why it is refused.</param>
    /// <param name="filters">Further names that the list knows.</param>
    public static ListPage? Read(HttpContext http, out GatewayError? error, params string[] filters)
    {
        error = null;
        IQueryCollection query = http.Request.Query;
        string[] unknown = [.. query.Keys.Where(name => name is not ("limit" or "after") && !filters.Contains(name, StringComparer.Ordinal)).Select(Shorten)];
        if (unknown.Length > 0)
        {
            error = new GatewayError(ErrorKind.BadRequest,
                $"Unknown: {string.Join(", ", unknown.Select(static name => $"'{name}'"))}. Lists take {string.Join(", ", filters.Prepend("after").Prepend("limit").Select(static name => $"'{name}'"))}.",
                unknown[0]);
            return null;
        }

        int limit = Usual;
        if (query.TryGetValue("limit", out var text)
            && (!int.TryParse(text.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > Most))
        {
            error = new GatewayError(ErrorKind.BadRequest, $"'limit' must be 1 to {Most}.", "limit");
            return null;
        }

        string? after = query.TryGetValue("after", out var cursor) ? cursor.ToString() : null;
        if (after is { Length: 0 or > LongestCursor } || after?.Any(static c => !(char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.')) == true)
        {
            error = new GatewayError(ErrorKind.BadRequest, "'after' must be what the page before said in its 'after'.", "after");
            return null;
        }

        return new ListPage(limit, after);
    }

    /// <summary>Answers with the page.</summary>
    /// <param name="http">The request.</param>
    /// <param name="items">At most one more than are shown: that one says that there is another page.</param>
    /// <param name="write">Writes one.</param>
    /// <param name="cursor">Where the page behind one begins.</param>
    public Task AnswerAsync<T>(HttpContext http, List<T> items, Action<Utf8JsonWriter, T> write, Func<T, string> cursor)
    {
        bool more = items.Count > Limit;
        if (more)
            items.RemoveRange(Limit, items.Count - Limit);
        return ManageJson.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("object"u8, "list");
            json.WriteStartArray("data"u8);
            foreach (T item in items)
                write(json, item);
            json.WriteEndArray();
            json.WriteBoolean("hasMore"u8, more);
            json.WriteString("after"u8, more ? cursor(items[^1]) : null);
            json.WriteEndObject();
        });
    }

    private static string Shorten(string name) => name.Length > 50 ? name[..50] + "..." : name;
}
