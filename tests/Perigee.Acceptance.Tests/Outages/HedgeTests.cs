using Perigee.Acceptance.Tests.Streams;
using Perigee.Testing;

namespace Perigee.Acceptance.Tests.Outages;

/// <summary>What hedging is for. Alone on the machine, because it measures.</summary>
[Collection(nameof(Alone))]
public sealed class HedgeTests
{
    [Fact]
    public Task On_heavy_tailed_providers_p99_is_at_least_3_times_lower_for_at_most_5_percent_more_calls() => Measuring.HoldsAsync(async () =>
    {
        const int Seed = 7;
        HedgeFigures figures = await HedgeRun.RunAsync(2000, 120, 0.03, Seed);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Seed}, tail of 3%: {figures}");
        Assert.Equal(0, figures.Failed);

        // The bucket begins with one token, so that a quiet route may hedge at all.
        Assert.InRange(figures.Extra, 1, (int)(figures.HedgedRequests * 0.05) + 1);
        return figures.Gain >= 3 ? null : $"{figures}";
    });
}
