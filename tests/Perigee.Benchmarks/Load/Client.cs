using System.Diagnostics;
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
/// <param name="Own">CPU time of this process, which asks, per answer, in microseconds.</param>
internal readonly record struct Interval(double PerSecond, double P50, double P99, double Cpu, double Own);

/// <summary>A closed loop of a fixed number of callers, each with one connection and one request under way. The same for every target.</summary>
internal sealed class Client(Scenario scenario, string key)
{
    /// <summary>Questions that everybody asks: more than one, as in life, and so few that they are in memory.</summary>
    private const int HotQuestions = 8;

    private readonly string _padding = new('p', scenario.PromptBytes);
    private int _serial;

    /// <summary>Runs for a while against one target.</summary>
    public async Task<Interval> RunAsync(Target target, int callers, TimeSpan duration)
    {
        Uri url = new(target.Url);
        List<double>[] times = [.. Enumerable.Range(0, callers).Select(_ => new List<double>(200_000))];
        Wire[] wires = await Task.WhenAll(times.Select(_ => Wire.OpenAsync(url)));
        byte[][] hot = scenario.Repeat ? [.. Enumerable.Range(0, HotQuestions).Select(i => Request(url, i))] : [];
        double cpu = target.Cpu();
        double own = Environment.CpuUsage.TotalTime.TotalSeconds;
        long begin = Stopwatch.GetTimestamp();
        long end = begin + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            for (int turn = caller; Stopwatch.GetTimestamp() < end; turn++)
            {
                byte[] request = scenario.Repeat ? hot[turn % hot.Length] : Request(url, Interlocked.Increment(ref _serial));
                times[caller].Add(await AskAsync(wires[caller], request));
            }
        })));
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        cpu = target.Cpu() - cpu;
        own = Environment.CpuUsage.TotalTime.TotalSeconds - own;
        foreach (Wire wire in wires)
            wire.Dispose();
        double[] all = [.. times.SelectMany(list => list).Order()];
        return new Interval(all.Length / seconds, all[all.Length / 2], all[(int)(all.Length * 0.99)], cpu / all.Length * 1e6, own / all.Length * 1e6);
    }

    /// <summary>One request, read to its end. The time in milliseconds, of a stream up to its first bytes.</summary>
    private async ValueTask<double> AskAsync(Wire wire, byte[] request)
    {
        long begin = Stopwatch.GetTimestamp();
        if (!scenario.Stream)
        {
            await wire.AskAsync(request, begun: null);
            return Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        }

        double first = 0;
        await wire.AskAsync(request, () => first = Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
        return first;
    }

    private byte[] Request(Uri url, int serial)
    {
        string body = $$"""{"model":"bench/bench","stream":{{(scenario.Stream ? "true" : "false")}},"messages":[{"role":"system","content":"You are a bench."},{"role":"user","content":"{{serial}} {{_padding}}"}],"temperature":0.2}""";
        string accept = scenario.Stream ? "Accept: text/event-stream\r\n" : "";
        return Encoding.UTF8.GetBytes(
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: {url.Authority}\r\nUser-Agent: bench/1.0\r\n{accept}Content-Type: application/json\r\nAuthorization: Bearer {key}\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }
}
