namespace Perigee.Usage;

/// <summary>A stretch of time that is read by spans of one length.</summary>
/// <param name="Period">The spans' length.</param>
/// <param name="From">The first one's beginning.</param>
/// <param name="To">The end of the last one.</param>
internal readonly record struct UsagePiece(UsagePeriod Period, DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>Whether a span is in it.</summary>
    public bool Holds(UsagePeriod period, DateTimeOffset start) => period == Period && start >= From && start < To;

    /// <summary>Cuts a stretch of time into as few spans as there can be: minutes up to the first whole hour, hours up to the first whole day, days, and back.</summary>
    /// <param name="from">A whole minute.</param>
    /// <param name="to">A whole minute, behind it.</param>
    public static List<UsagePiece> Cut(DateTimeOffset from, DateTimeOffset to) => Cut(UsagePeriod.Day, from, to);

    private static List<UsagePiece> Cut(UsagePeriod period, DateTimeOffset from, DateTimeOffset to)
    {
        if (from >= to)
            return [];
        if (period == UsagePeriod.Minute)
            return [new UsagePiece(period, from, to)];
        DateTimeOffset last = UsagePeriods.StartOf(period, to), first = UsagePeriods.StartOf(period, from);
        if (first < from)
            first += UsagePeriods.LengthOf(period);
        return first >= last ? Cut(period - 1, from, to) : [.. Cut(period - 1, from, first), new UsagePiece(period, first, last), .. Cut(period - 1, last, to)];
    }
}
