using System.IO.Pipelines;
using Perigee.Wire.Gemini;

namespace Perigee.Caching;

/// <summary>One who joined a call: gets what is there already, then what comes, at its own client's pace, and ends as the answer ends.</summary>
/// <param name="exchange">Its exchange.</param>
/// <param name="flight">What it joined. It is left when this is over.</param>
/// <param name="time">The clock.</param>
internal sealed class Follower(Exchange exchange, Flight flight, TimeProvider time)
{
    private const int MostUnflushed = 64 * 1024;

    private static readonly GatewayError Gone = new(ErrorKind.ClientGone, "The client went away before the answer was complete.");

    private readonly PipeWriter _client = exchange.Http.Response.BodyWriter;
    private bool _begun;
    private long _unflushed;

    /// <summary>Follows to the end.</summary>
    /// <returns>False where nothing was shown and the call came to nothing through no fault of the question: it is to be asked anew.</returns>
    public async Task<bool> FollowAsync()
    {
        CancellationToken aborted = exchange.Http.RequestAborted;
        SharedBytes.Cursor cursor = default;
        try
        {
            while (true)
            {
                (ReadOnlyMemory<byte> bytes, FlightEnd? end, Task change) = flight.Next(ref cursor);
                if (!bytes.IsEmpty)
                    Pass(bytes);
                else if (end is not null)
                    return await EndAsync(end);

                // What is about to wait, or has a lot, flushes first.
                if ((bytes.IsEmpty && _unflushed > 0) || _unflushed > MostUnflushed)
                {
                    if (!await FlushAsync(aborted))
                        return Leave();
                }
                else if (bytes.IsEmpty)
                {
                    await change.WaitAsync(aborted);
                }
            }
        }
        catch (OperationCanceledException) when (aborted.IsCancellationRequested)
        {
            return Leave();
        }
        finally
        {
            flight.Leave();
        }
    }

    private void Pass(ReadOnlyMemory<byte> bytes)
    {
        if (!_begun)
            Begin();
        bytes.Span.CopyTo(_client.GetSpan(bytes.Length));
        _client.Advance(bytes.Length);
        exchange.BytesOut += bytes.Length;
        _unflushed += bytes.Length;
    }

    private void Begin()
    {
        _begun = true;
        flight.Head().Apply(exchange.Http.Response, body: true);
        exchange.ToFirstContent = time.GetElapsedTime(exchange.Started);

        // Some providers send events where an array was asked for.
        if (exchange.AsArray && exchange.Http.Response.ContentType is { } type && !type.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase))
            exchange.ErrorTail = (output, error) => GeminiError.WriteArrayError(output, error, first: exchange.BytesOut == 0);
    }

    private async ValueTask<bool> EndAsync(FlightEnd end)
    {
        if (!_begun && (end.Lost || end.Outgrown))
            return false;
        exchange.Served = end.Served;
        exchange.Dropped = end.Dropped;
        if (end.Complete)
        {
            if (!_begun)
                Begin();
            exchange.Answer.Restore(end.Model, null, end.Finish);

            // The one call was paid for by who asked first.
            exchange.CacheReceipt = new CacheReceipt { Saved = end.Usage, Source = end.Source };
            exchange.Complete = await FlushAsync(exchange.Http.RequestAborted);
            return exchange.Complete || Leave();
        }

        if (!_begun)
            flight.Head().Apply(exchange.Http.Response, body: false);
        else if (_unflushed > 0 && !await FlushAsync(exchange.Http.RequestAborted))
            return Leave();
        GatewayError error = end.Error ?? new GatewayError(ErrorKind.ProviderFailed, end.Outgrown
            ? $"This answer is larger than the {Flight.MostBytes} bytes that equal questions share: ask again with '{HeaderNames.Cache}: off'."
            : "The call that this answer shared was broken off: ask again.");
        if (_begun && !end.ToBeTold && end.Error is not null)
            exchange.Fail(error);
        else
            await exchange.RefuseAsync(error);
        return true;
    }

    private async ValueTask<bool> FlushAsync(CancellationToken aborted)
    {
        _unflushed = 0;
        FlushResult flushed = await _client.FlushAsync(aborted);
        return !flushed.IsCompleted && !flushed.IsCanceled;
    }

    private bool Leave()
    {
        exchange.Fail(Gone);
        return true;
    }
}
