using Polly;
using Polly.Retry;

namespace Perigee.Forwarding;

/// <summary>
/// Asks one target until it answers or is given up. The waits are the provider's own where it names one, else they double and are jittered;
/// what is longer than the plan allows ends the target's turn. While another target is left one retry is the most: it is quicker.
/// </summary>
internal sealed class Retries
{
    private readonly ResiliencePipeline<UpstreamTry> _pipeline;
    private readonly TryTools _tools;

    /// <param name="tools">What tries are made with.</param>
    public Retries(TryTools tools)
    {
        _tools = tools;
        _pipeline = new ResiliencePipelineBuilder<UpstreamTry> { TimeProvider = tools.Time }
            .AddRetry(new RetryStrategyOptions<UpstreamTry>
            {
                // How many there are is the plan's to say, below.
                MaxRetryAttempts = int.MaxValue,
                ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome.Result is { Failure: not null } tried && MayRetry(tried, arguments.AttemptNumber)),
                DelayGenerator = static arguments => ValueTask.FromResult<TimeSpan?>(arguments.Outcome.Result!.Wait),
            })
            .Build();
    }

    /// <summary>Opens an answer of a target, or fails; both as the try.</summary>
    /// <param name="walk">The request.</param>
    /// <param name="target">The target.</param>
    /// <param name="hedge">Whether it is asked beside another.</param>
    /// <param name="lost">Cancelled when another target was quicker.</param>
    public async ValueTask<UpstreamTry> OpenAsync(TargetWalk walk, Target target, bool hedge, CancellationToken lost)
    {
        ResilienceContext context = ResilienceContextPool.Shared.Get(lost);
        Turn turn = new(_tools, walk, target, hedge);
        try
        {
            Outcome<UpstreamTry> outcome = await _pipeline.ExecuteOutcomeAsync(
                static async (context, turn) => Outcome.FromResult(await turn.OpenAsync(context.CancellationToken)), context, turn);

            // The wait before a retry was cut short: what failed before it stands.
            return outcome.Result ?? turn.Last ?? throw outcome.Exception!;
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private bool MayRetry(UpstreamTry tried, int retries)
    {
        TargetWalk walk = tried.Walk;
        TryFailure failure = tried.Failure!;
        RetryOptions options = walk.Plan.Retries;
        bool more = walk.HasMore;
        if (!failure.Verdict.Retry || retries >= (more ? Math.Min(1, options.Most) : options.Most) || walk.Exchange.Gone.IsCancellationRequested
            || walk.Exchange.Upload is { CanRepeat: false })
        {
            return false;
        }

        TimeSpan longest = more ? options.LongestWait : options.LongestLastWait;
        if (failure.Error.RetryAfter is { } asked)
        {
            // Everybody was told the same time: not everybody comes back at it.
            tried.Wait = asked * (1 + (_tools.Dice.NextDouble() / 10));
            if (asked > longest)
                return false;
        }
        else
        {
            TimeSpan wait = options.Base * Math.Pow(2, retries) * (0.5 + _tools.Dice.NextDouble());
            tried.Wait = wait < longest ? wait : longest;
        }

        return _tools.States.TryRetry(tried.Target, options.BudgetPercent);
    }

    private sealed class Turn(TryTools tools, TargetWalk walk, Target target, bool hedge)
    {
        public UpstreamTry? Last { get; private set; }

        public async ValueTask<UpstreamTry> OpenAsync(CancellationToken lost)
        {
            UpstreamTry tried = new(tools, walk, target, hedge);
            await tried.OpenAsync(lost);
            return Last = tried;
        }
    }
}
