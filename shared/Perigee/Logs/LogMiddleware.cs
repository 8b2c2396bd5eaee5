using Microsoft.AspNetCore.Http;

namespace Perigee.Logs;

/// <summary>Queues one record for every exchange, however it ended.</summary>
internal sealed class LogMiddleware(RequestDelegate next, LogShipper shipper, TimeProvider time)
{
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
            Exchange exchange = Exchange.Of(http);
            if (exchange.Options.Logs.Enabled)
                shipper.Queue(LogRecord.Of(exchange, time.GetElapsedTime(exchange.Started), crash));
        }
    }
}
