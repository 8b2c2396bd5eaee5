using System.Collections.Concurrent;
using System.Net;
using Perigee.Acceptance.Tests.Refusals;
using Perigee.Acceptance.Tests.Running;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Limits;

/// <summary>One limit over two processes on one storage: a plain process and an isolated worker.</summary>
public sealed class SharedLimitTests(Rig rig)
{
    private const int Limit = 40;
    private const int Seconds = 20;

    /// <summary>A minute that slides, counted in fortieths of it and one more (the header counts whole seconds).</summary>
    private static readonly TimeSpan LongestReset = TimeSpan.FromSeconds(62);

    [Theory, InlineData(false), InlineData(true)]
    public async Task Two_processes_under_load_admit_exactly_the_limit(bool azurite)
    {
        await using Shared storage = await Shared.MakeAsync(rig, azurite);
        await using Gateway one = await storage.StartAsync(HostKind.Local);
        await using Gateway two = await storage.StartAsync(HostKind.Isolated);
        string key = await one.NewKeyAsync(requestsPerMinute: Limit);
        using HttpClient first = one.Client(key);
        using HttpClient second = two.Client(key);
        await Minute.WithAtLeastAsync(one, Seconds);

        // Enough for either process to use up the limit alone.
        Answer[] answers = [.. (await Task.WhenAll(LoadAsync(first, Limit + 20), LoadAsync(second, Limit + 20))).SelectMany(a => a)];
        Assert.Equal(Limit, answers.Count(a => a.Status == HttpStatusCode.OK));
        Answer[] refused = [.. answers.Where(a => a.Status != HttpStatusCode.OK)];
        foreach (Answer answer in refused)
        {
            answer.IsRefusal(HttpStatusCode.TooManyRequests);
            Assert.Equal("rate_limit_exceeded", answer.Error.GetProperty("code").GetString());
            Assert.InRange(answer.Response.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), LongestReset);
            Assert.Equal(0, Minute.Count(answer, "x-ratelimit-remaining-requests"));
        }

        Assert.All(answers, a => Assert.Equal(Limit, Minute.Count(a, "x-ratelimit-limit-requests")));
        Assert.True(answers.All(a => Minute.Left(a) <= LongestReset));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Killing_one_never_lets_more_than_the_limit_through(bool azurite)
    {
        await using Shared storage = await Shared.MakeAsync(rig, azurite);
        await using Gateway survivor = await storage.StartAsync(HostKind.Isolated);
        await using Gateway victim = await storage.StartAsync(HostKind.Local);
        string key = await survivor.NewKeyAsync(requestsPerMinute: Limit);
        using HttpClient ofSurvivor = survivor.Client(key);
        using HttpClient ofVictim = victim.Client(key);
        TimeSpan left = await Minute.WithAtLeastAsync(survivor, Seconds);
        long begin = TimeProvider.System.GetTimestamp();

        int admitted = 0;
        TaskCompletionSource some = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<Answer[]> steady = LoadAsync(ofSurvivor, 10);
        Task<Answer[]> doomed = LoadAsync(ofVictim, Limit, answer =>
        {
            if (answer.Status == HttpStatusCode.OK && Interlocked.Increment(ref admitted) == 5)
                some.SetResult();
        });
        await some.Task.WithinAsync("the victim admits five");
        await victim.App.Process.KillAsync();
        await doomed;
        int before = Volatile.Read(ref admitted) + (await steady).Count(a => a.Status == HttpStatusCode.OK);

        // Its storage may not be left locked or torn by the kill; and a new process must not start the count anew.
        await using Gateway successor = await storage.StartAsync(HostKind.Local);
        using HttpClient ofSuccessor = successor.Client(key);
        Answer[] after = [.. (await Task.WhenAll(LoadAsync(ofSurvivor, Limit), LoadAsync(ofSuccessor, Limit))).SelectMany(a => a)];
        int total = before + after.Count(a => a.Status == HttpStatusCode.OK);
        Assert.All(after, a => Assert.True(a.Status is HttpStatusCode.OK or HttpStatusCode.TooManyRequests, a.Body));
        if (TimeProvider.System.GetElapsedTime(begin) < left)
            Assert.InRange(total, before, Limit);
        else
            Assert.Skip("The machine was too slow to stay within one window.");
    }

    /// <summary>Asks so many times, eight at a time. What a killed process did not answer is left out.</summary>
    private static async Task<Answer[]> LoadAsync(HttpClient client, int count, Action<Answer>? seen = null)
    {
        ConcurrentBag<Answer> answers = [];
        ParallelOptions options = new() { MaxDegreeOfParallelism = 8, CancellationToken = TestContext.Current.CancellationToken };
        await Parallel.ForAsync(0, count, options, async (_, _) =>
        {
            try
            {
                Answer answer = await Answer.ChatAsync(client, "demo/echo", Sdk.Prompts.New("Count me"));
                answers.Add(answer);
                seen?.Invoke(answer);
            }
            catch (HttpRequestException) when (seen is not null)
            {
                // Killed.
            }
        });
        return [.. answers];
    }
}
