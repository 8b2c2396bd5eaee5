using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Perigee.Limits;

/// <summary>Counts the request against its caller's limit, or refuses it.</summary>
internal sealed class LimitsMiddleware(RequestDelegate next, RequestLimiter limiter, TimeProvider time)
{
    private Said<int>? _limit;
    private Said<long>? _reset;

    public Task InvokeAsync(HttpContext http)
    {
        Exchange exchange = Exchange.Of(http);
        Caller caller = exchange.Caller!;
        if ((caller.RequestsPerMinute ?? exchange.Options.Limits.RequestsPerMinute) is not { } limit)
            return next(http);
        ValueTask<Admission> admission = limiter.AdmitAsync(caller.KeyId, limit, http.RequestAborted);
        return admission.IsCompletedSuccessfully ? ObeyAsync(exchange, http, admission.Result) : WaitAsync(exchange, http, admission);
    }

    private async Task WaitAsync(Exchange exchange, HttpContext http, ValueTask<Admission> waiting)
    {
        Admission admission;
        try
        {
            admission = await waiting;
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            exchange.Fail(new GatewayError(ErrorKind.ClientGone, "The client went away."));
            return;
        }

        await ObeyAsync(exchange, http, admission);
    }

    private Task ObeyAsync(Exchange exchange, HttpContext http, Admission admission)
    {
        if (admission.Verdict == Verdict.StorageDown)
        {
            return exchange.RefuseAsync(new GatewayError(
                ErrorKind.StorageDown, "The gateway's storage does not answer, so this request cannot be counted against its limit.",
                RetryAfter: TimeSpan.FromSeconds(2))).AsTask();
        }

        TimeSpan reset = admission.EndsAt - time.GetUtcNow();
        if (reset < TimeSpan.Zero)
            reset = TimeSpan.Zero;
        exchange.Limit = new LimitVerdict(admission.Limit, admission.Remaining, reset);
        IHeaderDictionary headers = http.Response.Headers;
        headers["x-ratelimit-limit-requests"] = TextOf(admission.Limit);
        headers["x-ratelimit-remaining-requests"] = admission.Remaining.ToString(CultureInfo.InvariantCulture);
        headers["x-ratelimit-reset-requests"] = TextOf(reset);
        if (admission.Verdict == Verdict.Admitted)
            return next(http);
        return exchange.RefuseAsync(new GatewayError(
            ErrorKind.LimitReached,
            $"Limit of {admission.Limit} requests a minute reached: try again in {Durations.Format(reset)}.",
            RetryAfter: reset)).AsTask();
    }

    /// <summary>Most callers have one limit: its text is made once and not for every request.</summary>
    private string TextOf(int limit)
    {
        Said<int>? said = _limit;
        if (said is null || said.Value != limit)
            _limit = said = new Said<int>(limit, limit.ToString(CultureInfo.InvariantCulture));
        return said.Text;
    }

    /// <summary>Every window ends with the minute: requests of the same millisecond say the same.</summary>
    private string TextOf(TimeSpan reset)
    {
        long milliseconds = (long)Math.Ceiling(reset.TotalMilliseconds);
        Said<long>? said = _reset;
        if (said is null || said.Value != milliseconds)
            _reset = said = new Said<long>(milliseconds, Durations.Format(reset));
        return said.Text;
    }

    /// <summary>What was said last, and its text.</summary>
    private sealed record Said<T>(T Value, string Text);
}
