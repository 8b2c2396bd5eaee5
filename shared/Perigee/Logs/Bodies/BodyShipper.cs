using Microsoft.Extensions.Logging;
using Perigee.Logs.Shipping;
using Perigee.Storage;

namespace Perigee.Logs.Bodies;

/// <summary>Ships questions and answers. What they take of memory is bounded over all of them, from the first byte that is copied.</summary>
internal sealed class BodyShipper : IDisposable
{
    private const int Capacity = 4096;

    private readonly LogQueue<BodyItem> _queue;
    private readonly LogStream<BodyItem> _stream;
    private readonly TakenFile? _taken;

    public BodyShipper(
        IStorage storage, GatewayHost host, IGatewayOptions options, Redactor redactor, TimeProvider time, ILogger<BodyShipper> log,
        LogMetrics? metrics = null, LogFolder? folder = null)
    {
        LogOrigin origin = new(host.Region, host.Instance);
        metrics ??= new LogMetrics();
        _taken = folder?.Taken(storage, host, LogSchema.Bodies);
        _queue = new LogQueue<BodyItem>(Capacity, item =>
        {
            item.Body.Dispose();
            metrics.Dropped(LogSchema.Bodies, 1);
        });
        _stream = new LogStream<BodyItem>(
            LogSchema.Bodies, _queue, new BodyLines(origin, redactor), givesUp: true, new(storage.Blobs("logs"), origin, options, metrics, time, log, _taken));
    }

    /// <summary>The memory of all bodies.</summary>
    public BodyBudget Budget { get; init; } = new();

    /// <summary>How many wait.</summary>
    public int Waiting => _queue.Count;

    /// <summary>Begins to copy a body.</summary>
    /// <param name="most">The most bytes of it.</param>
    public CapturedBody Begin(int most) => new(most, Budget);

    /// <summary>Takes a body that is over. Never waits.</summary>
    public void Take(BodyItem item) => _queue.Add(item, item.Body.Weight, (_, number) => _taken?.Set(number));

    /// <summary>Begins.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _stream.Start();
        return Task.CompletedTask;
    }

    /// <summary>Writes what waits, within four seconds.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _stream.StopAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();
}
