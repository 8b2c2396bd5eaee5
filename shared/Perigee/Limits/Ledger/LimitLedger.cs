using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Perigee.Storage;

namespace Perigee.Limits;

/// <summary>Where counters lie: a table, and the clock of the storage that it is in.</summary>
internal sealed record LedgerPlace(ITable Table, StorageClock Clock);

/// <summary>
/// Counts over all processes: each takes pre-debited slices of durable counters. Never more than the limit, whatever fails; a crash can only lose
/// what the process had taken and not spent.
/// <para>
/// What a killed process held is not given back by expiry, but where a window slides on or a limit is strict. Its row tells what it took up to its last write and what it gave back then, but not
/// what it spent after that, and spending from memory is what a slice is for: any part that were given back could be a part that was spent. Reservations inside a slice are no exception, for
/// they are made in memory, too: the provider may have been asked on them a moment before the end. So what is stranded is bounded instead (<c>LimitCounter.Ahead</c>: half a second's demand
/// and at most a sixteenth of what is left, beyond requests under way), and whoever wants none pays a write for each request (strict), of which every reservation is in the row with the time at
/// which it lapses.
/// </para>
/// </summary>
internal sealed partial class LimitLedger : ILimitLedger, IHostedService, IDisposable
{
    private const double LongestBackOff = 100;
    private const int MostLapses = 8;

    private static readonly TimeSpan TidyEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<string, LimitCounter> _counters = new(StringComparer.Ordinal);
    private readonly ConditionalWeakTable<LimitRule, LimitCounter> _known = [];
    private readonly LedgerPlace _region;
    private readonly LedgerPlace? _home;
    private readonly Random _dice;
    private readonly ILogger<LimitLedger> _log;
    private readonly CounterSweeper[] _sweepers;
    private ITimer? _timer;
    private long _reservations;
    private long _sweepAt;
    private long _homeHoldsUntil;

    /// <summary>A ledger.</summary>
    /// <param name="table">The durable counters of this region.</param>
    /// <param name="home">Those of the home region, where it is another one: the limits are kept there, and this region leases of them.</param>
    /// <param name="host">Names this instance and its region.</param>
    /// <param name="time">The clock. Only how time passes is taken from it, never what time it is.</param>
    /// <param name="dice">Spreads what would meet.</param>
    /// <param name="log">Takes faults.</param>
    /// <param name="isHome">Whether this is an instance of the home region: those sweep its table, too.</param>
    public LimitLedger(ITable table, ITable? home, GatewayHost host, TimeProvider time, Random dice, ILogger<LimitLedger> log, bool isHome = false)
    {
        (Time, _dice, _log) = (time, dice, log);
        _region = new LedgerPlace(table, new StorageClock(table, time));
        _sweepers = home is not null && isHome ? [new CounterSweeper(table, time), new CounterSweeper(home, time)] : [new CounterSweeper(table, time)];
        _home = home is null ? null : new LedgerPlace(home, new StorageClock(home, time));
        Id = uint.TryParse(host.Instance, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out uint id) && id != 0
            ? id : Hash(host.Instance) | 1;
        Region = Hash(host.Region);
        _reservations = (long)Id << 32;
    }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>This instance, in the rows.</summary>
    public uint Id { get; }

    /// <summary>This instance's region, in the rows at home.</summary>
    public long Region { get; }

    /// <summary>Nothing is taken ahead of demand any more.</summary>
    public bool Stopping { get; private set; }

