using Perigee.Tests.Wire.Proving;

namespace Perigee.Tests.Caching.Proving;

/// <summary>Nobody reads what another tenant keeps.</summary>
public sealed class TenantTests
{
    private const int Tenants = 1000;

    [Fact]
    public async Task A_thousand_tenants_ask_the_same_and_each_gets_its_own_answer_both_times()
    {
        await using Scene scene = await Scene.StartAsync();
        Instance other = await scene.AddAsync();
        int answers = 0;
        scene.Provider.Instead = async asked =>
        {
            await Provider.SendAsync(asked.Http, 200, new Speech($"answer {Interlocked.Increment(ref answers)}").Whole(Dialects.OpenAi));
            return true;
        };
        string[] keys = new string[Tenants], first = new string[Tenants];
        ParallelOptions some = new() { MaxDegreeOfParallelism = 16, CancellationToken = TestContext.Current.CancellationToken };
        await Parallel.ForEachAsync(Enumerable.Range(0, Tenants), some, async (i, _) => keys[i] = await scene.One.KeyAsync($"tenant-{i}"));
        await Parallel.ForEachAsync(Enumerable.Range(0, Tenants), some, async (i, _) =>
        {
            Reply reply = await scene.One.AskAsync(Form.OpenAi, "openai/m", headers: ("key", keys[i]));
            Assert.True(reply is { Status: 200, Cache: "miss" }, $"{i}: {reply}");
            first[i] = Dialects.Tell(Dialects.OpenAi, reply.Bytes, Framing.Whole).First.Text;
        });
        Assert.Equal(Tenants, scene.Calls);
        Assert.Equal(Tenants, first.Distinct().Count());
        await Eventually.IsTrueAsync(
            () =>
            {
                scene.Time.Advance(TimeSpan.FromMilliseconds(200));
                return scene.One.Cache.WaitingWrites == 0;
            },
            "all are being written");
        Instance[] instances = [scene.One, other];
        int hits = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, Tenants), some, async (i, _) =>
        {
            // What is asked of the instance that wrote it is always there; the other may not have all yet.
            foreach (Instance instance in instances)
            {
                Form form = Form.All[i % Form.All.Count];
                Reply reply = await instance.AskAsync(form, "openai/m", headers: [("key", keys[i]), ("x-perigee-cache", "only")]);
                if (instance == other && reply.Status == 404)
                    continue;
                Assert.True(reply is { Status: 200, Cache: "hit" }, $"{i}: {reply}");
                Assert.Equal(first[i], Dialects.Tell(form.Dialect, reply.Bytes, form.Framing).First.Text);
                Interlocked.Increment(ref hits);
            }
        });
        Assert.InRange(hits, Tenants, 2 * Tenants);
        Assert.Equal(Tenants, scene.Calls);
    }

    [Fact]
    public async Task Tenants_whose_names_would_run_together_do_not_meet()
    {
        await using Scene scene = await Scene.StartAsync();
        (string Tenant, string Namespace)[] all = [("a", "b"), ("a", ""), ("ab", ""), ("a.b", ""), ("a", "b|"), ("a-b", ""), ("A", "b"), ("a", "B"), ("a_b", "c"), ("a", "b_c")];
        List<string> keys = [];
        foreach ((string tenant, _) in all)
            keys.Add(await scene.One.KeyAsync(tenant));
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < all.Length; i++)
            {
                scene.Provider.Says = new Speech($"answer {i}");
                Reply reply = await scene.One.AskAsync(Form.OpenAi, "openai/m",
                    headers: all[i].Namespace.Length == 0 ? [("key", keys[i])] : [("key", keys[i]), ("x-perigee-cache-namespace", all[i].Namespace)]);
                Assert.True(reply.Cache == (round == 0 ? "miss" : "hit"), $"{all[i]}: {reply}");
                Assert.Contains($"answer {i}", reply.Body, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Who_asks_at_the_same_time_joins_no_other_tenants_call()
    {
        await using Scene scene = await Scene.StartAsync();
        TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        scene.Provider.Instead = async asked =>
        {
            await all.Task;
            return false;
        };
        List<Task<Reply>> asked = [];
        for (int i = 0; i < 5; i++)
        {
            string key = await scene.One.KeyAsync($"t{i}");
            asked.AddRange(Enumerable.Range(0, 3).Select(_ => scene.One.AskAsync(Form.OpenAi, "openai/m", headers: ("key", key))));
        }

        await Eventually.IsTrueAsync(() => scene.Calls >= 5, "each tenant's call is made");
        all.SetResult();
        Reply[] replies = await Task.WhenAll(asked);
        Assert.Equal(5, scene.Calls);
        Assert.All(replies.Chunk(3), static own => Assert.Equal(1, own.Count(reply => reply.Cache == "miss")));
    }
}
