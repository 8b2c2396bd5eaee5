using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Perigee.Storage;

namespace Perigee.Logs.Verifying;

/// <summary><c>GET /manage/v1/logs:verify?from=&amp;to=&amp;stream=</c>: what is missing, double or broken in the logs of some hours.</summary>
internal sealed class VerifyEndpoint(IStorage storage, SharedTables tables, RegionStorages regions, GatewayHost host, TimeProvider time)
{
    private const int MostDays = 31;

    // Whoever waits for the first byte of a long look sees white space meanwhile.
    private const int BlobsAByte = 200;

    public async Task AnswerAsync(HttpContext http)
    {
        GatewayError? error = null;
        foreach (string name in http.Request.Query.Keys.Where(static name => name is not ("from" or "to" or "stream")))
            error ??= Bad(name, "is not known here: from, to and stream are.");
        DateTimeOffset to = Read(http, "to", time.GetUtcNow(), ref error), from = Read(http, "from", to.AddDays(-1), ref error);
        string? stream = http.Request.Query["stream"] is { Count: > 0 } named ? named.ToString() : null;
        if (stream is not null && !LogSchema.Streams.Contains(stream))
            error ??= Bad("stream", $"must be one of: {string.Join(", ", LogSchema.Streams)}.");
        if (error is null && (from > to || to - from > TimeSpan.FromDays(MostDays)))
            error = Bad("from", $"must be before 'to', and not more than {MostDays} days.");
        if (error is not null)
        {
            await ManageJson.RefuseAsync(http, error);
            return;
        }

        LogVerifier verifier = new(storage, tables.HomeStorage, regions.Several ? host.Region : null);
        List<StreamReport> reports = [];
        int blobs = 0;
        foreach (string one in stream is null ? LogSchema.Streams : [stream])
        {
            reports.Add(await verifier.VerifyAsync(one, from, to, async () =>
            {
                if (++blobs % BlobsAByte != 0)
                    return;
                http.Response.ContentType = "application/json";
                await http.Response.Body.WriteAsync(" "u8.ToArray(), http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
            }, http.RequestAborted));
        }

        ArrayBufferWriter<byte> body = new();
        using (Utf8JsonWriter json = new(body))
        {
            json.WriteStartObject();
            json.WriteString("object"u8, "logs.report");
            json.WriteString("from"u8, from.UtcDateTime);
            json.WriteString("to"u8, to.UtcDateTime);
            json.WriteBoolean("whole"u8, reports.All(static report => report.IsWhole));
            json.WriteStartArray("streams"u8);
            foreach (StreamReport report in reports)
                report.Write(json);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        http.Response.ContentType = "application/json";
        await http.Response.Body.WriteAsync(body.WrittenMemory, http.RequestAborted);
    }

    private static DateTimeOffset Read(HttpContext http, string name, DateTimeOffset usual, ref GatewayError? error)
    {
        if (!http.Request.Query.TryGetValue(name, out var text))
            return usual;
        if (DateTimeOffset.TryParseExact(text.ToString(), ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"], CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset moment) && moment.Year is > 1970 and < 9000)
            return moment;
        error ??= Bad(name, "must be a day (2030-01-31) or a moment in UTC (2030-01-31T12:00:00Z).");
        return usual;
    }

    private static GatewayError Bad(string name, string what) => new(ErrorKind.BadRequest, $"'{name}' {what}", name);
}
