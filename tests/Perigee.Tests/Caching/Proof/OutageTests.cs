using Perigee.Storage;
using Perigee.Tests.Wire.Proving;

namespace Perigee.Tests.Caching.Proving;

/// <summary>Whatever becomes of the storage, clients get their answers, hardly later.</summary>
public sealed class OutageTests
{
    public static IEnumerable<TheoryDataRow<bool, string>> Faults =>
        from shares in (bool[])[false, true]
        from fault in (string[])["storage", "anything", "hangs", "hangs and hears nothing"]
        select new TheoryDataRow<bool, string>(shares, fault);

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Storage_that_is_down_costs_no_client_an_answer_and_is_used_again_when_it_is_back(bool shares, string fault)
    {
        await using Scene scene = await Scene.StartAsync($"\"cache\": {{\"shareCalls\": {(shares ? "true" : "false")}}}");
        Instance other = await scene.AddAsync();
        await AskAsync(other, "kept before");
        await scene.WrittenAsync();
        TaskCompletionSource never = new();
        scene.Storage.Before = call => !call.Contains("cache", StringComparison.Ordinal) ? Task.CompletedTask : fault switch
        {
            "storage" => throw new StorageException("down for a test"),
            "anything" => throw new InvalidOperationException("a fault of the adapter"),
            _ => never.Task,
        };
        List<long> waits = [];
        for (int i = 0; i < 12; i++)
        {
            string text = i < 6 ? $"question {i}" : "kept before";
            Task<Reply> asking = AskAsync(scene.One, text, i < 6 ? [] : [("x-perigee-cache-namespace", $"{i}")]);
            long moved = 0;
            for (; !asking.IsCompleted && moved < 600; moved += 10)
            {
                await Task.WhenAny(asking, Task.Delay(15, TestContext.Current.CancellationToken));
                if (!asking.IsCompleted)
                    scene.Time.Advance(TimeSpan.FromMilliseconds(10));
            }

            Reply reply = await asking.WaitAsync(TimeSpan.FromSeconds(90), TestContext.Current.CancellationToken);
            Assert.True(reply is { Status: 200, Cache: "miss", Cut: false }, reply.ToString());
            Assert.Equal(Speech.Text.All, Dialects.Tell(Dialects.OpenAi, reply.Bytes, Framing.Whole).First.Text);
            waits.Add(moved);

            // What this instance has itself it replays all the same.
            Assert.Equal("hit", (await AskAsync(scene.One, text, i < 6 ? [] : [("x-perigee-cache-namespace", $"{i}")])).Cache);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"waited for the storage: {string.Join(' ', waits)} ms");
        Assert.All(waits, wait => Assert.InRange(wait, 0, (shares ? 500 : 250) + 50));
        if (fault != "anything")
            Assert.All(waits.TakeLast(6), wait => Assert.InRange(wait, 0, 30));

        scene.Storage.Before = static _ => Task.CompletedTask;
        never.TrySetException(new StorageException("late"));
        Reply back = await AskAsync(scene.One, "kept before", ("x-perigee-cache", "only"));
        for (int i = 0; i < 30 && back.Status == 404; i++)
        {
            scene.Time.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Delay(5, TestContext.Current.CancellationToken);
            back = await AskAsync(scene.One, "kept before", ("x-perigee-cache", "only"));
        }

        Assert.Equal((200, "hit"), (back.Status, back.Cache));
        Reply fresh = await AskAsync(scene.One, "asked after");
        Assert.Equal("miss", fresh.Cache);
        await Eventually.IsTrueAsync(async () => (await AskAsync(other, "asked after", ("x-perigee-cache", "only"))).Status == 200, "what is kept after is shared");
    }

