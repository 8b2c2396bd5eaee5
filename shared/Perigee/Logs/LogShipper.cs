using System.Buffers;
using System.IO.Compression;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Perigee.Storage;
using Polly;
using Polly.Retry;

namespace Perigee.Logs;

/// <summary>
/// Collects records and writes them as immutable blobs: by size, by time and at the end. While the storage is down one blob waits and the
/// channel fills; past its bound the oldest records are dropped, counted, and the count is written into the next blob.
/// </summary>
internal sealed partial class LogShipper : IExchangeSink, IHostedService, IDisposable
{
    /// <summary>The most records that wait.</summary>
    public const int Capacity = 8192;

    // The host kills five seconds after it asked to stop.
    private static readonly TimeSpan LastChance = TimeSpan.FromSeconds(4);

    // Records are looked at in waves: a wake-up for each would cost more than writing it. A crowd ends the pause: none may be dropped while
    // the storage is well.
    private static readonly TimeSpan Wave = TimeSpan.FromMilliseconds(200);
    private const int Crowd = Capacity / 8;

    private readonly IBlobs _blobs;
    private readonly IGatewayOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<LogShipper> _log;
    private readonly LogOrigin _origin;
    private long _blobSequence;
    private readonly LogLine _lines;
    private readonly Channel<ExchangeRecord> _records;
    private readonly ResiliencePipeline _patient;
    private readonly ResiliencePipeline _hasty;
    private readonly CancellationTokenSource _hurry = new();
    private readonly CancellationTokenSource _end;
    private readonly ArrayBufferWriter<byte> _buffer = new(64 * 1024);
    private readonly Utf8JsonWriter _json;
    private GatewayOptions? _seen;
    private Task _work = Task.CompletedTask;
    private readonly MemoryStream _packed = new();
    private volatile TaskCompletionSource _crowded = NewPause();
    private long _sequence;
    private long _crowdAt = Crowd;
    private long _dropped;
    private int _inBlob;

