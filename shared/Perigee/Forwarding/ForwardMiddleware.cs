using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Perigee.Routing;
using Perigee.Wire;

namespace Perigee.Forwarding;

/// <summary>The last step: target by target, until one has begun to answer. The first content byte out is the point of no return.</summary>
internal sealed partial class ForwardMiddleware(RequestDelegate next, Upstreams upstreams, Origins origins, TimeProvider time, ILogger<ForwardMiddleware> log)
{
    /// <summary>JSON answers up to this size are read whole before they are shown.</summary>
    private const int MostInspectedBytes = 8 * 1024 * 1024;

    private const int MostErrorBytes = 256 * 1024;

    private readonly RequestDelegate _next = next;

    public async Task InvokeAsync(HttpContext http)
    {
        Exchange exchange = http.Features.Get<Exchange>()!;
        GatewayError? error = null;
        foreach (Target target in exchange.Targets)
        {
            error = await TryAsync(exchange, target);
            if (error is null || exchange.Shown || error.Kind is ErrorKind.ClientGone or ErrorKind.BodyTooLarge)
                break;
            exchange.Answer.Clear();
            exchange.Copy?.Clear();
        }

        if (error is not null)
            await exchange.RefuseAsync(error);
    }

    /// <summary>One try. Null where the client has its answer, be it the provider's own error.</summary>
    private async ValueTask<GatewayError?> TryAsync(Exchange exchange, Target target)
    {
        Call call = new(exchange, target, time.GetTimestamp());
        using Patience patience = new(exchange.Options.Timeouts.Idle, time, exchange.Http.RequestAborted);
        HttpResponseMessage? answer = null;
        GatewayError? error;
        try
        {
            if (exchange.Upload is { } upload)
                upload.Progress = patience.Restart;
            using HttpRequestMessage request = UpstreamRequest.Make(exchange, target, out bool hideUsage);
            answer = await upstreams.For(target.Provider).SendAsync(request, patience.Token);
            call.Status = (int)answer.StatusCode;
            call.ToHeaders = time.GetElapsedTime(call.Started);
            call.ProviderRequestId = AnswerHeaders.RequestId(answer);
            Stream body = await BodyAsync(answer);
            error = !answer.IsSuccessStatusCode ? await PassErrorAsync(call, answer, body, patience)
                : IsStream(answer) ? await PassStreamAsync(call, answer, body, patience, hideUsage)
                : IsJson(answer) && exchange.Operation.Inspected ? await PassJsonAsync(call, answer, body, patience)
                : await PassBytesAsync(call, answer, body, patience, null);
        }
        catch (Exception failure)
        {
            error = UpstreamFailure.Of(failure, exchange, target.Provider, patience.Silent);
            if (error is null)
            {
                LogFault(log, failure, exchange.Id);
                error = new GatewayError(ErrorKind.Internal, "The gateway failed: its log has the details under this x-request-id.");
            }
        }
        finally
        {
            answer?.Dispose();
        }

        exchange.Attempts.Add(new Attempt(target, call.Status, (error ?? exchange.Error)?.Kind, call.ToHeaders, call.ToContent,
            time.GetElapsedTime(call.Started), exchange.Shown, call.ProviderRequestId));
        return error;
    }

    private async ValueTask<GatewayError?> PassStreamAsync(Call call, HttpResponseMessage answer, Stream body, Patience patience, bool hideUsage)
    {
        Exchange exchange = call.Exchange;
        using StreamRelay relay = new(exchange, call.Target.Provider, exchange.Dialect.Reader(exchange.Answer), hideUsage, () =>
        {
            Begin(call, answer);
            exchange.Http.Response.Headers.CacheControl = "no-cache";
            exchange.Http.Response.Headers["X-Accel-Buffering"] = "no";
        })
        {
            OnContent = () => Content(call),
            BeforeFlush = exchange.Operation.MakesId ? () => RememberAsync(call) : null,
        };
        GatewayError? error = await relay.RunAsync(body, patience);
        exchange.Complete = error is null && exchange.Error is null;
        return error;
    }

