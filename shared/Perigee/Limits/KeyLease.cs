using Perigee.Storage;

namespace Perigee.Limits;

/// <summary>
/// One key's requests in this process. Requests spend the balance without waiting; when it is empty they queue, and one loop debits a slice
/// for all of them: as many as wait, and while the limit is far also some for those who will come.
/// </summary>
internal sealed class KeyLease(string keyId, RequestLimiter limiter)
{
    /// <summary>After this long a used-up limit is looked at again: others may have given slices back.</summary>
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(500);

    /// <summary>Slices are returned when no request came for this long.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);

    /// <summary>A lease is forgotten when no request came for this long.</summary>
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(2);

    /// <summary>The longest that requests wait for one answer of the storage.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private const int MostTries = 200;
    private const int SweepMinutes = 10;

    /// <summary>Below this many left nothing is taken ahead of demand.</summary>
    private const int NearLimit = 64;

    private readonly Lock _gate = new();
    private readonly string _partition = "rpm|" + keyId;
    private readonly Demand _demand = new(limiter.Time);
    private LeaseWindow? _window;
    private bool _swept;
    private long _lastAsked;

    /// <summary>Counts one request.</summary>
    public ValueTask<Admission> AdmitAsync(int limit, CancellationToken cancel)
    {
        TaskCompletionSource<Admission>? turn = null;
        Admission answer = default;
        LeaseWindow window;
        bool start;
        lock (_gate)
        {
            window = Current(limit);
            _lastAsked = limiter.Time.GetTimestamp();
            _demand.Count(_lastAsked);
            if (window.Waiting.Count == 0 && window.Balance > 0)
            {
                window.Balance--;
                answer = window.Say(Verdict.Admitted);
                start = !window.Busy && window.Balance < Ahead(window) / 4;
            }
            else if (window.ExhaustedAt is { } at && !window.Busy && limiter.Time.GetElapsedTime(at) < LookAgain)
            {
                return new ValueTask<Admission>(window.Say(Verdict.Refused));
            }
            else
            {
                turn = new TaskCompletionSource<Admission>(TaskCreationOptions.RunContinuationsAsynchronously);
                window.Waiting.Enqueue(turn);
                start = !window.Busy;
            }

            window.Busy |= start;
        }

        if (start)
            limiter.Run(RefillAsync(window));
        if (turn is null)
            return new ValueTask<Admission>(answer);
        return new ValueTask<Admission>(cancel.CanBeCanceled && !turn.Task.IsCompleted ? WaitAsync(turn, cancel) : turn.Task);
    }

    /// <summary>Gives back what was not spent, when nobody asked for a while.</summary>
    /// <returns>Whether the lease is still worth keeping.</returns>
    public async ValueTask<bool> TidyAsync()
    {
        LeaseWindow? window = null;
        lock (_gate)
        {
            TimeSpan quiet = limiter.Time.GetElapsedTime(_lastAsked);
            if (quiet >= Forgotten)
                return false;
            if (quiet >= Idle)
                window = Unspent();
        }

        if (window is not null)
            await ReturnAsync(window);
        return true;
    }

    /// <summary>Gives back what was not spent: the process ends.</summary>
    public async Task ReturnAsync(CancellationToken cancel)
    {
        for (int attempt = 0; !cancel.IsCancellationRequested; attempt++)
        {
            LeaseWindow? window;
            lock (_gate)
            {
                window = Unspent();
                if (window is null && _window is not { Busy: true })
                    return;
            }

            if (window is not null)
                await ReturnAsync(window);
            else
                await limiter.BackOffAsync(attempt);
        }
    }

    /// <summary>Takes charge of the window if it has something to give back and nobody is at it.</summary>
    private LeaseWindow? Unspent()
    {
        if (_window is not { Balance: > 0, Busy: false } || _window.EndsAt <= limiter.Time.GetUtcNow())
            return null;
        _window.Busy = true;
        return _window;
    }

    private static async Task<Admission> WaitAsync(TaskCompletionSource<Admission> turn, CancellationToken cancel)
    {
        // Who goes away while waiting leaves its turn to the next: the queue skips turns that are over.
        await using CancellationTokenRegistration gone = cancel.Register(static (state, token) =>
            ((TaskCompletionSource<Admission>)state!).TrySetCanceled(token), turn);
        return await turn.Task;
    }

    private LeaseWindow Current(int limit)
    {
        long minute = limiter.Time.GetUtcNow().ToUnixTimeSeconds() / 60;

        // A clock that was set back must not open a window again whose slices were dropped here.
        if (_window is null || minute > _window.Minute)
            _window = new LeaseWindow(_partition, minute);
        if (_window.Limit != limit)
            _window.ExhaustedAt = null;
        _window.Limit = limit;
        return _window;
    }

