namespace Perigee.Limits;

/// <summary>Edges of fixed windows by the calendar of a time zone.</summary>
internal static class Calendar
{
    /// <summary>The window that holds a moment, in UTC ticks: the next one begins where it ends, whatever the zone's clocks do that day.</summary>
    /// <param name="period">Not <see cref="LimitPeriod.None"/>.</param>
    /// <param name="zone">Days, weeks and months begin at its midnight; hours as its standard time has them.</param>
    /// <param name="utc">The moment, in UTC ticks.</param>
    public static (long Start, long End) Window(LimitPeriod period, TimeZoneInfo zone, long utc)
    {
        switch (period)
        {
            case LimitPeriod.Second:
                return Even(utc, TimeSpan.TicksPerSecond, 0);
            case LimitPeriod.Minute:
                return Even(utc, TimeSpan.TicksPerMinute, 0);
            case LimitPeriod.Hour:
                return Even(utc, TimeSpan.TicksPerHour, zone.BaseUtcOffset.Ticks % TimeSpan.TicksPerHour);
            case LimitPeriod.Day or LimitPeriod.Week or LimitPeriod.Month:
                break;
            default:
                return (0, long.MaxValue);
        }

        DateOnly date = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(new DateTimeOffset(utc, TimeSpan.Zero), zone).DateTime);
        date = period switch
        {
            LimitPeriod.Week => date.AddDays(-(((int)date.DayOfWeek + 6) % 7)),
            LimitPeriod.Month => new DateOnly(date.Year, date.Month, 1),
            _ => date,
        };
        long start = Midnight(date, zone);

        // Where clocks go back over midnight the old date comes a second time: that time belongs to the new one.
        for (; ; )
        {
            date = period switch
            {
                LimitPeriod.Week => date.AddDays(7),
                LimitPeriod.Month => date.AddMonths(1),
                _ => date.AddDays(1),
            };
            long end = Midnight(date, zone);
            if (utc < end)
                return (start, end);
            start = end;
        }
    }

    /// <summary>The zone of that IANA name, or UTC where this machine does not know it.</summary>
    public static TimeZoneInfo Zone(string name) => TimeZoneInfo.TryFindSystemTimeZoneById(name, out TimeZoneInfo? zone) ? zone : TimeZoneInfo.Utc;

    private static (long Start, long End) Even(long utc, long length, long offset)
    {
        long start = utc - ((((utc + offset) % length) + length) % length);
        return (start, start + length);
    }

    /// <summary>When a date begins: the first of two midnights, and where clocks skip midnight the moment to which they skip.</summary>
    private static long Midnight(DateOnly date, TimeZoneInfo zone)
    {
        DateTime local = date.ToDateTime(TimeOnly.MinValue, DateTimeKind.Unspecified);
        while (zone.IsInvalidTime(local))
            local = local.AddMinutes(15);
        TimeSpan offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return local.Ticks - offset.Ticks;
    }
}
