namespace Perigee.Forwarding;

/// <summary>Which patience with a provider ran out.</summary>
internal enum PatienceLimit
{
    /// <summary>None.</summary>
    None,

    /// <summary>No connection in time.</summary>
    Connect,

    /// <summary>Silence.</summary>
    Idle,

    /// <summary>No content in time.</summary>
    FirstToken,

    /// <summary>The whole answer took too long.</summary>
    Total,
}

/// <summary>
/// Cancels one try when the provider is silent too long, gives no content in time or never ends, or when nobody waits for it any more.
/// One timer for all of it. Not thread-safe but for the cancellation itself.
/// </summary>
internal sealed class Patience : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _goneRegistration;
    private readonly CancellationTokenRegistration _lostRegistration;
    private readonly CancellationToken _gone;
    private readonly CancellationToken _lost;
    private readonly TimeoutOptions _timeouts;
    private readonly long _started;
    private bool _awaitsContent;
    private volatile bool _awaitsConnection;
    private PatienceLimit _due;

    /// <param name="timeouts">The limits.</param>
    /// <param name="awaitsContent">Whether the time to the first content is limited: of streams.</param>
    /// <param name="time">The clock.</param>
    /// <param name="gone">Cancelled when nobody waits for the answer any more.</param>
    /// <param name="lost">Cancelled when another try was quicker.</param>
    public Patience(TimeoutOptions timeouts, bool awaitsContent, TimeProvider time, CancellationToken gone, CancellationToken lost = default)
    {
        (_timeouts, _awaitsContent, Time, _gone, _lost) = (timeouts, awaitsContent, time, gone, lost);
        _started = time.GetTimestamp();
        _source = new CancellationTokenSource(Left(TimeSpan.Zero), time);
        _goneRegistration = gone.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
        if (lost != gone)
            _lostRegistration = lost.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    /// <summary>Cancelled when patience has run out.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Whether another try was quicker: this one's end means nothing.</summary>
    public bool Lost => _lost.IsCancellationRequested;

    /// <summary>What the provider overran, if it was that: what the timer was set for last, as timers may strike a little early.</summary>
    public PatienceLimit Overrun => !_source.IsCancellationRequested || _gone.IsCancellationRequested || Lost ? PatienceLimit.None : _due;

    /// <summary>The provider has been heard of: silence is counted anew.</summary>
    public void Restart() => _source.CancelAfter(Left(Time.GetElapsedTime(_started)));

    /// <summary>
    /// A connection is waited for. Calls queue for one that others dial already: each of them waits no longer than if it dialled itself.
    /// </summary>
    public void Dialling()
    {
        _awaitsConnection = true;
        Restart();
    }

    /// <summary>There is a connection: the question is being sent.</summary>
    public void Connected()
    {
        if (!_awaitsConnection)
            return;
        _awaitsConnection = false;
        Restart();
    }

    /// <summary>Content has come: only silence and the whole are counted from here.</summary>
    public void Content() => _awaitsContent = false;

    /// <summary>Ends a read that nobody wants any more, and waits until it is over: until then its buffer is not free.</summary>
    public async ValueTask AbandonAsync(ValueTask<int> read)
    {
        await _source.CancelAsync();
        try
        {
            await read;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _goneRegistration.Dispose();
        _lostRegistration.Dispose();
        _source.Dispose();
    }

    private TimeSpan Left(TimeSpan elapsed)
    {
        (TimeSpan left, PatienceLimit due) = (_timeouts.Total - elapsed, PatienceLimit.Total);
        if (_awaitsContent && _timeouts.FirstToken - elapsed < left)
            (left, due) = (_timeouts.FirstToken - elapsed, PatienceLimit.FirstToken);
        if (_timeouts.Idle < left)
            (left, due) = (_timeouts.Idle, PatienceLimit.Idle);
        if (_awaitsConnection && _timeouts.Connect < left)
            (left, due) = (_timeouts.Connect, PatienceLimit.Connect);
        _due = due;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
