using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Callers;
using Perigee.Logs;
using Perigee.Logs.Verifying;
using Perigee.Storage;
using Perigee.Tests.Caching.Proving;
using Perigee.Tests.Caching.Store;
using Perigee.Tests.Callers;

namespace Perigee.Tests.Logs;

/// <summary>The audit in the blobs: what is taken out or changed shows, and nothing is done of which no record can be kept.</summary>
public sealed class AuditBlobTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_blobs_have_every_record_of_the_table_and_verify_finds_them_whole()
    {
        await using Scene scene = await RecordedAsync();
        StreamReport report = await ReportAsync(scene);
        Assert.True(report.IsWhole);
        Assert.Equal((5, 1), (report.Chains.Ids.Count, report.Chains.Count));
        Assert.Empty(report.Chains.Faults(complete: true));
    }

    [Fact]
    public async Task A_record_that_is_taken_out_is_told_by_its_number_by_the_chain_and_by_the_table()
    {
        await using Scene scene = await RecordedAsync();
        string gone = "", next = "";
        Rewrite(scene.Folder, lines =>
        {
            (gone, next) = (Id(lines[2]), Id(lines[3]));
            lines.RemoveAt(2);
        });
        StreamReport report = await ReportAsync(scene);
        Assert.False(report.IsWhole);
        Assert.Equal([gone], report.NotShipped);
        Assert.Equal([(3L, 3L)], Assert.Single(report.Instances).Value.Missing.Ranges.Select(range => (range.From, range.To)));
        Assert.Equal([(next, "the 1 record(s) before it are missing")], report.Chains.Faults(complete: true));
    }

    [Fact]
    public async Task The_last_record_of_a_chain_is_missed_by_the_table()
    {
        await using Scene scene = await RecordedAsync();
        string gone = "";
        Rewrite(scene.Folder, lines =>
        {
            gone = Id(lines[4]);
            lines.RemoveAt(4);
        });
        StreamReport report = await ReportAsync(scene);
        Assert.False(report.IsWhole);
        Assert.Equal([gone], report.NotShipped);
    }

    [Fact]
    public async Task A_record_that_is_changed_is_not_what_its_hash_says()
    {
        await using Scene scene = await RecordedAsync();
        string changed = "";
        Rewrite(scene.Folder, lines =>
        {
            changed = Id(lines[2]);
            lines[2] = lines[2].Replace("\"action\":\"key.create\"", "\"action\":\"key.change\"", StringComparison.Ordinal);
        });
        Assert.Equal([(changed, "the record is not what its hash says")], (await ReportAsync(scene)).Chains.Faults(complete: true));
    }

    [Fact]
    public async Task Who_changes_a_record_and_its_hash_breaks_the_chain_behind_it()
    {
        await using Scene scene = await RecordedAsync();
        string next = "";
        Rewrite(scene.Folder, lines =>
        {
            next = Id(lines[3]);
            JsonNode line = JsonNode.Parse(lines[2])!;
            string record = line["record"]!.ToJsonString().Replace("key.create", "key.change", StringComparison.Ordinal);
            line["record"] = JsonNode.Parse(record);
            line["hash"] = AuditLog.HashOf(Encoding.UTF8.GetBytes(record));
            lines[2] = line.ToJsonString();
        });
        Assert.Equal([(next, "it does not name the record before it")], (await ReportAsync(scene)).Chains.Faults(complete: true));
    }

    [Fact]
    public async Task What_no_record_can_be_kept_of_is_refused_and_not_done()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        IAuditSink sink = scene.One.Services.GetRequiredService<IAuditSink>();
        for (int i = 0; i < AuditShipper.Room; i++)
            await sink.TakeRoomAsync(Cancel);
        Reply refused = await scene.MoveOnAsync(scene.One.ManageAsync("POST", "/manage/v1/keys", """{"name":"k"}"""), TimeSpan.FromSeconds(30));
        Assert.True(refused.Status == 503, refused.Body);
        Assert.Equal(0, (await scene.One.ManageAsync("GET", "/manage/v1/keys")).Json.GetProperty("data").GetArrayLength());
        sink.ReturnRoom();
        await scene.One.MakeKeyAsync();
        Assert.Equal(1, (await scene.One.ManageAsync("GET", "/manage/v1/keys")).Json.GetProperty("data").GetArrayLength());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_process_that_was_killed_had_not_shipped_another_ships_and_nothing_is_lost(bool sameMachine)
    {
        await using Scene scene = await Scene.StartClosedAsync();

        // One lives all the time; the other is on its way out, and no blob of it arrives from some moment on: as if it had been killed then.
        BreakableStorage broken = new(scene.Storage);
        await using Instance first = await Instance.StartAsync(broken, scene.Clock, "{}", open: false);
        for (int i = 0; i < 2; i++)
            await first.MakeKeyAsync();
        await MoveUntilAsync(scene, TimeSpan.FromMilliseconds(100), async () => (await ReportAsync(scene)).NotShipped.Count == 0, "the first records are in a blob");
        broken.Before = static call => call == "write blobs logs" ? throw new StorageException("down for a test") : Task.CompletedTask;
        for (int i = 0; i < 3; i++)
            await first.MakeKeyAsync();
        Task stop = first.StopAsync();
        await MoveUntilAsync(scene, TimeSpan.FromMilliseconds(100), () => Task.FromResult(stop.IsCompleted), "the first process ends");
        Assert.Equal(3, (await ReportAsync(scene)).NotShipped.Count);
        DateTimeOffset before = scene.Time.GetUtcNow();
        if (sameMachine)
        {
            LogStopTests.Gone(Path.Combine(scene.Folder, "taken"), first.Services.GetRequiredService<GatewayHost>().Instance);
            await scene.AddAsync();
        }

        TimeSpan step = sameMachine ? TimeSpan.FromMilliseconds(100) : TimeSpan.FromSeconds(5);
        await MoveUntilAsync(scene, step, async () => (await ReportAsync(scene)).NotShipped.Count == 0, "another process ships what is left");
        TimeSpan took = scene.Time.GetUtcNow() - before;

        // On the same machine it is known at once that nobody else does it; on another what is young might still be on its way.
        Assert.True(sameMachine ? took < TimeSpan.FromMinutes(2) : took > TimeSpan.FromMinutes(2), $"It took {took}.");
        StreamReport report = await ReportAsync(scene);
        Assert.Empty(report.Chains.Faults(complete: true));
        Assert.Equal((5, 0L), (report.Chains.Ids.Count, report.Chains.Repeated));
        InstanceCount count = report.Instances.Values.Single(instance => instance.ShippedByOthers == 3);
        Assert.Equal(2, count.Records);
        if (sameMachine)
        {
            Assert.Equal(0, count.LostAtEnd);
            Assert.True(report.IsWhole);
        }
    }

    [Theory]
    [InlineData(2, 100)]
    [InlineData(1, 700)]
    public async Task What_only_waits_for_the_storage_is_shipped_once_however_often_it_is_looked_for(int processes, int seconds)
    {
        await using Scene scene = await Scene.StartClosedAsync();

        // Each makes records: whichever looks, finds some of another that lives.
        Instance[] all = [scene.One, .. processes > 1 ? [await scene.AddAsync()] : Array.Empty<Instance>()];
        scene.Storage.Before = static call => call == "write blobs logs" ? throw new StorageException("down for a test") : Task.CompletedTask;
        foreach (Instance instance in all)
        {
            for (int i = 0; i < 3; i++)
                await instance.MakeKeyAsync();
        }

        DateTimeOffset end = scene.Time.GetUtcNow().AddSeconds(seconds);
        await MoveUntilAsync(scene, TimeSpan.FromSeconds(1), () => Task.FromResult(scene.Time.GetUtcNow() > end), "the storage is down for a time");
        scene.Storage.Before = static _ => Task.CompletedTask;
        await MoveUntilAsync(scene, TimeSpan.FromSeconds(1), async () => (await ReportAsync(scene)).NotShipped.Count == 0, "the storage is back");

        // They look some times more.
        end = scene.Time.GetUtcNow().AddMinutes(20);
        int looks = Looks();
        await MoveUntilAsync(scene, TimeSpan.FromSeconds(10), () => Task.FromResult(scene.Time.GetUtcNow() > end), "time passes");
        Assert.InRange(Looks() - looks, 2, 6);
        StreamReport report = await ReportAsync(scene);
        Assert.Equal((3 * processes, 0L), (report.Chains.Ids.Count, report.Chains.Repeated));
        Assert.True((await scene.Storage.Table("audit").FindAsync(AuditRecovery.Partition, "local", Cancel))!.Moment("until") > end.AddMinutes(-10));

        // Each look that has its turn says so in the table, and once more where it came to.
        int Looks() => scene.Storage.Calls.Count(static call => call == "write audit") / 2;
    }

    [Fact]
    public void A_record_that_two_processes_shipped_is_one_that_is_repeated_and_breaks_nothing()
    {
        AuditChains chains = new();
        byte[] record = Encoding.UTF8.GetBytes("""{"id":"a","chain":"local-dead-12345678","sequence":0,"previous":""}""");
        foreach (string instance in (string[])["dead", "next", "third"])
        {
            using JsonDocument line = JsonDocument.Parse($$"""{"region":"local","instance":"{{instance}}","id":"a","hash":"{{AuditLog.HashOf(record)}}","record":{{Encoding.UTF8.GetString(record)}}}""");
            chains.Add(line.RootElement);
        }

        Assert.Equal((1, 2L, 0), (chains.Ids.Count, chains.Repeated, chains.ShippedForOf("dead")));
        Assert.Empty(chains.Faults(complete: true));
    }

    private static async Task MoveUntilAsync(Scene scene, TimeSpan step, Func<Task<bool>> holds, string what)
    {
        long begin = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begin) < TimeSpan.FromSeconds(60), "Did not come true within 60 s: " + what);
            scene.Time.Advance(step);
            await Task.Delay(10, Cancel);
        }
    }

    // Five changes, and the process has ended.
    private static async Task<Scene> RecordedAsync()
    {
        Scene scene = await Scene.StartClosedAsync();
        for (int i = 0; i < 5; i++)
            await scene.One.MakeKeyAsync();
        await scene.One.StopAsync();
        return scene;
    }

    private static Task<StreamReport> ReportAsync(Scene scene) =>
        new LogVerifier(scene.Storage).VerifyAsync(LogSchema.Audit, scene.Time.GetUtcNow().AddHours(-2), scene.Time.GetUtcNow().AddHours(2), null, Cancel);

    // As somebody with access to the storage would: the lines of the one blob, without its footer, are another's to change.
    private static void Rewrite(string folder, Action<List<string>> change)
    {
        string file = Assert.Single(Directory.EnumerateFiles(folder, "*.gz", SearchOption.AllDirectories), name => name.Replace('\\', '/').Contains("/audit/", StringComparison.Ordinal));
        List<string> lines;
        using (StreamReader reader = new(new GZipStream(File.OpenRead(file), CompressionMode.Decompress)))
            lines = [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
        Assert.Equal(6, lines.Count);
        change(lines);
        using GZipStream packed = new(File.Create(file), CompressionLevel.Fastest);
        packed.Write(Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));
    }

    private static string Id(string line) => JsonNode.Parse(line)!["id"]!.GetValue<string>();
}
