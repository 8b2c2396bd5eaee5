using System.Globalization;

namespace Perigee.Limits;

/// <summary>A stretch of the storage's time in which a slice may be spent.</summary>
/// <param name="Number">Which one; a later one has a larger number.</param>
/// <param name="Start">When it begins, in UTC ticks.</param>
/// <param name="End">When it ends: the first tick that is not in it.</param>
internal readonly record struct Slot(long Number, long Start, long End);

/// <summary>
/// How a limit's window is cut into slots. A sliding one has N + 1: what is spent in one slot and the N before it is never more than the limit, so no
/// stretch as long as N slots ever holds more, wherever it begins. N slots are a little longer than the period, by what two instances may differ
/// about the storage's time: a slice may be spent until that much after its slot. A fixed window is one slot, without such grace.
/// <para>
/// At full demand a sliding window is used to period / (N + 1) slots: 97.2% of a minute's limit, 99% of a second's. A hundredth of a second is too short for a slice,
/// though. There it is counted in the last slot in which it may be spent, <see cref="Ahead"/> slots on, and moved to the one in which it was spent with the next write: counted later
/// than spent is never too little, for whoever takes looks at all slots up to the last (LimitCounter.Moves.cs).
/// </para>
/// </summary>
internal sealed class LimitShape
{
    private readonly long _length;
    private readonly LimitPeriod _period;
    private readonly TimeZoneInfo _zone;
    private Window? _window;

    /// <summary>The shape of a limit.</summary>
    /// <param name="rule">The limit.</param>
    /// <param name="far">Whether slices come from another region, whose clock is known less well.</param>
    public LimitShape(LimitRule rule, bool far)
    {
        _period = rule.Period;
        _zone = Calendar.Zone(rule.TimeZone);
        long period = rule.Window == LimitWindow.Sliding ? LengthOf(rule.Period) : 0;
        if (rule.Meter == LimitMeter.Concurrency || period == 0)
        {
            if (rule.Meter == LimitMeter.Concurrency)
                _period = LimitPeriod.None;
            Slots = 1;
            Key = $"{rule.Meter}-{_period}-{_zone.Id.Replace('/', '_')}";
            return;
        }

        (int slots, Slack, Ahead) = (rule.Period, far) switch
        {
            (LimitPeriod.Second, false) => (100, 0, 20),
            (LimitPeriod.Second, true) => (1, TimeSpan.FromMilliseconds(500).Ticks, 0),
            (_, false) => (40, TimeSpan.FromMilliseconds(200).Ticks, 0),
            (_, true) => (20, TimeSpan.FromMilliseconds(500).Ticks, 0),
        };
        _length = (period + Slack + slots - 1) / slots;
        Slots = slots + 1;
        Key = string.Create(CultureInfo.InvariantCulture, $"{rule.Meter}-{rule.Period}-{slots}x{_length}");
    }

    /// <summary>Slots that count together.</summary>
    public int Slots { get; }

    /// <summary>How many slots beyond the one in which it is taken a slice may be spent.</summary>
    public int Ahead { get; }

    /// <summary>Whether the window slides.</summary>
    public bool Sliding => _length > 0;

    /// <summary>How long after its slot a slice may be spent, in ticks.</summary>
    public long Slack { get; }

    /// <summary>How much doubt about the storage's time costs nothing, or little, in ticks.</summary>
    public long Tolerance => Slack > 0 ? Slack : Ahead > 0 ? TimeSpan.TicksPerSecond / 50 : TimeSpan.TicksPerSecond / 5;

    /// <summary>
    /// Tells counters of different shapes apart: the row's key. A window of the calendar has the same in one region and in several: what a budget spent still counts when a region is added.
    /// </summary>
    public string Key { get; }

    /// <summary>The slot that holds a time of the storage's clock.</summary>
    public Slot At(long utc)
    {
        if (_length > 0)
            return Numbered(utc / _length);
        if (_period is LimitPeriod.None or LimitPeriod.Total)
            return new Slot(0, 0, long.MaxValue / 2);
        Window? window = Volatile.Read(ref _window);
        if (window is null || utc < window.Slot.Start || utc >= window.Slot.End)
        {
            (long start, long end) = Calendar.Window(_period, _zone, utc);
            window = new Window(new Slot(start, start, end));
            Volatile.Write(ref _window, window);
        }

        return window.Slot;
    }

    /// <summary>The slot of that number.</summary>
    public Slot Numbered(long number) => _length > 0 ? new Slot(number, number * _length, (number + 1) * _length) : At(number);

    /// <summary>When what was taken in a slot counts no longer, in UTC ticks.</summary>
    public long LeavesAt(long number) => _length > 0 ? (number + Slots) * _length : At(number).End;

    private static long LengthOf(LimitPeriod period) => period switch
    {
        LimitPeriod.Second => TimeSpan.TicksPerSecond,
        LimitPeriod.Minute => TimeSpan.TicksPerMinute,
        LimitPeriod.Hour => TimeSpan.TicksPerHour,
        LimitPeriod.Day => TimeSpan.TicksPerDay,
        LimitPeriod.Week => 7 * TimeSpan.TicksPerDay,
        _ => 0,
    };

    private sealed record Window(Slot Slot);
}
