using System.Diagnostics;
using System.Net.Sockets;
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
    public Task<Interval> RunAsync(Target target, int callers, TimeSpan duration) =>
        Task.Factory.StartNew(() => Run(target, callers, duration), TaskCreationOptions.LongRunning);

    /// <summary>All callers share a thread, which costs less than to wake one for each answer.</summary>
    private Interval Run(Target target, int callers, TimeSpan duration)
    {
        Uri url = new(target.Url);
        byte[][] hot = scenario.Repeat ? [.. Enumerable.Range(0, HotQuestions).Select(i => Request(url, i))] : [];
        Dictionary<Socket, Asker> askers = [];
        List<double> times = new(1_000_000);
        List<Socket> ready = new(callers);
        double cpu = target.Cpu();
        double own = Environment.CpuUsage.TotalTime.TotalSeconds;
        long begin = Stopwatch.GetTimestamp();
        long end = begin + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        for (int caller = 0; caller < callers; caller++)
        {
            Asker asker = new(url) { Turn = caller };
            askers[asker.Socket] = asker;
            asker.Ask(Next(asker));
        }

        for (int asking = callers; asking > 0;)
        {
            ready.Clear();
            foreach (Socket socket in askers.Keys)
                ready.Add(socket);
            Socket.Select(ready, null, null, TimeSpan.FromSeconds(30));
            if (ready.Count == 0)
                throw new InvalidOperationException($"{target.Name} has not answered for 30 seconds.");
            foreach (Socket socket in ready)
            {
                Asker asker = askers[socket];
                if (!asker.Read())
                    continue;
                times.Add(scenario.Stream ? asker.ToBody : asker.ToEnd);
                if (Stopwatch.GetTimestamp() < end)
                {
                    asker.Ask(Next(asker));
                    continue;
                }

                askers.Remove(socket);
                asker.Dispose();
                asking--;
            }
        }

        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        cpu = target.Cpu() - cpu;
        own = Environment.CpuUsage.TotalTime.TotalSeconds - own;
        times.Sort();
        return new Interval(times.Count / seconds, times[times.Count / 2], times[(int)(times.Count * 0.99)], cpu / times.Count * 1e6, own / times.Count * 1e6);

        byte[] Next(Asker asker) => scenario.Repeat ? hot[asker.Turn++ % hot.Length] : Request(url, ++_serial);
    }

    private byte[] Request(Uri url, int serial)
    {
        string body = $$"""{"model":"bench/bench","stream":{{(scenario.Stream ? "true" : "false")}},"messages":[{"role":"system","content":"You are a bench."},{"role":"user","content":"{{serial}} {{_padding}}"}],"temperature":0.2}""";
        string accept = scenario.Stream ? "Accept: text/event-stream\r\n" : "";
        return Encoding.UTF8.GetBytes(
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: {url.Authority}\r\nUser-Agent: bench/1.0\r\n{accept}Content-Type: application/json\r\nAuthorization: Bearer {key}\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }
}
