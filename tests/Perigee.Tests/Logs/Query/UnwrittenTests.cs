using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Logs;
using Perigee.Tests.Caching.Proving;
using Perigee.Tests.Callers;

namespace Perigee.Tests.Logs.Query;

/// <summary>Records that no blob holds yet: found at once by the instance that holds them, and never twice. The clock stands until it is moved.</summary>
public sealed class UnwrittenTests
{
    [Fact]
    public async Task A_record_is_found_as_soon_as_its_request_is_over_and_counts_once_when_it_is_written()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        (string key, string keyId) = await scene.One.MakeKeyAsync();
        string id = (await scene.One.AskAsync(key, "openai/m")).Id;

        // Of two ids of one millisecond either may be the lower.
        scene.Time.Advance(TimeSpan.FromMilliseconds(5));
        string refused = (await scene.One.AskAsync("pk-nobody", "openai/m")).Id;
        await Eventually.IsTrueAsync(async () => (await ListAsync(scene.One, "")).GetProperty("data").GetArrayLength() == 2, "both are taken");

        JsonElement list = await ListAsync(scene.One, "");
        Assert.Equal([refused, id], Ids(list));
        Assert.Equal(2, list.GetProperty("unwritten").GetInt32());
        Reply one = await scene.One.ManageAsync("GET", "/manage/v1/logs/" + id);
        Assert.True(one.Status == 200, one.Body);
        Assert.Equal((keyId, "exchange"), (one.Json.GetProperty("keyId").GetString(), one.Json.GetProperty("kind").GetString()));
        Assert.Equal([id], Ids(await ListAsync(scene.One, "status=200")));
        Assert.Equal([refused], Ids(await ListAsync(scene.One, "id=" + refused)));
        JsonElement first = await ListAsync(scene.One, "limit=1");
        Assert.Equal([id], Ids(await ListAsync(scene.One, "limit=1&after=" + first.GetProperty("after").GetString())));

        // Nobody else knows of them.
        Instance second = await scene.AddAsync();
        Assert.Empty(Ids(await ListAsync(second, "")));
        Assert.Equal(404, (await second.ManageAsync("GET", "/manage/v1/logs/" + id)).Status);

        await FlushAsync(scene);
        list = await ListAsync(scene.One, "");
        Assert.Equal([refused, id], Ids(list));
        Assert.Equal(0, list.GetProperty("unwritten").GetInt32());
        Assert.Equal([refused, id], Ids(await ListAsync(second, "")));

        // Byte for byte what was shown before it was written.
        Assert.Equal(one.Body, (await second.ManageAsync("GET", "/manage/v1/logs/" + id)).Body);
    }

    [Fact]
    public async Task While_a_blob_is_written_a_record_that_is_in_both_counts_once_also_over_the_turn_of_an_hour()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        string before = (await scene.One.AskAsync("pk-nobody", "openai/m")).Id;
        await TakenAsync(scene, 1);
        scene.Time.Advance(TimeSpan.FromMilliseconds(500));
        string after = (await scene.One.AskAsync("pk-nobody", "openai/m")).Id;
        await TakenAsync(scene, 2);

        // The blob is there, but its writer does not hear of it: the records are in the blob and in memory.
        UnwrittenRecords unwritten = scene.One.Services.GetRequiredService<UnwrittenRecords>();
        IReadOnlyList<ExchangeRecord> held = unwritten.Within(DateTimeOffset.MinValue, DateTimeOffset.MaxValue, 10);
        Assert.Equal(2, held.Count);
        await FlushAsync(scene);
        foreach (ExchangeRecord record in held)
            unwritten.Add(record);
        Assert.Equal([after, before], Ids(await ListAsync(scene.One, "")));

        // A blob stands under the hour of its first record: the other ended in the next.
        ExchangeRecord late = held[0];
        unwritten.Remove(late);
        unwritten.Add(new ExchangeRecord { Id = late.Id, Time = late.Time, Dialect = late.Dialect, Operation = late.Operation, Total = TimeSpan.FromHours(1), Sequence = late.Sequence });
        scene.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal([after, before], Ids(await ListAsync(scene.One, "")));
    }

    [Fact]
    public async Task What_is_dropped_is_held_no_more_and_a_storage_that_is_away_hides_nothing_by_id()
    {
        await using Scene scene = await Scene.StartClosedAsync(""" "logs": {"memoryBytes": 1048576} """);
        scene.Storage.Before = static call => call.Contains("blobs logs", StringComparison.Ordinal) ? throw new Perigee.Storage.StorageException("away") : Task.CompletedTask;
        string first = (await scene.One.AskAsync("pk-nobody", "openai/m")).Id;
        await TakenAsync(scene, 1);
        Assert.Equal(200, (await scene.One.ManageAsync("GET", "/manage/v1/logs/" + first)).Status);

        LogShipper shipper = scene.One.Services.GetRequiredService<LogShipper>();
        UnwrittenRecords unwritten = scene.One.Services.GetRequiredService<UnwrittenRecords>();
        for (int i = 0; i < 5000; i++)
            shipper.Take(new Usage.Asked(scene.Time.GetUtcNow()).Record());
        Assert.True(shipper.Dropped > 1000);
        Assert.InRange(unwritten.Within(DateTimeOffset.MinValue, DateTimeOffset.MaxValue, int.MaxValue).Count, 1, 5001 - (int)shipper.Dropped);
    }

    private static Task TakenAsync(Scene scene, int records) => Eventually.IsTrueAsync(
        () => scene.One.Services.GetRequiredService<UnwrittenRecords>().Within(DateTimeOffset.MinValue, DateTimeOffset.MaxValue, 10).Count == records, $"{records} are taken");

    private static async Task FlushAsync(Scene scene) => await Eventually.IsTrueAsync(() =>
    {
        scene.Time.Advance(TimeSpan.FromSeconds(1));
        return scene.One.Services.GetRequiredService<UnwrittenRecords>().Within(DateTimeOffset.MinValue, DateTimeOffset.MaxValue, 10).Count == 0;
    }, "all is written");

    private static IEnumerable<string> Ids(JsonElement list) => list.GetProperty("data").EnumerateArray().Select(static one => one.GetProperty("id").GetString()!);

    private static async Task<JsonElement> ListAsync(Instance instance, string query)
    {
        Reply reply = await instance.ManageAsync("GET", "/manage/v1/logs?" + query);
        Assert.True(reply.Status == 200, reply.Body);
        return reply.Json;
    }
}
