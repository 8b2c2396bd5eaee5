using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Perigee.Benchmarks.Load;

namespace Perigee.Benchmarks.Logging;

/// <summary>Requests at a steady rate over kept-open connections until it is told to end or nobody answers any more; what is late is made up for.</summary>
/// <param name="url">Where the gateway listens.</param>
/// <param name="key">The caller's key.</param>
/// <param name="aSecond">Requests a second.</param>
/// <param name="callers">The most that are under way at once.</param>
internal sealed class PacedLoad(Uri url, string key, int aSecond, int callers)
{
    private readonly Dictionary<Socket, Asker> _asking = [];
    private readonly Stack<Asker> _idle = new();
    private volatile bool _ends;

    /// <summary>Requests that were sent.</summary>
    public int Asked { get; private set; }

    /// <summary>Requests whose answer came to its end, by its <c>x-request-id</c>: when (a timestamp of <see cref="Stopwatch"/>). For after the end.</summary>
    public Dictionary<UInt128, long> Answers { get; } = new(1 << 18);

    /// <summary>How many answers there were of each status.</summary>
    public SortedDictionary<string, int> Statuses { get; } = new(StringComparer.Ordinal);

    /// <summary>How long it ran.</summary>
    public TimeSpan Took { get; private set; }

    /// <summary>Runs until <see cref="End"/>, or until no connection is left.</summary>
    public Task RunAsync() => Task.Factory.StartNew(Run, TaskCreationOptions.LongRunning);

    /// <summary>Ends it: what is under way is waited for.</summary>
    public void End() => _ends = true;

    private void Run()
    {
        byte[] request = Request();
        int left = callers;
        for (int caller = 0; caller < callers; caller++)
            _idle.Push(new Asker(url) { TakesAnyStatus = true });
        List<Socket> ready = new(callers);
        long begin = Stopwatch.GetTimestamp();
        while (left > 0 && !(_ends && _asking.Count == 0))
        {
            double due = Stopwatch.GetElapsedTime(begin).TotalSeconds * aSecond;
            while (!_ends && _idle.Count > 0 && Asked < due)
            {
                Asker asker = _idle.Pop();
                if (!Try(asker, () => asker.Ask(request)))
                {
                    left--;
                    continue;
                }

                Asked++;
                _asking[asker.Socket] = asker;
            }

            if (_asking.Count == 0)
            {
                Thread.Sleep(1);
                continue;
            }

            // One wake-up for what comes within a millisecond: the machine is small, and who is asked needs it.
            ready.Clear();
            ready.AddRange(_asking.Keys);
            Socket.Select(ready, null, null, TimeSpan.FromMilliseconds(1));
            if (ready.Count < callers / 4)
                Thread.Sleep(1);
            foreach (Socket socket in ready)
            {
                Asker asker = _asking[socket];
                bool whole = false;
                if (!Try(asker, () => whole = asker.Read()))
                {
                    _asking.Remove(socket);
                    left--;
                }
                else if (whole)
                {
                    Note(asker.Head);
                    _asking.Remove(socket);
                    _idle.Push(asker);
                }
            }
        }

        Took = Stopwatch.GetElapsedTime(begin);
        foreach (Asker asker in _idle.Concat(_asking.Values))
            asker.Dispose();
    }

    // Stopped or killed: whoever got no answer is owed no record, and asks no more.
    private static bool Try(Asker asker, Action act)
    {
        try
        {
            act();
            return true;
        }
        catch (Exception gone) when (gone is SocketException or InvalidOperationException)
        {
            asker.Dispose();
            return false;
        }
    }

    private void Note(ReadOnlySpan<byte> head)
    {
        string status = head.StartsWith("HTTP/1.1 200 "u8) ? "200" : Encoding.UTF8.GetString(head.Slice(9, 3));
        Statuses[status] = Statuses.GetValueOrDefault(status) + 1;
        ReadOnlySpan<byte> name = "\r\nx-request-id: "u8;
        int at = head.IndexOf(name);
        if (at < 0)
            throw new FormatException("An answer has no x-request-id: " + Encoding.UTF8.GetString(head));
        ReadOnlySpan<byte> id = head.Slice(at + name.Length, 32);
        if (!Answers.TryAdd(UInt128.Parse(id, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture), Stopwatch.GetTimestamp()))
            throw new FormatException("An id was given twice.");
    }

    private byte[] Request()
    {
        const string body = """{"model":"demo/echo","messages":[{"role":"user","content":"Say it again."}]}""";
        return Encoding.UTF8.GetBytes(
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: {url.Authority}\r\nUser-Agent: bench/1.0\r\nContent-Type: application/json\r\nAuthorization: Bearer {key}\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }
}
