namespace Perigee.Tests.Limits.Simulation;

/// <summary>
/// A world whose time passes only when nothing is left to do: everything runs on one thread, in an order that the seed decides alone. Hours pass in
/// a second, and a failure can be run again.
/// </summary>
internal sealed class World : TimeProvider
{
    private readonly PriorityQueue<Action, (long At, long Order)> _due = new();
    private readonly Queue<Action> _ready = new();
    private long _order;

    public World(DateTimeOffset start) => Now = start.UtcTicks;

    /// <summary>UTC ticks: the only true time.</summary>
    public long Now { get; private set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Now;

    public override DateTimeOffset GetUtcNow() => new(Now, TimeSpan.Zero);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new WorldTimer(this, () => callback(state), dueTime, period);

    /// <summary>Does something as soon as the thread is free.</summary>
    public void Post(Action action) => _ready.Enqueue(action);

    /// <summary>Does something later.</summary>
    public void After(TimeSpan delay, Action action) =>
        _due.Enqueue(action, (Now + Math.Max(0, delay.Ticks), _order++));

    /// <summary>Lets a time pass, or less where there is nothing more to do.</summary>
    public void Run(TimeSpan time)
    {
        long end = Now + time.Ticks;
        Drain();
        while (_due.TryPeek(out _, out (long At, long Order) next) && next.At <= end)
        {
            Now = Math.Max(Now, next.At);
            _due.Dequeue()();
            Drain();
        }

        Now = end;
    }

    private void Drain()
    {
        while (_ready.TryDequeue(out Action? action))
            action();
    }
}

/// <summary>A timer of the world.</summary>
internal sealed class WorldTimer : ITimer
{
    private readonly World _world;
    private readonly Action _fire;
    private TimeSpan _period;
    private int _version;

    public WorldTimer(World world, Action fire, TimeSpan dueTime, TimeSpan period)
    {
        (_world, _fire) = (world, fire);
        Change(dueTime, period);
    }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        _period = period;
        int version = ++_version;
        if (dueTime != Timeout.InfiniteTimeSpan)
            _world.After(dueTime, () => Fire(version));
        return true;
    }

    public void Dispose() => _version++;

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private void Fire(int version)
    {
        if (version != _version)
            return;
        if (_period != Timeout.InfiniteTimeSpan && _period != TimeSpan.Zero)
            _world.After(_period, () => Fire(version));
        _fire();
    }
}

/// <summary>A process of the world: its own wall clock, which may be wrong; it can be stopped, let go on, and killed.</summary>
internal sealed class Actor : SynchronizationContext
{
    private readonly World _world;
    private readonly Queue<Action> _held = new();

    /// <summary>A process.</summary>
    /// <param name="world">Where it runs.</param>
    /// <param name="skew">How wrong its wall clock is.</param>
    /// <param name="drift">How much faster its clocks run: 0.0001 is 100 parts in a million.</param>
    public Actor(World world, TimeSpan skew, double drift) => (_world, Clock) = (world, new ActorClock(this, world, skew, drift));

    public TimeProvider Clock { get; }

    public bool Paused { get; private set; }

    public bool Dead { get; private set; }

    /// <summary>Runs code of this process.</summary>
    public void Do(Action action)
    {
        if (Dead)
            return;
        if (Paused)
        {
            _held.Enqueue(action);
            return;
        }

        SynchronizationContext? before = Current;
        SetSynchronizationContext(this);
        try
        {
            action();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    /// <summary>SIGSTOP, for a time.</summary>
    public void Pause(TimeSpan time)
    {
        if (Paused)
            return;
        Paused = true;
        _world.After(time, () =>
        {
            Paused = false;
            while (_held.TryDequeue(out Action? action))
                _world.Post(() => Do(action));
        });
    }

    /// <summary>SIGKILL.</summary>
    public void Kill() => Dead = true;

    public override void Post(SendOrPostCallback d, object? state) => _world.Post(() => Do(() => d(state)));

    public override void Send(SendOrPostCallback d, object? state) => Do(() => d(state));

    private sealed class ActorClock(Actor actor, World world, TimeSpan skew, double drift) : TimeProvider
    {
        private readonly long _start = world.Now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => world.Now + (long)((world.Now - _start) * drift);

        public override DateTimeOffset GetUtcNow() => new(GetTimestamp() + skew.Ticks, TimeSpan.Zero);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new WorldTimer(world, () => actor.Do(() => callback(state)), dueTime, period);
    }
}
