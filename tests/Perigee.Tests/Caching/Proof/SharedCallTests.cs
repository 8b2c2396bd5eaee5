namespace Perigee.Tests.Caching.Proving;

/// <summary>Five instances that are asked the same at the same time.</summary>
public sealed class SharedCallTests
{
    private const int Instances = 5;
    private const int Each = 10;
    // A budget that the moved clock does not use up while a look-up is under way.
    private const string Shared = "\"cache\": {\"shareCalls\": true, \"callLeaseSeconds\": 5, \"lookupMilliseconds\": 10000}";

    [Fact]
    public async Task Make_one_call_together()
    {
        await using Scene scene = await Scene.StartAsync(Shared);
        TaskCompletionSource answers = Hold(scene);
        List<Task<Reply>> asked = await AskAllAsync(scene);
        await Eventually.IsTrueAsync(() => Tries(scene) >= Instances, "every instance wants to ask");
        answers.SetResult();

        // Who waits looks by the moved clock, the answer is written by the real one: a slow machine must not use up the lease meanwhile.
        await scene.WrittenAsync();
        Reply[] replies = await scene.MoveOnAsync(Task.WhenAll(asked), TimeSpan.FromSeconds(4));
        Assert.All(replies, static reply => Assert.True(reply is { Status: 200, Cut: false }, reply.ToString()));
        Assert.Single(replies.Select(static reply => reply.Body).Distinct());
        Assert.Equal(1, scene.Calls);
        Assert.Single(replies, static reply => reply.Cache == "miss");
        Assert.All(replies, static reply => Assert.Contains(reply.Cache, (string[])["miss", "hit", "joined"]));

        // A replay says whose it is, whichever way it came.
        string source = replies.Single(static reply => reply.Cache == "miss").Id;
        Assert.All(replies.Where(static reply => reply.Cache == "hit"), reply => Assert.Equal(source, reply.Header("x-perigee-cache-source")));
    }

    [Fact]
    public async Task Make_one_each_where_nobody_said_so()
    {
        await using Scene scene = await Scene.StartAsync();
        TaskCompletionSource answers = Hold(scene);
        List<Task<Reply>> asked = await AskAllAsync(scene);
        await Eventually.IsTrueAsync(() => scene.Calls >= Instances, "every instance asks");
        answers.SetResult();
        Reply[] replies = await scene.MoveOnAsync(Task.WhenAll(asked), TimeSpan.FromSeconds(4));
        Assert.All(replies, static reply => Assert.True(reply is { Status: 200, Cut: false }, reply.ToString()));
        Assert.Equal(Instances, scene.Calls);
    }

    [Fact]
    public async Task Wait_no_longer_than_its_lease_for_one_whose_call_hangs()
    {
        await using Scene scene = await Scene.StartAsync(Shared);
        Instance other = await scene.AddAsync();
        TaskCompletionSource never = Hold(scene, first: true);
        Task<Reply> hanging = scene.One.AskAsync(Form.OpenAi, "openai/m");
        await Eventually.IsTrueAsync(() => scene.Calls == 1, "the first asks");
        Task<Reply> waiting = other.AskAsync(Form.OpenAiStream, "openai/m");
        await Eventually.IsTrueAsync(() => Tries(scene) >= 2, "the second wants to ask");
        scene.Time.Advance(TimeSpan.FromSeconds(4));
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Equal((1, false), (scene.Calls, waiting.IsCompleted));
        Reply reply = await scene.MoveOnAsync(waiting, TimeSpan.FromSeconds(3));
        Assert.True(reply is { Status: 200, Cache: "miss" }, reply.ToString());
        Assert.Equal(2, scene.Calls);
        Assert.False(hanging.IsCompleted);
        never.SetResult();
        Assert.Equal(200, (await hanging).Status);
    }

    [Fact]
    public async Task Have_one_of_them_take_the_place_of_one_whose_call_hangs()
    {
        await using Scene scene = await Scene.StartAsync(Shared);
        Instance second = await scene.AddAsync(), third = await scene.AddAsync();
        TaskCompletionSource never = Hold(scene, first: true);
        Task<Reply> hanging = scene.One.AskAsync(Form.OpenAi, "openai/m");
        await Eventually.IsTrueAsync(() => scene.Calls == 1, "the first asks");
        scene.Time.Advance(TimeSpan.FromSeconds(3));

        // The lease has two seconds left, their own patience five.
        Task<Reply[]> waiting = Task.WhenAll(second.AskAsync(Form.OpenAi, "openai/m"), third.AskAsync(Form.OpenAi, "openai/m"));
        await Eventually.IsTrueAsync(() => Tries(scene) >= 3, "both want to ask");
        Reply[] replies = await scene.MoveOnAsync(waiting, TimeSpan.FromSeconds(4.5));
        Assert.Equal(["hit", "miss"], replies.Select(static reply => reply.Cache).Order(StringComparer.Ordinal));
        Assert.Equal(2, scene.Calls);
        never.SetResult();
        Assert.Equal(200, (await hanging).Status);
    }

