using Microsoft.Extensions.Hosting;
using Perigee.Storage;

namespace Perigee.Regions;

/// <summary>
/// Looks every two seconds whether the publisher has brought something to this region, and has what is in memory read again. With a publisher that looks
/// every second a revoked key is refused everywhere well within 10 seconds.
/// </summary>
internal sealed class RegionWatch(IStorage storage, RegionStorages regions, IEnumerable<IForgets> forgetful, TimeProvider time) : IHostedService, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private readonly IForgets[] _forgetful = [.. forgetful];
    private RegionState? _state;
    private ITimer? _timer;
    private int _busy;

    /// <summary>What the publisher last said here; null in a gateway of one region, and before the first word.</summary>
    public RegionState? State => Volatile.Read(ref _state);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (regions.Several)
            _timer = time.CreateTimer(_ => Look(), null, TimeSpan.Zero, Period);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _timer, null)?.Dispose();

    private async void Look()
    {
        if (Interlocked.Exchange(ref _busy, 1) != 0)
            return;
        try
        {
            RegionState? now = await RegionState.FindAsync(storage, CancellationToken.None);
            bool changed = now is not null && now.Version != _state?.Version;
            if (now is not null)
                Volatile.Write(ref _state, now);
            foreach (IForgets one in changed ? _forgetful : [])
                one.Forget();
        }
        catch (Exception)
        {
            // The next look tells; what is in memory is believed for its own time only. Nothing may leave here: it would end the process.
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }
}
