using System.Diagnostics;
using System.Text.Json;
using Perigee.Acceptance.Tests.Running;
using Perigee.TestHost;
using Perigee.Testing;

namespace Perigee.Acceptance.Tests.Logging;

/// <summary>What the log loses when a process is stopped or killed under load, or the storage is gone for a time: counted by who asked, against the blobs and what verify says.</summary>
public sealed class LogLossTests(Rig rig, ITestOutputHelper output)
{
    // The flush of the defaults; of the rest as little as can be, so that a small machine has time for the load.
    private const string Config = "{}";

    private static readonly Dictionary<string, string> Environment = new() { ["PERIGEE_CACHE"] = "off" };

    [Theory]
    [InlineData(21, false)]
    [InlineData(22, false)]
    [InlineData(23, true)]
    public async Task A_stop_under_load_loses_nothing_whenever_it_comes(int seed, bool azurite)
    {
        TimeSpan moment = TimeSpan.FromSeconds(new Random(seed).NextDouble() * 3);
        await using Shared storage = await Shared.MakeAsync(rig, azurite);
        await using Gateway gateway = await storage.StartAsync(HostKind.Local, Environment, Config);
        await using SteadyLoad load = new(await gateway.NewClientAsync(), aSecond: 200, callers: 8);
        await Task.Delay(moment, TestContext.Current.CancellationToken);
        AppStop stop = await gateway.App.StopAsync();
        await load.EndAsync();
        Assert.False(stop.Killed, gateway.App.Output);

        LogLines lines = new(await storage.LogsAsync());
        string[] found = [.. lines.Of("exchange").Select(Id)];
        output.WriteLine($"Seed {seed}: stopped after {moment.TotalSeconds:0.00} s in {stop.Took.TotalSeconds:0.00} s; {load.Answers.Count} answers, {found.Length} records in {lines.Blobs("requests")} blobs.");
        Assert.NotEmpty(load.Answers);
        Assert.Empty(load.Answers.Keys.Except(found));
        Assert.Equal(found.Length, found.Distinct().Count());
        Assert.InRange(found.Length - load.Answers.Count, 0, load.Callers);
        lines.AreWhole("requests", "exchange");
    }

    [Theory]
    [InlineData(31, false, 200)]
    [InlineData(32, true, 200)]
    [InlineData(33, false, 10)]
    [InlineData(34, true, 10)]
    public async Task A_kill_under_load_loses_about_a_second_at_any_rate_and_the_next_process_says_how_many(int seed, bool azurite, int aSecond)
    {
        TimeSpan moment = TimeSpan.FromSeconds(new Random(seed).NextDouble());
        await using Shared storage = await Shared.MakeAsync(rig, azurite);
        HashSet<string> answered;
        long killed;
        int callers;
        Dictionary<string, TimeSpan> ages;
        await using (Gateway gateway = await storage.StartAsync(HostKind.Local, Environment, Config))
        {
            await using SteadyLoad load = new(await gateway.NewClientAsync(), aSecond, callers: 8);
            await Patience.UntilAsync(async () => new LogLines(await storage.LogsAsync()).Blobs("requests") >= 4, "four blobs");
            await Task.Delay(moment, TestContext.Current.CancellationToken);
            killed = Stopwatch.GetTimestamp();
            await gateway.App.Process.KillAsync();
            await load.EndAsync();
            callers = load.Callers;
            answered = [.. load.Answers.Keys];
            ages = load.Answers.ToDictionary(answer => answer.Key, answer => Stopwatch.GetElapsedTime(answer.Value.At, killed));
        }

        LogLines left = new(await storage.LogsAsync());
        JsonElement[] records = [.. left.Of("exchange")];
        string instance = Assert.Single(records.Select(record => record.GetProperty("instance").GetString()!).Distinct());
        string[] lost = [.. answered.Except(records.Select(Id))];
        TimeSpan oldest = lost.Length == 0 ? TimeSpan.Zero : lost.Max(id => ages[id]);
        Assert.True(lost.Length > 0 || aSecond < 100, "Nothing was lost: that was no kill.");

        // A blob is written a second after its first record, also where few come: not after ten of them or fifty records. The machine may be slow at
        // times, not at most times. What is lost then came since the last blob, or was in the one under way.
        TimeSpan[] waits = [.. left.Waits("requests", "exchange").Order()], flushes = [.. left.Pauses("requests")];
        output.WriteLine($"Records waited {string.Join(", ", waits.Select(wait => $"{wait.TotalSeconds:0.0}"))} s for their blob; from blob to blob {string.Join(", ", flushes.Select(pause => $"{pause.TotalSeconds:0.0}"))} s.");
        Assert.InRange(waits[waits.Length / 2].TotalSeconds, 0, 3);
        Assert.True(oldest < flushes.Max() * 2 + TimeSpan.FromSeconds(2), $"Seed {seed}: lost an answer that was {oldest} old.");

        await using Gateway next = await storage.StartAsync(HostKind.Local, Environment, Config);
        await using SteadyLoad more = new(await next.NewClientAsync(), aSecond: 100, callers: 2);
        JsonElement count = default;
        await Patience.UntilAsync(
            async () => (count = Instance(await VerifyAsync(next), instance)).GetProperty("ended").GetString() == "killed", "a word of the next process about the one that was killed");
        await more.EndAsync();
        long told = count.GetProperty("lostAtEnd").GetInt64();
        output.WriteLine($"Seed {seed}: {aSecond} a second; {answered.Count} answers, {records.Length} records, {lost.Length} answers lost, the oldest {oldest.TotalSeconds:0.00} s old; verify says {told}.");
        Assert.Equal((records.Length, 0, 0), (count.GetProperty("records").GetInt32(), count.GetProperty("missing").GetInt32(), count.GetProperty("duplicates").GetInt32()));

        // A record is taken when its answer has left: of a caller's last one either side may know alone.
        Assert.InRange(told, lost.Length - callers, lost.Length + callers);
    }

