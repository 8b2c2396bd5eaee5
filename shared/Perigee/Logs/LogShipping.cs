using Microsoft.Extensions.Hosting;
using Perigee.Logs.Bodies;
using Perigee.Logs.Shipping;

namespace Perigee.Logs;

/// <summary>Begins and ends the streams together: the host gives five seconds to all of them.</summary>
internal sealed class LogShipping(LogShipper requests, BodyShipper bodies, AuditShipper audit, LogFolder? folder = null) : IHostedService
{
    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // Nobody waits for that.
        if (folder is not null)
            _ = Task.Run(folder.Tidy, CancellationToken.None);
        return Task.WhenAll(requests.StartAsync(cancellationToken), bodies.StartAsync(cancellationToken), audit.StartAsync(cancellationToken));
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(requests.StopAsync(cancellationToken), bodies.StopAsync(cancellationToken), audit.StopAsync(cancellationToken));
}
