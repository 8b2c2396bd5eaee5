using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.Hosting;

namespace Perigee.Functions;

/// <summary>
/// Closes the server before the other services stop, and not later than they need: the Functions host kills a worker after 5 s, and
/// a long stream would otherwise use up the time in which the logs are flushed.
/// </summary>
internal sealed class Drain(IServer server, TimeProvider time) : IHostedLifecycleService
{
    /// <summary>How long requests in flight may still take; after that their connections are cut.</summary>
    public static readonly TimeSpan Requests = TimeSpan.FromSeconds(1.5);

    /// <summary>How long the whole stop may take.</summary>
    public static readonly TimeSpan Whole = TimeSpan.FromSeconds(4);

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource cut = new(Requests, time);
        await server.StopAsync(cut.Token);
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
