using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Perigee.Acceptance.Tests.Outages;

/// <summary>What a soak showed.</summary>
/// <param name="Requests">Requests sent.</param>
/// <param name="Ends">How they ended, for the client: how many of each kind.</param>
/// <param name="Calls">Calls that the providers saw.</param>
/// <param name="Samples">One a second.</param>
/// <param name="Heap">Live bytes after full collections.</param>
/// <param name="Unobserved">Exceptions of tasks that nobody asked for.</param>
/// <param name="InFlight">Calls that the gateway still counts as under way after the last answer.</param>
/// <param name="OpenCalls">Calls that the providers still see after it.</param>
/// <param name="Connections">Connections that the providers still see then, and after the wait for them.</param>
/// <param name="BadLines">Lines of the gateway's log that should not be there.</param>
internal sealed record SoakFigures(
    int Requests, IReadOnlyDictionary<string, int> Ends, int Calls, IReadOnlyList<ProcessSample> Samples, IReadOnlyList<double> Heap, int Unobserved,
    int InFlight, int OpenCalls, (int Then, int AfterWait) Connections, IReadOnlyList<string> BadLines)
{
    /// <summary>Means of the middle and the last third of a run: what came before is warm-up.</summary>
    public static (double Middle, double Last) Thirds(IEnumerable<double> values)
    {
        double[] all = [.. values];
        int third = all.Length / 3;
        return (all[third..(2 * third)].Average(), all[(2 * third)..].Average());
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Requests} requests, {Calls} calls of providers, {Samples.Count} samples");
        text.AppendLine(string.Join(", ", Ends.OrderByDescending(end => end.Value).Select(end => $"{end.Key} {end.Value}")));
        Row("RSS MB", Samples.Select(sample => sample.Rss / 1e6));
        Row("live heap MB", Heap.Select(bytes => bytes / 1e6));
        Row("handles", Samples.Select(sample => sample.Handles));
        Row("sockets", Samples.Select(sample => sample.Sockets));
        Row("threads", Samples.Select(sample => sample.Threads));
        text.AppendLine(CultureInfo.InvariantCulture, $"after the end: {InFlight} in flight at the gateway, {OpenCalls} at the providers, {Connections.Then} idle connections, {Connections.AfterWait} after waiting for them; {Unobserved} unobserved; {BadLines.Count} bad lines");
        foreach (string line in BadLines.Take(5))
            text.AppendLine("  " + line);
        return text.ToString();

        void Row(string name, IEnumerable<double> values)
        {
            double[] all = [.. values];
            if (all.Length < 3)
                return;
            (double middle, double last) = Thirds(all);
            text.AppendLine(CultureInfo.InvariantCulture, $"{name}: first {all[0]:0.0}, middle third {middle:0.0}, last third {last:0.0} ({(last / middle) - 1:+0.0%;-0.0%}), highest {all.Max():0.0}");
        }
    }
}

/// <summary>Steady load on providers that do everything wrong now and then, by clients that leave when they like.</summary>
internal static class SoakRun
{
    private static readonly string[] Routes = ["mixed", "hedged", "mixed", "hedged", "patient"];

