using Microsoft.Extensions.Logging;
using Perigee.Storage;
using Polly;
using Polly.Retry;

namespace Perigee.Logs.Shipping;

/// <summary>Writes blobs of fixed names until the storage has them: patiently while the process lives, hastily when it ends.</summary>
internal sealed partial class BlobWriter : IDisposable
{
    // The host kills five seconds after it asked to stop.
    public static readonly TimeSpan LastChance = TimeSpan.FromSeconds(4);

    // A blob takes some tens of milliseconds. Who waits long for one that nobody will answer falls behind, so the first tries are short; and as
    // the storage may just be slow, later ones are not.
    private static readonly TimeSpan FirstTry = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestTry = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HastyTry = TimeSpan.FromMilliseconds(1500);
    private static readonly TimeSpan TryPerMegabyte = TimeSpan.FromSeconds(1);

    private readonly IBlobs _blobs;
    private readonly string _stream;
    private readonly LogMetrics _metrics;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly ResiliencePipeline _patient;
    private readonly ResiliencePipeline _hasty;
    private readonly CancellationTokenSource _hurry = new();
    private readonly CancellationTokenSource _end;

    /// <param name="blobs">The container.</param>
    /// <param name="stream">The stream, for metrics and process log.</param>
    /// <param name="givesUp">Whether a fault that no waiting mends ends the tries; else all are tried again.</param>
    /// <param name="metrics">Counts failures.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The process log.</param>
    public BlobWriter(IBlobs blobs, string stream, bool givesUp, LogMetrics metrics, TimeProvider time, ILogger log)
    {
        (_blobs, _stream, _metrics, _log, _time) = (blobs, stream, metrics, log, time);
        _end = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _patient = Retrying(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(5), givesUp, time);
        _hasty = Retrying(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500), givesUp, time);
    }

    /// <summary>Cancelled when the process ends.</summary>
    public CancellationToken Hurry => _hurry.Token;

    /// <summary>The last chance is over: whatever a try that was under way says, it is not tried again.</summary>
    public bool IsOver => _end.IsCancellationRequested;

    /// <summary>The process ends: what is being tried is tried hastily, for four seconds.</summary>
    public Task HurryAsync()
    {
        _end.CancelAfter(LastChance);
        return _hurry.CancelAsync();
    }

    /// <summary>Writes a blob if it is absent.</summary>
    /// <exception cref="OperationCanceledException">The last chance was missed. A try that was under way then may throw its own fault instead (<see cref="IsOver"/>).</exception>
    public async Task WriteAsync(string name, ReadOnlyMemory<byte> content)
    {
        try
        {
            if (!_hurry.IsCancellationRequested)
            {
                await _patient.ExecuteAsync(static (call, cancel) => call.TryAsync(cancel), new Call(this, name, content, hasty: false), _hurry.Token);
                return;
            }
        }
        catch (Exception) when (_hurry.IsCancellationRequested)
        {
            // The end has come while the storage was down: the same blob once more, with less patience.
        }

        await _hasty.ExecuteAsync(static (call, cancel) => call.TryAsync(cancel), new Call(this, name, content, hasty: true), _end.Token);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hurry.Dispose();
        _end.Dispose();
    }

    private ResiliencePipeline Retrying(TimeSpan first, TimeSpan longest, bool givesUp, TimeProvider time) =>
        new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = retry => new(retry.Outcome.Exception is { } fault && (!givesUp || Passes(fault))),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = first,
                MaxDelay = longest,
                OnRetry = retry =>
                {
                    _metrics.Failed(_stream);

                    // The first failure and then every eighth: an outage of hours must not flood the process log.
                    if (retry.AttemptNumber % 8 == 0 && retry.Outcome.Exception is { } fault)
                        LogDown(_log, fault, _stream);
                    return default;
                },
            })
            .Build();

    private static bool Passes(Exception fault) => fault is StorageException or TimeoutException or IOException or OperationCanceledException;

    /// <summary>The tries for one blob.</summary>
    private sealed class Call(BlobWriter writer, string name, ReadOnlyMemory<byte> content, bool hasty)
    {
        private int _tries;

        public async ValueTask TryAsync(CancellationToken cancel)
        {
            TimeSpan time = hasty ? HastyTry : FirstTry * (1 << Math.Min(_tries++, 3));
            if (!hasty)
                time = (time < LongestTry ? time : LongestTry) + (TryPerMegabyte * (content.Length / 1048576.0));
            using CancellationTokenSource limit = new(time, writer._time);
            using CancellationTokenRegistration both = cancel.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), limit);
            try
            {
                await writer._blobs.WriteAsync(name, content, "application/gzip", limit.Token);
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                throw new TimeoutException("The storage did not answer in time.");
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The storage takes no logs (stream {Stream}): trying on.")]
    private static partial void LogDown(ILogger log, Exception fault, string stream);
}
