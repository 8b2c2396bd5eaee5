namespace Perigee.Forwarding;

/// <summary>Cancels one try when the provider is silent too long, or the client is gone.</summary>
internal sealed class Patience : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _client;
    private readonly CancellationToken _clientGone;
    private readonly TimeSpan _idle;

    /// <param name="idle">The longest silence.</param>
    /// <param name="time">The clock.</param>
    /// <param name="clientGone">Cancelled when nobody waits for the answer any more.</param>
    public Patience(TimeSpan idle, TimeProvider time, CancellationToken clientGone)
    {
        _idle = idle;
        Time = time;
        _source = new CancellationTokenSource(idle, time);
        _clientGone = clientGone;
        _client = clientGone.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _source);
    }

    /// <summary>Cancelled when patience has run out.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Whether it was the provider's silence.</summary>
    public bool Silent => _source.IsCancellationRequested && !_clientGone.IsCancellationRequested;

    /// <summary>The provider has been heard of: waiting begins anew.</summary>
    public void Restart() => _source.CancelAfter(_idle);

    /// <inheritdoc/>
    public void Dispose()
    {
        _client.Dispose();
        _source.Dispose();
    }
}
