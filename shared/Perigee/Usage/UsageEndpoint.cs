using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Perigee.Usage;

/// <summary><c>GET /manage/v1/usage</c>: who used what and when, as pages of JSON or as one CSV. What this instance has not written yet is in it.</summary>
internal sealed class UsageEndpoint(UsageReport report, IOwnKeys keys, IGatewayOptions options, TimeProvider time)
{
    private const int PieceLength = 64 * 1024;

    /// <summary>Answers.</summary>
    public async Task ShowAsync(HttpContext http)
    {
        ListPage? page = ListPage.Read(http, out GatewayError? error, UsageQuery.Names);
        UsageQuery? query = error is null ? UsageQuery.Read(http, time.GetUtcNow(), options.Current.Usage, out error) : null;
        bool csv = error is null && WantsCsv(http, ref error);
        if (query is not null && error is null)
            error = Narrow(query, await keys.OfAsync(http));
        List<UsageLine>? lines = query is not null && error is null ? await report.ReadAsync(query, http.RequestAborted) : null;
        if (lines is null)
        {
            await ManageJson.RefuseAsync(http, error ?? new GatewayError(
                ErrorKind.BadRequest, $"'groupBy' makes more than {UsageReport.MostLines} lines: ask for less time, larger buckets, fewer dimensions, or filter.", "groupBy"));
            return;
        }

        if (csv)
            await WriteCsvAsync(http, query!, lines);
        else
            await WritePageAsync(http, query!, page!, lines);
    }

    private static bool WantsCsv(HttpContext http, ref GatewayError? error)
    {
        bool csv = http.Request.Query.TryGetValue("format", out var format)
            ? format.ToString() == "csv"
            : http.Request.Headers.Accept.ToString().Contains("text/csv", StringComparison.OrdinalIgnoreCase);
        if (format.Count > 0 && format.ToString() is not ("csv" or "json"))
            error = new GatewayError(ErrorKind.BadRequest, "'format' must be csv or json.", "format");
        foreach (string name in (string[])["limit", "after"])
        {
            if (csv && http.Request.Query.ContainsKey(name))
                error ??= new GatewayError(ErrorKind.BadRequest, $"'{name}' is not for CSV, which comes whole: leave it out.", name);
        }

        return csv;
    }

    /// <summary>Who owns keys sees those and no others.</summary>
    private static GatewayError? Narrow(UsageQuery query, IReadOnlySet<string>? own)
    {
        if (own is null)
            return null;
        if (!query.Filters.TryGetValue(UsageDimension.Key, out HashSet<string>? asked))
            query.Filters[UsageDimension.Key] = [.. own];
        else if (!asked.IsSubsetOf(own))
            return new GatewayError(ErrorKind.NotFound, "'key' names a key that there is not, or that is not yours: leave it out to see all of yours.", "key");
        return null;
    }

    private static async Task WritePageAsync(HttpContext http, UsageQuery query, ListPage page, List<UsageLine> lines)
    {
        int first = 0;
        if (page.After is { } after)
        {
            first = lines.FindIndex(line => CursorOf(line) == after) + 1;
            if (first == 0)
            {
                await ManageJson.RefuseAsync(http, new GatewayError(ErrorKind.BadRequest, "'after' must be what the page before said in its 'after', and the rest of the query the same.", "after"));
                return;
            }
        }

        List<UsageLine> shown = lines.GetRange(first, Math.Min(page.Limit + 1, lines.Count - first));
        await page.AnswerAsync(http, shown, (json, line) => UsageLines.Write(json, query, line), CursorOf);
    }

    private static async Task WriteCsvAsync(HttpContext http, UsageQuery query, List<UsageLine> lines)
    {
        http.Response.ContentType = "text/csv; charset=utf-8; header=present";
        http.Response.Headers.ContentDisposition = "attachment; filename=\"usage.csv\"";
        http.Response.Headers.CacheControl = "no-store";
        StringBuilder csv = new(UsageLines.Heading(query));
        foreach (UsageLine line in lines)
        {
            UsageLines.Append(csv, query, line);
            if (csv.Length < PieceLength)
                continue;
            await http.Response.WriteAsync(csv.ToString(), http.RequestAborted);
            csv.Clear();
        }

        await http.Response.WriteAsync(csv.ToString(), http.RequestAborted);
    }

    private static string CursorOf(UsageLine line) => string.Create(
        CultureInfo.InvariantCulture,
        $"{line.Start.ToUnixTimeSeconds():x}.{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', line.Group.Values))).AsSpan(0, 12))}");
}
