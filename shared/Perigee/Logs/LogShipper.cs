using System.Text.Json;
using Microsoft.Extensions.Logging;
using Perigee.Logs.Shipping;
using Perigee.Storage;

namespace Perigee.Logs;

/// <summary>Ships one record an exchange. While the storage is down for long the oldest are dropped, counted, and told.</summary>
internal sealed class LogShipper : IExchangeSink, ILogLines<ExchangeRecord>, IDisposable
{
    /// <summary>The most records that wait.</summary>
    public const int Capacity = 65_536;

    private readonly LogQueue<ExchangeRecord> _queue;
    private readonly LogStream<ExchangeRecord> _stream;
    private readonly LogLine _lines;
    private readonly IProofSecret? _secret;
    private readonly TakenFile? _taken;
    private readonly UnwrittenRecords _unwritten;
    private readonly Action<ExchangeRecord, long> _number;

    public LogShipper(
        IStorage storage, GatewayHost host, IGatewayOptions options, Redactor redactor, TimeProvider time, ILogger<LogShipper> log,
        LogMetrics? metrics = null, LogFolder? folder = null, IProofSecret? secret = null, UnwrittenRecords? unwritten = null)
    {
        LogOrigin origin = new(host.Region, host.Instance);
        metrics ??= new LogMetrics();
        _secret = secret;
        _lines = new LogLine(origin, new CleanTexts(redactor, secret));
        _taken = folder?.Taken(storage, host, LogSchema.Requests);
        _unwritten = unwritten ?? new UnwrittenRecords();
        _number = (record, number) =>
        {
            record.Sequence = number;
            _taken?.Set(number);
            _unwritten.Add(record);
        };
        _queue = new LogQueue<ExchangeRecord>(Capacity, record =>
        {
            metrics.Dropped(LogSchema.Requests, 1);
            _unwritten.Remove(record);
        }) { Crowd = 2048 };
        _stream = new LogStream<ExchangeRecord>(LogSchema.Requests, _queue, this, givesUp: true, new(storage.Blobs("logs"), origin, options, metrics, time, log, _taken));
    }

    /// <summary>Records dropped since the last blob.</summary>
    public long Dropped => _queue.Dropped;

    /// <summary>Records that were ever dropped.</summary>
    public long DroppedEver => _queue.DroppedEver;

    /// <summary>Records that wait.</summary>
    public int Waiting => _queue.Count;

    /// <summary>Their bytes, about.</summary>
    public long WaitingBytes => _queue.Bytes;

    /// <inheritdoc/>
    public bool Wants(GatewayOptions options) => options.Logs.Enabled;

    /// <summary>Hands a record over. Never waits: past the bound the oldest one goes.</summary>
    public void Take(ExchangeRecord record) => _queue.Add(record, record.Weight, _number);

    /// <summary>Begins.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // The key that tells users apart is read before the first line is written.
        _ = _secret?.Known;
        _stream.Start();
        return Task.CompletedTask;
    }

    /// <summary>Writes what waits, within four seconds.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _stream.StopAsync(cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    DateTimeOffset ILogLines<ExchangeRecord>.TimeOf(ExchangeRecord item) => item.Ended;

    void ILogLines<ExchangeRecord>.Write(Utf8JsonWriter json, ExchangeRecord item, long sequence, List<LogObject> objects) => _lines.Write(json, item);

    void ILogLines<ExchangeRecord>.Done(ExchangeRecord item) => _unwritten.Remove(item);
}
