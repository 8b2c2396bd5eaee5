namespace Perigee.Forwarding;

/// <summary>The way of one request through the targets of its plan: which is next, which failed how. Safe for the two tries of a hedge.</summary>
internal sealed class TargetWalk(Exchange exchange, RoutePlan plan)
{
    private readonly Lock _gate = new();
    private IReadOnlyList<Target> _queue = plan.Targets;
    private List<string>? _tried;
    private int _next;
    private bool _over;

    /// <summary>The exchange.</summary>
    public Exchange Exchange => exchange;

    /// <summary>What routing decided.</summary>
    public RoutePlan Plan => plan;

    /// <summary>Tries that failed, in the order in which they ended.</summary>
    public List<UpstreamTry> Failed { get; } = [];

    /// <summary>Tries that were not waited for: they have to be over before the request's body is given back.</summary>
    public List<Task> Running { get; } = [];

    /// <summary>Of a large upload that has begun to go on nothing is left to show to another target.</summary>
    private bool MayFallBack => plan.MayFallBack && exchange.Upload is not { CanRepeat: false };

    /// <summary>Whether another target is left behind the present one.</summary>
    public bool HasMore
    {
        get
        {
            lock (_gate)
                return !_over && MayFallBack && Find(_next) >= 0;
        }
    }

    /// <summary>Whether anything at all could follow a failure of the present target, by any list.</summary>
    public bool HasAnyMore => HasMore || (MayFallBack && (plan.OnContextWindow.Count > 0 || plan.OnContentPolicy.Count > 0));

    /// <summary>Whether a blocked question may go on.</summary>
    public bool HasContentPolicy
    {
        get
        {
            if (!MayFallBack)
                return false;
            lock (_gate)
            {
                foreach (Target target in plan.OnContentPolicy)
                {
                    if (!IsTried(target))
                        return true;
                }

                return false;
            }
        }
    }

    /// <summary>Goes on to the next target, or null.</summary>
    public Target? Next()
    {
        lock (_gate)
        {
            if (_over || (_tried is not null && !MayFallBack))
                return null;
            int at = Find(_next);
            if (at < 0)
                return null;
            _next = at + 1;
            Target target = _queue[at];
            (_tried ??= []).Add(target.Name);
            return target;
        }
    }

    /// <summary>A target has failed for good: what may follow is decided.</summary>
    public void Fail(UpstreamTry tried)
    {
        lock (_gate)
            Note(tried);
    }

    private void Note(UpstreamTry tried)
    {
        Failed.Add(tried);
        switch (tried.Failure!.Verdict.Onward)
        {
            case Onward.Stop:
                _over = true;
                break;
            case Onward.LargerWindow:
                long? window = tried.Target.Known?.Context;
                Queue(_queue.Skip(_next).Concat(plan.OnContextWindow).Where(target => window is null || target.Known?.Context is not { } other || other > window));
                break;
            case Onward.ContentPolicy:
                Queue(plan.OnContentPolicy);
                break;
            default:
                break;
        }
    }

    /// <summary>
    /// The failure that the client is told: the last one that says something of the request or a provider; one that only says that a target
    /// cannot be asked this way counts only where there is no other. Of nothing but rate limits the one that ends soonest.
    /// </summary>
    public UpstreamTry? Told()
    {
        UpstreamTry? told = null;
        foreach (UpstreamTry tried in Failed)
        {
            if (told is null || tried.Failure!.Verdict.Onward == Onward.Stop || !IsUnfit(tried) || IsUnfit(told))
                told = tried;
        }

        if (told is null || !Failed.TrueForAll(static tried => tried.Failure!.Error.Status == 429))
            return told;
        return Failed.MinBy(static tried => tried.Failure!.Error.RetryAfter ?? TimeSpan.MaxValue);
    }

    private static bool IsUnfit(UpstreamTry tried) => tried.Failure!.Error.Kind == ErrorKind.BadRequest;

    private void Queue(IEnumerable<Target> targets) => (_queue, _next) = ([.. targets], 0);

    private int Find(int from)
    {
        for (int i = from; i < _queue.Count; i++)
        {
            if (!IsTried(_queue[i]))
                return i;
        }

        return -1;
    }

    private bool IsTried(Target target) => _tried is not null && _tried.Contains(target.Name);
}
