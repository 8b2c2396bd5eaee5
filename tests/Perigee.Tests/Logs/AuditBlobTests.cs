using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Callers;
using Perigee.Logs;
using Perigee.Logs.Verifying;
using Perigee.Tests.Caching.Proving;
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