    public LogShipper(IStorage storage, GatewayHost host, IGatewayOptions options, Redactor redactor, TimeProvider time, ILogger<LogShipper> log)
    {
        _blobs = storage.Blobs("logs");
        (_options, _time, _log) = (options, time, log);
        _origin = new LogOrigin(host.Region, host.Instance);
        _lines = new LogLine(_origin, new CleanTexts(redactor, null));
        _json = new Utf8JsonWriter(_buffer, new JsonWriterOptions { SkipValidation = true });
        _end = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _records = Channel.CreateBounded<ExchangeRecord>(
            new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true },
            _ => Interlocked.Increment(ref _dropped));
        _patient = Retrying(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(30));
        _hasty = Retrying(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500));
    }

    /// <summary>Records dropped since the last blob.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Records that wait.</summary>
    public int Waiting => _records.Reader.Count;

    /// <inheritdoc/>
    public bool Wants(GatewayOptions options) => options.Logs.Enabled;

    /// <summary>Hands a record over. Never waits: past the bound the oldest one goes.</summary>
    public void Take(ExchangeRecord record)
    {
        record.Sequence = Interlocked.Increment(ref _sequence);
        if (!_records.Writer.TryWrite(record))
            Interlocked.Increment(ref _dropped);
        if (record.Sequence >= Volatile.Read(ref _crowdAt))
            _crowded.TrySetResult();
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _work = Task.Run(WorkAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Writes what waits, within four seconds.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _records.Writer.TryComplete();
        _end.CancelAfter(LastChance);
        await _hurry.CancelAsync();
        try
        {
            // A storage that does not even hear of cancellation must not hold the host.
            await _work.WaitAsync(LastChance, _time, cancellationToken);
        }
        catch (Exception late) when (late is TimeoutException or OperationCanceledException)
        {
            LogLost(late, _inBlob + Waiting);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _json.Dispose();
        _packed.Dispose();
        _hurry.Dispose();
        _end.Dispose();
    }

    private async Task WorkAsync()
    {
        try
        {
            while (await _records.Reader.WaitToReadAsync(CancellationToken.None))
            {
                await GatherAsync();
                await ShipAsync();
            }
        }
        catch (Exception fault)
        {
            LogLost(fault, _inBlob + _records.Reader.Count);
        }
    }

    // Until a blob is full, its first record is old enough, or the end has come.
    private async Task GatherAsync()
    {
        LogOptions options = Current().Logs;
        long started = _time.GetTimestamp();
        while (true)
        {
            _crowded = NewPause();
            Volatile.Write(ref _crowdAt, Interlocked.Read(ref _sequence) + Crowd);
            while (_buffer.WrittenCount < options.FlushBytes && _records.Reader.TryRead(out ExchangeRecord? record))
            {
                _lines.Write(_json, record);
                EndLine();
                _inBlob++;
            }

            TimeSpan left = options.FlushAfter - _time.GetElapsedTime(started);
            if (_buffer.WrittenCount >= options.FlushBytes || left <= TimeSpan.Zero || _hurry.IsCancellationRequested)
                return;

            // However the pause ends, one more round takes what came in the meantime.
            await _crowded.Task.WaitAsync(left < Wave ? left : Wave, _time, _hurry.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static TaskCompletionSource NewPause() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task ShipAsync()
    {
        if (Interlocked.Exchange(ref _dropped, 0) is var dropped and > 0)
        {
            _origin.Begin(_json, "drops"u8, _time.GetUtcNow());
            _json.WriteNumber("dropped"u8, dropped);
            _json.WriteEndObject();
            EndLine();
            LogDropped(dropped);
        }

        // Named before the first try and written if absent: a retry cannot double it.
        string name = _origin.BlobName(LogSchema.Requests, _time.GetUtcNow(), _time.GetUtcNow(), ++_blobSequence);
        ReadOnlyMemory<byte> content = Compress(_buffer.WrittenSpan);
        try
        {
            await WriteAsync(name, content);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // A fault that no waiting mends (a bug, a refused name) must not stop the records behind it.
            LogRefused(fault, name, _inBlob);
            Interlocked.Add(ref _dropped, _inBlob);
        }

        _buffer.ResetWrittenCount();
        _json.Reset();
        _inBlob = 0;
    }

    private async Task WriteAsync(string name, ReadOnlyMemory<byte> content)
    {
        try
        {
            if (!_hurry.IsCancellationRequested)
            {
                await _patient.ExecuteAsync(
                    static (call, cancel) => Write(call._blobs, call.name, call.content, cancel), (_blobs, name, content), _hurry.Token);
                return;
            }
        }
        catch (Exception) when (_hurry.IsCancellationRequested)
        {
            // The end has come while the storage was down: the same blob once more, with less patience.
        }

        await _hasty.ExecuteAsync(static (call, cancel) => Write(call._blobs, call.name, call.content, cancel), (_blobs, name, content), _end.Token);
    }

    private static async ValueTask Write(IBlobs blobs, string name, ReadOnlyMemory<byte> content, CancellationToken cancel) =>
        await blobs.WriteAsync(name, content, "application/gzip", cancel);

    private ResiliencePipeline Retrying(TimeSpan first, TimeSpan longest) => new ResiliencePipelineBuilder { TimeProvider = _time }
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<StorageException>().Handle<TimeoutException>().Handle<IOException>()
                .Handle<OperationCanceledException>(),
            MaxRetryAttempts = int.MaxValue,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            Delay = first,
            MaxDelay = longest,
            OnRetry = retry =>
            {
                // The first failure and then every eighth: an outage of hours must not flood the process log.
                if (retry.AttemptNumber % 8 == 0 && retry.Outcome.Exception is { } fault)
                    LogDown(fault, Waiting);
                return default;
            },
        })
        .Build();

    private void EndLine()
    {
        _json.Flush();
        _buffer.Write("\n"u8);
        _json.Reset();
    }

    /// <summary>Valid until the next call: blobs are written one after the other, and large arrays for each would be collected dearly.</summary>
    private ReadOnlyMemory<byte> Compress(ReadOnlySpan<byte> lines)
    {
        _packed.SetLength(0);
        using (GZipStream gzip = new(_packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(lines);
        return _packed.GetBuffer().AsMemory(0, (int)_packed.Length);
    }

    private GatewayOptions Current()
    {
        GatewayOptions options = _options.Current;
        if (!ReferenceEquals(options, _seen))
        {
            _seen = options;
        }

        return options;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The storage takes no logs ({Waiting} records wait): trying on.")]
    private partial void LogDown(Exception fault, int waiting);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Dropped} log records were dropped: the storage was down for too long.")]
    private partial void LogDropped(long dropped);

    [LoggerMessage(Level = LogLevel.Error, Message = "The log blob {Name} with {Records} records was given up.")]
    private partial void LogRefused(Exception fault, string name, int records);

    [LoggerMessage(Level = LogLevel.Error, Message = "Log shipping ended with {Records} records unwritten.")]
    private partial void LogLost(Exception fault, int records);
}