    private async ValueTask<GatewayError?> PassJsonAsync(Call call, HttpResponseMessage answer, Stream body, Patience patience)
    {
        Exchange exchange = call.Exchange;
        (byte[] buffer, int length, bool whole) = await ReadAsync(body, answer.Content.Headers.ContentLength, MostInspectedBytes, patience);
        try
        {
            if (!whole)
                return await PassBytesAsync(call, answer, body, patience, buffer.AsMemory(0, length));
            ReadOnlyMemory<byte> bytes = buffer.AsMemory(0, length);
            if (exchange.Dialect.Reader(exchange.Answer).ReadWhole(bytes.Span) == EventNature.Error)
                return UpstreamFailure.InAnswer(call.Target.Provider, exchange.Answer);
            if (exchange.Operation.ListsIds && !exchange.Caller!.IsOpen)
                bytes = await OwnIds.OnlyAsync(bytes, id => origins.IsKnownAsync(exchange.Caller.Tenant, id, patience.Token));
            await RememberAsync(call);
            if (exchange.Operation.NamesFiles)
                await RememberFilesAsync(call, bytes);
            Begin(call, answer);
            Content(call);
            exchange.Http.Response.ContentLength = bytes.Length;
            exchange.Copy?.Add(bytes.Span);
            exchange.BytesOut += bytes.Length;
            FlushResult flushed = await exchange.Http.Response.BodyWriter.WriteAsync(bytes, exchange.Http.RequestAborted);
            exchange.Complete = !flushed.IsCanceled;
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Passes bytes that nobody looks at: audio, files, and JSON too large to be looked at.</summary>
    private async ValueTask<GatewayError?> PassBytesAsync(
        Call call, HttpResponseMessage answer, Stream body, Patience patience, ReadOnlyMemory<byte>? begun)
    {
        Exchange exchange = call.Exchange;
        PipeWriter client = exchange.Http.Response.BodyWriter;
        Begin(call, answer);
        if (answer.Content.Headers.ContentLength is { } length && answer.Content.Headers.ContentEncoding.Count == 0)
            exchange.Http.Response.ContentLength = length;
        if (begun is { } first)
        {
            client.Write(first.Span);
            exchange.BytesOut += first.Length;
            await client.FlushAsync(exchange.Http.RequestAborted);
        }

        while (true)
        {
            patience.Restart();
            int count = await body.ReadAsync(client.GetMemory(16 * 1024), patience.Token);
            if (count == 0)
                break;
            Content(call);
            client.Advance(count);
            exchange.BytesOut += count;
            await client.FlushAsync(exchange.Http.RequestAborted);
        }

        await client.FlushAsync(exchange.Http.RequestAborted);
        exchange.Complete = true;
        return null;
    }

    private static async ValueTask<GatewayError?> PassErrorAsync(Call call, HttpResponseMessage answer, Stream body, Patience patience)
    {
        Exchange exchange = call.Exchange;
        (byte[] buffer, int length, _) = await ReadAsync(body, null, MostErrorBytes, patience);
        try
        {
            ReadOnlyMemory<byte> bytes = buffer.AsMemory(0, length);
            GatewayError error = ProviderError.Of(answer.StatusCode, bytes.Span, call.Target.Provider);
            AnswerHeaders.Copy(exchange, answer, call.Target);
            if (error.Kind != ErrorKind.ProviderRefused || !exchange.Dialect.IsOwnError(bytes.Span))
                return error;
            exchange.Fail(error);
            exchange.Served = call.Target;
            bytes = KeyMask.Mask(bytes, call.Target.Provider.Key);
            exchange.BytesOut += bytes.Length;
            await Refusal.WriteAsync(exchange.Http, error, bytes);
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Begin(Call call, HttpResponseMessage answer)
    {
        call.Exchange.Served = call.Target;
        AnswerHeaders.Copy(call.Exchange, answer, call.Target);
        if (call.Exchange.Copy is { } copy)
            copy.ContentType = call.Exchange.Http.Response.ContentType ?? "";
    }

    private void Content(Call call)
    {
        call.ToContent ??= time.GetElapsedTime(call.Started);
        call.Exchange.ToFirstContent ??= time.GetElapsedTime(call.Exchange.Started);
    }

    /// <summary>Before the client can use an id it must be known where it belongs.</summary>
    private async ValueTask RememberAsync(Call call)
    {
        Exchange exchange = call.Exchange;
        if (call.Remembered || !exchange.Operation.MakesId || exchange.Answer.Id is not { } id)
            return;
        call.Remembered = true;
        if (exchange.Question is { } question && question.TopLevelType("store"u8) == JsonTokenType.False)
            return;
        await RememberAsync(call, id);
    }

    private async ValueTask RememberAsync(Call call, string id)
    {
        Exchange exchange = call.Exchange;
        try
        {
            await origins.RememberAsync(exchange.Caller!.Tenant, id, call.Target.Provider.Name, exchange.Http.RequestAborted);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // The answer is worth more than the way back to it: later calls in this process still find it.
            LogOrigin(log, e, exchange.Id);
        }
    }

    /// <summary>A finished batch names the files that hold its results: made by the provider, and the caller's to read.</summary>
    private async ValueTask RememberFilesAsync(Call call, ReadOnlyMemory<byte> batch)
    {
        using JsonDocument document = JsonDocument.Parse(batch);
        foreach (string member in (string[])["output_file_id", "error_file_id"])
        {
            if (document.RootElement.TryGetProperty(member, out JsonElement id) && id.ValueKind == JsonValueKind.String)
                await RememberAsync(call, id.GetString()!);
        }
    }

    private static async ValueTask<(byte[] Buffer, int Length, bool Whole)> ReadAsync(Stream body, long? expected, int most, Patience patience)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp((expected ?? 8192) + 1, 1024, 256 * 1024));
        int length = 0;
        try
        {
            while (true)
            {
                if (length == buffer.Length)
                {
                    if (length >= most)
                        return (buffer, length, false);
                    byte[] larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }

                patience.Restart();
                int count = await body.ReadAsync(buffer.AsMemory(length), patience.Token);
                if (count == 0)
                    return (buffer, length, true);
                length += count;
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    private static async ValueTask<Stream> BodyAsync(HttpResponseMessage answer)
    {
        Stream body = await answer.Content.ReadAsStreamAsync();

        // Nobody asked for compression; some servers compress all the same.
        return answer.Content.Headers.ContentEncoding.Count == 0 ? body : answer.Content.Headers.ContentEncoding.First().ToLowerInvariant() switch
        {
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            "deflate" => new ZLibStream(body, CompressionMode.Decompress),
            _ => body,
        };
    }

    private static bool IsStream(HttpResponseMessage answer) => Is(answer, "text/event-stream");

    private static bool IsJson(HttpResponseMessage answer) => Is(answer, "application/json");

    private static bool Is(HttpResponseMessage answer, string type) =>
        answer.Content.Headers.NonValidated.TryGetValues("Content-Type", out HeaderStringValues values)
        && values.ToString().StartsWith(type, StringComparison.OrdinalIgnoreCase);

    [LoggerMessage(Level = LogLevel.Error, Message = "Exchange {Id} failed in the gateway itself.")]
    private static partial void LogFault(ILogger log, Exception fault, string id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Exchange {Id} made an id whose origin could not be stored: other instances will not find it.")]
    private static partial void LogOrigin(ILogger log, Exception fault, string id);

    /// <summary>What one try has found out so far.</summary>
    private sealed class Call(Exchange exchange, Target target, long started)
    {
        public Exchange Exchange { get; } = exchange;

        public Target Target { get; } = target;

        public long Started { get; } = started;

        public int Status { get; set; }

        public TimeSpan? ToHeaders { get; set; }

        public TimeSpan? ToContent { get; set; }

        public string? ProviderRequestId { get; set; }

        public bool Remembered { get; set; }
    }
}
