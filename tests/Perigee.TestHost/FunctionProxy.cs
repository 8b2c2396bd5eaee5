using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Perigee.TestHost.Wire;
using Yarp.ReverseProxy.Forwarder;

namespace Perigee.TestHost;

/// <summary>Serves a public request as the Functions host does: forwards it over HTTP and announces it on the stream, side by side.</summary>
internal sealed class FunctionProxy(IHttpForwarder forwarder, WorkerChannel channel, string workerUri, IReadOnlyList<FunctionRoute> routes) : IDisposable
{
    private const string InvocationHeader = "x-ms-invocation-id";
    private static readonly ForwarderRequestConfig s_config = new() { ActivityTimeout = TimeSpan.FromSeconds(240) };
    private static readonly Transformer s_transformer = new();

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectCallback = ConnectAsync,
    });

    /// <summary>Serves one request.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        RouteValueDictionary values = [];
        FunctionRoute? route = routes.FirstOrDefault(r => r.Matches(context.Request, values = []));
        if (route is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        string id = Guid.NewGuid().ToString();
        InvocationRequest invocation = new() { InvocationId = id, FunctionId = route.Metadata.FunctionId, TraceContext = new RpcTraceContext() };
        invocation.InputData.Add(new ParameterBinding { Name = route.Parameter, Data = new TypedData { Http = new RpcHttp() } });
        await DescribeAsync(context.Request, values, invocation);

        // As the real host does it: a client's own value stays, and the two halves of the request then bear different ids.
        context.Request.Headers.TryAdd(InvocationHeader, id);
        Task<ForwarderError> forward = forwarder.SendAsync(context, workerUri, _http, s_config, s_transformer).AsTask();
        Task<StreamingMessage> answer = channel.AskAsync(new StreamingMessage { InvocationRequest = invocation }, CancellationToken.None);
        using CancellationTokenRegistration gone = context.RequestAborted.Register(() =>
        {
            if (!answer.IsCompleted)
                channel.Send(new StreamingMessage { InvocationCancel = new InvocationCancel { InvocationId = id } });
        });

        bool failed;
        try
        {
            StatusResult result = (await answer).InvocationResponse.Result;
            failed = await forward != ForwarderError.None || result.Status != StatusResult.Types.Status.Success;
        }
        catch (IOException)
        {
            await forward;
            failed = true;
        }

        channel.Forget(id);
        if (!failed)
            return;
        if (context.Response.HasStarted)
            context.Abort();
        else
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
    }

    // A worker may tell its address before it listens there: as in the real host, a refused connection is tried again.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        for (int attempt = 1; ; attempt++)
        {
            Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(context.DnsEndPoint, cancel);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException fault)
            {
                socket.Dispose();
                if (attempt == 10 || fault.SocketErrorCode != SocketError.ConnectionRefused)
                    throw;
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(50 * attempt, 250)), cancel);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    // The trigger's data: query, route values, the members of a JSON body, then Query and Headers as JSON.
    private static async Task DescribeAsync(HttpRequest request, RouteValueDictionary values, InvocationRequest invocation)
    {
        foreach ((string name, var value) in request.Query)
        {
            if (name != "code")
                invocation.TriggerMetadata[name] = new TypedData { String = value.ToString() };
        }

        foreach ((string name, object? value) in values)
            invocation.TriggerMetadata[name] = new TypedData { String = value?.ToString() ?? "" };
        if (request.ContentLength > 0)
            await DescribeBodyAsync(request, invocation);
        invocation.TriggerMetadata["Query"] = new TypedData { Json = JsonSerializer.Serialize(request.Query.ToDictionary(q => q.Key, q => q.Value.ToString())) };
        invocation.TriggerMetadata["Headers"] = new TypedData { Json = JsonSerializer.Serialize(request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString())) };
    }

    // A body of known length is read whole before anything is forwarded, whatever its type; a chunked one is left alone.
    private static async Task DescribeBodyAsync(HttpRequest request, InvocationRequest invocation)
    {
        request.EnableBuffering();
        using StreamReader reader = new(request.Body, Encoding.UTF8, leaveOpen: true);
        string body = await reader.ReadToEndAsync(request.HttpContext.RequestAborted);
        request.Body.Position = 0;
        try
        {
            using JsonDocument json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                return;
            foreach (JsonProperty member in json.RootElement.EnumerateObject().Where(m => m.Value.ValueKind != JsonValueKind.Array))
            {
                invocation.TriggerMetadata[member.Name] = member.Value.ValueKind == JsonValueKind.Object
                    ? new TypedData { Json = member.Value.GetRawText() }
                    : new TypedData { String = member.Value.ToString() };
            }
        }
        catch (JsonException)
        {
            // Not JSON: no binding data.
        }
    }

    /// <summary>The host's own view of the client replaces what the client says of itself.</summary>
    private sealed class Transformer : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(
            HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            proxyRequest.Headers.Host = null;
            Set("X-Forwarded-For", httpContext.Connection.RemoteIpAddress?.ToString());
            Set("X-Forwarded-Host", httpContext.Request.Host.Value);
            Set("X-Forwarded-Proto", httpContext.Request.Scheme);

            void Set(string name, string? value)
            {
                proxyRequest.Headers.Remove(name);
                proxyRequest.Headers.TryAddWithoutValidation(name, value);
            }
        }
    }
}
