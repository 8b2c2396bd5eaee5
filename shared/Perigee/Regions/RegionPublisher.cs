using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Perigee.Storage;

namespace Perigee.Regions;

/// <summary>
/// In the home region: brings keys, organisations, admin keys and the configuration to every other region within a second or two of a change, each region by
/// itself, so that one that does not answer holds up none. What was missed is found by comparing everything: at start, every five minutes, and when a
/// region is back.
/// </summary>
internal sealed partial class RegionPublisher : IHostedService, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    // Longer than the last look at it: then it is either done or left to the comparison of everything.
    private static readonly TimeSpan AnnouncedFor = TimeSpan.FromSeconds(50);

    private const int MostAnnounced = 5_000;

    private readonly ITable _changes;
    private readonly PublisherLease _lease;
    private readonly TimeProvider _time;
    private readonly ILogger<RegionPublisher> _log;
    private readonly PublishedRegion[] _regions;
    private readonly Dictionary<string, AnnouncedChange> _announced = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _end = new();
    private Task _work = Task.CompletedTask;
    private bool _down;

    public RegionPublisher(IStorage home, RegionStorages regions, GatewayHost host, TimeProvider time, ILogger<RegionPublisher> log)
    {
        (_time, _log) = (time, log);
        _changes = home.Table(SharedTables.Changes);
        _lease = new PublisherLease(home, host.Instance, time);
        _regions =
        [
            new PublishedRegion(host.Region, home, null, time, log),
            .. regions.Others.Select(other => new PublishedRegion(other.Region, other.Storage, new RegionCopy(home, other.Storage), time, log)),
        ];
        IsNeeded = regions.Others.Count > 0;
    }

    /// <summary>Whether there are regions to publish to.</summary>
    public bool IsNeeded { get; }

    /// <summary>Whether this instance is the one that publishes at present.</summary>
    public bool Publishes { get; private set; }

    /// <summary>The regions, the home first.</summary>
    public IReadOnlyList<PublishedRegion> Regions => _regions;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (IsNeeded)
            _work = Task.Run(WorkAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _end.CancelAsync();
        await _work.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public void Dispose() => _end.Dispose();

    private async Task WorkAsync()
    {
        using PeriodicTimer timer = new(Period, _time);
        try
        {
            do
                await LookAsync();
            while (await timer.WaitForNextTickAsync(_end.Token));
        }
        catch (OperationCanceledException)
        {
            // The process stops.
        }

        try
        {
            using CancellationTokenSource soon = new(TimeSpan.FromSeconds(1), _time);
            await _lease.ReleaseAsync(soon.Token);
        }
        catch (Exception fault) when (fault is StorageException or OperationCanceledException)
        {
            // It ends by itself.
        }
    }

    private async Task LookAsync()
    {
        try
        {
            Publishes = await _lease.HoldAsync(_end.Token);
            if (!Publishes)
                return;
            await ReadAsync();
            AnnouncedChange[] changes = [.. _announced.Values];

            // Nobody waits for a region: one that is slow is left out of the next rounds.
            foreach (PublishedRegion region in _regions)
                _ = region.PublishAsync(changes, _end.Token);
            await SweepAsync();
            _down = false;
        }
        catch (StorageException fault)
        {
            if (!_down)
                LogDown(fault);
            _down = true;
        }
    }

    private async Task ReadAsync()
    {
        int count = 0;
        await foreach (TableRow row in _changes.ReadAsync(SharedTables.ChangesPartition, null, null, _end.Token))
        {
            if (!_announced.ContainsKey(row.Row) && row.Text("table") is { } table && row.Text("partition") is { } partition && row.Text("row") is { } key)
                _announced[row.Row] = new AnnouncedChange(row.Row, new SharedRow(table, partition, key), _time.GetTimestamp());
            if (++count == MostAnnounced)
                break;
        }
    }

    private async Task SweepAsync()
    {
        foreach (AnnouncedChange change in _announced.Values.Where(change => _time.GetElapsedTime(change.SeenAt) > AnnouncedFor).ToArray())
        {
            // Told to the regions before it is gone: where it was not brought they compare everything.
            foreach (PublishedRegion region in _regions)
                region.Drop(change.Id);
            await _changes.RemoveAsync(SharedTables.ChangesPartition, change.Id, null, _end.Token);
            _announced.Remove(change.Id);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The home region's storage does not answer: nothing is published to the other regions until it does.")]
    private partial void LogDown(Exception fault);
}
