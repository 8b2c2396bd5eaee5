using Perigee.Limits;

namespace Perigee.Tests.Limits;

/// <summary>Fixed windows follow the calendar of a zone through everything that its clocks do.</summary>
public sealed class CalendarTests
{
    [Theory]
    [InlineData("UTC", "Day", "2026-11-22T18:30:20Z", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z")]
    [InlineData("UTC", "Week", "2026-11-22T18:30:20Z", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z")]
    [InlineData("UTC", "Month", "2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")]
    [InlineData("Europe/Berlin", "Day", "2026-11-22T23:30:00Z", "2026-11-22T23:00:00Z", "2026-11-23T23:00:00Z")]
    [InlineData("Europe/Berlin", "Day", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z")]
    [InlineData("Europe/Berlin", "Day", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")]
    [InlineData("America/Havana", "Day", "2026-03-08T04:59:59Z", "2026-03-07T05:00:00Z", "2026-03-08T05:00:00Z")]
    [InlineData("America/Havana", "Day", "2026-03-08T05:00:00Z", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z")]
    [InlineData("America/Havana", "Day", "2026-11-01T05:30:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z")]
    [InlineData("Asia/Kolkata", "Hour", "2026-11-22T18:30:00Z", "2026-11-22T18:30:00Z", "2026-11-22T19:30:00Z")]
    [InlineData("Asia/Kolkata", "Minute", "2026-11-22T18:30:20Z", "2026-11-22T18:30:00Z", "2026-11-22T18:31:00Z")]
    [InlineData("Asia/Kolkata", "Second", "2026-11-22T18:30:20.5Z", "2026-11-22T18:30:20Z", "2026-11-22T18:30:21Z")]
    public void A_window_is_what_the_calendar_says(string zone, string period, string moment, string start, string end)
    {
        (long from, long to) = Calendar.Window(Enum.Parse<LimitPeriod>(period), Calendar.Zone(zone), Ticks(moment));
        Assert.Equal((start, end), (Text(from), Text(to)));
    }

    [Theory]
    [InlineData("Europe/Berlin")]
    [InlineData("America/Havana")]
    [InlineData("America/Santiago")]
    [InlineData("Atlantic/Azores")]
    [InlineData("Asia/Beirut")]
    [InlineData("Australia/Lord_Howe")]
    [InlineData("Pacific/Apia")]
    [InlineData("Africa/Casablanca")]
    public void Windows_of_a_year_follow_one_another_without_gap_or_overlap(string name)
    {
        TimeZoneInfo zone = Calendar.Zone(name);
        Assert.Equal(name, zone.Id);
        foreach (LimitPeriod period in (LimitPeriod[])[LimitPeriod.Hour, LimitPeriod.Day, LimitPeriod.Week, LimitPeriod.Month])
        {
            // Apia skipped a whole day at the end of 2011.
            long at = Ticks("2011-12-01T00:10:00Z");
            (_, long end) = Calendar.Window(period, zone, at);
            for (; at < Ticks("2013-01-05T00:00:00Z"); at += 20 * TimeSpan.TicksPerMinute)
            {
                (long start, long next) = Calendar.Window(period, zone, at);
                Assert.True(start <= at && at < next, $"{period} {Text(at)}: {Text(start)} to {Text(next)}");
                if (next == end)
                    continue;
                Assert.Equal(Text(end), Text(start));
                end = next;
            }
        }
    }

    [Fact]
    public void For_ever_never_ends() => Assert.Equal((0, long.MaxValue), Calendar.Window(LimitPeriod.Total, TimeZoneInfo.Utc, Ticks("2026-11-22T18:30:20Z")));

    private static long Ticks(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture).UtcTicks;

    private static string Text(long ticks) =>
        new DateTime(ticks, DateTimeKind.Utc).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
}
