using System.IO.Pipelines;

namespace Perigee.Caching;

/// <summary>
/// Where the leader's answer goes: into the bytes that are shared, and from there at once to the leader's own response while its client
/// is there. A flush publishes to the followers first: none waits for the leader's client.
/// </summary>
/// <param name="flight">The flight.</param>
/// <param name="exchange">The leader's exchange.</param>
internal sealed class FlightWriter(Flight flight, Exchange exchange) : PipeWriter
{
    private readonly PipeWriter _client = exchange.Http.Response.BodyWriter;
    private long _unflushed;
    private bool _alone;
    private bool _begun;
    private byte[] _scratch = [];

    /// <summary>Whether the leader's client missed some of it.</summary>
    public bool Missed { get; private set; }

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes => _unflushed;

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (!_alone)
            return flight.Room(sizeHint);
        if (!flight.LeaderLeft)
            return _client.GetMemory(sizeHint);
        if (_scratch.Length < Math.Max(1, sizeHint))
            _scratch = new byte[Math.Max(4096, sizeHint)];
        return _scratch;
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public override void Advance(int bytes)
    {
        _unflushed += bytes;
        if (_alone)
        {
            if (!flight.LeaderLeft)
                _client.Advance(bytes);
            else
                Missed = true;
            return;
        }

        ReadOnlySpan<byte> taken = flight.Take(bytes);
        if (flight.LeaderLeft || Missed)
        {
            Missed |= bytes > 0;
            return;
        }

        taken.CopyTo(_client.GetSpan(bytes));
        _client.Advance(bytes);
    }

    /// <inheritdoc/>
    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        _unflushed = 0;
        if (!_begun)
            await BeginAsync();
        _alone |= !flight.Publish();
        if (!flight.LeaderLeft && !Missed)
        {
            try
            {
                FlushResult flushed = await _client.FlushAsync(exchange.Http.RequestAborted);
                if (flushed.IsCompleted || flushed.IsCanceled)
                    Leave();
            }
            catch (OperationCanceledException)
            {
                Leave();
            }
        }

        return new FlushResult(isCanceled: false, isCompleted: flight.Gone.IsCancellationRequested);
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush() => _client.CancelPendingFlush();

    /// <summary>Nothing: whoever serves the response completes it.</summary>
    public override void Complete(Exception? exception = null)
    {
    }

    /// <summary>A server adds to the headers when the response begins; who joins reads them from then on.</summary>
    private async ValueTask BeginAsync()
    {
        _begun = true;
        if (flight.LeaderLeft || exchange.Http.Response.HasStarted)
            return;
        try
        {
            await exchange.Http.Response.StartAsync(exchange.Http.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            Leave();
        }
    }

    private void Leave()
    {
        Missed = true;
        flight.LeaderLeaves();
    }
}
