using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Perigee.Telemetry.Content;

namespace Perigee.Telemetry;

/// <summary>Gives the exchange its place in a trace, and ends its spans. Where nobody listens and the caller names no trace it is not there.</summary>
internal sealed class TraceMiddleware(RequestDelegate next, SpanWriter writer)
{
    public Task InvokeAsync(HttpContext http)
    {
        bool listened = Spans.Source.HasListeners();
        if (!listened && http.Request.Headers.TraceParent.Count == 0)
            return next(http);
        Exchange exchange = Exchange.Of(http);
        bool called = TraceHeaders.TryRead(http.Request.Headers, out string? parent, out string? state, out ActivityContext caller);
        if (listened)
        {
            // Spans hold it as it came, and exporters send it on.
            if (state is not null && !writer.MayShow(state))
                caller = new ActivityContext(caller.TraceId, caller.SpanId, caller.TraceFlags, traceState: null, isRemote: true);
            Activity? span = Spans.BeginExchange(exchange, caller);
            if (span is not null)
                return TraceAsync(exchange, span, parent, state);
        }

        if (called)
            exchange.Trace = new ExchangeTrace(null, parent, state, parent!.Substring(3, 32));
        return next(http);
    }

    private async Task TraceAsync(Exchange exchange, Activity span, string? parent, string? state)
    {
        exchange.Trace = new ExchangeTrace(span, parent, state, span.TraceId.ToHexString());
        AnswerTap? tap = exchange.Options.ContentCapture && span.IsAllDataRequested ? AnswerTap.On(exchange.Http) : null;
        Exception? crash = null;
        try
        {
            await next(exchange.Http);
        }
        catch (Exception error)
        {
            crash = error;
            throw;
        }
        finally
        {
            writer.End(exchange, span, tap, crash);
        }
    }
}
