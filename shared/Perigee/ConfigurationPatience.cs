namespace Perigee;

/// <summary>A whole number that a member states and an environment variable overrides.</summary>
internal delegate long? OverridableNumber(ConfigurationSection section, string member, string variable, long least, long most);

/// <summary>Reads <c>timeouts</c>, <c>retries</c> and <c>breaker</c>; the first two stand in routes too, over those of all.</summary>
/// <param name="number">Reads a number that the environment may override.</param>
internal sealed class ConfigurationPatience(OverridableNumber number)
{
    /// <summary>Reads the <c>timeouts</c> of all, or of one route.</summary>
    /// <param name="section">The object.</param>
    /// <param name="over">What holds where it is silent; null reads those of all, which the environment overrides.</param>
    public TimeoutOptions Timeouts(ConfigurationSection section, TimeoutOptions? over = null)
    {
        TimeoutOptions defaults = over ?? new();
        TimeSpan Of(string member, string variable, long least, long most, TimeSpan otherwise) =>
            (over is null ? number(section, member, variable, least, most) : section.Number(member, least, most)) is { } seconds
                ? TimeSpan.FromSeconds(seconds)
                : otherwise;

        TimeoutOptions timeouts = new()
        {
            Connect = Of("connectSeconds", "PERIGEE_CONNECT_SECONDS", 1, 120, defaults.Connect),
            FirstToken = Of("firstTokenSeconds", "PERIGEE_FIRST_TOKEN_SECONDS", 1, 3600, defaults.FirstToken),
            Idle = Of("idleSeconds", "PERIGEE_IDLE_SECONDS", 1, 3600, defaults.Idle),
            Total = Of("totalSeconds", "PERIGEE_TOTAL_SECONDS", 1, 86_400, defaults.Total),
            Hold = Of("holdSeconds", "PERIGEE_HOLD_SECONDS", 0, 600, defaults.Hold),
        };
        section.Close();
        return timeouts;
    }

    /// <summary>Reads the <c>retries</c> of all, or of one route.</summary>
    /// <param name="section">The object.</param>
    /// <param name="over">What holds where it is silent; null reads those of all, which the environment overrides.</param>
    public RetryOptions Retries(ConfigurationSection section, RetryOptions? over = null)
    {
        RetryOptions defaults = over ?? new();
        long? Of(string member, string variable, long least, long most) =>
            over is null ? number(section, member, variable, least, most) : section.Number(member, least, most);

        RetryOptions retries = new()
        {
            Most = (int?)Of("max", "PERIGEE_RETRIES", 0, 10) ?? defaults.Most,
            Base = Milliseconds(section.Number("baseMilliseconds", 1, 60_000)) ?? defaults.Base,
            LongestWait = Milliseconds(section.Number("waitMilliseconds", 0, 600_000)) ?? defaults.LongestWait,
            LongestLastWait = Milliseconds(section.Number("lastWaitMilliseconds", 0, 600_000)) ?? defaults.LongestLastWait,
            BudgetPercent = (int?)Of("budgetPercent", "PERIGEE_RETRY_BUDGET_PERCENT", 0, 100) ?? defaults.BudgetPercent,
        };
        section.Close();
        return retries;
    }

    /// <summary>Reads <c>breaker</c>.</summary>
    public BreakerOptions Breaker(ConfigurationSection section)
    {
        BreakerOptions defaults = new();
        BreakerOptions breaker = new()
        {
            Failures = (int?)number(section, "failures", "PERIGEE_BREAKER_FAILURES", 1, 1000) ?? defaults.Failures,
            Percent = (int?)section.Number("percent", 1, 100) ?? defaults.Percent,
            Window = Seconds(section.Number("windowSeconds", 1, 600)) ?? defaults.Window,
            Open = Seconds(number(section, "openSeconds", "PERIGEE_BREAKER_OPEN_SECONDS", 1, 600)) ?? defaults.Open,
            LongestOpen = Seconds(section.Number("longestOpenSeconds", 1, 3600)) ?? defaults.LongestOpen,
        };
        section.Close();
        return breaker;
    }

    private static TimeSpan? Seconds(long? seconds) => seconds is { } value ? TimeSpan.FromSeconds(value) : null;

    private static TimeSpan? Milliseconds(long? milliseconds) => milliseconds is { } value ? TimeSpan.FromMilliseconds(value) : null;
}
