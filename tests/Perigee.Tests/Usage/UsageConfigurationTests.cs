using Perigee.Tests.Configuration;

namespace Perigee.Tests.Usage;

public sealed class UsageConfigurationTests
{
    [Fact]
    public void The_section_and_the_environment_are_read()
    {
        GatewayOptions options = Settings.Read(
            """{"usage":{"enabled":false,"flushSeconds":5,"minuteDays":2,"hourDays":30,"dayDays":365,"mostGroups":50}}""", ("PERIGEE_USAGE_FLUSH_SECONDS", "7"));
        Assert.Equal(
            new UsageOptions { Enabled = false, FlushAfter = TimeSpan.FromSeconds(7), MinuteDays = 2, HourDays = 30, DayDays = 365, MostGroups = 50 }, options.Usage);
        Assert.True(Settings.Read("""{"usage":{"enabled":false}}""", ("PERIGEE_USAGE", "on")).Usage.Enabled);
    }

    [Fact]
    public void All_faults_are_named_at_once() => Assert.Equal(
        [
            "usage.flushSeconds: has to be a whole number from 1 to 60.", "usage.mostGroups: has to be a whole number from 10 to 20000.",
            "usage.hourDays: lets hours go (5 days) before their minutes (9 days): keep hours at least as long.",
            "usage.dayDays: lets days go (4 days) before their hours (5 days): keep days at least as long.", "usage.dayDay: is unknown; did you mean dayDays?",
        ],
        Settings.Faults("""{"usage":{"flushSeconds":0,"minuteDays":9,"hourDays":5,"dayDays":4,"dayDay":1,"mostGroups":1}}"""));
}
