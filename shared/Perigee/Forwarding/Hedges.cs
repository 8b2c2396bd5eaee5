using Polly;
using Polly.Hedging;

namespace Perigee.Forwarding;

/// <summary>
/// Starts a second target when the first has shown no content by its own recent p95 TTFT. The first content wins, the other call is cut. What
/// it may cost is capped by a share of the route's requests.
/// </summary>
internal sealed class Hedges
{
    private static readonly ResiliencePropertyKey<Race> RaceKey = new("race");

    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(20);

    private readonly ResiliencePipeline<UpstreamTry> _pipeline;
    private readonly TryTools _tools;
    private readonly Retries _retries;

    /// <param name="tools">What tries are made with.</param>
    /// <param name="retries">How one target is asked.</param>
    public Hedges(TryTools tools, Retries retries)
    {
        (_tools, _retries) = (tools, retries);
        _pipeline = new ResiliencePipelineBuilder<UpstreamTry> { TimeProvider = tools.Time }
            .AddHedging(new HedgingStrategyOptions<UpstreamTry>
            {
                MaxHedgedAttempts = 1,
                ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome.Result is { Failure: not null }),
                DelayGenerator = arguments => ValueTask.FromResult(Delay(arguments.Context)),
                ActionGenerator = arguments => arguments.PrimaryContext.Properties.TryGetValue(RaceKey, out Race? race) ? race!.Second(arguments) : null,
            })
            .Build();
    }

    /// <summary>Opens an answer of the first target or of the next beside it.</summary>
    public async ValueTask<UpstreamTry> OpenAsync(TargetWalk walk, Target first)
    {
        ResilienceContext context = ResilienceContextPool.Shared.Get(walk.Exchange.Gone);
        Race race = new(this, walk, first);
        context.Properties.Set(RaceKey, race);
        try
        {
            Outcome<UpstreamTry> outcome = await _pipeline.ExecuteOutcomeAsync(
                static async (context, race) => Outcome.FromResult(await race.FirstAsync(context.CancellationToken)), context, race);
            UpstreamTry? won = outcome.Result ?? race.Last;
            foreach (UpstreamTry tried in race.Ended())
            {
                // Of two that failed only one is told of here; the other counts as well.
                if (tried != won && tried.Failure is { } failure && failure.Verdict != Verdict.Lost && won?.Failure is not null)
                    walk.Fail(tried);
            }

            return won ?? throw outcome.Exception!;
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private TimeSpan Delay(ResilienceContext context)
    {
        if (!context.Properties.TryGetValue(RaceKey, out Race? race))
            return Timeout.InfiniteTimeSpan;
        TimeSpan wait = _tools.States.Of(race.Target).SlowTtft ?? race.Walk.Plan.Hedge!.After;
        return wait > ShortestWait ? wait : ShortestWait;
    }

    private sealed class Race(Hedges hedges, TargetWalk walk, Target first)
    {
        private readonly List<UpstreamTry> _ended = new(2);

        public Target Target => first;

        public TargetWalk Walk => walk;

        public UpstreamTry? Last { get; private set; }

        public ValueTask<UpstreamTry> FirstAsync(CancellationToken lost) => RunAsync(first, hedge: false, lost);

        public Func<ValueTask<Outcome<UpstreamTry>>>? Second(HedgingActionGeneratorArguments<UpstreamTry> arguments)
        {
            // Where the first has failed already it is no hedge but the ordinary next target, which the walk gives.
            lock (_ended)
            {
                if (_ended.Count > 0)
                    return null;
            }

            if (!hedges._tools.States.TryHedge(walk.Plan.Route, walk.Plan.Hedge!.Percent) || walk.Next() is not { } second)
                return null;
            hedges._tools.States.Counted(second, walk.Plan);
            CancellationToken lost = arguments.ActionContext.CancellationToken;
            return async () => Outcome.FromResult(await RunAsync(second, hedge: true, lost));
        }

        public UpstreamTry[] Ended()
        {
            lock (_ended)
                return [.. _ended];
        }

        private ValueTask<UpstreamTry> RunAsync(Target target, bool hedge, CancellationToken lost)
        {
            Task<UpstreamTry> running = hedges._retries.OpenAsync(walk, target, hedge, lost).AsTask();
            lock (_ended)
                walk.Running.Add(running);
            return NoteAsync(running);
        }

        private async ValueTask<UpstreamTry> NoteAsync(Task<UpstreamTry> running)
        {
            UpstreamTry tried = await running;
            lock (_ended)
                _ended.Add(Last = tried);
            return tried;
        }
    }
}
