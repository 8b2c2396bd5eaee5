using System.Globalization;
using Perigee.Limits;

namespace Perigee.LimitDriver;

/// <summary>One limit of a run: asked for by many callers at once, on a counter of its own.</summary>
internal sealed class DrivenLimit
{
    /// <summary>Callers that would ask more often than this ask for several at a time.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);

    private readonly int _index;
    private readonly LimitRule[] _rules;
    private readonly long _most;
    private readonly double _perSecond;
    private readonly long _quota;
    private long _askedAmount;

    /// <summary>A limit.</summary>
    /// <param name="index">Its place among the limits of the run: what is printed names it.</param>
    /// <param name="text"><c>METER:PERIOD:LIMIT:REQUESTS-A-SECOND:QUOTA</c>; the last is what is asked for at least, however long it takes, 0 where there is no such amount.</param>
    /// <param name="run">Tells the counters of runs apart.</param>
    public DrivenLimit(int index, string text, string run)
    {
        string[] parts = text.Split(':');
        (LimitMeter meter, LimitPeriod period) = (Enum.Parse<LimitMeter>(parts[0]), Enum.Parse<LimitPeriod>(parts[1]));
        long limit = long.Parse(parts[2], CultureInfo.InvariantCulture);
        _index = index;
        _most = meter == LimitMeter.Requests ? 1 : Math.Max(1, limit / 100);
        (_perSecond, _quota) = (double.Parse(parts[3], CultureInfo.InvariantCulture), long.Parse(parts[4], CultureInfo.InvariantCulture));
        _rules =
        [
            new LimitRule
            {
                Name = $"{meter}-{period}-{limit}",
                Level = LimitLevel.Key,
                Owner = "key_" + run,
                Meter = meter,
                Amount = limit,
                Period = period,
                Window = period == LimitPeriod.Total ? LimitWindow.Fixed : LimitWindow.Sliding,
            },
        ];
    }

    /// <summary>What was asked for, in the limit's unit.</summary>
    public long AskedAmount => Interlocked.Read(ref _askedAmount);

    /// <summary>One caller: asks and settles until the end, and beyond it for what is missing of the quota.</summary>
    /// <param name="ledger">Who is asked.</param>
    /// <param name="callers">How many callers there are of this limit in this process.</param>
    /// <param name="dice">Spreads them.</param>
    /// <param name="end">The timestamp of the end.</param>
    /// <param name="latest">The timestamp after which the quota does not matter any more.</param>
    /// <param name="print">Takes the line of each admitted request.</param>
    public async Task CallAsync(LimitLedger ledger, int callers, Random dice, long end, long latest, Action<string> print)
    {
        TimeSpan each = TimeSpan.FromSeconds(callers / _perSecond);
        int burst = Math.Max(1, (int)(ShortestPause / each));
        TimeSpan every = each * burst;
        await Task.Delay(every * dice.NextDouble());
        while (TimeProvider.System.GetTimestamp() is var now && (now < end || (now < latest && AskedAmount < _quota)))
        {
            for (int request = 0; request < burst; request++)
                await AskAsync(ledger, 1 + dice.NextInt64(_most), print);

            // The last pause is no longer than what is left of the run.
            TimeSpan pause = every * (0.5 + dice.NextDouble());
            TimeSpan left = TimeProvider.System.GetElapsedTime(TimeProvider.System.GetTimestamp(), end);
            await Task.Delay(left > TimeSpan.Zero && left < pause ? left : pause);
        }
    }

    private async Task AskAsync(LimitLedger ledger, long amount, Action<string> print)
    {
        long began = TimeProvider.System.GetTimestamp();
        Reservation reservation = await ledger.ReserveAsync(_rules, new LimitAmounts(amount, 0, amount), CancellationToken.None);
        long known = TimeProvider.System.GetTimestamp();
        Interlocked.Add(ref _askedAmount, amount);
        if (reservation.Verdict != ReservationVerdict.Admitted)
            return;
        print(string.Create(CultureInfo.InvariantCulture, $"{_index} {began} {known} {amount}"));
        reservation.Settle(new LimitAmounts(amount, 0, amount));
        reservation.Settle(LimitAmounts.None);
    }
}