    /// <summary>What is taken beyond those who wait: half a second's demand, at most a sixteenth of what is left, nothing near the limit.</summary>
    private int Ahead(LeaseWindow window)
    {
        int left = window.Limit - window.Used;
        if (limiter.Stopping || window != _window || left < NearLimit || left < window.Limit / 4)
            return 0;
        return Math.Min(_demand.PerSecond(limiter.Time.GetTimestamp()) / 2, left / 16);
    }

    /// <summary>Debits slices until nobody waits. The window is this loop's alone while it is busy.</summary>
    private async Task RefillAsync(LeaseWindow window)
    {
        for (int attempt = 0; ; attempt++)
        {
            int take;
            try
            {
                if (window.ETag is null && !window.Absent)
                    await SeeAsync(window);
                lock (_gate)
                {
                    window.Serve();
                    int waiting = window.CountWaiting();
                    int left = window.Limit - window.Used;
                    take = Math.Min(waiting + Math.Max(0, Ahead(window) - window.Balance), left);
                    if (take <= 0)
                    {
                        if (left <= 0)
                        {
                            // The next look must see what others have given back.
                            window.ExhaustedAt = limiter.Time.GetTimestamp();
                            window.Doubt();
                        }

                        window.Answer(Verdict.Refused);
                        window.Busy = false;
                        return;
                    }
                }

                if (await WriteAsync(window, take))
                {
                    attempt = 0;
                    continue;
                }
            }
            catch (Exception fault) when (fault is StorageException or OperationCanceledException)
            {
                Fail(window);
                return;
            }
            catch
            {
                Fail(window);
                throw;
            }

            if (attempt >= MostTries)
            {
                Fail(window);
                return;
            }

            await limiter.BackOffAsync(attempt);
        }
    }

    /// <summary>One conditional write with the version that was seen last: no read before it in the usual case.</summary>
    private async Task<bool> WriteAsync(LeaseWindow window, int take)
    {
        string mark = limiter.NextMark();
        bool opens = window.Absent;
        using CancellationTokenSource patience = new(Patience, limiter.Time);
        window.Pending = (mark, take);
        WriteResult result = await limiter.Table.WriteAsync(
            window.Row(window.Used + take, mark), opens ? WriteWhen.Absent : WriteWhen.Unchanged, patience.Token);
        lock (_gate)
        {
            (window.ETag, window.Absent) = (result.ETag, false);
            if (!result.Written)
            {
                // The SDK's own second try may have met its first: the mark in the row will tell.
                return false;
            }

            window.Pending = null;
            window.Used += take;
            window.Balance += Math.Max(0, take);
            window.ExhaustedAt = null;
        }

        // Rows of minutes that nobody asks for any more: looked for when a lease begins, and now and then.
        if (opens && (!_swept || window.Minute % SweepMinutes == 0))
        {
            _swept = true;
            limiter.Run(limiter.RemoveBeforeAsync(window));
        }

        return true;
    }

    private async Task ReturnAsync(LeaseWindow window)
    {
        try
        {
            int back = 0;
            for (int attempt = 0; attempt < MostTries; attempt++)
            {
                int taken = 0;
                if (window.ETag is null && !window.Absent)
                    taken = await SeeAsync(window);
                lock (_gate)
                    (back, window.Balance) = (back + window.Balance, 0);
                if (taken < 0 || back == 0 || window.Absent || await WriteAsync(window, -back))
                    break;
                await limiter.BackOffAsync(attempt);
            }
        }
        catch (Exception fault) when (fault is StorageException or OperationCanceledException)
        {
            // Neither spent nor surely given back: this minute may have that many fewer.
            lock (_gate)
                window.Doubt();
        }

        bool more;
        lock (_gate)
        {
            more = window.CountWaiting() > 0;
            window.Busy = more;
        }

        if (more)
            limiter.Run(RefillAsync(window));
    }

    private async Task<int> SeeAsync(LeaseWindow window)
    {
        using CancellationTokenSource patience = new(Patience, limiter.Time);
        TableRow? row = await limiter.Table.FindAsync(window.Partition, window.RowKey, patience.Token);
        lock (_gate)
            return window.See(row);
    }

    private void Fail(LeaseWindow window)
    {
        lock (_gate)
        {
            window.Doubt();
            window.Busy = false;
            window.Answer(Verdict.StorageDown);
        }
    }
}
