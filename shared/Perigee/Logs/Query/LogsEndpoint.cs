using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Perigee.Logs.Query;

/// <summary>
/// <c>GET /manage/v1/logs</c>: the records that were written lately, the newest first, by time and the tail's filters; and
/// <c>GET /manage/v1/logs/{id}</c>: one, by its <c>x-request-id</c>. What this instance still holds is among them; what other instances have not
/// written yet (<c>logs.flushSeconds</c>) is not.
/// </summary>
internal sealed class LogsEndpoint(LogSearch search, IOwnKeys keys, TimeProvider time)
{
    private const int Most = 1000;
    private const int Usual = 100;
    private static readonly TimeSpan UsualTime = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(31);
    private static readonly string[] Own = ["id", "from", "to", "limit", "after"];

    /// <summary>GET of many.</summary>
    public async Task ListAsync(HttpContext http)
    {
        LogFilter? filter = LogFilter.Read(http.Request.Query, Own, out GatewayError? error);
        IQueryCollection query = http.Request.Query;
        string? id = query["id"];
        if (id is not null && !IsId(id))
            error ??= BadId("id");
        DateTimeOffset to = Moment("to", time.GetUtcNow().AddSeconds(1)), from = Moment("from", to - UsualTime);
        if (error is null && (from >= to || to - from > LongestTime))
            error = LogFilter.Bad("from", $"must be before 'to', and not more than {LongestTime.TotalDays:0} days");
        int limit = Usual;
        if (query["limit"].ToString() is { Length: > 0 } number && (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > Most))
            error ??= LogFilter.Bad("limit", $"must be 1 to {Most}");
        LogCursor? after = query["after"].ToString() is { Length: > 0 } cursor ? LogCursor.Parse(cursor) : null;
        if (query.ContainsKey("after") && after is null)
            error ??= LogFilter.Bad("after", "must be what the page before said in its 'after'");
        if (error is not null)
        {
            await ManageJson.RefuseAsync(http, error);
            return;
        }

        if (id is not null && !query.ContainsKey("from") && !query.ContainsKey("to"))
            (from, to) = Around(id);
        LogFindings found = await search.SearchAsync(
            new LogAsk(from, to, limit, after) { Filter = filter! with { Keys = await keys.OfAsync(http) }, Id = id }, http.RequestAborted);
        bool more = found.Records.Count > limit;
        await ManageJson.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("object"u8, "list");
            json.WriteStartArray("data"u8);
            foreach (FoundRecord record in found.Records.Take(limit))
                json.WriteRawValue(record.Line.Span, skipInputValidation: true);
            json.WriteEndArray();
            json.WriteBoolean("hasMore"u8, more || !found.Complete);

            // Where the search ran out of time it goes on with the hour that it did not come to.
            json.WriteString("after"u8, more ? found.Records[limit - 1].Place.ToString()
                : found.Complete ? null : new LogCursor(found.LookedBackTo.AddHours(-1), new string('f', 32)).ToString());
            json.WriteString("lookedBackTo"u8, found.LookedBackTo.UtcDateTime);
            json.WriteBoolean("complete"u8, found.Complete || more);

            // Of this instance alone: nobody knows what the others still hold.
            json.WriteNumber("unwritten"u8, found.Records.Take(limit).Count(static record => record.Waits));
            json.WriteEndObject();
        });

        DateTimeOffset Moment(string name, DateTimeOffset usual)
        {
            if (!query.TryGetValue(name, out var text))
                return usual;
            if (DateTimeOffset.TryParseExact(text.ToString(), ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"], CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset moment) && moment.Year is > 1970 and < 9000)
                return moment;
            error ??= LogFilter.Bad(name, "must be a day (2030-01-31) or a moment in UTC (2030-01-31T12:00:00Z)");
            return usual;
        }
    }

    /// <summary>GET of one.</summary>
    public async Task ShowAsync(HttpContext http)
    {
        string id = http.Request.RouteValues["id"] as string ?? "";
        if (!IsId(id))
        {
            await ManageJson.RefuseAsync(http, BadId("id"));
            return;
        }

        if (await search.FindAsync(id, await keys.OfAsync(http), http.RequestAborted) is { } record)
        {
            await ManageJson.WriteAsync(http, StatusCodes.Status200OK, record.Line);
            return;
        }

        await ManageJson.RefuseAsync(http, new GatewayError(ErrorKind.NotFound,
            "No record of that id was written, and this instance holds none. One of another instance's last seconds may still wait there: records are written by the time and size in 'logs' of perigee.json."));
    }

    /// <summary>A UUIDv7 in hex, of a time that there is.</summary>
    private static bool IsId(string id) => LogCursor.IsId(id) && id[12] == '7'
        && long.Parse(id.AsSpan(0, 12), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) < 253_402_300_000_000;

    private static (DateTimeOffset From, DateTimeOffset To) Around(string id)
    {
        DateTimeOffset began = DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(id.AsSpan(0, 12), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
        return (began.AddMinutes(-1), began.AddMinutes(1));
    }

    private static GatewayError BadId(string name) => LogFilter.Bad(name, "must be a request's id as x-request-id has it: 32 hex digits, a UUIDv7");
}
