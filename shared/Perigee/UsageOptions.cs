namespace Perigee;

/// <summary>Usage rollups: who used what by minute, hour and day.</summary>
internal sealed record UsageOptions
{
    /// <summary>Whether usage is counted at all.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>How often rows are written: what a process that is killed loses, and how old other instances' numbers are.</summary>
    public TimeSpan FlushAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long minutes are kept, in days besides today.</summary>
    public int MinuteDays { get; init; } = 3;

    /// <summary>How long hours are kept, in days besides today.</summary>
    public int HourDays { get; init; } = 90;

    /// <summary>How long days are kept, in days besides today.</summary>
    public int DayDays { get; init; } = 800;

    /// <summary>The most groups a day that one instance tells apart; those beyond are one, <c>(other)</c>.</summary>
    public int MostGroups { get; init; } = 2000;

    /// <summary>How many days a period is kept besides today.</summary>
    public int DaysOf(Usage.UsagePeriod period) => period switch
    {
        Usage.UsagePeriod.Minute => MinuteDays,
        Usage.UsagePeriod.Hour => HourDays,
        _ => DayDays,
    };
}
