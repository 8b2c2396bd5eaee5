using Microsoft.Extensions.Logging;
using Perigee.Storage;
using Polly;
using Polly.CircuitBreaker;

namespace Perigee.Caching.Store;

/// <summary>
/// Spares requests the wait for a storage that does not answer: after some failures in a row nothing is asked of it for a while, then one call
/// tries, and its outcome decides. Look-ups and writes share it.
/// </summary>
internal sealed partial class StorageBreaker
{
    /// <summary>Failures or time-outs in a row that open it.</summary>
    public const int Failures = 5;

    /// <summary>How long it stays open until a call may try.</summary>
    public static readonly TimeSpan Open = TimeSpan.FromSeconds(5);

    /// <summary>Failures further apart than this are not of one outage.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(5);

    private readonly ResiliencePipeline _pipeline;
    private readonly CircuitBreakerStateProvider _state = new();
    private readonly TimeProvider _time;
    private int _inARow;
    private bool _told;

    public StorageBreaker(TimeProvider time, ILogger log)
    {
        _time = time;
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                // Polly opens on a share of failures, which after hours of health a dead storage reaches late. So only a failure that has enough
                // others right before it is reported as one, and any share of those opens.
                ShouldHandle = args => new ValueTask<bool>(IsOutage(args.Outcome.Exception)),
                FailureRatio = 1e-9,
                MinimumThroughput = 2,
                SamplingDuration = Window,
                BreakDuration = Open,
                StateProvider = _state,
                OnOpened = args =>
                {
                    if (!_told)
                        LogOpen(log, args.Outcome.Exception?.Message ?? "");
                    _told = true;
                    return default;
                },
                OnClosed = _ =>
                {
                    if (_told)
                        LogClosed(log);
                    _told = false;
                    return default;
                },
            })
            .Build();
    }

    /// <summary>In a word: <c>closed</c>, <c>open</c> or <c>half-open</c>.</summary>
    public string State => _state.CircuitState switch
    {
        CircuitState.Closed => "closed",
        CircuitState.HalfOpen => "half-open",
        _ => "open",
    };

    /// <summary>Asks the storage, unless it is taken to be down. Waits no longer than the patience, whatever the adapter makes of the token.</summary>
    /// <param name="work">What to ask; it is given the time-out's token.</param>
    /// <param name="state">Its argument.</param>
    /// <param name="patience">The longest wait.</param>
    /// <param name="cancel">Somebody does not want it any more: no fault of the storage.</param>
    public async ValueTask<StorageOutcome<T>> AskAsync<T, TState>(
        Func<TState, CancellationToken, Task<T>> work, TState state, TimeSpan patience, CancellationToken cancel)
    {
        ResilienceContext context = ResilienceContextPool.Shared.Get(CancellationToken.None);
        try
        {
            Outcome<T> outcome = await _pipeline.ExecuteOutcomeAsync(
                static async (_, ask) => await ask.Breaker.BoundAsync(ask.Work, ask.State, ask.Patience, ask.Cancel),
                context,
                (Breaker: this, Work: work, State: state, Patience: patience, Cancel: cancel));
            return outcome.Exception is { } fault ? new StorageOutcome<T>(default, fault) : new StorageOutcome<T>(outcome.Result, null);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private async ValueTask<Outcome<T>> BoundAsync<T, TState>(
        Func<TState, CancellationToken, Task<T>> work, TState state, TimeSpan patience, CancellationToken cancel)
    {
        using CancellationTokenSource limit = new(patience, _time);
        using CancellationTokenRegistration gone = cancel.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), limit);
        try
        {
            Task<T> running = work(state, limit.Token);
            if (!running.IsCompleted)
            {
                // What an abandoned call comes to is nobody's fault.
                _ = running.ContinueWith(
                    static late => _ = late.Exception, CancellationToken.None,
                    TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }

            return Outcome.FromResult(await running.WaitAsync(limit.Token));
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            return Outcome.FromException<T>(new TimeoutException($"no answer within {patience.TotalMilliseconds:0} ms"));
        }
        catch (Exception fault)
        {
            return Outcome.FromException<T>(fault);
        }
    }

    private bool IsOutage(Exception? fault)
    {
        switch (fault)
        {
            case null:
                Volatile.Write(ref _inARow, 0);
                return false;
            case StorageException or TimeoutException:
                return Interlocked.Increment(ref _inARow) >= Failures;
            default:
                return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The cache's storage does not answer; until it does, what is not in memory is a miss: {Why}")]
    private static partial void LogOpen(ILogger log, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "The cache's storage answers again")]
    private static partial void LogClosed(ILogger log);
}

/// <summary>What came of a call.</summary>
/// <param name="Value">The result where there is no fault.</param>
/// <param name="Fault">Why there is none.</param>
internal readonly record struct StorageOutcome<T>(T? Value, Exception? Fault)
{
    /// <summary>It took too long.</summary>
    public bool TimedOut => Fault is TimeoutException;

    /// <summary>It was not even asked.</summary>
    public bool Refused => Fault is BrokenCircuitException;
}
