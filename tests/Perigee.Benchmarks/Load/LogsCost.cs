using System.Globalization;
using Perigee.TestHost;

namespace Perigee.Benchmarks.Load;

/// <summary>
/// What logs and usage cost: CPU a request of the gateway's process with both on, with bodies as well, and with both off, in turn within one run
/// against the same canned upstream. The writers' work off the request path counts, too: it is the same process.
/// </summary>
internal static class LogsCost
{
    /// <summary>Logs and usage may cost this many times the CPU of a request without them; the cost with bodies is only told.</summary>
    private const double MostRatio = 1.15;

    private const int Callers = 16;

    private static readonly Scenario[] Scenarios = [new("JSON, 1 KB", 600, Stream: false), new("stream, 68 events", 600, Stream: true)];

    private static readonly (string Name, string Members, (string Name, string Value)[] Variables)[] Sides =
    [
        ("off", "", [("PERIGEE_LOGS", "off"), ("PERIGEE_USAGE", "off")]),
        ("on", "", []),
        ("on, all bodies", """, "content": "on", "logs": { "bodies": 100 }""", []),
    ];

    public static async Task<int> RunAsync(string[] args)
    {
        double seconds = LoadRun.Option(args, "--seconds", 2);
        int rounds = (int)LoadRun.Option(args, "--rounds", 7);
        string upstream = LoadRun.Free();
        using Child upstreamProcess = Child.StartSelf("upstream", upstream);
        List<(LocalApp App, Target Target, string Key)> sides = [];
        try
        {
            foreach ((string name, string members, (string, string)[] variables) in Sides)
            {
                LocalApp app = await StartAsync(upstream, members, variables);
                sides.Add((app, new Target(name, app.Url, app.Process.Pid), await LoadRun.MakeKeyAsync(app.Url)));
            }

            await LoadRun.WaitAsync(upstream);
            Console.WriteLine($"{Environment.ProcessorCount} cores, .NET {Environment.Version}; {rounds} rounds of {seconds} s, {Callers} callers, in turn, medians; cache off.\n");
            Console.WriteLine("| scenario | logs and usage | req/s | CPU us/req | x off | lowest and highest of the rounds |");
            Console.WriteLine("|---|---|---|---|---|---|");
            bool good = true;
            foreach (Scenario scenario in Scenarios)
                good &= await MeasureAsync(scenario, sides, rounds, TimeSpan.FromSeconds(seconds));
            return good ? 0 : 1;
        }
        finally
        {
            foreach ((LocalApp app, _, _) in sides)
                await app.DisposeAsync();
        }
    }

    private static async Task<bool> MeasureAsync(Scenario scenario, List<(LocalApp App, Target Target, string Key)> sides, int rounds, TimeSpan time)
    {
        Client[] clients = [.. sides.Select(side => new Client(scenario, side.Key))];
        for (int i = 0; i < sides.Count; i++)
            await LoadRun.WarmAsync(clients[i], sides[i].Target);
        List<Interval>[] taken = [.. sides.Select(_ => new List<Interval>())];
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < sides.Count; i++)
            {
                int turn = (i + round) % sides.Count;
                taken[turn].Add(await clients[turn].RunAsync(sides[turn].Target, Callers, time));
            }
        }

        // Each round's own ratio: what the machine does otherwise changes from round to round, and is about the same within one.
        double worst = 0;
        for (int i = 0; i < sides.Count; i++)
        {
            double[] ratios = [.. taken[i].Select((interval, round) => interval.Cpu / taken[0][round].Cpu).Order()];
            Interval middle = LoadRun.Median(taken[i]);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {scenario.Name} | {sides[i].Target.Name} | {middle.PerSecond:0} | {middle.Cpu:0.0} | {ratios[ratios.Length / 2]:0.00} | {ratios[0]:0.00}, {ratios[^1]:0.00} |"));
            if (i == 1)
                worst = ratios[ratios.Length / 2];
        }

        if (worst > MostRatio)
            await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"FAILED: {scenario.Name}: logs and usage cost {worst:0.00} x, not at most {MostRatio:0.00}."));
        return worst <= MostRatio;
    }

    private static async Task<LocalApp> StartAsync(string upstream, string members, (string Name, string Value)[] variables)
    {
        string data = Directory.CreateTempSubdirectory("perigee-bench").FullName, config = Path.Combine(data, "perigee.json");
        await File.WriteAllTextAsync(config, $$"""{ "providers": { "bench": { "kind": "custom", "baseUrl": "{{upstream}}/v1", "network": "loopback" } }{{members}} }""");
        Dictionary<string, string> environment = new()
        {
            ["PERIGEE_DATA"] = data,
            ["PERIGEE_CONFIG"] = config,
            ["PERIGEE_ADMIN_KEY"] = "admin-of-the-bench",
            ["PERIGEE_CACHE"] = "off",
        };
        foreach ((string name, string value) in variables)
            environment[name] = value;
        return await LocalApp.StartAsync(environment);
    }
}
