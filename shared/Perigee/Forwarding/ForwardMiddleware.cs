using Microsoft.AspNetCore.Http;

namespace Perigee.Forwarding;

/// <summary>The last step: target by target, until one has something to show. The first content byte out is the point of no return.</summary>
internal sealed class ForwardMiddleware(RequestDelegate next, Retries retries, Hedges hedges, TryTools tools)
{
    private readonly RequestDelegate _next = next;

    public async Task InvokeAsync(HttpContext http)
    {
        Exchange exchange = Exchange.Of(http);
        RoutePlan plan = exchange.Plan!;
        TargetWalk walk = new(exchange, plan);
        exchange.Overhead = tools.Time.GetElapsedTime(exchange.Started);
        try
        {
            if (await OpenAsync(walk) is not { } opened)
                await RefuseAsync(walk);
            else if (await opened.GiveAsync() is { } error)
                await exchange.RefuseAsync(error);
        }
        finally
        {
            // Calls that lost still hold slices of the body.
            foreach (Task running in walk.Running)
                await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async ValueTask<UpstreamTry?> OpenAsync(TargetWalk walk)
    {
        bool first = true;
        while (walk.Next() is { } target)
        {
            tools.States.Counted(target, walk.Plan);
            UpstreamTry tried = first && walk.Plan.Hedge is not null && walk.HasMore
                ? await hedges.OpenAsync(walk, target)
                : await retries.OpenAsync(walk, target, hedge: false, CancellationToken.None);
            if (tried.Failure is null)
                return tried;
            walk.Fail(tried);
            first = false;
        }

        return null;
    }

    /// <summary>Nobody could serve it: the client is told once, honestly.</summary>
    private async ValueTask RefuseAsync(TargetWalk walk)
    {
        Exchange exchange = walk.Exchange;
        UpstreamTry told = walk.Told()!;
        TryFailure failure = told.Failure!;
        if (failure.Answer is { } answer && !exchange.Shown)
        {
            exchange.Dropped = [];
            exchange.Served = failure.OwnBytes is null ? null : told.Target;
            AnswerHeaders.Copy(exchange, answer, failure.Within);
        }

        if (!exchange.Shown)
            Receipts.Write(exchange, walk.Plan, tools.Time, told.Target, exchange.Errors);
        if (failure.OwnBytes is not { } bytes || exchange.Shown)
        {
            await exchange.RefuseAsync(failure.Error);
            return;
        }

        exchange.Fail(failure.Error);
        exchange.BytesOut += bytes.Length;
        await Refusal.WriteAsync(exchange.Http, failure.Error, bytes);
    }
}
