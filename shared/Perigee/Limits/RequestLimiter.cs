using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Perigee.Storage;

namespace Perigee.Limits;

/// <summary>
/// Requests a minute, by key, over all processes: each takes pre-debited slices of a durable counter. Exact while processes live; a crash can
/// only lose what the process had taken and not spent.
/// </summary>
internal sealed partial class RequestLimiter(IStorage storage, GatewayHost host, TimeProvider time, Random dice, ILogger<RequestLimiter> log)
    : IHostedService, IDisposable
{
    private const double LongestBackOff = 50;
    private const int MostRemoved = 200;

    private static readonly TimeSpan TidyEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<string, KeyLease> _leases = new(StringComparer.Ordinal);
    private ITimer? _timer;
    private int _tidying;
    private long _marks;

    /// <summary>The durable counters.</summary>
    public ITable Table { get; } = storage.Table("limits");

    /// <summary>The clock.</summary>
    public TimeProvider Time => time;

    /// <summary>Nothing is taken ahead of demand any more.</summary>
    public bool Stopping { get; private set; }

    /// <summary>Counts one request of a key, or says why it may not go on.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up waiting; nothing is counted.</exception>
    public ValueTask<Admission> AdmitAsync(string keyId, int limit, CancellationToken cancel)
    {
        if (!_leases.TryGetValue(keyId, out KeyLease? lease))
            lease = _leases.GetOrAdd(keyId, static (id, limiter) => new KeyLease(id, limiter), this);
        return lease.AdmitAsync(limit, cancel);
    }

    /// <summary>Gives back what idle keys did not spend and forgets keys that are not used.</summary>
    public async Task TidyAsync()
    {
        foreach ((string keyId, KeyLease lease) in _leases)
        {
            if (!await lease.TidyAsync())
                _leases.TryRemove(new KeyValuePair<string, KeyLease>(keyId, lease));
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _timer = time.CreateTimer(_ => OnTimer(), null, TidyEvery, TidyEvery);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Stopping = true;
        if (_timer is not null)
            await _timer.DisposeAsync();
        using CancellationTokenSource patience = new(StopTime, time);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        CancellationToken ends = both.Token;
        Task returned = Task.WhenAll(_leases.Values.Select(lease => lease.ReturnAsync(ends)));
        try
        {
            await returned.WaitAsync(ends);
        }
        catch (OperationCanceledException)
        {
            // What could not be given back in time is lost for the rest of the minute.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    /// <summary>Lets a task of ours run on; a fault that it does not handle itself is logged.</summary>
    public async void Run(Task task)
    {
        try
        {
            await task;
        }
        catch (Exception fault)
        {
            LogFault(log, fault);
        }
    }

    /// <summary>A mark that no other write has.</summary>
    public string NextMark() => $"{host.Instance}-{Interlocked.Increment(ref _marks):x}";

    /// <summary>Waits a little, and longer with each lost race, so that writers who met once do not meet again.</summary>
    public Task BackOffAsync(int attempt)
    {
        double longest = Math.Min(LongestBackOff, 2 * Math.Pow(2, Math.Min(attempt, 10)));
        lock (dice)
            return Task.Delay(TimeSpan.FromMilliseconds(dice.NextDouble() * longest), time);
    }

    /// <summary>Removes the key's rows before the minute before this one.</summary>
    public async Task RemoveBeforeAsync(LeaseWindow window)
    {
        int removed = 0;
        try
        {
            await foreach (TableRow row in Table.ReadAsync(window.Partition, null, LeaseWindow.KeyOf(window.Minute - 1), CancellationToken.None))
            {
                await Table.RemoveAsync(row.Partition, row.Row, null, CancellationToken.None);
                if (++removed == MostRemoved)
                    return;
            }
        }
        catch (StorageException)
        {
            // They are found again another time.
        }
    }

    private async void OnTimer()
    {
        if (Interlocked.Exchange(ref _tidying, 1) == 1)
            return;
        try
        {
            await TidyAsync();
        }
        catch (Exception fault)
        {
            LogFault(log, fault);
        }
        finally
        {
            Volatile.Write(ref _tidying, 0);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A limit's counter could not be kept.")]
    private static partial void LogFault(ILogger log, Exception fault);
}
