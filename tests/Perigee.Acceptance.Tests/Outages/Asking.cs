using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace Perigee.Acceptance.Tests.Outages;

/// <summary>How one request ended, as its client saw it.</summary>
/// <param name="At">When it was sent, in seconds from the beginning of the load.</param>
/// <param name="Fault">What was wrong with the answer, or empty.</param>
/// <param name="ToContent">Milliseconds to the first content.</param>
/// <param name="Total">Milliseconds to the end.</param>
/// <param name="Attempts">The header <c>x-perigee-attempts</c>.</param>
/// <param name="Cache">The header <c>x-perigee-cache</c>.</param>
internal readonly record struct Asked(double At, string Fault, double ToContent, double Total, string Attempts, string Cache);

/// <summary>Clients that ask at a steady rate, whether or not they are answered, and look closely at what they get.</summary>
internal sealed class Asking(string url, string key) : IDisposable
{
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        ResponseDrainTimeout = TimeSpan.Zero,
        MaxResponseDrainSize = 0,
    });

    private readonly long _began = Stopwatch.GetTimestamp();

    /// <summary>Starts requests at a rate, each at its time, for a while or until it is enough, and waits for the last answer.</summary>
    public static async Task<Asked[]> OpenLoopAsync(double perSecond, TimeSpan duration, Func<int, Task<Asked>> ask, CancellationToken enough = default)
    {
        List<Task<Asked>> asked = [];
        long began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) is var passed && passed < duration && !enough.IsCancellationRequested)
        {
            while (asked.Count < passed.TotalSeconds * perSecond)
            {
                int number = asked.Count;
                asked.Add(Task.Run(() => ask(number)));
            }

            await Task.Delay(2, CancellationToken.None);
        }

        return await Task.WhenAll(asked);
    }

    /// <summary>The value that a share of all stays under.</summary>
    public static double Percentile(IEnumerable<double> values, double share)
    {
        double[] all = [.. values.Order()];
        return all.Length == 0 ? double.NaN : all[Math.Min(all.Length - 1, (int)Math.Ceiling(all.Length * share) - 1)];
    }

    /// <summary>Asks once. A fault is told, never thrown; only what the caller cancels is.</summary>
    /// <param name="model">The model.</param>
    /// <param name="prompt">What is asked.</param>
    /// <param name="stream">Whether as a stream.</param>
    /// <param name="only">Whether nothing but a replay will do.</param>
    /// <param name="leave">The client goes away.</param>
    public async Task<Asked> AskAsync(string model, string prompt, bool stream, bool only = false, CancellationToken leave = default)
    {
        long sent = Stopwatch.GetTimestamp();
        double at = Stopwatch.GetElapsedTime(_began, sent).TotalSeconds;
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(leave);
        patience.CancelAfter(TimeSpan.FromSeconds(25));
        double first = 0;
        string attempts = "";
        string cache = "";
        try
        {
            using HttpRequestMessage request = new(HttpMethod.Post, url + "/v1/chat/completions");
            if (key.Length > 0)
                request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
            if (only)
                request.Headers.TryAddWithoutValidation("x-perigee-cache", "only");
            string body = $$"""{"model":"{{model}}","stream":{{(stream ? "true" : "false")}},"messages":[{"role":"user","content":"{{prompt}}"}]}""";
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
            using HttpResponseMessage answer = await _http.SendAsync(request, patience.Token);
            attempts = Header(answer, "x-perigee-attempts");
            cache = Header(answer, "x-perigee-cache");
            string fault = "";
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                string text = await answer.Content.ReadAsStringAsync(patience.Token);
                fault = text.Contains("\"error\"", StringComparison.Ordinal) ? $"{(int)answer.StatusCode}: {text}" : $"no error object: {(int)answer.StatusCode}: {text}";
            }
            else if (!stream)
            {
                string text = await answer.Content.ReadAsStringAsync(patience.Token);
                first = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
                fault = text.Contains("Hello there.", StringComparison.Ordinal) ? "" : "not the answer: " + text;
            }
            else
            {
                (fault, first) = await ReadStreamAsync(answer, sent, patience.Token);
            }

            return new(at, fault, first, Stopwatch.GetElapsedTime(sent).TotalMilliseconds, attempts, cache);
        }
        catch (OperationCanceledException) when (!leave.IsCancellationRequested)
        {
            return new(at, "no end within 25 s", first, Stopwatch.GetElapsedTime(sent).TotalMilliseconds, attempts, cache);
        }
        catch (Exception e) when (e is HttpRequestException or IOException && !leave.IsCancellationRequested)
        {
            return new(at, "cut: " + e.Message, first, Stopwatch.GetElapsedTime(sent).TotalMilliseconds, attempts, cache);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new OperationCanceledException("The client left.", e, leave);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static string Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? string.Join(", ", values) : "";

    private static async Task<(string Fault, double First)> ReadStreamAsync(HttpResponseMessage answer, long sent, CancellationToken cancel)
    {
        using StreamReader lines = new(await answer.Content.ReadAsStreamAsync(cancel));
        StringBuilder text = new();
        double first = 0;
        bool done = false;
        while (await lines.ReadLineAsync(cancel) is { } line)
        {
            if (line.Contains("\"error\"", StringComparison.Ordinal))
                return (string.Create(CultureInfo.InvariantCulture, $"error event: {line}"), first);
            if (line.Contains("\"content\":", StringComparison.Ordinal))
            {
                if (text.Length == 0)
                    first = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
                int begin = line.IndexOf("\"content\":\"", StringComparison.Ordinal) + "\"content\":\"".Length;
                text.Append(line, begin, line.IndexOf('"', begin) - begin);
            }

            done |= line == "data: [DONE]";
        }

        return (!done ? "cut without a word after: " + text : text.ToString() == "Hello there." ? "" : "not the answer: " + text, first);
    }
}
