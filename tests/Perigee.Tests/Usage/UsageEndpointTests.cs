using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Cli;
using Perigee.Tests.Caching.Proving;
using Perigee.Tests.Callers;
using Perigee.Usage;
using Perigee.Wire;

namespace Perigee.Tests.Usage;

/// <summary>Usage as the management API and the command show it, of a whole gateway.</summary>
public sealed class UsageEndpointTests
{
    [Fact]
    public async Task What_was_asked_is_shown_live_and_by_other_instances_once_it_is_written()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        await scene.One.MakeAsync("organisations", """{"id":"org_u","name":"U"}""");
        (string key, string id) = await scene.One.MakeKeyAsync("\"organisation\":\"org_u\"");
        (string other, string otherId) = await scene.One.MakeKeyAsync();
        for (int i = 0; i < 3; i++)
            Assert.Equal(200, (await scene.One.AskAsync(key, "openai/m")).Status);
        Assert.Equal(200, (await scene.One.AskAsync(other, "openai/m")).Status);
        Assert.Equal(401, (await scene.One.AskAsync("pk-nobody", "openai/m")).Status);

        JsonElement list = await ShowAsync(scene.One, "bucket=hour&groupBy=key,status,model");
        Assert.Equal("list", list.GetProperty("object").GetString());
        JsonElement[] lines = [.. list.GetProperty("data").EnumerateArray()];
        Assert.Equal([null, .. new[] { id, otherId }.Order(StringComparer.Ordinal)], lines.Select(static line => line.GetProperty("key").GetString()));
        JsonElement mine = lines.Single(line => line.GetProperty("key").GetString() == id);
        Assert.Equal(("usage", "2026-11-24T14:00:00Z", "2026-11-24T15:00:00Z"), (Text(mine, "object"), Text(mine, "from"), Text(mine, "to")));
        Assert.Equal((3, 0, "200"), (mine.GetProperty("requests").GetInt32(), mine.GetProperty("errors").GetInt32(), Text(mine, "status")));
        Assert.True(mine.GetProperty("tokens").GetProperty("inputFresh").GetInt64() > 0);
        Assert.Equal(3, mine.GetProperty("priceUnknown").GetInt32());
        Assert.Equal(JsonValueKind.Null, mine.GetProperty("cost").ValueKind);
        Assert.Equal(1, lines[0].GetProperty("errors").GetInt32());

