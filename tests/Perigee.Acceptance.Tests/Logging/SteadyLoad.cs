using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using Perigee.Acceptance.Tests.Running;

namespace Perigee.Acceptance.Tests.Logging;

/// <summary>Callers who ask the gateway's own model at a steady rate until they are told to end or nobody answers any more.</summary>
internal sealed class SteadyLoad : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<string, (int Status, long At)> _answers = new(StringComparer.Ordinal);
    private readonly HttpClient _client;
    private readonly Task _asking;

    /// <param name="client">Asks.</param>
    /// <param name="aSecond">Requests a second of all callers together, where the gateway can.</param>
    /// <param name="callers">How many callers, each with one request under way.</param>
    public SteadyLoad(HttpClient client, int aSecond, int callers)
    {
        _client = client;
        Callers = callers;
        _asking = Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(() => AskAsync(TimeSpan.FromSeconds((double)callers / aSecond)))));
    }

    /// <summary>How many callers there are.</summary>
    public int Callers { get; }

    /// <summary>The answers that came to their end, by <c>x-request-id</c>: status, and when (a timestamp of <see cref="Stopwatch"/>).</summary>
    public IReadOnlyDictionary<string, (int Status, long At)> Answers => _answers;

    /// <summary>Ends the load: what is under way is waited for.</summary>
    public async Task EndAsync()
    {
        await _end.CancelAsync();
        await _asking.WithinAsync("the end of the load");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _client.Dispose();
        _end.Dispose();
    }

    private async Task AskAsync(TimeSpan pace)
    {
        long begin = Stopwatch.GetTimestamp();
        for (int turn = 1; !_end.IsCancellationRequested; turn++)
        {
            try
            {
                using HttpResponseMessage answer = await _client.PostAsJsonAsync(
                    "/v1/chat/completions", new { model = "demo/echo", messages = new[] { new { role = "user", content = "Say it again." } } }, TestContext.Current.CancellationToken);
                _ = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
                Assert.True(_answers.TryAdd(Assert.Single(answer.Headers.GetValues("x-request-id")), ((int)answer.StatusCode, Stopwatch.GetTimestamp())), "An id was given twice.");
            }
            catch (Exception gone) when (gone is HttpRequestException or IOException)
            {
                // Stopped or killed: whoever got no answer is owed no record.
                return;
            }

            if (pace * turn - Stopwatch.GetElapsedTime(begin) is { Ticks: > 0 } left)
                await Task.Delay(left, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
