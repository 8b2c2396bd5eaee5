using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Perigee.Routing;
using Perigee.Wire;
using Perigee.Wire.Gemini;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Forwarding;

/// <summary>The last step: target by target, until one has begun to answer. The first content byte out is the point of no return.</summary>
internal sealed partial class ForwardMiddleware(
    RequestDelegate next, Upstreams upstreams, Translator translator, Origins origins, TimeProvider time, ILogger<ForwardMiddleware> log)
{
    /// <summary>JSON answers up to this size are read whole before they are shown.</summary>
    private const int MostInspectedBytes = 8 * 1024 * 1024;

    /// <summary>Answers that are made anew are held whole up to this size: pictures in base64 are the largest.</summary>
    private const int MostTranslatedBytes = 64 * 1024 * 1024;

    private const int MostErrorBytes = 256 * 1024;

    private readonly RequestDelegate _next = next;

    public async Task InvokeAsync(HttpContext http)
    {
        Exchange exchange = http.Features.Get<Exchange>()!;
        GatewayError? error = null;
        foreach (Target target in exchange.Plan!.Targets)
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
            bool hideUsage = false;
            call.Translated = Translator.IsNeeded(exchange, target) ? await translator.TranslateAsync(exchange, target, patience.Token) : null;
            error = call.Translated?.Error;
            using JsonIndex? unsealed = call.Translated is null ? await translator.UnsealAsync(exchange, patience.Token) : null;
            using HttpRequestMessage? request = error is not null || call.Translated?.Counted is not null ? null
                : call.Translated is { } translated ? UpstreamRequest.Make(exchange, target, translated)
                : UpstreamRequest.Make(exchange, target, unsealed, out hideUsage, out error);
            if (error is null && call.Translated?.Counted is { } counted)
            {
                error = await GiveCountAsync(call, counted);
            }
            else if (error is null)
            {
                answer = await upstreams.For(target.Provider).SendAsync(request!, patience.Token);
                call.Status = (int)answer.StatusCode;
                call.ToHeaders = time.GetElapsedTime(call.Started);
                call.ProviderRequestId = AnswerHeaders.RequestId(answer);
                Stream body = await BodyAsync(answer);
                error = !answer.IsSuccessStatusCode ? await PassErrorAsync(call, answer, body, patience)
                    : call.Translated is not null ? await TranslateAsync(call, answer, body, patience)
                    : IsStream(answer) || (exchange.AsArray && IsJson(answer)) ? await PassStreamAsync(call, answer, body, patience, hideUsage)
                    : IsJson(answer) && exchange.Operation.Inspected ? await PassJsonAsync(call, answer, body, patience)
                    : await PassBytesAsync(call, answer, body, patience, null);
            }
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
        using StreamRelay relay = new(exchange, call.Target.Provider, exchange.Dialect.Reader(exchange.Answer), hideUsage, () => BeginStream(call, answer))
        {
            AsArray = exchange.AsArray && !IsStream(answer),
            OnContent = () => Content(call),
            BeforeFlush = exchange.Operation.MakesId ? () => RememberAsync(call) : null,
        };
        GatewayError? error = await relay.RunAsync(body, patience);
        exchange.Complete = error is null && exchange.Error is null;
        return error;
    }

    private async ValueTask<GatewayError?> TranslateAsync(Call call, HttpResponseMessage answer, Stream body, Patience patience)
    {
        Exchange exchange = call.Exchange;
        GatewayError? error;
        if (exchange.Operation.Asks == Asks.Conversation)
        {
            bool stream = IsStream(answer);
            using TranslatedAnswer translated = new(exchange, call.Target, call.Translated!, exchange.StartedAt.ToUnixTimeSeconds(), () =>
            {
                if (exchange.Stream)
                    BeginStream(call, answer);
                else
                    Begin(call, answer);
            })
            {
                OnContent = () => Content(call),
            };
            if (stream)
            {
                error = await translated.StreamAsync(body, patience);
            }
            else
            {
                (byte[] buffer, int length, bool whole) = await ReadAsync(body, answer.Content.Headers.ContentLength, MostTranslatedBytes, patience);
                error = whole ? await translated.WholeAsync(buffer.AsMemory(0, length)) : TooLargeToTranslate(call.Target);
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
        else
        {
            (byte[] buffer, int length, bool whole) = await ReadAsync(body, answer.Content.Headers.ContentLength, MostTranslatedBytes, patience);
            error = whole ? await GiveOtherAsync(call, answer, buffer.AsMemory(0, length)) : TooLargeToTranslate(call.Target);
            ArrayPool<byte>.Shared.Return(buffer);
        }

        exchange.Complete = error is null && exchange.Error is null;
        return error;
    }

    /// <summary>Counts and vectors: small answers, made anew.</summary>
    private async ValueTask<GatewayError?> GiveOtherAsync(Call call, HttpResponseMessage answer, ReadOnlyMemory<byte> body)
    {
        Exchange exchange = call.Exchange;
        using PooledBuffer output = new();
        bool read = exchange.Operation.Asks == Asks.Count
            ? Counts.TryTranslate(call.Target.Provider.Dialect, exchange.Operation.Speaks, body.Span, output)
            : GeminiEmbeddings.WriteAnswer(body, call.Translated!.Many, output) is null;
        if (!read)
            return new GatewayError(ErrorKind.ProviderFailed, $"Provider '{call.Target.Provider.Name}' sent an answer that cannot be read.");
        if (exchange.Operation.Asks == Asks.Vectors)
            OpenAiChatDialect.Plain.Reader(exchange.Answer).ReadWhole(body.Span);
        Begin(call, answer);
        Content(call);
        return await GiveAsync(exchange, output.Written);
    }

    private static async ValueTask<GatewayError?> GiveCountAsync(Call call, long count)
    {
        using PooledBuffer output = new();
        Counts.Write(call.Exchange.Operation.Speaks, count, output);
        call.Exchange.Served = call.Target;
        call.Exchange.Http.Response.ContentType = "application/json";
        call.Exchange.Http.Response.Headers[HeaderNames.Target] = AnswerHeaders.Ascii(call.Target.ToString());
        call.Exchange.Http.Response.Headers[HeaderNames.Estimated] = "true";
        GatewayError? error = await GiveAsync(call.Exchange, output.Written);
        call.Exchange.Complete = error is null;
        return error;
    }

    private static async ValueTask<GatewayError?> GiveAsync(Exchange exchange, ReadOnlyMemory<byte> bytes)
    {
        exchange.Http.Response.ContentLength = bytes.Length;
        exchange.Copy?.Add(bytes.Span);
        exchange.BytesOut += bytes.Length;
        FlushResult flushed = await exchange.Http.Response.BodyWriter.WriteAsync(bytes, exchange.Http.RequestAborted);
        return flushed.IsCanceled ? new GatewayError(ErrorKind.ClientGone, "The client went away before the answer was complete.") : null;
    }

    private static GatewayError TooLargeToTranslate(Target target) => new(ErrorKind.ProviderFailed,
        $"Provider '{target.Provider.Name}' sent an answer of more than {MostTranslatedBytes} bytes, too large to be translated.");

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
                return UpstreamFailure.InAnswer(call.Target.Provider, exchange);
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
            exchange.Copy?.Add(first.Span);
            exchange.BytesOut += first.Length;
            await client.FlushAsync(exchange.Http.RequestAborted);
        }

        while (true)
        {
            patience.Restart();
            Memory<byte> piece = client.GetMemory(16 * 1024);
            int count = await body.ReadAsync(piece, patience.Token);
            if (count == 0)
                break;
            Content(call);
            exchange.Copy?.Add(piece.Span[..count]);
            client.Advance(count);
            exchange.BytesOut += count;
            await client.FlushAsync(exchange.Http.RequestAborted);
        }

        await client.FlushAsync(exchange.Http.RequestAborted);
        exchange.Complete = true;
        return null;
    }

    private async ValueTask<GatewayError?> PassErrorAsync(Call call, HttpResponseMessage answer, Stream body, Patience patience)
    {
        Exchange exchange = call.Exchange;
        (byte[] buffer, int length, _) = await ReadAsync(body, null, MostErrorBytes, patience);
        try
        {
            ReadOnlyMemory<byte> bytes = buffer.AsMemory(0, length);
            GatewayError error = ProviderError.Of(answer.StatusCode, answer.Headers, bytes.Span, call.Target.Provider, time.GetUtcNow());
            error = error with { Status = UpstreamFailure.StatusFor(exchange, error.Status) };
            bool within = call.Translated is null;
            AnswerHeaders.Copy(exchange, answer, call.Target, within);

            // In the provider's own bytes only where the client reads them, and they mean what their status says.
            if (!within || error.Kind != ErrorKind.ProviderRefused || error.Status != (int)answer.StatusCode || !exchange.Dialect.IsOwnError(bytes.Span))
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
        Exchange exchange = call.Exchange;
        exchange.Served = call.Target;
        AnswerHeaders.Copy(exchange, answer, call.Target, call.Translated is null);
        if (call.Translated is not null)
        {
            exchange.Http.Response.ContentType = !exchange.Stream ? "application/json"
                : exchange.AsArray ? "application/json; charset=UTF-8" : "text/event-stream";
        }

        if (call.Exchange.Copy is { } copy)
            copy.ContentType = call.Exchange.Http.Response.ContentType ?? "";
    }

    private static void BeginStream(Call call, HttpResponseMessage answer)
    {
        Begin(call, answer);
        Exchange exchange = call.Exchange;
        exchange.Http.Response.Headers.CacheControl = "no-cache";
        exchange.Http.Response.Headers["X-Accel-Buffering"] = "no";
        if (exchange.AsArray)
            exchange.ErrorTail = (output, error) => GeminiError.WriteArrayError(output, error, first: exchange.BytesOut == 0);
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

        /// <summary>How it was asked, where not in the client's own dialect.</summary>
        public Translated? Translated { get; set; }
    }
}
