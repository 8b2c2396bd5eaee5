using System.Diagnostics;
using System.Text;
using Perigee.Routing.Health;

namespace Perigee.Tests.Failover;

/// <summary>One cell of the matrix: a fault of the first of two targets (or of both), asked for in one dialect, served in another or the same.</summary>
internal sealed record Cell(int Number, Fault Fault, Tongue Client, Tongue Provider, bool Stream, bool All, bool NoFallback)
{
    public string First => $"a{Number}";

    public string Second => $"b{Number}";

    public string Special => $"c{Number}";

    public string Name =>
        $"{Fault.Phase}: {Fault.Name}, {Client.Name}{(Client == Provider ? "" : $" to {Provider.Name}")}{(Stream ? ", stream" : "")}{(All ? ", everybody" : "")}{(NoFallback ? ", no fallback" : "")}";

    public static IReadOnlyList<Cell> Matrix { get; } = Make();

    private static List<Cell> Make()
    {
        (Tongue, Tongue)[] pairs =
        [
            (Tongue.OpenAi, Tongue.OpenAi), (Tongue.Anthropic, Tongue.Anthropic), (Tongue.Gemini, Tongue.Gemini),
            (Tongue.OpenAi, Tongue.Anthropic), (Tongue.Anthropic, Tongue.OpenAi), (Tongue.OpenAi, Tongue.Gemini), (Tongue.Gemini, Tongue.OpenAi),
            (Tongue.GeminiArray, Tongue.OpenAi), (Tongue.GeminiArray, Tongue.Anthropic),
        ];
        List<Cell> cells = [];
        foreach (Fault fault in Faults.All)
        {
            foreach ((Tongue client, Tongue provider) in pairs)
            {
                if (fault.Of is { } of && (of.StartsWith("not ", StringComparison.Ordinal) ? of[4..] == provider.Name : of != provider.Name))
                    continue;
                foreach (bool stream in (bool[])[false, true])
                {
                    if ((fault.Stream is { } only && only != stream) || (client == Tongue.GeminiArray && !stream))
                        continue;
                    cells.Add(new(cells.Count, fault, client, provider, stream, All: false, NoFallback: false));
                    if (fault.StatusOfAll > 0)
                        cells.Add(new(cells.Count, fault, client, provider, stream, All: true, NoFallback: false));
                    if (fault.StatusOfAll == 503)
                        cells.Add(new(cells.Count, fault, client, provider, stream, All: false, NoFallback: true));
                }
            }
        }

        return cells;
    }
}

/// <summary>What came of a cell.</summary>
internal sealed record Seen(Heard Heard, string Attempts, int FirstCalls, int SecondCalls, int SpecialCalls, string Health);

/// <summary>Runs the matrix once, many cells at a time: most of their time is waiting. Each has providers of its own, so that none sees another.</summary>
public sealed class FaultRuns : IAsyncLifetime
{
    // With one failure known before, a success can be told from nothing.
    private const int Opens = 5;

    private readonly Dictionary<string, (Cell Cell, Task<Seen> Seen)> _runs = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _places = new(64);
    private FaultyUpstream _upstream = null!;
    private GatewayRig _gateway = null!;
    private Task _all = Task.CompletedTask;

    internal TimeSpan Took { get; private set; }

    internal (Cell Cell, Task<Seen> Seen) Run(string name) => _runs[name];

    public async ValueTask InitializeAsync()
    {
        _upstream = await FaultyUpstream.StartAsync();
        _gateway = await GatewayRig.StartAsync(Configuration());
        long started = Stopwatch.GetTimestamp();
        foreach (Cell cell in Cell.Matrix)
            _runs.Add(cell.Name, (cell, Task.Run(() => RunAsync(cell))));
        _all = Task.WhenAll(_runs.Values.Select(static run => run.Seen)).ContinueWith(_ => Took = Stopwatch.GetElapsedTime(started), TaskScheduler.Default);
    }

