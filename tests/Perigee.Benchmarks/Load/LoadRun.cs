using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Perigee.TestHost;

namespace Perigee.Benchmarks.Load;

/// <summary>
/// Measures the gateway with every step on, a bare YARP proxy and the upstream itself, in turn within one run, and prints ratios: on a
/// shared machine only what was measured side by side can be compared.
/// </summary>
internal static class LoadRun
{
    private static readonly Scenario[] Scenarios =
    [
        new("JSON, 1 KB", 600, Stream: false),
        new("stream, 68 events", 600, Stream: true),
        new("JSON, 64 KB body", 64 * 1024, Stream: false),
        new("exact cache hit", 600, Stream: false, Repeat: true),
    ];

    /// <summary>Exact hits are to be this many times as many a second as what YARP forwards, or the run fails.</summary>
    private const double LeastHitRatio = 3.0;

    private const double WarmAnswers = 80_000;
    private static readonly TimeSpan LongestWarm = TimeSpan.FromSeconds(20);

    public static async Task<int> RunAsync(string[] args)
    {
        double seconds = Option(args, "--seconds", 2);
        int rounds = (int)Option(args, "--rounds", 5);
        string? only = Array.IndexOf(args, "--only") is var at and >= 0 ? args[at + 1] : null;
        int[] callers = args.Contains("--quick") ? [16] : [1, 16];
        string data = Directory.CreateTempSubdirectory("perigee-bench").FullName;
        (string upstream, string yarp) = (Free(), Free());
        bool pin = args.Contains("--pin");
        using Child upstreamProcess = Child.StartSelf("upstream", upstream);
        using Child yarpProcess = Child.StartSelf("yarp", yarp, upstream);
        string config = Path.Combine(data, "perigee.json");
        await File.WriteAllTextAsync(config, $$"""{ "providers": { "bench": { "kind": "custom", "baseUrl": "{{upstream}}/v1", "network": "loopback" } } }""");
        Dictionary<string, string> environment = new()
        {
            ["DOTNET_PerfMapEnabled"] = args.Contains("--hold") ? "1" : "0",
            ["DOTNET_EnableWriteXorExecute"] = args.Contains("--hold") ? "0" : "1",
            ["PERIGEE_DATA"] = data,
            ["PERIGEE_CONFIG"] = config,
            ["PERIGEE_ADMIN_KEY"] = "admin-of-the-bench",
            ["PERIGEE_CACHE"] = args.Contains("--no-cache") ? "off" : "on",
            ["PERIGEE_LOGS"] = args.Contains("--no-logs") ? "off" : "on",
        };
        for (int i = Array.IndexOf(args, "--env"); i >= 0; i = Array.IndexOf(args, "--env", i + 1))
            environment[args[i + 1].Split('=')[0]] = args[i + 1].Split('=')[1];
        await using LocalApp gateway = await LocalApp.StartAsync(environment);
        await WaitAsync(upstream);
        await WaitAsync(yarp);
        string key = await MakeKeyAsync(gateway.Url);
        Target[] targets =
        [
            new("direct", upstream, upstreamProcess.Pid),
            new("YARP", yarp, yarpProcess.Pid),
            new("Perigee", gateway.Url, gateway.Process.Pid),
        ];
        if (args.Contains("--hold"))
        {
            // For a profiler: the gateway alone under load, for a minute.
            Console.WriteLine($"pid {gateway.Process.Pid}");
            Client held = new(Scenarios[(int)Option(args, "--hold", 0)], key);
            Console.WriteLine(await held.RunAsync(targets[2], 16, TimeSpan.FromSeconds(30)));
            return 0;
        }

        Console.WriteLine($"{Environment.ProcessorCount} cores, .NET {Environment.Version}; {rounds} rounds of {seconds} s, targets in turn, medians.");
        Console.WriteLine("Gateway: key, limit, cache, log on; embedded storage. CPU: of the process between client and upstream.\n");
        Console.WriteLine("| scenario | callers | target | req/s | p50 ms | p99 ms | CPU us/req | CPU of who asks |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|");
        bool good = true;
        StringBuilder ratios = new("\n| scenario | callers | CPU, Perigee / YARP | req/s, Perigee / YARP | p50, Perigee - YARP (ms) |\n|---|---|---|---|---|\n");
        foreach (Scenario scenario in Scenarios.Where(scenario => !(args.Contains("--no-cache") && scenario.Repeat) && (only is null || scenario.Name == only)))
        {
            Client client = new(scenario, key);
            foreach (Target target in targets)
                await WarmAsync(client, target);
            if (pin)
            {
                Cores.Keep(Environment.ProcessId, 0);
                Cores.Keep(upstreamProcess.Pid, 0);
                Cores.Keep(yarpProcess.Pid, 1);
                Cores.Keep(gateway.Process.Pid, 1);
            }

            foreach (int count in callers)
            {
                List<Interval>[] taken = [.. targets.Select(_ => new List<Interval>())];
                for (int round = 0; round < rounds; round++)
                {
                    for (int i = 0; i < targets.Length; i++)
                    {
                        int turn = (i + round) % targets.Length;
                        taken[turn].Add(await client.RunAsync(targets[turn], count, TimeSpan.FromSeconds(seconds)));
                    }
                }

                Interval[] medians = [.. taken.Select(Median)];
                for (int i = 0; i < targets.Length; i++)
                    Console.WriteLine(Row(scenario, count, targets[i], medians[i]));
                if (scenario.Repeat && count > 1 && medians[2].PerSecond / medians[1].PerSecond is var times and < LeastHitRatio)
                {
                    good = false;
                    Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"FAILED: {scenario.Name}: {times:0.00} x YARP's answers a second, not {LeastHitRatio:0.0}."));
                }

                ratios.AppendLine(CultureInfo.InvariantCulture,
                    $"| {scenario.Name} | {count} | {medians[2].Cpu / medians[1].Cpu:0.00} | {medians[2].PerSecond / medians[1].PerSecond:0.00} | {medians[2].P50 - medians[1].P50:0.00} |");
            }
        }

        Console.WriteLine(ratios);
        return good ? 0 : 1;
    }

    /// <summary>Until its code is compiled as it stays: that takes calls, and on a busy machine time.</summary>
    internal static async Task WarmAsync(Client client, Target target)
    {
        long begin = Stopwatch.GetTimestamp();
        double answers = 0;
        while (answers < WarmAnswers && Stopwatch.GetElapsedTime(begin) < LongestWarm)
            answers += (await client.RunAsync(target, 16, TimeSpan.FromSeconds(2))).PerSecond * 2;
    }

    private static string Row(Scenario scenario, int callers, Target target, Interval interval) => string.Create(CultureInfo.InvariantCulture,
        $"| {scenario.Name} | {callers} | {target.Name} | {interval.PerSecond:0} | {interval.P50:0.00} | {interval.P99:0.00} | {interval.Cpu:0.0} | {interval.Own:0.0} |");

    /// <summary>Of each figure the middle one.</summary>
    internal static Interval Median(List<Interval> taken)
    {
        return new Interval(Middle(i => i.PerSecond), Middle(i => i.P50), Middle(i => i.P99), Middle(i => i.Cpu), Middle(i => i.Own));

        double Middle(Func<Interval, double> of) => taken.Select(of).Order().ElementAt(taken.Count / 2);
    }

    /// <summary>A key with a limit that is never reached: the limit step works, and refuses nobody.</summary>
    internal static async Task<string> MakeKeyAsync(string url)
    {
        using HttpMessageInvoker http = new(new SocketsHttpHandler());
        using HttpRequestMessage request = new(HttpMethod.Post, url + "/manage/v1/keys");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer admin-of-the-bench");
        request.Content = new StringContent("""{"name":"bench","requestsPerMinute":100000000}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await http.SendAsync(request, CancellationToken.None);
        using JsonDocument body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return body.RootElement.TryGetProperty("key", out JsonElement key) ? key.GetString()! : throw new InvalidOperationException(body.RootElement.GetRawText());
    }

    /// <summary>Until somebody listens there; across processes there is no event to wait for.</summary>
    internal static async Task WaitAsync(string url)
    {
        for (int i = 0; ; i++)
        {
            using TcpClient client = new();
            try
            {
                await client.ConnectAsync(new Uri(url).Host, new Uri(url).Port);
                return;
            }
            catch (SocketException) when (i < 400)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(25));
            }
        }
    }

    /// <summary>The number behind a name among the arguments.</summary>
    internal static double Option(string[] args, string name, double otherwise) =>
        Array.IndexOf(args, name) is var at and >= 0 ? double.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;

    /// <summary>A free address of this machine.</summary>
    internal static string Free()
    {
        using TcpListener listener = new(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return $"http://{listener.LocalEndpoint}";
    }
}
