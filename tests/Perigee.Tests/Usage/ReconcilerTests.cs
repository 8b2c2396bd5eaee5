using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Perigee.Logs;
using Perigee.Storage;
using Perigee.Tests.Caching.Store;
using Perigee.Usage;
using Perigee.Wire;

namespace Perigee.Tests.Usage;

public sealed class ReconcilerTests(ITestOutputHelper output) : IDisposable
{
    private const string Everything = "organisation,team,key,model,provider,region,status,cache,dialect,operation,purpose";
    private static readonly DateTimeOffset Hour = Moments.At(9, 0);

    private readonly TestStorage _storage = new();

    public void Dispose() => _storage.Dispose();

    [Fact]
    public void A_line_of_the_log_counts_as_the_exchange_itself_did()
    {
        TokenUsage tokens = new(10, 2, 3, 40, 5);
        Asked[] all =
        [
            new(Hour) { Tokens = tokens, First = 12.3456, Milliseconds = 98.7654321 }, new(Hour) { Price = null, Tokens = tokens }, new(Hour) { Status = 429, Unserved = true },
            new(Hour) { Key = null, Status = 401 }, new(Hour) { Cache = CacheOutcome.Hit, Tokens = tokens, SavedPicoDollars = 123_456_789 },
            new(Hour) { Cache = CacheOutcome.Semantic, Tokens = tokens }, new(Hour) { Cache = CacheOutcome.Joined, Tokens = tokens }, new(Hour) { Cache = CacheOutcome.Miss, Price = 0.000001m, Tokens = tokens },
            new(Hour) { Model = "sk-canary0123456789canary", Milliseconds = 0 }, new(Hour) { Cache = CacheOutcome.Refresh, Status = 500 }, new(Hour) { Cache = CacheOutcome.Bypass },
        ];
        foreach (Asked asked in all)
        {
            ExchangeRecord record = asked.Record();
            LoggedExchange read = LoggedExchange.Read(Shipping.Line(record))!;
            Assert.Equal(("exchange", record.Id, record.Time), (read.Kind, read.Id, read.Time));
            Assert.Equal(UsageGroup.Of(UsageKey.Of(record), "local", new Redactor(["sk-"])).ToString(), read.Group.ToString());
            Assert.Equal(UsageSample.Of(record), read.Sample);
        }

        LoggedExchange named = LoggedExchange.Read("""
            {"v":2,"kind":"exchange","later":[{"organisation":"no"}],"time":"2026-11-24T09:00:00.1234567Z","region":"west","id":"0","organisation":"org_a","team":"team_b","keyId":"key_c","dialect":"d",
            "operation":"o","purpose":"judge","attempts":[{"provider":"p","model":"a/b","more":{"model":"x"}},{"provider":"q","model":"c","status":500}],"status":502,"tokens":{"inputFresh":1,"inputCacheWriteHour":7,"more":[1]},
            "cost":null,"priceKnown":false,"totalMs":1}
            """u8)!;
        Assert.Equal(new UsageGroup("org_a", "team_b", "key_c", "q/c", "q", "west", "502", "off", "d", "o", "judge"), named.Group);
        Assert.Equal((new UsageTokens(1, 0, 0, 7, 0, 0), (bool?)false, true), (named.Sample.Tokens, named.Sample.Priced, named.Sample.Failed));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"kind":"exchange"}""")]
    [InlineData("""{"kind":"exchange","time":"then"}""")]
    [InlineData("""{"kind":7,"time":"2026-11-24T09:00:00Z"}""")]
    [InlineData("""{"kind":"exchange","time":"2026-11-24T09:00:00Z","cost":1e99}""")]
    [InlineData("""{"kind":"exchange","time":"2026-11-24T09:00:00Z","status":"x"}""")]
    public void What_is_no_line_of_the_log_is_said_to_be_none(string line) => Assert.Null(LoggedExchange.Read(Encoding.UTF8.GetBytes(line)));

    [Fact]
    public async Task An_hour_that_was_counted_and_shipped_is_the_same_in_both()
    {
        UsageRig rig = new(_storage);
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        ExchangeRecord[] records = Draw(new Random(seed), 400);
        await ShipAsync(records);
        foreach (ExchangeRecord record in records)
            rig.Rollups.Take(record);
        await rig.FlushAsync();

        Reconciliation found = await rig.Reconciler.CompareAsync(Hour, 3, default);

        Assert.Equal(records.Count(InHour), found.Logged.Records);
        Assert.Empty(found.Differences());
        Assert.True(found.Totals().Rollups.Requests > 0);
    }

    [Fact]
    public async Task A_correction_makes_minutes_hour_and_day_what_the_blobs_say_and_made_again_it_is_the_same()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random dice = new(seed);
        ExchangeRecord[] records = Draw(dice, 400);
        await ShipAsync(records);
        await ShipAsync(records[..50]);
        UsageRig one = new(_storage, instance: "one"), two = new(_storage, instance: "two");

        // Some were never counted, some twice, and some are known to the rollups alone.
        foreach (ExchangeRecord record in records)
        {
            for (int times = dice.Next(3); times > 0; times--)
                (dice.Next(2) == 0 ? one : two).Rollups.Take(record);
        }

        one.Take(new Asked(Hour.AddMinutes(7)) { Key = "key_ghost" });
        await one.FlushAsync();
        await two.FlushAsync();
        UsageRig reader = new(_storage);
        List<UsageLine> before = await reader.ReadAsync($"from=2026-11-24T10:00Z&to=2026-11-25&bucket=total&groupBy={Everything}");

        Reconciliation found = await reader.Reconciler.CompareAsync(Hour, 3, default);
        Assert.NotEmpty(found.Differences());
        Assert.Equal(records[..50].Count(InHour), found.Logged.Duplicates);
        Assert.True(await reader.Reconciler.ApplyAsync(found, minutes: true, default) > 30);
        await HoldsAsync(reader, records, before);

        // Again, and again after one of them counts on.
        await reader.Reconciler.ApplyAsync(await reader.Reconciler.CompareAsync(Hour, 3, default), minutes: true, default);
        await HoldsAsync(reader, records, before);
        two.Take(new Asked(Hour.AddMinutes(59)) { Key = "key_late" });
        await two.FlushAsync();
        Assert.Single((await reader.Reconciler.CompareAsync(Hour, 3, default)).Differences());
        await reader.Reconciler.ApplyAsync(await reader.Reconciler.CompareAsync(Hour, 3, default), minutes: true, default);
        await HoldsAsync(reader, records, before);
    }

    [Fact]
    public async Task A_correction_that_breaks_off_is_made_whole_when_it_is_made_again_and_one_that_shrinks_leaves_nothing()
    {
        UsageRig rig = new(_storage);
        ExchangeRecord[] records = [.. Enumerable.Range(0, 300).Select(static i => new Asked(Hour.AddSeconds(i * 12)) { Key = $"key_{i}" }.Record())];
        await ShipAsync(records);
        int writes = 0;
        _storage.Next = call => call == "together" && ++writes == 2 ? Mishap.Down : Mishap.None;
        Reconciliation found = await rig.Reconciler.CompareAsync(Hour, 2, default);
        await Assert.ThrowsAsync<StorageException>(async () => await rig.Reconciler.ApplyAsync(found, true, default));
        await rig.Reconciler.ApplyAsync(await rig.Reconciler.CompareAsync(Hour, 2, default), true, default);
        Assert.Equal(300, (await rig.TotalAsync()).Requests);
        Assert.Empty((await rig.Reconciler.CompareAsync(Hour, 2, default)).Differences());

        // The instance comes back with what it had counted: there is nothing left to correct.
        foreach (ExchangeRecord record in records)
            rig.Rollups.Take(record);
        await rig.FlushAsync();
        Assert.Equal(0, await rig.Reconciler.ApplyAsync(await rig.Reconciler.CompareAsync(Hour, 2, default), true, default));
        Assert.Equal(300, (await rig.TotalAsync()).Requests);
    }

    [Fact]
    public async Task Drops_and_damage_are_reported_and_nothing_is_corrected_by_blobs_that_know_less()
    {
        await using Caching.Proving.Scene scene = await Caching.Proving.Scene.StartClosedAsync();
        BreakableStorage storage = scene.Storage;
        DateTimeOffset hour = new(2026, 11, 24, 13, 0, 0, TimeSpan.Zero);
        await WriteAsync(storage, hour, "a", Text(new Asked(hour).Record()));
        string Ask(string more = "") => $$"""{"hour":"2026-11-24T13:00:00Z"{{more}}}""";
        JsonElement first = await RunAsync(scene, 200, Ask());
        Assert.Equal((1, 1, 0, false, false), (Number(first, "records"), Number(first, "blobs"), Number(first, "dropped"), first.GetProperty("equal").GetBoolean(), first.GetProperty("applied").GetBoolean()));
        Assert.Equal((0, 1, 1), (Number(first.GetProperty("rollups"), "requests"), Number(first.GetProperty("logged"), "requests"), Number(first.GetProperty("difference"), "requests")));
        Assert.Equal("key_1", first.GetProperty("groups")[0].GetProperty("key").GetString());
        Assert.Contains("must wait until 15 minutes", (await RunAsync(scene, 400, Ask(",\"apply\":true"))).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        scene.Time.Advance(TimeSpan.FromMinutes(16));
        Assert.True((await RunAsync(scene, 200, Ask(",\"apply\":true"))).GetProperty("applied").GetBoolean());
        Assert.True((await RunAsync(scene, 200, Ask())).GetProperty("equal").GetBoolean());
        JsonElement audit = (await Callers.Managed.ManageAsync(scene.One, "GET", "/manage/v1/audit")).Json.GetProperty("data");
        Assert.Contains(audit.EnumerateArray(), static entry => entry.GetProperty("record").GetProperty("action").GetString() == "usage.reconcile"
            && entry.GetProperty("record").GetProperty("after").GetProperty("hour").GetString() == "2026-11-24T13:00:00Z");

        await WriteAsync(storage, hour, "b", """{"v":1,"kind":"drops","time":"2026-11-24T13:05:00Z","region":"r","instance":"i","seq":9,"dropped":5}""" + "\n");
        Assert.Equal(5, Number(await RunAsync(scene, 200, Ask()), "dropped"));
        Assert.Contains("dropped 5 records", (await RunAsync(scene, 409, Ask(",\"apply\":true"))).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        await storage.Blobs("logs").WriteAsync("v1/requests/dt=2026-11-24/hour=13/region=r/broken.ndjson.gz", new byte[] { 1, 2, 3 }, "application/gzip", default);
        Assert.Equal(1, Number(await RunAsync(scene, 200, Ask()), "damaged"));
        foreach ((string body, string message) in new[]
        {
            ("""{"hour":"2026-11-24T13:30:00Z"}""", "'hour' must be the beginning of an hour"), ("{}", "'hour' must be the beginning of an hour"),
            ("""{"hour":"2026-01-01T00:00:00Z"}""", "lies before 2026-08-26"), ("""{"hour":"2026-11-24T13:00:00Z","lookAheadHours":100}""", "'lookAheadHours' must be 0 to 48"),
            ("""{"hours":1}""", "Unknown: 'hours'"), ("""{"hour":1}""", "'hour' is not of the type"),
        })
        {
            Assert.Contains(message, (await RunAsync(scene, 400, body)).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_a_process_took_with_it_when_it_was_killed_is_named_and_is_no_difference_that_nobody_can_explain()
    {
        await using Caching.Proving.Scene scene = await Caching.Proving.Scene.StartClosedAsync();
        DateTimeOffset hour = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
        UsageRig rig = new(scene.Storage);
        ExchangeRecord[] records = [.. Enumerable.Range(0, 5).Select(i => new Asked(hour.AddMinutes(50 + i)).Record())];
        foreach (ExchangeRecord record in records)
            rig.Rollups.Take(record);
        await rig.FlushAsync();

        // Two of five were in a blob, one was dropped, and two went with the process; the next one tells it an hour later. Another process had lost its end in another hour.
        string Footer(string instance, string time, int last) => $$"""{"v":2,"kind":"footer","time":"{{time}}","region":"r","instance":"{{instance}}","stream":"requests","blob":1,"records":2,"first":1,"last":{{last}},"taken":{{last}},"final":false}""" + "\n";
        await WriteAsync(scene.Storage, hour, "a", Text(records[0]) + Text(records[1]) + Footer("dead", "2026-11-24T12:51:00Z", 2));
        await WriteAsync(scene.Storage, hour, "b", """{"v":2,"kind":"drops","time":"2026-11-24T12:52:00Z","region":"r","instance":"dead","stream":"requests","dropped":1,"ranges":[[3,3]]}""" + "\n");
        await WriteAsync(scene.Storage, hour.AddHours(1), "c", Footer("later", "2026-11-24T13:20:00Z", 7));
        await WriteAsync(scene.Storage, hour.AddHours(1), "d", string.Join('\n', ((string[])["dead", "dead", "later", "stranger"]).Select(of =>
            $$"""{"v":2,"kind":"lost","time":"2026-11-24T13:30:00Z","region":"r","instance":"next","stream":"requests","of":"{{of}}","taken":{{(of == "dead" ? 5 : 100)}}}""")));

        JsonElement found = await RunAsync(scene, 200, """{"hour":"2026-11-24T12:00:00Z"}""");
        Assert.Equal((2, 1, 2, 0, 0), (Number(found, "records"), Number(found, "dropped"), Number(found, "lost"), Number(found, "unexplained"), Number(found, "damaged")));
        Assert.Equal((5, 2, -3), (Number(found.GetProperty("rollups"), "requests"), Number(found.GetProperty("logged"), "requests"), Number(found.GetProperty("difference"), "requests")));
        rig.Rollups.Take(new Asked(hour.AddMinutes(58)).Record());
        await rig.FlushAsync();
        Assert.Equal(1, Number(await RunAsync(scene, 200, """{"hour":"2026-11-24T12:00:00Z"}"""), "unexplained"));
        
        // When exactly a process was killed after its last blob nobody knows: what it lost may be of either hour.
        Assert.Equal(95, Number(await RunAsync(scene, 200, """{"hour":"2026-11-24T13:00:00Z"}"""), "lost"));
        await WriteAsync(scene.Storage, hour.AddHours(1), "e", Text(new Asked(hour.AddMinutes(59)).Record()));
        scene.Time.Advance(TimeSpan.FromMinutes(16));
        JsonElement refused = await RunAsync(scene, 409, """{"hour":"2026-11-24T13:00:00Z","apply":true}""");
        Assert.Contains("took 95 with them", refused.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private static async Task HoldsAsync(UsageRig reader, ExchangeRecord[] records, List<UsageLine> rest)
    {
        Assert.Empty((await reader.Reconciler.CompareAsync(Hour, 3, default)).Differences());
        Dictionary<(int Minute, string Group), UsageCell> exact = [];
        foreach (ExchangeRecord record in records.Where(InHour))
        {
            (int, string) place = (record.Time.Minute, string.Join('|', Values(UsageGroup.Of(UsageKey.Of(record), "local", new Redactor([])))));
            if (!exact.TryGetValue(place, out UsageCell? cell))
                exact[place] = cell = new UsageCell();
            cell.Add(UsageSample.Of(record));
        }

        foreach (UsageLine line in await reader.ReadAsync($"from=2026-11-24T09:00Z&to=2026-11-24T10:00Z&bucket=minute&groupBy={Everything}"))
            exact[(line.Start.Minute, string.Join('|', line.Group.Values))].Merge(line.Cell, -1);
        Assert.All(exact.Values, static cell => Assert.True(cell.IsZero));

        // The day is its hours.
        UsageCell sum = new();
        foreach (UsageLine line in await reader.ReadAsync("from=2026-11-24&to=2026-11-25&bucket=hour"))
            sum.Merge(line.Cell);
        sum.Merge(await reader.TotalAsync(), -1);
        Assert.True(sum.IsZero);

        // And no other hour was touched.
        List<UsageLine> after = await reader.ReadAsync($"from=2026-11-24T10:00Z&to=2026-11-25&bucket=total&groupBy={Everything}");
        Assert.Equal(rest.Select(static line => (string.Join('|', line.Group.Values), line.Cell.Requests, line.Cell.Cost)), after.Select(static line => (string.Join('|', line.Group.Values), line.Cell.Requests, line.Cell.Cost)));
    }

    private static bool InHour(ExchangeRecord record) => record.Time >= Hour && record.Time < Hour.AddHours(1);

    private static string[] Values(UsageGroup group) => [.. Enumerable.Range(0, UsageDimensions.Held).Select(place => group[(UsageDimension)place])];

    /// <summary>Records from half past eight to half past ten.</summary>
    private static ExchangeRecord[] Draw(Random dice, int count) => [.. Enumerable.Range(0, count).Select(_ => new Asked(Hour.AddSeconds(dice.Next(-1800, 5400)))
    {
        Key = $"key_{dice.Next(5)}",
        Model = $"m{dice.Next(3)}",
        Price = dice.Next(4) == 0 ? null : dice.Next(1, 50) / 10m,
        Status = dice.Next(5) == 0 ? 429 : 200,
        Cache = dice.Next(4) == 0 ? CacheOutcome.Hit : CacheOutcome.Miss,
        SavedPicoDollars = dice.Next(2) == 0 ? null : dice.Next(1_000_000),
        Tokens = new TokenUsage(dice.Next(10_000), dice.Next(100), dice.Next(10), dice.Next(1000), dice.Next(50)),
        Milliseconds = dice.NextDouble() * 10_000,
        First = dice.Next(3) == 0 ? null : dice.NextDouble() * 1000,
    }.Record())];

    /// <summary>Writes them with the real shipper, as if at ten: their folder is not that of their time.</summary>
    private Task ShipAsync(ExchangeRecord[] records) => Shipping.ShipAsync(_storage, "local", Moments.At(10, 40), records);

    private static string Text(ExchangeRecord record) => Encoding.UTF8.GetString(Shipping.Line(record)) + "\n";

    private static async Task WriteAsync(BreakableStorage storage, DateTimeOffset hour, string name, string lines)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(Encoding.UTF8.GetBytes(lines));
        await storage.Blobs("logs").WriteAsync($"v1/requests/dt={hour:yyyy-MM-dd}/hour={hour:HH}/region=r/{name}.ndjson.gz", packed.ToArray(), "application/gzip", default);
    }

    private static int Number(JsonElement of, string name) => of.GetProperty(name).GetInt32();

    private static async Task<JsonElement> RunAsync(Caching.Proving.Scene scene, int status, string body)
    {
        Caching.Proving.Reply reply = await Callers.Managed.ManageAsync(scene.One, "POST", "/manage/v1/usage:reconcile", body);
        Assert.True(reply.Status == status, reply.Body);
        return reply.Json;
    }
}
