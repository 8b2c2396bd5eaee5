using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Perigee.Logs.Query;

namespace Perigee.Logs.Tail;

/// <summary>
/// <c>GET /manage/v1/logs/tail</c>: the records of this instance as Server-Sent Events, each with its id, in the form that the blobs have.
/// <c>Last-Event-ID</c> goes on behind a record. Event <c>dropped</c> says how many this reader was too slow for, event <c>gap</c> that the
/// record to go on from is not kept any more.
/// </summary>
internal sealed class TailEndpoint(LogTail tail, IOwnKeys keys, TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>Silence after which a comment is sent: proxies cut what is silent for longer.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Gives the stream until the client leaves or the gateway stops.</summary>
    public async Task AnswerAsync(HttpContext http)
    {
        string last = http.Request.Headers["Last-Event-ID"].ToString();
        LogFilter? filter = LogFilter.Read(http.Request.Query, [], out GatewayError? error);
        if (last.Length > 0 && !LogCursor.IsId(last))
            error ??= LogFilter.Bad("Last-Event-ID", "must be the id of a record, as an event of this stream has it");
        if (error is not null)
        {
            await ManageJson.RefuseAsync(http, error);
            return;
        }

        filter = filter! with { Keys = await keys.OfAsync(http) };
        using LogTail.TailReader? reader = tail.Join(last.Length > 0 ? last : null);
        if (reader is null)
        {
            await ManageJson.RefuseAsync(http, new GatewayError(ErrorKind.LimitReached, $"{LogTail.MostReaders} look on already, and no more may. Close one of the tails.", RetryAfter: TimeSpan.FromSeconds(10)));
            return;
        }

        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            await StreamAsync(http.Response.BodyWriter, reader, filter, end.Token);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The client has left, or the gateway stops: a stream without an end has no other.
        }
    }

    private async Task StreamAsync(PipeWriter output, LogTail.TailReader reader, LogFilter filter, CancellationToken end)
    {
        output.Write(": records of this instance\n\n"u8);
        if (reader.Missed)
            output.Write("event: gap\ndata: {}\n\n"u8);
        while (true)
        {
            await output.FlushAsync(end);
            if (!await WaitAsync(reader, end))
            {
                output.Write(": nothing new\n\n"u8);
                continue;
            }

            while (reader.Records.TryRead(out ExchangeRecord? record))
            {
                ReadOnlyMemory<byte> line = tail.LineOf(record);
                using JsonDocument written = JsonDocument.Parse(line);
                if (!filter.Takes(written.RootElement))
                    continue;
                output.Write(Encoding.ASCII.GetBytes($"id: {record.Id}\nevent: exchange\ndata: "));
                output.Write(line.Span);
                output.Write("\n\n"u8);
                await output.FlushAsync(end);
            }

            if (reader.TakeDropped() is var dropped and > 0)
                output.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"event: dropped\ndata: {{\"dropped\":{dropped}}}\n\n")));
        }
    }

    private async Task<bool> WaitAsync(LogTail.TailReader reader, CancellationToken end)
    {
        try
        {
            return await reader.Records.WaitToReadAsync(end).AsTask().WaitAsync(Heartbeat, time, end);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
