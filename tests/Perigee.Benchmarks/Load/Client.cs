using System.Diagnostics;
using System.Net;
using System.Text;

namespace Perigee.Benchmarks.Load;

/// <summary>What is asked in a scenario.</summary>
/// <param name="Name">Its name in the tables.</param>
/// <param name="PromptBytes">The size of the prompt.</param>
/// <param name="Stream">Whether a stream is asked for.</param>
/// <param name="Repeat">Whether every question is the same, so that the cache may answer.</param>
internal sealed record Scenario(string Name, int PromptBytes, bool Stream, bool Repeat = false);

/// <summary>What one measured interval gave.</summary>
/// <param name="PerSecond">Answers a second.</param>
/// <param name="P50">Median time of an answer, or to the first bytes of a stream's body, in milliseconds.</param>
/// <param name="P99">The same, 99th percentile.</param>
/// <param name="Cpu">CPU time of the process under load per answer, in microseconds.</param>
internal readonly record struct Interval(double PerSecond, double P50, double P99, double Cpu);

/// <summary>A closed loop of a fixed number of callers, each with one request under way.</summary>
internal sealed class Client(Scenario scenario, string key) : IDisposable
{
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, ActivityHeadersPropagator = null });
    private readonly string _padding = new('p', scenario.PromptBytes);
    private int _serial;

    /// <summary>Runs for a while against one target.</summary>
    public async Task<Interval> RunAsync(Target target, int callers, TimeSpan duration)
    {
        List<double>[] times = [.. Enumerable.Range(0, callers).Select(_ => new List<double>(20_000))];
        double cpu = target.Cpu();
        long begin = Stopwatch.GetTimestamp();
        long end = begin + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        await Task.WhenAll(times.Select(list => Task.Run(async () =>
        {
            byte[] buffer = new byte[64 * 1024];
            while (Stopwatch.GetTimestamp() < end)
                list.Add(await AskAsync(target, buffer));
        })));
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        cpu = target.Cpu() - cpu;
        double[] all = [.. times.SelectMany(list => list).Order()];
        return new Interval(all.Length / seconds, all[all.Length / 2], all[(int)(all.Length * 0.99)], cpu / all.Length * 1e6);
    }

    /// <summary>One request, read to its end. The time in milliseconds, of a stream up to its first bytes.</summary>
    public async Task<double> AskAsync(Target target, byte[] buffer)
    {
        int serial = scenario.Repeat ? 0 : Interlocked.Increment(ref _serial);
        string body = $$"""{"model":"bench/bench","stream":{{(scenario.Stream ? "true" : "false")}},"messages":[{"role":"system","content":"You are a bench."},{"role":"user","content":"{{serial}} {{_padding}}"}],"temperature":0.2}""";
        using HttpRequestMessage request = new(HttpMethod.Post, target.Url + "/v1/chat/completions");
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        if (scenario.Stream)
            request.Headers.TryAddWithoutValidation("Accept", "text/event-stream");
        long begin = Stopwatch.GetTimestamp();
        using HttpResponseMessage answer = await _http.SendAsync(request, CancellationToken.None);
        if (answer.StatusCode != HttpStatusCode.OK)
            throw new InvalidOperationException($"{target.Name}: {answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        await using Stream stream = await answer.Content.ReadAsStreamAsync();
        double first = 0;
        while (await stream.ReadAsync(buffer) > 0)
        {
            if (first == 0 && scenario.Stream)
                first = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        }

        return scenario.Stream ? first : Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
    }

    public void Dispose() => _http.Dispose();
}
