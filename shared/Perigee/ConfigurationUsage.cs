namespace Perigee;

/// <summary>Reads the section <c>usage</c> of perigee.json.</summary>
/// <param name="number">Reads a whole number that an environment variable may override.</param>
/// <param name="flag">Reads a flag that an environment variable may override.</param>
internal sealed class ConfigurationUsage(
    Func<ConfigurationSection, string, string, long, long, long?> number, Func<ConfigurationSection, string, string, bool?> flag)
{
    /// <summary>What it says, and the defaults for the rest.</summary>
    public UsageOptions Read(ConfigurationSection section)
    {
        UsageOptions defaults = new();
        UsageOptions usage = new()
        {
            Enabled = flag(section, "enabled", "PERIGEE_USAGE") ?? defaults.Enabled,
            FlushAfter = number(section, "flushSeconds", "PERIGEE_USAGE_FLUSH_SECONDS", 1, 60) is { } seconds ? TimeSpan.FromSeconds(seconds) : defaults.FlushAfter,
            MinuteDays = (int?)section.Number("minuteDays", 1, 31) ?? defaults.MinuteDays,
            HourDays = (int?)section.Number("hourDays", 1, 400) ?? defaults.HourDays,
            DayDays = (int?)section.Number("dayDays", 1, 4000) ?? defaults.DayDays,
            MostGroups = (int?)section.Number("mostGroups", 10, 20_000) ?? defaults.MostGroups,
        };
        if (usage.HourDays < usage.MinuteDays)
            section.Fault(section.Has("hourDays") ? "hourDays" : "minuteDays", $"lets hours go ({usage.HourDays} days) before their minutes ({usage.MinuteDays} days): keep hours at least as long.");
        if (usage.DayDays < usage.HourDays)
            section.Fault(section.Has("dayDays") ? "dayDays" : "hourDays", $"lets days go ({usage.DayDays} days) before their hours ({usage.HourDays} days): keep days at least as long.");
        section.Close();
        return usage;
    }
}