    public async ValueTask DisposeAsync()
    {
        await _all;
        await _gateway.DisposeAsync();
        await _upstream.DisposeAsync();
        _places.Dispose();
    }

    internal Task EndAsync() => _all;

    private string Configuration()
    {
        StringBuilder providers = new(), routes = new();
        foreach (Cell cell in Cell.Matrix)
        {
            foreach (string name in (string[])[cell.First, cell.Second, cell.Special])
            {
                bool faulty = name == cell.First || (cell.All && name == cell.Second);
                string url = faulty && cell.Fault.Base is { } at ? at(_upstream) : _upstream.Url;
                providers.Append($$"""
                    "{{name}}": {"kind": "custom", "dialect": "{{cell.Provider.Name}}", "network": "loopback", "baseUrl": "{{url}}/{{name}}{{cell.Provider.BasePath}}"},

                    """);
            }

            string more = cell.Fault.Route.Replace("SPECIAL", $"{cell.Special}/m", StringComparison.Ordinal);
            routes.Append($$"""
                "case-{{cell.Number}}": {"targets": ["{{cell.First}}/m", "{{cell.Second}}/m"]{{(more.Length > 0 ? ", " + more : "")}}},

                """);
        }

        return $$"""
            {
              "providers": { {{providers}} },
              "routes": { {{routes}} },
              "retries": {"max": 1, "baseMilliseconds": 1, "waitMilliseconds": 1500, "lastWaitMilliseconds": 1500, "budgetPercent": 100},
              "breaker": {"failures": {{Opens}}, "openSeconds": 600},
              "logs": {"enabled": false}
            }
            """;
    }

    private async Task<Seen> RunAsync(Cell cell)
    {
        _upstream.On(cell.First, http => cell.Fault.Does(new(http, cell.Provider, cell.Stream, "first")));
        _upstream.On(cell.Second, cell.All
            ? http => cell.Fault.Does(new(http, cell.Provider, cell.Stream, "second"))
            : http => new Talk(http, cell.Provider, cell.Stream, "second").AnswerAsync());
        _upstream.On(cell.Special, http => new Talk(http, cell.Provider, cell.Stream, "special").AnswerAsync());
        TargetState state = _gateway.States.Of($"{cell.First}/m");
        await _places.WaitAsync();
        try
        {
            Tell(state, HealthEffect.Failure);
            Heard heard = await _gateway.AskAsync(cell.Client, $"case-{cell.Number}", cell.Stream, cell.NoFallback ? [("x-perigee-no-fallback", "1")] : []);
            string attempts = heard.Attempts.Replace($"{cell.First}/m", "first", StringComparison.Ordinal)
                .Replace($"{cell.Second}/m", "second", StringComparison.Ordinal).Replace($"{cell.Special}/m", "special", StringComparison.Ordinal);

            // The client has its last byte before the gateway has closed its books.
            await Eventually.IsTrueAsync(() => state.InFlight == 0, "the try to end");
            return new(heard, attempts, _upstream.Calls(cell.First), _upstream.Calls(cell.Second), _upstream.Calls(cell.Special),
                Health(state, cell.Fault.Health.StartsWith("limited", StringComparison.Ordinal)));
        }
        finally
        {
            _places.Release();
        }
    }

    private static void Tell(TargetState state, HealthEffect effect)
    {
        state.Began();
        state.Ended(new TryOutcome(effect));
    }

    /// <summary>What the state has learned, found out by how much more of the same it takes until it opens.</summary>
    private static string Health(TargetState state, bool limited)
    {
        if (state.Breaker != BreakerState.Closed)
            return "open";
        int more = 0;
        for (; state.Breaker == BreakerState.Closed; more++)
            Tell(state, limited ? HealthEffect.Limited : HealthEffect.Failure);
        return limited ? $"limited x{3 - more}" : (Opens - more) switch
        {
            0 => "succeeded",
            1 => "untouched",
            int failures => $"failed x{failures - 1}",
        };
    }
}