    [Theory]
    [InlineData("error")]
    [InlineData("length")]
    public async Task Do_not_share_what_is_not_kept(string what)
    {
        await using Scene scene = await Scene.StartAsync(Shared);
        int calls = 0;
        TaskCompletionSource first = new(TaskCreationOptions.RunContinuationsAsynchronously);
        scene.Provider.Instead = async asked =>
        {
            if (Interlocked.Increment(ref calls) > 1)
                return false;
            await first.Task;
            if (what == "error")
                await Provider.SendAsync(asked.Http, 500, """{"error":{"message":"No.","type":"server_error","param":null,"code":null}}""");
            else
                await Provider.SendAsync(asked.Http, 200, (Speech.Text with { Finish = "length" }).Whole("openai-chat"));
            return true;
        };
        List<Task<Reply>> asked = [];
        for (int i = 0; i < Instances; i++)
            asked.Add((i == 0 ? scene.One : await scene.AddAsync()).AskAsync(Form.OpenAi, "openai/m"));
        await Eventually.IsTrueAsync(() => Tries(scene) >= Instances, "every instance wants to ask");
        first.SetResult();
        Reply[] replies = await scene.MoveOnAsync(Task.WhenAll(asked), TimeSpan.FromSeconds(6));
        Assert.Equal(what == "error" ? 1 : 0, replies.Count(static reply => reply.Status == 500));
        Assert.Equal(1, replies.Count(reply => reply.Body.Contains(what == "error" ? "\"No.\"" : "\"length\"", StringComparison.Ordinal)));
        Assert.Equal(2, scene.Calls);
    }

    [Fact]
    public async Task Outlive_a_client_that_goes_away()
    {
        await using Scene scene = await Scene.StartAsync(Shared);
        Instance other = await scene.AddAsync();
        TaskCompletionSource answers = new(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationToken gone = default;
        scene.Provider.Instead = async asked =>
        {
            if (!gone.CanBeCanceled)
            {
                gone = asked.Http.RequestAborted;
                await answers.Task;
            }

            return false;
        };
        using CancellationTokenSource leave = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        Task<HttpResponseMessage> leaving = scene.One.SendAsync(Form.OpenAi, "openai/m", "What is new?", "", leave.Token);
        await Eventually.IsTrueAsync(() => scene.Calls == 1, "the first asks");
        Task<Reply> waiting = other.AskAsync(Form.OpenAi, "openai/m");
        await Eventually.IsTrueAsync(() => Tries(scene) >= 2, "the second wants to ask");
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        await Eventually.IsTrueAsync(() => gone.IsCancellationRequested, "the call goes with its client");
        answers.SetResult();
        Reply reply = await scene.MoveOnAsync(waiting, TimeSpan.FromSeconds(4));
        Assert.True(reply.Status == 200, reply.ToString());
        Assert.Equal(2, scene.Calls);
    }

    private static TaskCompletionSource Hold(Scene scene, bool first = false)
    {
        TaskCompletionSource answers = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int calls = 0;
        scene.Provider.Instead = async _ =>
        {
            if (Interlocked.Increment(ref calls) == 1 || !first)
                await answers.Task;
            return false;
        };
        return answers;
    }

    /// <summary>How often a lease was asked for: nothing else is written before an answer is there.</summary>
    private static int Tries(Scene scene) => scene.Storage.Calls.Count(static call => call.StartsWith("write cache", StringComparison.Ordinal) && char.IsAsciiDigit(call[^1]));

    private static async Task<List<Task<Reply>>> AskAllAsync(Scene scene)
    {
        List<Instance> instances = [scene.One];
        while (instances.Count < Instances)
            instances.Add(await scene.AddAsync());
        return [.. from i in Enumerable.Range(0, Each) from instance in instances select instance.AskAsync(Form.OpenAi, "openai/m")];
    }
}