    /// <summary>Runs it.</summary>
    /// <param name="duration">How long.</param>
    /// <param name="perSecond">Requests a second.</param>
    /// <param name="seed">Of the faults and of the clients.</param>
    /// <param name="look">How often the heap is collected and looked at from inside.</param>
    /// <param name="forConnections">How long to wait in the end for idle connections to be closed: the gateway keeps them for 90 s.</param>
    /// <param name="tell">Is told every minute how it stands.</param>
    public static async Task<SoakFigures> RunAsync(TimeSpan duration, double perSecond, int seed, TimeSpan look, TimeSpan forConnections, Action<string>? tell = null)
    {
        FickleProvider[] providers = [.. await Task.WhenAll(Enumerable.Range(0, 3).Select(i => FickleProvider.StartAsync(Faults(new Random(seed + i)))))];
        string inside = Path.GetTempFileName();
        Testbed gateway = await Testbed.StartAsync(
            $$"""
            {
              "providers": { {{Testbed.Providers(("one", providers[0]), ("two", providers[1]), ("three", providers[2]))}} },
              "routes": {
                "mixed": { "policy": "weighted", "targets": ["one/m", "two/m", "three/m"], "timeouts": { "firstTokenSeconds": 1, "idleSeconds": 1 } },
                "hedged": { "policy": "quickest", "targets": ["one/m", "two/m", "three/m"], "timeouts": { "firstTokenSeconds": 1, "idleSeconds": 1 }, "hedge": { "percent": 20, "afterMilliseconds": 60 } },
                "patient": { "policy": "least-busy", "targets": ["one/m", "two/m", "three/m"], "timeouts": { "firstTokenSeconds": 2, "idleSeconds": 2 } },
              },
              "breaker": { "failures": 20, "percent": 80, "openSeconds": 1, "longestOpenSeconds": 2 },
              // Small, so that it is full after the warm-up and what grows is no cache.
              "cache": { "ttlSeconds": 1, "memoryBytes": 200000 },
              "logs": { "flushSeconds": 2 },
            }
            """,
            environment: new Dictionary<string, string>
            {
                ["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location,
                [StartupHook.FileVariable] = inside,
                [StartupHook.SecondsVariable] = look.TotalSeconds.ToString(CultureInfo.InvariantCulture),
            });
        try
        {
            return await RunAsync(gateway, providers, duration, perSecond, seed, forConnections, inside, tell);
        }
        finally
        {
            await gateway.DisposeAsync();
            foreach (FickleProvider provider in providers)
                await provider.DisposeAsync();
            File.Delete(inside);
        }
    }

    private static async Task<SoakFigures> RunAsync(
        Testbed gateway, FickleProvider[] providers, TimeSpan duration, double perSecond, int seed, TimeSpan forConnections, string inside, Action<string>? tell)
    {
        Dictionary<string, int> ends = new(StringComparer.Ordinal);
        using (Asking clients = new(gateway.App.Url, gateway.Key))
        {
            using CancellationTokenSource over = new();
            Task<List<ProcessSample>> watching = WatchAsync(gateway.App.Process.Pid, tell, over.Token);
            Random dice = new(seed);
            await Asking.OpenLoopAsync(perSecond, duration, async i =>
            {
                (int leaves, double after) = (0, 0);
                lock (dice)
                    (leaves, after) = (dice.Next(100), dice.NextDouble());

                // Five in a row ask the same, of which the first is being answered when the others come.
                bool equal = i / 5 % 4 == 0;
                string prompt = equal ? $"{seed} group {i / 5}" : $"{seed} alone {i}";
                string route = Routes[(equal ? i / 5 : i) % Routes.Length];
                bool stream = (equal ? i / 5 : i) % 2 == 0;
                Asked asked;
                string end;
                using CancellationTokenSource leave = new();
                if (leaves < 20)
                    leave.CancelAfter(TimeSpan.FromMilliseconds(1 + (60 * after)));
                try
                {
                    asked = await clients.AskAsync(route, prompt, stream, leave: leave.Token);
                    end = asked is { Fault: "", Cache: "joined" or "hit" } ? "answered, " + asked.Cache : Kind(asked.Fault);
                }
                catch (OperationCanceledException)
                {
                    (asked, end) = (default, "client left");
                }

                lock (ends)
                    ends[end] = ends.GetValueOrDefault(end) + 1;
                return asked;
            });
            await over.CancelAsync();
            List<ProcessSample> samples = await watching;

            // Losers and deserted calls end a moment after the answer.
            long began = Stopwatch.GetTimestamp();
            while ((providers.Sum(provider => provider.Open) > 0 || await InFlightAsync(gateway) > 0) && Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5))
                await Task.Delay(50);
            (int inFlight, int open, int connections) = (await InFlightAsync(gateway), providers.Sum(provider => provider.Open), providers.Sum(provider => provider.Connections));
            began = Stopwatch.GetTimestamp();
            while (providers.Sum(provider => provider.Connections) > 0 && Stopwatch.GetElapsedTime(began) < forConnections)
                await Task.Delay(200);

            // Two full collections after the last answer: an exception that nobody asked for has been finalized by then.
            int before = File.ReadAllLines(inside).Length;
            while (File.ReadAllLines(inside).Length < before + 2)
                await Task.Delay(200);
            string[][] looks = [.. File.ReadAllLines(inside).Select(line => line.Split(' '))];
            string[] bad = [.. gateway.App.Output.Split('\n').Where(IsBad)];
            return new(ends.Values.Sum(), ends, providers.Sum(provider => provider.Calls()), samples,
                [.. looks.Take(before).Select(look => double.Parse(look[0], CultureInfo.InvariantCulture))], int.Parse(looks[^1][1], CultureInfo.InvariantCulture),
                inFlight, open, (connections, providers.Sum(provider => provider.Connections)), bad);
        }
    }

