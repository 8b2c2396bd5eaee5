using System.Globalization;
using Microsoft.AspNetCore.Http;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary><c>GET /manage/v1/audit?from=&amp;to=&amp;limit=&amp;after=</c>: the records of some days, the oldest first, each with its hash.</summary>
internal sealed class AuditEndpoint(AuditLog audit, TimeProvider time)
{
    private const int MostDays = 100;
    private const int UsualDays = 7;

    public async Task ListAsync(HttpContext http)
    {
        ListPage? page = ListPage.Read(http, out GatewayError? error, "from", "to");
        DateTimeOffset now = time.GetUtcNow();
        DateTimeOffset to = Read(http, "to", now.AddSeconds(1), ref error), from = Read(http, "from", to.AddDays(-UsualDays), ref error);
        DateTimeOffset? after = page?.After is { } cursor ? MomentOf(cursor) : null;
        if (error is null && (from > to || to - from > TimeSpan.FromDays(MostDays)))
            error = Bad("from", $"must be before 'to', and not more than {MostDays} days");
        if (error is null && page?.After is not null && after is null)
            error = Bad("after", "must be what the page before said in its 'after'");
        if (error is not null)
        {
            await ManageJson.RefuseAsync(http, error);
            return;
        }

        // Ids begin with the millisecond in which they were made.
        DateTimeOffset begin = after is { } behind && behind > from ? behind : from;
        string first = page!.After is { } last && after >= from ? last + "0" : IdAt(from), end = IdAt(to.AddMilliseconds(1));
        List<TableRow> rows = [];
        for (DateOnly day = DateOnly.FromDateTime(begin.UtcDateTime); day <= DateOnly.FromDateTime(to.UtcDateTime) && rows.Count <= page.Limit; day = day.AddDays(1))
        {
            await foreach (TableRow row in audit.ReadAsync(day, first, end, http.RequestAborted))
            {
                rows.Add(row);
                if (rows.Count > page.Limit)
                    break;
            }
        }

        await page.AnswerAsync(http, rows, static (json, row) =>
        {
            ReadOnlyMemory<byte> record = AuditLog.BodyOf(row);
            json.WriteStartObject();
            json.WritePropertyName("record"u8);
            json.WriteRawValue(record.Span);
            json.WriteString("hash"u8, AuditLog.HashOf(record.Span));
            json.WriteEndObject();
        }, static row => row.Row);
    }

    private static DateTimeOffset Read(HttpContext http, string name, DateTimeOffset usual, ref GatewayError? error)
    {
        if (!http.Request.Query.TryGetValue(name, out var text))
            return usual;
        if (DateTimeOffset.TryParseExact(text.ToString(), ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"], CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset moment) && moment.Year is > 1970 and < 9000)
            return moment;
        error ??= Bad(name, "must be a day (2030-01-31) or a moment in UTC (2030-01-31T12:00:00Z)");
        return usual;
    }

    private static string IdAt(DateTimeOffset moment) => moment.ToUnixTimeMilliseconds().ToString("x12", CultureInfo.InvariantCulture);

    private static DateTimeOffset? MomentOf(string id) =>
        id.Length == 32 && long.TryParse(id.AsSpan(0, 12), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out long milliseconds)
        && milliseconds < 253_402_300_800_000
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;

    private static GatewayError Bad(string name, string what) => new(ErrorKind.BadRequest, $"'{name}' {what}.", name);
}