        Instance second = await scene.AddAsync();
        Assert.Empty((await ShowAsync(second, "bucket=total")).GetProperty("data").EnumerateArray());
        await scene.One.Services.GetRequiredService<UsageStore>().FlushAsync(TestContext.Current.CancellationToken);
        Assert.Equal(5, (await ShowAsync(second, "bucket=total")).GetProperty("data")[0].GetProperty("requests").GetInt32());
        Assert.Equal(3, (await ShowAsync(second, "bucket=total&organisation=org_u&statusClass=2xx")).GetProperty("data")[0].GetProperty("requests").GetInt32());
        JsonElement byOrg = Assert.Single((await ShowAsync(second, "bucket=total&org=org_u&groupBy=org")).GetProperty("data").EnumerateArray());
        Assert.Equal((3, "org_u"), (byOrg.GetProperty("requests").GetInt32(), Text(byOrg, "organisation")));
        Assert.False(byOrg.TryGetProperty("org", out _));
        foreach (string twice in (string[])["org=a&organisation=b", "groupBy=org,organisation"])
            Assert.Equal(400, (await second.ManageAsync("GET", "/manage/v1/usage?" + twice)).Status);
        Assert.Equal(2, (await ShowAsync(second, "bucket=minute&organisation=(none)")).GetProperty("data")[0].GetProperty("requests").GetInt32());
        Assert.Empty((await ShowAsync(second, "status=500,502&status=503")).GetProperty("data").EnumerateArray());
    }

    [Fact]
    public async Task What_an_instance_had_not_written_is_written_when_it_stops()
    {
        await using Scene scene = await Scene.StartAsync();
        await scene.One.AskAsync(Form.OpenAi, "openai/m");
        Instance second = await scene.AddAsync();
        await scene.One.StopAsync();
        Assert.Equal(1, (await ShowAsync(second, "bucket=total")).GetProperty("data")[0].GetProperty("requests").GetInt32());
    }

    [Fact]
    public async Task Lists_come_in_pages_and_csv_comes_whole_and_means_no_harm_to_a_spreadsheet()
    {
        await using Scene scene = await Scene.StartAsync();
        UsageRollups rollups = scene.One.Services.GetRequiredService<UsageRollups>();
        string[] models = ["=1+1", "+a", "-b", "@c", "a,b", "say \"x\"", "plain", "two\r\nlines"];
        foreach (string model in models)
            rollups.Take(new Asked(scene.Time.GetUtcNow()) { Model = model, Key = model, Price = 0.5m, Tokens = new TokenUsage(3, 0, 0, 0, 0) }.Record());

        List<string?> seen = [];
        string? after = null;
        do
        {
            JsonElement page = await ShowAsync(scene.One, $"groupBy=key&limit=3{(after is null ? "" : $"&after={after}")}");
            seen.AddRange(page.GetProperty("data").EnumerateArray().Select(static line => line.GetProperty("key").GetString()));
            after = page.GetProperty("after").GetString();
        }
        while (after is not null);
        Assert.Equal(models.Order(StringComparer.Ordinal), seen);

        Reply csv = await scene.One.ManageAsync("GET", "/manage/v1/usage?groupBy=key&format=csv");
        Assert.StartsWith("text/csv; charset=utf-8", csv.Type, StringComparison.Ordinal);
        string[] lines = csv.Body.Split("\r\n");
        Assert.StartsWith("from,to,key,requests,errors,tokens.inputFresh,", lines[0], StringComparison.Ordinal);
        Assert.Contains(",'=1+1,1,0,3,", csv.Body, StringComparison.Ordinal);
        Assert.Contains(",'+a,", csv.Body, StringComparison.Ordinal);
        Assert.Contains(",'-b,", csv.Body, StringComparison.Ordinal);
        Assert.Contains(",'@c,", csv.Body, StringComparison.Ordinal);
        Assert.Contains(",\"a,b\",", csv.Body, StringComparison.Ordinal);
        Assert.Contains(",\"say \"\"x\"\"\",", csv.Body, StringComparison.Ordinal);
        Assert.Contains(",\"two\r\nlines\",", csv.Body, StringComparison.Ordinal);
        Assert.Contains(",0.0000015,", csv.Body, StringComparison.Ordinal);
        Assert.Equal(csv.Body, (await scene.One.ManageAsync("GET", "/manage/v1/usage?groupBy=key", null, ("Accept", "text/csv"))).Body);
        int columns = lines[0].Split(',').Length;
        Assert.Equal(columns, lines.Single(static line => line.Contains(",plain,", StringComparison.Ordinal)).Split(',').Length);
    }

    [Theory]
    [InlineData("from=yesterday", "'from' must be a day (2030-01-31)")]
    [InlineData("from=2026-11-24T10:30:00Z&bucket=hour", "'from' must be a whole hour in UTC where 'bucket' is 'hour': 2026-11-24T10:00:00Z or 2026-11-24T11:00:00Z.")]
    [InlineData("from=2026-11-24T10:30:10Z&to=2026-11-25&bucket=total", "'from' must be a whole minute in UTC")]
    [InlineData("from=2026-11-24&to=2026-11-24", "'from' must be before 'to'")]
    [InlineData("from=2026-11-01&to=2026-11-24&bucket=minute", "'from' must be at most 1 days before 'to'")]
    [InlineData("from=2026-11-20T01:00:00Z&to=2026-11-20T02:00:00Z&bucket=minute", "'from' lies before 2026-11-21T00:00:00Z, from when minutes are kept: ask for whole hours.")]
    [InlineData("from=2026-11-20T01:00:30%2B00:00&bucket=total", "'from' must be a whole minute")]
    [InlineData("from=2026-11-20T01:01:00Z&to=2026-11-24&bucket=total", "'from' lies before 2026-11-21T00:00:00Z, from when minutes are kept")]
    [InlineData("bucket=week", "'bucket' must be minute, hour, day, total.")]
    [InlineData("groupBy=kee", "'groupBy' knows organisation, team, key, ")]
    [InlineData("groupBy=key,key", "'groupBy' names 'key' twice.")]
    [InlineData("owner=x", "Unknown: 'owner'.")]
    [InlineData("key=", "'key' must be 1 to 200 values")]
    [InlineData("status=4xx", "for '4xx' use 'statusClass'")]
    [InlineData("format=xml", "'format' must be csv or json.")]
    [InlineData("format=csv&limit=3", "'limit' is not for CSV")]
    [InlineData("limit=0", "'limit' must be 1 to 1000.")]
    [InlineData("after=1.2", "'after' must be what the page before said")]
    public async Task What_cannot_be_answered_is_refused_with_its_field_and_the_remedy(string query, string message)
    {
        await using Scene scene = await Scene.StartAsync();
        Reply reply = await scene.One.ManageAsync("GET", "/manage/v1/usage?" + query);
        Assert.Equal(400, reply.Status);
        Assert.Contains(message, reply.Message(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Owners_of_keys_see_their_own_and_no_others()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        JsonElement admin = await scene.One.MakeAsync("admin-keys", """{"name":"k","role":"key-owner"}""");
        string secret = admin.GetProperty("key").GetString()!;
        (string own, string ownId) = await scene.One.MakeKeyAsync($"\"ownedBy\":\"{admin.GetProperty("id").GetString()}\"");
        (string foreign, string foreignId) = await scene.One.MakeKeyAsync();
        await scene.One.AskAsync(own, "openai/m");
        await scene.One.AskAsync(foreign, "openai/m");

        Reply all = await scene.One.ManageAsync("GET", "/manage/v1/usage?groupBy=key", null, ("key", secret));
        Assert.Equal([ownId], all.Json.GetProperty("data").EnumerateArray().Select(static line => line.GetProperty("key").GetString()!));
        Assert.Equal(404, (await scene.One.ManageAsync("GET", $"/manage/v1/usage?key={foreignId},{ownId}", null, ("key", secret))).Status);
        Assert.Equal(200, (await scene.One.ManageAsync("GET", $"/manage/v1/usage?key={ownId}&format=csv", null, ("key", secret))).Status);
        Assert.Equal(403, (await scene.One.ManageAsync("POST", "/manage/v1/usage:reconcile", """{"hour":"2026-11-24T10:00:00Z"}""", ("key", secret))).Status);

        // Who owns none sees nothing at all.
        JsonElement none = await scene.One.MakeAsync("admin-keys", """{"name":"n","role":"key-owner"}""");
        Assert.Empty((await scene.One.ManageAsync("GET", "/manage/v1/usage", null, ("key", none.GetProperty("key").GetString()!))).Json.GetProperty("data").EnumerateArray());
    }

    [Fact]
    public async Task A_storage_that_is_down_is_said_to_be_and_requests_do_not_feel_it()
    {
        await using Scene scene = await Scene.StartAsync();
        scene.Storage.Before = static _ => throw new Perigee.Storage.StorageException("down for a test");
        Assert.Equal(503, (await scene.One.ManageAsync("GET", "/manage/v1/usage")).Status);
        Assert.Equal(200, (await scene.One.AskAsync(Form.OpenAi, "openai/m", headers: ("x-perigee-cache", "off"))).Status);
        scene.Storage.Before = static _ => Task.CompletedTask;
        Assert.Equal(1, (await ShowAsync(scene.One, "bucket=total")).GetProperty("data")[0].GetProperty("requests").GetInt32());
        Assert.Equal(0, (await scene.One.ManageAsync("GET", "/manage/v1/health")).Json.GetProperty("usage").GetProperty("lostMinutes").GetInt32());
    }

    [Fact]
    public async Task The_command_shows_it_reconciles_it_and_still_shows_limits_of_one()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        (string key, string id) = await scene.One.MakeKeyAsync("\"requestsPerMinute\":60");
        await scene.One.AskAsync(key, "openai/m");

        string table = await RunAsync(scene, 0, "usage", "--group-by", "key,model", "--status-class", "2xx");
        Assert.Contains("openai/m", table, StringComparison.Ordinal);
        Assert.Contains("latencyMs.p95", table, StringComparison.Ordinal);
        Assert.Equal(1, JsonDocument.Parse(await RunAsync(scene, 0, "usage", "--bucket", "total", "--json")).RootElement.GetProperty("data")[0].GetProperty("requests").GetInt32());
        Assert.Contains("requests", await RunAsync(scene, 0, "usage", id), StringComparison.Ordinal);
        Assert.Contains("'bucket' must be", await RunAsync(scene, 1, "usage", "--bucket", "week"), StringComparison.Ordinal);
        Assert.Contains("stands alone", await RunAsync(scene, 1, "usage", id, "--bucket", "day"), StringComparison.Ordinal);
        Assert.Contains("usage.reconciliation", await RunAsync(scene, 0, "usage", "reconcile", "2026-11-24T13:00:00Z", "--json"), StringComparison.Ordinal);
        Assert.Contains("'hour' has not begun yet", await RunAsync(scene, 1, "usage", "reconcile", "2026-11-24T15:00:00Z"), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> ShowAsync(Instance gateway, string query)
    {
        Reply reply = await gateway.ManageAsync("GET", "/manage/v1/usage?" + query);
        Assert.True(reply.Status == 200, reply.Body);
        return reply.Json;
    }

    private static string Text(JsonElement line, string name) => line.GetProperty(name).GetString()!;

    private static async Task<string> RunAsync(Scene scene, int exit, params string[] args)
    {
        Func<string, string?> environment = name => name switch
        {
            "PERIGEE_URL" => scene.One.Http.BaseAddress!.ToString(),
            "PERIGEE_ADMIN_KEY" => Instance.AdminKey,
            _ => null,
        };
        using Api api = new(environment);
        using StringWriter output = new(), errors = new();
        int code = await new Commands(api, environment).RunAsync(args, output, errors);
        Assert.True(code == exit, $"{string.Join(' ', args)}: {code} {output}{errors}");
        return output.ToString() + errors;
    }
}