    [Fact]
    public async Task Storage_that_takes_a_second_is_a_miss_after_the_budget_and_what_is_kept_is_shared_late()
    {
        await using Scene scene = await Scene.StartAsync("\"cache\": {\"lookupMilliseconds\": 200}");
        Instance other = await scene.AddAsync();
        await AskAsync(other, "hi");
        await scene.WrittenAsync();
        scene.Storage.Before = call => call.Contains("cache", StringComparison.Ordinal) ? Task.Delay(TimeSpan.FromSeconds(1), scene.Time) : Task.CompletedTask;
        Task<Reply> asking = AskAsync(scene.One, "hi");
        await Eventually.IsTrueAsync(() => scene.Storage.Calls.Count(call => call.StartsWith("find cache", StringComparison.Ordinal)) >= 2, "it looks");
        scene.Time.Advance(TimeSpan.FromMilliseconds(199));
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.Equal((false, 1), (asking.IsCompleted, scene.Calls));
        scene.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal((200, "miss"), await asking.WaitAsync(TimeSpan.FromSeconds(90), TestContext.Current.CancellationToken) is { } reply ? (reply.Status, reply.Cache) : default);
        Assert.Equal(2, scene.Calls);
        Reply source = await asking;
        for (int i = 0; i < 100 && !(await scene.RowsAsync()).Any(row => row.Text("source") == source.Id); i++)
        {
            scene.Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        Assert.Contains(await scene.RowsAsync(), row => row.Text("source") == source.Id);
    }

    public static IEnumerable<TheoryDataRow<string>> Damages => [.. Harm.Keys.Select(static name => new TheoryDataRow<string>(name))];

    [Theory]
    [MemberData(nameof(Damages))]
    public async Task A_damaged_row_is_a_miss_and_is_replaced(string damage)
    {
        await using Scene scene = await Scene.StartAsync();
        scene.Provider.Says = new Speech(Enumerable.Repeat("A long answer. ", 1000).ToArray());
        Reply first = await AskAsync(scene.One, "hi");
        await scene.WrittenAsync();
        TableRow row = Assert.Single(await scene.RowsAsync());
        Harm[damage](row);
        await scene.ReplaceAsync(row);
        Instance other = await scene.AddAsync();
        Reply again = await AskAsync(other, "hi");
        Assert.True(again is { Status: 200, Cache: "miss", Cut: false }, again.ToString());
        Assert.Equal((first.Body, 2), (again.Body, scene.Calls));
        await Eventually.IsTrueAsync(async () => (await scene.RowsAsync()).All(row => row.Text("source") == again.Id), "it is replaced");
        Instance third = await scene.AddAsync();
        Assert.Equal(("hit", first.Body), await AskAsync(third, "hi") is { } reply ? (reply.Cache, reply.Body) : default);
    }

    private static readonly Dictionary<string, Action<TableRow>> Harm = new()
    {
        ["a byte of the body"] = static row => Body(row)[20] ^= 1,
        ["half of the body"] = static row => row.Set("body0", Body(row)[..(Body(row).Length / 2)]),
        ["no body"] = static row => row.Values.Remove("body0"),
        ["body of another type"] = static row => row.Set("body0", "text"),
        ["body as if not compressed"] = static row => row.Set("codec", "raw"),
        ["unknown codec"] = static row => row.Set("codec", "zip"),
        ["length too small"] = static row => row.Set("length", 10),
        ["length too large"] = static row => row.Set("length", 16 * 1024 * 1024),
        ["length negative"] = static row => row.Set("length", -1),
        ["length of another type"] = static row => row.Set("length", "many"),
        ["checksum"] = static row => row.Set("sha256", new byte[32]),
        ["no checksum"] = static row => row.Values.Remove("sha256"),
        ["blob that is not there"] = static row => row.Set("blob", "cache24h20781/" + new string('a', 64)).Set("blobLength", 100),
        ["blob somewhere else"] = static row => row.Set("blob", "../../etc/passwd").Set("blobLength", 100),
        ["unknown dialect"] = static row => row.Set("form", "morse,"),
        ["another dialect"] = static row => row.Set("form", "anthropic,"),
        ["another question"] = static row => row.Set("question", new string('0', 64)),
        ["no expiry"] = static row => row.Values.Remove("expires"),
        ["expiry of another type"] = static row => row.Set("expires", "tomorrow"),
        ["no moment"] = static row => row.Values.Remove("stored"),
        ["unknown finish"] = static row => row.Set("finish", 77),
        ["media type with a line break"] = static row => row.Set("type", "text/plain\r\nx-evil: 1"),
    };

    private static byte[] Body(TableRow row) => row.Bytes("body0")!;

    private static Task<Reply> AskAsync(Instance instance, string text, params (string, string)[] headers) =>
        instance.AskAsync(Form.OpenAi, "openai/m", text, headers: headers);
}
