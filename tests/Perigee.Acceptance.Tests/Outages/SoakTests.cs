namespace Perigee.Acceptance.Tests.Outages;

/// <summary>A short soak in every run of the tests; the long one is <c>soak</c> of the benchmarks.</summary>
public sealed class SoakTests
{
    [Fact]
    public async Task Under_mixed_faults_and_disconnects_nothing_grows_and_nothing_is_left()
    {
        const int Seed = 11;
        SoakFigures soak = await SoakRun.RunAsync(TimeSpan.FromSeconds(20), 60, Seed, look: TimeSpan.FromSeconds(2), forConnections: TimeSpan.Zero);
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {Seed}\n{soak}");
        Assert.DoesNotContain(soak.Ends.Keys, end => end.StartsWith("BAD", StringComparison.Ordinal));
        Assert.Equal(0, soak.Unobserved);
        Assert.Empty(soak.BadLines);
        Assert.Equal(0, soak.InFlight);
        Assert.Equal(0, soak.OpenCalls);
        (double heap, double heapLater) = SoakFigures.Thirds(soak.Heap);
        Assert.True(heapLater <= heap * 1.1, $"The live heap grew from {heap} to {heapLater} bytes.\n{soak}");
        Flat(soak, "handles", sample => sample.Handles, 0.10);
        Flat(soak, "sockets", sample => sample.Sockets, 0.25);

        // So short after the start the heap still takes its room; the long soak is strict about it.
        Flat(soak, "resident memory", sample => sample.Rss, 0.25);
    }

    private static void Flat(SoakFigures soak, string what, Func<ProcessSample, double> of, double noise)
    {
        (double middle, double last) = SoakFigures.Thirds(soak.Samples.Select(of));
        Assert.True(last <= middle * (1 + noise), $"The {what} grew from {middle} to {last}.\n{soak}");
    }
}
