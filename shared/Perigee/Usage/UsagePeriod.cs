using System.Globalization;

namespace Perigee.Usage;

/// <summary>The lengths of time by which usage is kept, all in UTC.</summary>
internal enum UsagePeriod
{
    /// <summary>A minute.</summary>
    Minute,

    /// <summary>An hour.</summary>
    Hour,

    /// <summary>A day.</summary>
    Day,
}

/// <summary>Where a span of time lies in the table: a partition a day, rows that begin with the span's name, in the order of time.</summary>
internal static class UsagePeriods
{
    /// <summary>The length of a span.</summary>
    public static TimeSpan LengthOf(UsagePeriod period) => period switch
    {
        UsagePeriod.Minute => TimeSpan.FromMinutes(1),
        UsagePeriod.Hour => TimeSpan.FromHours(1),
        _ => TimeSpan.FromDays(1),
    };

    /// <summary>The beginning of the span that a moment lies in.</summary>
    public static DateTimeOffset StartOf(UsagePeriod period, DateTimeOffset moment) =>
        new(moment.UtcTicks - (moment.UtcTicks % LengthOf(period).Ticks), TimeSpan.Zero);

    /// <summary>The partition of a day.</summary>
    public static string PartitionOf(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>The name of a span within its day: <c>m0930</c>, <c>h09</c>, <c>d</c>.</summary>
    /// <param name="period">Its length.</param>
    /// <param name="offset">Its beginning, from the day's; the day's whole length names the end of all.</param>
    public static string NameOf(UsagePeriod period, TimeSpan offset) => period switch
    {
        UsagePeriod.Minute => string.Create(CultureInfo.InvariantCulture, $"m{(int)offset.TotalHours:D2}{offset.Minutes:D2}"),
        UsagePeriod.Hour => string.Create(CultureInfo.InvariantCulture, $"h{(int)offset.TotalHours:D2}"),
        _ => offset < TimeSpan.FromDays(1) ? "d" : "e",
    };

    /// <summary>The beginning of the span that a name means, from its day's; null where it is no name of one.</summary>
    public static TimeSpan? OffsetOf(UsagePeriod period, ReadOnlySpan<char> name) => period switch
    {
        UsagePeriod.Minute when name.Length == 5 && TryTwo(name[1..3], 24, out int hours) && TryTwo(name[3..5], 60, out int minutes) => new TimeSpan(hours, minutes, 0),
        UsagePeriod.Hour when name.Length == 3 && TryTwo(name[1..3], 24, out int hours) => new TimeSpan(hours, 0, 0),
        UsagePeriod.Day when name is "d" => TimeSpan.Zero,
        _ => null,
    };

    private static bool TryTwo(ReadOnlySpan<char> text, int below, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value < below;
}
