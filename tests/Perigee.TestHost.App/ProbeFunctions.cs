using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Azure.Functions.Worker;

namespace Perigee.TestHost.App;

/// <summary>Functions that tell what they see, stall and fail, as no function of the gateway may.</summary>
public sealed class ProbeFunctions(ProbeState state)
{
    /// <summary>The request as the app sees it, as JSON.</summary>
    [Function("Echo")]
    public async Task Echo([HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "echo/{*path}")] HttpRequest request)
    {
        using StreamReader body = new(request.Body);
        await request.HttpContext.Response.WriteAsJsonAsync(new Dictionary<string, string?>
        {
            ["method"] = request.Method,
            ["url"] = request.GetEncodedUrl(),
            ["remote"] = request.HttpContext.Connection.RemoteIpAddress?.ToString(),
            ["path"] = request.RouteValues["path"]?.ToString(),
            ["invocation"] = request.Headers["x-ms-invocation-id"],
            ["body"] = await body.ReadToEndAsync(),
        });
    }

    /// <summary>How many bytes came.</summary>
    [Function("Length")]
    public async Task Length([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "length")] HttpRequest request)
    {
        long length = 0;
        byte[] buffer = new byte[64 * 1024];
        for (int read; (read = await request.Body.ReadAsync(buffer)) > 0;)
            length += read;
        await request.HttpContext.Response.WriteAsync(length.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Sends an event, waits for <see cref="Open"/>, sends another: as often as asked.</summary>
    [Function("Stream")]
    public async Task Stream([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "stream/{count}")] HttpRequest request)
    {
        HttpResponse response = request.HttpContext.Response;
        response.ContentType = "text/event-stream";
        int count = int.Parse((string)request.RouteValues["count"]!, CultureInfo.InvariantCulture);
        try
        {
            for (int i = 1; i <= count; i++)
            {
                if (i > 1)
                    await state.Gate.WaitAsync(request.HttpContext.RequestAborted);
                await response.WriteAsync($"data: {i}\n\n", request.HttpContext.RequestAborted);
                await response.Body.FlushAsync(request.HttpContext.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            state.Aborted.TrySetResult();
        }
    }

    /// <summary>Lets the stream send its next event.</summary>
    [Function("Open")]
    public Task Open([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "open")] HttpRequest request)
    {
        request.HttpContext.Response.StatusCode = StatusCodes.Status204NoContent;
        state.Gate.Release();
        return Task.CompletedTask;
    }

    /// <summary>Answers once a stream has seen its client go.</summary>
    [Function("Aborted")]
    public async Task Aborted([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "aborted")] HttpRequest request)
    {
        await state.Aborted.Task.WaitAsync(request.HttpContext.RequestAborted);
        await request.HttpContext.Response.WriteAsync("aborted");
    }

    /// <summary>Fails before the first byte.</summary>
    [Function("ThrowBefore")]
    public Task ThrowBefore([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "throw/before")] HttpRequest request) =>
        throw new InvalidOperationException("before " + request.Path);

    /// <summary>Fails after the first byte.</summary>
    [Function("ThrowAfter")]
    public async Task ThrowAfter([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "throw/after")] HttpRequest request)
    {
        await request.HttpContext.Response.WriteAsync("first");
        await request.HttpContext.Response.Body.FlushAsync();
        throw new InvalidOperationException("after");
    }

    /// <summary>What nothing else serves.</summary>
    [Function("ZCatchAll")]
    public Task CatchAll([HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "{*path}")] HttpRequest request) =>
        request.HttpContext.Response.WriteAsync(JsonSerializer.Serialize("catch-all " + request.Path));
}

/// <summary>What one request of a test tells another.</summary>
public sealed class ProbeState
{
    /// <summary>Holds a stream back between two events.</summary>
    public SemaphoreSlim Gate { get; } = new(0);

    /// <summary>A stream has seen its client go.</summary>
    public TaskCompletionSource Aborted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
