using Microsoft.AspNetCore.Http;

namespace Perigee.Logs;

/// <summary>Makes one record of every exchange, however it ended, and hands it to whoever wants it.</summary>
internal sealed class LogMiddleware(RequestDelegate next, IEnumerable<IExchangeSink> sinks, TimeProvider time)
{
    private readonly IExchangeSink[] _sinks = [.. sinks];

    public async Task InvokeAsync(HttpContext http)
    {
        Exception? crash = null;
        try
        {
            await next(http);
        }
        catch (Exception error)
        {
            crash = error;
            throw;
        }
        finally
        {
            Record(Exchange.Of(http), crash);
        }
    }

    private void Record(Exchange exchange, Exception? crash)
    {
        if (exchange.Purpose == WarmUp.Purpose)
            return;
        ExchangeRecord? record = null;
        foreach (IExchangeSink sink in _sinks)
        {
            if (sink.Wants(exchange.Options))
                sink.Take(record ??= ExchangeRecord.Of(exchange, time.GetElapsedTime(exchange.Started), crash));
        }
    }
}
