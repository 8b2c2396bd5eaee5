using System.Diagnostics;
using System.Globalization;
using Perigee.Testing;

namespace Perigee.Acceptance.Tests.Limits;

/// <summary>
/// Eight processes with 32 callers each on one emulator: their wall clocks up to five seconds wrong, a storage with faults, some of them stopped for
/// longer than a lease and some killed.
/// </summary>
public sealed class LedgerProcessTests
{
    private const int Processes = 8;
    private const int Callers = 32;
    private const int Seconds = 12;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A request of a process: asked for and known to be admitted by the clock that all share, and what it took.</summary>
    private readonly record struct Admitted(long Began, long Known, long Amount);

    [Theory]
    [InlineData("Requests", "Second", 100)]
    [InlineData("Tokens", "Minute", 1_000)]
    public async Task Whatever_happens_to_them_no_window_holds_more_than_the_limit(string meter, string period, long limit)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are sent as Linux has them.");
        int seed = Environment.TickCount & 0xFFFF;
        Random dice = new(seed);
        await using Azurite azurite = await Azurite.StartAsync();
        Child[] children = [.. Enumerable.Range(0, Processes).Select(n => new Child(azurite.ConnectionString, meter, period, limit, seed + n, (n * 10.0 / (Processes - 1)) - 5, 0.02))];
        try
        {
            for (int harm = 0; harm < 5; harm++)
            {
                await Task.Delay(TimeSpan.FromSeconds(1 + dice.NextDouble()), Cancel);
                Child victim = children[harm];
                if (harm < 3)
                    await victim.StopAsync(TimeSpan.FromSeconds(2.5));
                else
                    victim.Kill();
            }

            List<Admitted> admitted = [.. (await Task.WhenAll(children.Select(static child => child.ReadAsync()))).SelectMany(static lines => lines)];
            long total = admitted.Sum(static line => line.Amount);
            long most = MostIn(admitted, (period == "Second" ? 1 : 60) * Stopwatch.Frequency);
            TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}: {total} admitted, at most {most} of {limit} in a {period}");
            Assert.True(total > 0, "Nothing was admitted.");
            Assert.InRange(most, 1, limit);
        }
        finally
        {
            foreach (Child child in children)
                child.Dispose();
        }
    }

    [Fact]
    public async Task Where_nobody_is_harmed_the_limit_is_used()
    {
        await using Azurite azurite = await Azurite.StartAsync();
        Child[] children = [.. Enumerable.Range(0, Processes).Select(n => new Child(azurite.ConnectionString, "Money", "Minute", 1_000, n, 0, 0))];
        try
        {
            List<Admitted> admitted = [.. (await Task.WhenAll(children.Select(static child => child.ReadAsync()))).SelectMany(static lines => lines)];
            Assert.InRange(admitted.Sum(static line => line.Amount), 950, 1_000);
        }
        finally
        {
            foreach (Child child in children)
                child.Dispose();
        }
    }

    /// <summary>
    /// The most that surely fell within one window: a request counts where all of the time lies in it in which it can have been admitted.
    /// </summary>
    private static long MostIn(List<Admitted> admitted, long window)
    {
        long most = 0;
        Admitted[] byEnd = [.. admitted.OrderBy(static line => line.Known)];
        for (int first = 0; first < byEnd.Length; first += 1 + (byEnd.Length / 2_000))
        {
            long from = byEnd[first].Began;
            long sum = 0;
            foreach (Admitted line in byEnd)
                sum += line.Began >= from && line.Known < from + window ? line.Amount : 0;
            most = Math.Max(most, sum);
        }

        return most;
    }

    /// <summary>A process that drives the engine.</summary>
    private sealed class Child : IDisposable
    {
        private readonly Process _process;
        private readonly Task<List<Admitted>> _lines;

        public Child(string connection, string meter, string period, long limit, int seed, double skew, double faults)
        {
            // Twice the limit, of all together; a request takes half a hundredth of it on average.
            double each = meter == "Requests" ? 1 : 0.5 + (limit / 200.0);
            double rate = Math.Max(2.0 * limit / each / (period == "Second" ? 1 : Seconds) / Processes, 8);
            ProcessStartInfo start = new("dotnet",
                [
                    Path.Combine(AppContext.BaseDirectory, "Perigee.LimitDriver.dll"), connection, meter, period, Text(limit), Text(Callers), Text(rate), Text(Seconds),
                    Text(seed), Text(skew), Text(faults),
                ])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            };
            _process = Process.Start(start)!;
            _lines = ReadLinesAsync(_process.StandardOutput);
        }

        /// <summary>All that it admitted. What a killed process did not say any more is missing.</summary>
        public Task<List<Admitted>> ReadAsync() => _lines;

        public void Kill() => _process.Kill();

        /// <summary>SIGSTOP, and after a while SIGCONT.</summary>
        public async Task StopAsync(TimeSpan time)
        {
            await SignalAsync("STOP");
            await Task.Delay(time, Cancel);
            await SignalAsync("CONT");
        }

        public void Dispose()
        {
            if (!_process.HasExited)
                _process.Kill();
            _process.Dispose();
        }

        private static async Task<List<Admitted>> ReadLinesAsync(StreamReader output)
        {
            List<Admitted> lines = [];
            while (await output.ReadLineAsync() is { } line)
            {
                string[] parts = line.Split(' ');
                if (parts.Length == 3 && long.TryParse(parts[2], CultureInfo.InvariantCulture, out long amount))
                    lines.Add(new Admitted(long.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture), amount));
            }

            return lines;
        }

        private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

        private async Task SignalAsync(string signal)
        {
            using Process kill = Process.Start("sh", ["-c", $"kill -{signal} {Text(_process.Id)}"]);
            await kill.WaitForExitAsync(Cancel);
            Assert.Equal(0, kill.ExitCode);
        }
    }
}