    [Fact]
    public async Task A_storage_that_is_cut_off_and_loses_replies_costs_no_record_that_is_not_counted()
    {
        await using Shared storage = await Shared.MakeAsync(rig, azurite: true);
        Azurite azurite = storage.Emulator!;
        await using DistantPort tables = new(azurite.TablePort, TimeSpan.FromMilliseconds(5)), blobs = new(azurite.BlobPort, TimeSpan.FromMilliseconds(5));
        Dictionary<string, string> far = new(Environment) { ["PERIGEE_STORAGE_CONNECTION"] = azurite.Through(tables.Port, blobs.Port) };
        IReadOnlyDictionary<string, (int Status, long At)> answers;
        await using (Gateway gateway = await storage.StartAsync(HostKind.Local, far, """{ "logs": { "memoryBytes": 1048576 } }"""))
        {
            await using SteadyLoad load = new(await gateway.NewClientAsync(), aSecond: 300, callers: 8);
            await ForAsync(2);
            tables.Cut();
            blobs.Cut();
            await ForAsync(10);
            tables.Mend();
            blobs.LosesReplies = true;
            blobs.Mend();
            await Patience.UntilAsync(() => Task.FromResult(blobs.LostReplies >= 2), "two replies that are lost");
            blobs.LosesReplies = false;
            await ForAsync(2);
            await load.EndAsync();
            answers = load.Answers;
            Assert.False((await gateway.App.StopAsync()).Killed, gateway.App.Output);
        }

        LogLines lines = new(await storage.LogsAsync());
        (string Id, long Number)[] found = [.. lines.Of("exchange").Select(line => (Id(line), line.GetProperty("seq").GetInt64()))];
        long[] numbers = [.. found.Select(one => one.Number).Distinct()];
        HashSet<long> dropped = [.. lines.Of("drops", "requests").SelectMany(line => line.GetProperty("ranges").EnumerateArray()).SelectMany(range => Between(range[0].GetInt64(), range[1].GetInt64()))];
        string[] gone = [.. answers.Keys.Except(found.Select(one => one.Id))];
        output.WriteLine($"{answers.Count} answers ({answers.Values.Count(answer => answer.Status == 200)} good), {found.Length} records in {lines.Blobs("requests")} blobs, "
            + $"{gone.Length} answers without, {dropped.Count} told to be dropped, {blobs.LostReplies} replies lost.");
        Assert.True(answers.Count > 1500, $"Only {answers.Count} answers: that is no load.");
        Assert.InRange(gone.Length, 0, dropped.Count);

        // A blob whose reply was lost is tried again under its name: it is there once.
        Assert.Equal(numbers.Length, found.Length);
        Assert.Empty(Between(1, Math.Max(numbers.Max(), dropped.DefaultIfEmpty().Max())).Except(numbers).Except(dropped));

        await using Gateway next = await storage.StartAsync(HostKind.Local, Environment, Config);
        JsonElement count = Instance(await VerifyAsync(next), lines.Of("exchange").First().GetProperty("instance").GetString()!);
        Assert.Equal(
            ("clean", numbers.Length, dropped.Count, 0, 0),
            (count.GetProperty("ended").GetString(), count.GetProperty("records").GetInt32(), count.GetProperty("dropped").GetInt32(), count.GetProperty("missing").GetInt32(), count.GetProperty("duplicates").GetInt32()));
    }

    private static Task ForAsync(double seconds) => Task.Delay(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);

    private static IEnumerable<long> Between(long first, long last)
    {
        for (long number = first; number <= last; number++)
            yield return number;
    }

    private static string Id(JsonElement line) => line.GetProperty("id").GetString()!;

    private static async Task<JsonElement> VerifyAsync(Gateway gateway)
    {
        using HttpClient admin = gateway.Client(Gateway.AdminKey);
        using JsonDocument report = JsonDocument.Parse(await admin.GetStringAsync("/manage/v1/logs:verify?stream=requests", TestContext.Current.CancellationToken));
        return report.RootElement.Clone();
    }

    private static JsonElement Instance(JsonElement report, string instance) => Assert.Single(
        Assert.Single(report.GetProperty("streams").EnumerateArray()).GetProperty("instances").EnumerateArray(), one => one.GetProperty("instance").GetString() == instance);
}
