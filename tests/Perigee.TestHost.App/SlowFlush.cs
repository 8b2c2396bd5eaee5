using Microsoft.Extensions.Hosting;

namespace Perigee.TestHost.App;

/// <summary>A service that needs a while at the end, as the logs do.</summary>
internal sealed class SlowFlush(TimeProvider time) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(TimeSpan.FromSeconds(1), time, cancellationToken);
        await Console.Out.WriteLineAsync("flushed");
    }
}
