using Microsoft.Extensions.Logging.Abstractions;
using Perigee.Limits;

namespace Perigee.Tests.Limits.Simulation;

/// <summary>What is simulated.</summary>
internal sealed record RunSettings
{
    public required int Seed { get; init; }

    public required LimitRule Rule { get; init; }

    /// <summary>A limit a minute that slides.</summary>
    public static LimitRule RuleOf(LimitMeter meter, long amount) => new()
    {
        Name = "n", Level = LimitLevel.Key, Owner = "key_a", Meter = meter, Amount = amount, Period = LimitPeriod.Minute,
    };

    public int Instances { get; init; } = 8;

    public int Callers { get; init; } = 4;

    public TimeSpan Length { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What is asked for, as a multiple of the limit.</summary>
    public double Demand { get; init; } = 2;

    /// <summary>The period that demand refers to, and the length of the windows that are checked.</summary>
    public TimeSpan Period { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A caller asks at least this often, however small the limit.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The largest request.</summary>
    public long MostAmount { get; init; } = 1;

    public Faults Faults { get; init; } = Faults.None;

    public TimeSpan Latency { get; init; } = TimeSpan.FromMilliseconds(8);

    /// <summary>Processes are stopped for longer than a lease, and killed and replaced.</summary>
    public bool Mayhem { get; init; }

    /// <summary>Requests take less than they reserve.</summary>
    public bool TakesLess { get; init; }

    /// <summary>When the storage's clock is set back, and by how much.</summary>
    public (TimeSpan At, TimeSpan By)? SetBack { get; init; }

    /// <summary>Regions that are not home; 0 where there is one region alone.</summary>
    public int Regions { get; init; }

    /// <summary>When the second region is cut off from home, and for how long.</summary>
    public (TimeSpan At, TimeSpan For)? Partition { get; init; }
}

/// <summary>What came of it.</summary>
internal sealed record RunResult(
    long Admitted, long MostInWindow, long Requests, long Refused, long Down, double OfLimit, int Writes, int LostWrites, int HomeWrites);

/// <summary>Many processes on one limit, in simulated time.</summary>
internal sealed class LedgerRun
{
    private readonly RunSettings _settings;
    private readonly World _world = new(new DateTimeOffset(2026, 11, 22, 18, 30, 20, TimeSpan.Zero));
    private readonly Random _dice;
    private readonly WorldTable[] _tables;
    private readonly WorldTable? _home;
    private readonly List<(Actor Actor, WorldTable.Link? Home, LimitLedger Ledger)> _live = [];
    private readonly List<(long At, long Amount)> _admitted = [];
    private (long Requests, long Refused, long Down) _counts;
    private int _made;

    private LedgerRun(RunSettings settings)
    {
        (_settings, _dice) = (settings, new Random(settings.Seed));
        _tables = [.. Enumerable.Range(0, Math.Max(1, settings.Regions)).Select(_ => new WorldTable(_world))];
        _home = settings.Regions > 0 ? new WorldTable(_world) : null;
    }

    public static RunResult Run(RunSettings settings) => new LedgerRun(settings).Run();

    /// <summary>The most that any window of that length held.</summary>
    public static long MostIn(List<(long At, long Amount)> admitted, long window)
    {
        (long most, long sum, int first) = (0, 0, 0);
        foreach ((long at, long amount) in admitted)
        {
            sum += amount;
            while (admitted[first].At <= at - window)
                sum -= admitted[first++].Amount;
            most = Math.Max(most, sum);
        }

        return most;
    }

    private RunResult Run()
    {
        SynchronizationContext? before = SynchronizationContext.Current;
        try
        {
            for (int instance = 0; instance < _settings.Instances; instance++)
                Start(instance % _tables.Length);
            if (_settings.Partition is { } partition)
            {
                _world.After(partition.At, () => Cut(true));
                _world.After(partition.At + partition.For, () => Cut(false));
            }

            if (_settings.SetBack is { } set)
                _world.After(set.At, () => _tables[0].Set = -set.By);
            if (_settings.Mayhem)
                _world.After(TimeSpan.FromSeconds(3), Harm);
            _world.Run(_settings.Length);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }

        _admitted.Sort(static (a, b) => a.At.CompareTo(b.At));
        long total = _admitted.Sum(static a => a.Amount);
        double windows = _settings.Rule.Period is LimitPeriod.Total ? 1 : _settings.Length / _settings.Period;
        return new RunResult(
            total, MostIn(_admitted, _settings.Rule.Period is LimitPeriod.Total ? long.MaxValue / 2 : _settings.Period.Ticks), _counts.Requests, _counts.Refused,
            _counts.Down, total / (windows * _settings.Rule.Amount), _tables.Sum(static t => t.Writes), _tables.Sum(static t => t.Lost), _home?.Writes ?? 0);
    }

    private void Cut(bool cut)
    {
        for (int at = 0; at < _live.Count; at++)
        {
            if (at % _tables.Length == 1)
                _live[at].Home!.Cut = cut;
        }
    }

    private void Start(int region, int? inPlaceOf = null)
    {
        Random dice = new(_dice.Next());
        Actor actor = new(_world, TimeSpan.FromSeconds((dice.NextDouble() * 10) - 5), (dice.NextDouble() - 0.5) * 0.0002);
        WorldTable.Link link = _tables[region].From(dice, _settings.Latency);
        link.Faults = _settings.Faults;
        WorldTable.Link? home = _home?.From(dice, TimeSpan.FromMilliseconds(240));
        if (home is not null)
            home.Faults = _settings.Faults;
        GatewayHost host = new() { Mode = "local", Region = "r" + region, Instance = (++_made + (_settings.Seed * 1000)).ToString("x8", System.Globalization.CultureInfo.InvariantCulture) };
        actor.Do(() =>
        {
            LimitLedger ledger = new(link, home, host, actor.Clock, dice, NullLogger<LimitLedger>.Instance);
            if (inPlaceOf is { } place)
                _live[place] = (actor, home, ledger);
            else
                _live.Add((actor, home, ledger));
            _ = ledger.StartAsync(CancellationToken.None);
            for (int caller = 0; caller < _settings.Callers; caller++)
                CallAsync(ledger, actor.Clock, new Random(dice.Next()));
        });
    }

    private async void CallAsync(LimitLedger ledger, TimeProvider clock, Random dice)
    {
        double perSecond = _settings.Demand * _settings.Rule.Amount / ((1 + _settings.MostAmount) / 2.0) / _settings.Period.TotalSeconds;
        TimeSpan every = TimeSpan.FromSeconds(Math.Min(_settings.LongestPause.TotalSeconds, _settings.Instances * _settings.Callers / perSecond));
        LimitRule[] rules = [_settings.Rule];
        await Task.Delay(every * dice.NextDouble(), clock);
        for (; ; )
        {
            long amount = 1 + dice.NextInt64(_settings.MostAmount);
            long takes = _settings.TakesLess ? dice.NextInt64(amount + 1) : amount;
            _counts.Requests++;
            Reservation reservation = await ledger.ReserveAsync(rules, new LimitAmounts(amount, 0, amount), CancellationToken.None);
            if (reservation.Verdict == ReservationVerdict.Admitted)
            {
                _admitted.Add((_world.Now, _settings.Rule.Meter == LimitMeter.Requests ? 1 : takes));
                SettleLater(reservation, takes, clock, dice);
            }
            else if (reservation.Verdict == ReservationVerdict.Refused)
            {
                _counts.Refused++;
            }
            else
            {
                _counts.Down++;
            }

            await Task.Delay(every * (0.5 + dice.NextDouble()), clock);
        }
    }

    private static async void SettleLater(Reservation reservation, long takes, TimeProvider clock, Random dice)
    {
        await Task.Delay(TimeSpan.FromSeconds(2 * dice.NextDouble()), clock);
        reservation.Settle(new LimitAmounts(takes, 0, takes));
        reservation.Settle(LimitAmounts.None);
    }

    private void Harm()
    {
        int place = _dice.Next(_live.Count);
        if (_dice.Next(3) > 0)
        {
            _live[place].Actor.Pause(TimeSpan.FromSeconds(0.2 + (12 * _dice.NextDouble())));
        }
        else
        {
            _live[place].Actor.Kill();
            Start(place % _tables.Length, place);
        }

        _world.After(TimeSpan.FromSeconds(1 + (4 * _dice.NextDouble())), Harm);
    }
}
