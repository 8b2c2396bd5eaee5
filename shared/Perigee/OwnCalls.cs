using System.Net.Mime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Perigee.Forwarding;
using Perigee.Front;
using Perigee.Limits;
using Perigee.Logs;
using Perigee.Routing;
using Perigee.Telemetry;

namespace Perigee;

/// <summary>Asks through the steps begin, trace, log, limits (the gateway's own), routing and forward, with an HttpContext that no client stands behind.</summary>
internal sealed partial class OwnCalls(IServiceProvider services, TimeProvider time, ILogger<OwnCalls> log) : IOwnCalls
{
    private const string GeminiPath = "/v1beta/models/";
    private const int MostAnswerBytes = 16 * 1024 * 1024;

    private static readonly Dictionary<string, string> NoHeaders = [];

    // Made with the first call: the steps are made of services that may need this one.
    private readonly Lazy<RequestDelegate> _steps = new(() => Steps(services));

    /// <inheritdoc/>
    public async ValueTask<OwnAnswer> AskAsync(OwnCall call, CancellationToken cancel)
    {
        bool gemini = call.Path.StartsWith(GeminiPath, StringComparison.Ordinal);
        if ((gemini ? Operations.Gemini
            : Operations.All.FirstOrDefault(operation => operation.Pattern == call.Path && operation is { Method: "POST", Body: BodyShape.Json })) is not { } asked)
        {
            return new OwnAnswer(StatusCodes.Status404NotFound, default);
        }

        DefaultHttpContext http = new() { RequestServices = services, RequestAborted = cancel };
        using MemoryStream answer = new();
        http.TraceIdentifier = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
        http.Request.Method = "POST";
        http.Request.Path = call.Path;
        http.Request.ContentType = MediaTypeNames.Application.Json;
        http.Request.ContentLength = call.Body.Length;
        http.Request.Body = new MemoryStream(call.Body.ToArray(), writable: false);
        http.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(new BoundedStream(answer)));
        http.Items[typeof(OwnCall)] = call;
        if (gemini)
            http.Request.RouteValues["call"] = call.Path[GeminiPath.Length..];
        foreach ((string name, string value) in call.Headers ?? NoHeaders)
            http.Request.Headers[name] = value;
        http.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(asked), asked.Name));
        try
        {
            await _steps.Value(http);
            await http.Response.CompleteAsync();
            Exchange? exchange = http.Features.Get<Exchange>();
            return new OwnAnswer(http.Response.StatusCode, answer.ToArray()) { Complete = exchange is { Complete: true, Error: null } };
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            LogFault(log, e, call.Purpose);
            return new OwnAnswer(StatusCodes.Status500InternalServerError, default);
        }
        finally
        {
            cancel.ThrowIfCancellationRequested();
        }
    }

    private static RequestDelegate Steps(IServiceProvider services) => new ApplicationBuilder(services)
        .UseMiddleware<ExchangeMiddleware>()
        .Use(static next => http =>
        {
            Exchange exchange = http.Features.Get<Exchange>()!;
            OwnCall call = (OwnCall)http.Items[typeof(OwnCall)]!;
            (exchange.Caller, exchange.Purpose) = (call.Caller, call.Purpose);
            return next(http);
        })
        .UseMiddleware<TraceMiddleware>()
        .UseMiddleware<LogMiddleware>()
        .Use(static next => http => http.Features.Get<Exchange>()! is { Fault: { } fault } exchange ? exchange.RefuseAsync(fault).AsTask() : next(http))
        .UseMiddleware<LimitsMiddleware>()
        .UseMiddleware<RoutingMiddleware>()
        .UseMiddleware<ForwardMiddleware>()
        .Build();

    [LoggerMessage(Level = LogLevel.Warning, Message = "The gateway's own call ({Purpose}) failed.")]
    private static partial void LogFault(ILogger log, Exception fault, string purpose);

    /// <summary>No answer of anybody's may fill the memory.</summary>
    private sealed class BoundedStream(MemoryStream inner) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => inner.Length;

        public override long Position { get => inner.Position; set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count)
        {
            if (inner.Length + count > MostAnswerBytes)
                throw new IOException($"The answer is larger than {MostAnswerBytes} bytes.");
            inner.Write(buffer, offset, count);
        }
    }
}