    /// <inheritdoc/>
    public ValueTask<Reservation> ReserveAsync(IReadOnlyList<LimitRule> rules, LimitAmounts amounts, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        LedgerReservation reservation = new(rules.Count);
        List<int>? missing = null;
        int refusedBy = -1;
        for (int index = 0; index < rules.Count; index++)
        {
            LimitRule rule = rules[index];
            LimitCounter counter = CounterOf(rule);
            if (refusedBy >= 0)
            {
                reservation.Set(index, counter, new LedgerWord(default, default, counter.Stand(rule)));
                continue;
            }

            if (!counter.TryTake(rule, amounts.Of(rule.Meter), out LedgerWord word))
                (missing ??= []).Add(index);
            reservation.Set(index, counter, word);
            if (word.Verdict != ReservationVerdict.Admitted)
                refusedBy = index;
        }

        if (refusedBy >= 0)
        {
            foreach (int index in missing ?? [])
                reservation.Set(index, CounterOf(rules[index]), new LedgerWord(default, default, CounterOf(rules[index]).Stand(rules[index])));
            return new ValueTask<Reservation>(reservation.Refuse(ReservationVerdict.Refused, refusedBy));
        }

        return missing is null ? new ValueTask<Reservation>(reservation) : WaitAsync(reservation, missing, rules, amounts, cancel);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<LimitStand>> StandAsync(IReadOnlyList<LimitRule> rules, CancellationToken cancel) =>
        await Task.WhenAll(rules.Select(rule => CounterOf(rule).LookAsync(rule, cancel)));

    /// <summary>Writes what was settled, gives back what idle limits did not spend and forgets those that are not used.</summary>
    public void Tidy()
    {
        foreach ((string key, LimitCounter counter) in _counters)
        {
            if (!counter.Tidy())
                _counters.TryRemove(new KeyValuePair<string, LimitCounter>(key, counter));
        }

        if (Time.GetTimestamp() >= _sweepAt && !Stopping)
        {
            _sweepAt = Later(TimeSpan.FromHours(12));
            Run(SweepAsync());
        }
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        // Instances live for minutes where nobody asks: the first look comes early, and not of all at once.
        _sweepAt = Later(TimeSpan.FromMinutes(5));
        _timer = Time.CreateTimer(_ => Tidy(), null, TidyEvery, TidyEvery);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Stopping = true;
        if (_timer is not null)
            await _timer.DisposeAsync();
        using CancellationTokenSource patience = new(StopTime, Time);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        CancellationToken ends = both.Token;
        Task returned = Task.WhenAll(_counters.Values.Select(counter => counter.ReturnAsync(ends)));
        try
        {
            await returned.WaitAsync(ends);
        }
        catch (OperationCanceledException)
        {
            // What could not be given back in time is lost for the rest of its window.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();

    /// <summary>Lets a task of ours run on; a fault that it does not handle itself is logged.</summary>
    public async void Run(Task task)
    {
        try
        {
            await task;
        }
        catch (Exception fault)
        {
            LogFault(_log, fault);
        }
    }

    /// <summary>The home region did not answer: limits with shares take nothing new of it until a moment of its clock.</summary>
    public void HomeHoldsUntil(long moment) => Volatile.Write(ref _homeHoldsUntil, moment);

    /// <summary>Whether that is so now.</summary>
    public bool HomeHolds(long moment) => moment < Volatile.Read(ref _homeHoldsUntil);

    /// <summary>An id that no other reservation has.</summary>
    public long NextReservation() => Interlocked.Increment(ref _reservations);

    /// <summary>Waits a little, and longer with each lost race, so that writers who met once do not meet again.</summary>
    public Task BackOffAsync(int attempt)
    {
        double longest = Math.Min(LongestBackOff, 5 * Math.Pow(2, Math.Min(attempt, 10)));
        return Task.Delay(TimeSpan.FromMilliseconds(Roll() * longest), Time);
    }

    /// <summary>Up to 20 ms, in ticks: instances that wait for the same moment do not all come at it.</summary>
    public long Jitter() => (long)(Roll() * 20 * TimeSpan.TicksPerMillisecond);

    private static uint Hash(string text)
    {
        uint hash = 2_166_136_261;
        foreach (char c in text)
            hash = (hash ^ c) * 16_777_619;
        return hash;
    }

    /// <summary>Waits for the limits that the leases do not cover, all at once: the trips of several are made side by side.</summary>
    private static async ValueTask<Reservation> WaitAsync(
        LedgerReservation reservation, List<int> missing, IReadOnlyList<LimitRule> rules, LimitAmounts amounts, CancellationToken cancel)
    {
        for (int lapses = 0; ; lapses++)
        {
            Task<LedgerWord>[] waits = [.. missing.Select(index => reservation.WaitAsync(index, rules[index], amounts.Of(rules[index].Meter), cancel))];
            bool gone = false;
            int refusedBy = -1;
            ReservationVerdict verdict = ReservationVerdict.Admitted;
            for (int at = 0; at < waits.Length; at++)
            {
                LedgerWord word;
                try
                {
                    word = await waits[at];
                }
                catch (OperationCanceledException)
                {
                    gone = true;
                    continue;
                }

                reservation.Set(missing[at], word);

                // That nothing is left says more than that another limit could not be asked.
                if (word.Verdict == ReservationVerdict.Admitted || verdict == ReservationVerdict.Refused)
                    continue;
                (verdict, refusedBy) = (word.Verdict, missing[at]);
            }

            if (gone)
            {
                reservation.Refuse(ReservationVerdict.Refused, -1);
                cancel.ThrowIfCancellationRequested();
            }

            if (verdict != ReservationVerdict.Admitted)
                return reservation.Refuse(verdict, refusedBy);

            // While one limit was waited for, the slot of another may have ended: what was taken there is no longer for now.
            missing = reservation.TakeLapsed();
            if (missing.Count == 0)
                return reservation;
            if (lapses == MostLapses)
                return reservation.Refuse(ReservationVerdict.StorageDown, missing[0]);
        }
    }

    private LimitCounter CounterOf(LimitRule rule)
    {
        if (_known.TryGetValue(rule, out LimitCounter? counter) && !counter.Dead)
            return counter;
        string key = $"{rule.Id}|{rule.Meter}|{rule.Period}|{rule.Window}|{rule.TimeZone}";
        for (; ; )
        {
            counter = _counters.GetOrAdd(
                key, static (_, state) => new LimitCounter(state.Rule, state.Ledger, state.Ledger._region, state.Ledger._home), (Rule: rule, Ledger: this));
            if (!counter.Dead)
                break;
            _counters.TryRemove(new KeyValuePair<string, LimitCounter>(key, counter));
        }

        _known.AddOrUpdate(rule, counter);
        return counter;
    }

    private async Task SweepAsync()
    {
        try
        {
            foreach (CounterSweeper sweeper in _sweepers)
                await sweeper.SweepAsync(CancellationToken.None);
        }
        catch (StorageException)
        {
            // What is over is over the next time, too.
        }
    }

    /// <summary>That much later, or up to twice.</summary>
    private long Later(TimeSpan time) => Time.GetTimestamp() + (long)(time.TotalSeconds * (1 + Roll()) * Time.TimestampFrequency);

    /// <summary>A random number from 0 to 1.</summary>
    public double Roll()
    {
        lock (_dice)
            return _dice.NextDouble();
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A limit's counter could not be kept.")]
    private static partial void LogFault(ILogger log, Exception fault);
}