    private static async Task<int> InFlightAsync(Testbed gateway) => (await gateway.TargetsAsync()).Sum(target => target.InFlight);

    private static bool IsBad(string line) =>
        line.Contains("unobserved", StringComparison.OrdinalIgnoreCase) || line.Contains("crit:", StringComparison.Ordinal) || line.Contains("fail:", StringComparison.Ordinal)
        || line.Contains("\"Error\"", StringComparison.Ordinal) || line.Contains("\"Critical\"", StringComparison.Ordinal) || line.Contains("Exception", StringComparison.Ordinal);

    /// <summary>The kinds of ends; those that begin with BAD no client should ever see.</summary>
    private static string Kind(string fault) =>
        fault.Length == 0 ? "answered"
        : fault.StartsWith("error event", StringComparison.Ordinal) ? "error event after content"
        : char.IsAsciiDigit(fault[0]) ? "refused with " + fault[..3]
        : "BAD " + fault;

    private static async Task<List<ProcessSample>> WatchAsync(int pid, Action<string>? tell, CancellationToken over)
    {
        List<ProcessSample> samples = [];
        using PeriodicTimer second = new(TimeSpan.FromSeconds(1));
        try
        {
            while (await second.WaitForNextTickAsync(over))
            {
                samples.Add(ProcessSample.Of(pid));
                if (samples.Count % 60 == 0)
                    tell?.Invoke(string.Create(CultureInfo.InvariantCulture, $"{samples.Count} s: RSS {samples[^1].Rss / 1e6:0.0} MB, {samples[^1].Handles} handles, {samples[^1].Sockets} sockets, {samples[^1].Threads} threads"));
            }
        }
        catch (OperationCanceledException)
        {
            // The load is over.
        }

        return samples;
    }

    private static Func<FickleProvider, ProviderCall, Task> Faults(Random dice) => async (self, call) =>
    {
        int fate;
        int wait;
        lock (dice)
            (fate, wait) = (dice.Next(100), dice.Next(5, 40));
        switch (fate)
        {
            case < 5:
                await FickleProvider.FailAsync(call, 500);
                break;
            case < 8:
                await FickleProvider.FailAsync(call, 503);
                break;
            case < 11:
                await FickleProvider.LimitAsync(call, 50);
                break;
            case < 15:
                await Task.Delay(wait, call.Gone);
                call.Http.Abort();
                break;
            case < 18:
                await CutAsync(call, wait);
                break;
            case < 20:
                await FickleProvider.StaySilentAsync(call);
                break;
            case < 25:
                await self.GiveAsync(call, TimeSpan.FromMilliseconds(10 * wait));
                break;
            default:
                await self.GiveAsync(call, TimeSpan.FromMilliseconds(wait));
                break;
        }
    };

    /// <summary>A stream that dies after content, or an answer that dies in its middle.</summary>
    private static async Task CutAsync(ProviderCall call, int wait)
    {
        if (call.Stream)
        {
            Running.Say.Stream(call.Http);
            await Running.Say.PieceAsync(call.Http, "Hello");
        }
        else
        {
            call.Http.Response.ContentType = "application/json";
            call.Http.Response.ContentLength = 500;
            await call.Http.Response.Body.WriteAsync("{\"id\":"u8.ToArray(), call.Gone);
            await call.Http.Response.Body.FlushAsync(call.Gone);
        }

        await Task.Delay(wait, call.Gone);
        call.Http.Abort();
    }
}
