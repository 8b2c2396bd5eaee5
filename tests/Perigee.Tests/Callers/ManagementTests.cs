using System.Text.Json;
using System.Text;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Callers;
using Perigee.Storage;
using Perigee.Tests.Caching.Proving;

namespace Perigee.Tests.Callers;

public sealed class ManagementTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("keys", "")]
    [InlineData("organisations", "")]
    [InlineData("teams", "\"organisation\":\"org_p\",")]
    public async Task Lists_come_in_pages_that_miss_nothing_and_repeat_nothing(string what, string more)
    {
        await using Scene scene = await Scene.StartClosedAsync();
        await scene.One.MakeAsync("organisations", """{"id":"org_p","name":"P"}""");
        HashSet<string> made = what == "organisations" ? ["org_p"] : [];
        for (int i = 0; i < 23; i++)
        {
            made.Add((await scene.One.MakeAsync(what, $$"""{{{more}}"name":"n{{i}}"}""")).GetProperty("id").GetString()!);
            scene.Time.Advance(TimeSpan.FromMilliseconds(1));
        }

        List<string> seen = [];
        string after = "";
        for (int page = 0; page < 10; page++)
        {
            JsonElement list = (await scene.One.ManageAsync("GET", $"/manage/v1/{what}?limit=5{after}")).Json;
            Assert.InRange(list.GetProperty("data").GetArrayLength(), 1, 5);
            seen.AddRange(list.GetProperty("data").EnumerateArray().Select(static item => item.GetProperty("id").GetString()!));
            if (!list.GetProperty("hasMore").GetBoolean())
                break;
            after = "&after=" + list.GetProperty("after").GetString();
        }

        Assert.Equal(made.Count, seen.Count);
        Assert.Equal(made.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
        foreach (string query in (string[])["limit=0", "limit=1001", "limit=x", "limit=-1", "after=%2e%2e%2f", "after=", "page=2"])
            Assert.Equal(400, (await scene.One.ManageAsync("GET", $"/manage/v1/{what}?{query}")).Status);
    }

    [Theory]
    [InlineData("keys", "")]
    [InlineData("organisations", "")]
    public async Task Who_has_seen_another_version_changes_nothing(string what, string more)
    {
        await using Scene scene = await Scene.StartClosedAsync();
        string path = $"/manage/v1/{what}/" + (await scene.One.MakeAsync(what, $$$"""{{{{more}}}"name":"a","metadata":{"x":"1","y":"2"}}""")).GetProperty("id").GetString();
        Reply first = await scene.One.ManageAsync("GET", path);
        string tag = first.Header("ETag");
        Assert.Equal(304, (await scene.One.ManageAsync("GET", path, null, ("If-None-Match", tag))).Status);
        Reply changed = await scene.One.ManageAsync("PATCH", path, """{"metadata":{"x":null,"z":"3"},"allowedModels":["a/*"]}""", ("If-Match", tag));
        Assert.Equal(200, changed.Status);
        Assert.Equal("""{"y":"2","z":"3"}""", changed.Json.GetProperty("metadata").GetRawText());
        Assert.NotEqual(tag, changed.Header("ETag"));
        Reply late = await scene.One.ManageAsync("PATCH", path, """{"name":"b"}""", ("If-Match", tag));
        Assert.Equal(412, late.Status);
        Assert.Equal(412, (await scene.One.ManageAsync("DELETE", path, null, ("If-Match", tag))).Status);
        Assert.Equal("a", (await scene.One.ManageAsync("GET", path)).Json.GetProperty("name").GetString());
        Assert.Equal(200, (await scene.One.ManageAsync("PATCH", path, """{"name":"b","allowedModels":null}""", ("If-Match", changed.Header("ETag")))).Status);
        JsonElement last = (await scene.One.ManageAsync("GET", path)).Json;
        Assert.Equal("b", last.GetProperty("name").GetString());
        Assert.False(last.TryGetProperty("allowedModels", out _));
        Assert.Equal(400, (await scene.One.ManageAsync("PATCH", path, """{"name":"b","nope":1,"never":2}""")).Status);
        Assert.Equal(400, (await scene.One.ManageAsync("PATCH", path, """{"name":"b","name":"c"}""")).Status);
        Assert.Equal(400, (await scene.One.ManageAsync("PATCH", path, """{"id":"org_x","team":"team_x"}""")).Status);
    }

    [Fact]
    public async Task A_call_that_is_repeated_makes_one_key_and_gets_it_again_and_nobody_reads_it_in_the_storage()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        const string Body = """{"name":"once"}""";
        (string, string) idempotent = ("Idempotency-Key", "6b1f0b1e-1");
        Reply first = await scene.One.ManageAsync("POST", "/manage/v1/keys", Body, idempotent);
        Reply again = await scene.One.ManageAsync("POST", "/manage/v1/keys", Body, idempotent);
        Assert.Equal((201, first.Body, "true"), (again.Status, again.Body, again.Header("Idempotent-Replayed")));
        Assert.Equal(1, (await scene.One.ManageAsync("GET", "/manage/v1/keys")).Json.GetProperty("data").GetArrayLength());
        Assert.Equal(409, (await scene.One.ManageAsync("POST", "/manage/v1/keys", """{"name":"other"}""", idempotent)).Status);
        Assert.Equal(400, (await scene.One.ManageAsync("POST", "/manage/v1/keys", Body, ("Idempotency-Key", "with space"))).Status);

        string secret = first.Json.GetProperty("key").GetString()!;
        foreach (string table in (string[])["idempotency", "keys", "audit"])
        {
            int rows = 0;
            await foreach (TableRow row in scene.Storage.Table(table).ScanAsync(Cancel))
            {
                rows++;
                foreach (object value in row.Values.Values)
                    Assert.DoesNotContain(secret[3..], value is byte[] bytes ? Encoding.Latin1.GetString(bytes) : value.ToString()!, StringComparison.Ordinal);
            }

            Assert.NotEqual(0, rows);
        }

        // Another who guesses the idempotency key has a space of its own.
        string admin = (await scene.One.MakeAsync("admin-keys", """{"name":"a","role":"admin"}""")).GetProperty("key").GetString()!;
        Reply others = await scene.One.ManageAsync("POST", "/manage/v1/keys", Body, idempotent, ("key", admin));
        Assert.Equal(201, others.Status);
        Assert.NotEqual(secret, others.Json.GetProperty("key").GetString());

        scene.Time.Advance(TimeSpan.FromHours(24));
        Assert.NotEqual(first.Body, (await scene.One.ManageAsync("POST", "/manage/v1/keys", Body, idempotent)).Body);
    }

    [Fact]
    public async Task A_call_whose_making_failed_half_way_can_be_repeated()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        (string, string) idempotent = ("Idempotency-Key", "half");
        bool broken = true;
        scene.Storage.Before = call => broken && call == "write keys"
            ? throw new StorageException("down for a test") : Task.CompletedTask;
        Assert.Equal(503, (await scene.One.ManageAsync("POST", "/manage/v1/keys", """{"name":"once"}""", idempotent)).Status);
        broken = false;
        Assert.Equal(409, (await scene.One.ManageAsync("POST", "/manage/v1/keys", """{"name":"once"}""", idempotent)).Status);
        scene.Time.Advance(TimeSpan.FromSeconds(30));
        Reply made = await scene.One.ManageAsync("POST", "/manage/v1/keys", """{"name":"once"}""", idempotent);
        Assert.Equal(201, made.Status);
        Assert.Equal(200, (await scene.One.AskAsync(made.Json.GetProperty("key").GetString()!, "openai/m")).Status);
        Assert.Equal(1, (await scene.One.ManageAsync("GET", "/manage/v1/keys")).Json.GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task A_change_that_is_refused_to_somebody_known_leaves_one_record_a_minute()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        JsonElement viewer = await scene.One.MakeAsync("admin-keys", """{"name":"v","role":"viewer"}""");
        string key = viewer.GetProperty("key").GetString()!;
        for (int attempt = 0; attempt < 3; attempt++)
            Assert.Equal(403, (await scene.One.ManageAsync("POST", "/manage/v1/organisations", """{"name":"o"}""", ("key", key))).Status);
        Assert.Equal(403, (await scene.One.ManageAsync("GET", "/manage/v1/admin-keys", null, ("key", key))).Status);
        Assert.Equal(401, (await scene.One.ManageAsync("POST", "/manage/v1/organisations", """{"name":"o"}""", ("key", key + "x"))).Status);

        JsonElement[] refused = [.. (await scene.One.ManageAsync("GET", "/manage/v1/audit")).Json.GetProperty("data").EnumerateArray()
            .Select(static entry => entry.GetProperty("record")).Where(static record => record.GetProperty("action").GetString() == "access.refused")];
        JsonElement one = Assert.Single(refused);
        Assert.Equal(
            (viewer.GetProperty("id").GetString(), "POST /manage/v1/organisations"),
            (one.GetProperty("who").GetProperty("id").GetString(), one.GetProperty("target").GetString()));
    }

    [Fact]
    public async Task Each_role_may_do_what_it_may_and_no_more()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        (string, int)[] roles = [("key-owner", 0), ("viewer", 1), ("admin", 2)];
        Dictionary<string, JsonElement> keys = [];
        foreach ((string role, _) in roles)
            keys[role] = await scene.One.MakeAsync("admin-keys", $$"""{"name":"{{role}}","role":"{{role}}"}""");
        string owner = keys["key-owner"].GetProperty("id").GetString()!;
        (_, string own) = await scene.One.MakeKeyAsync($"\"ownedBy\":\"{owner}\"");
        (_, string others) = await scene.One.MakeKeyAsync();
        await scene.One.MakeAsync("organisations", """{"id":"org_r","name":"R"}""");
        (string Method, string Path, string? Body, int Least)[] calls =
        [
            ("GET", $"/manage/v1/keys/{own}", null, 0), ("POST", $"/manage/v1/keys/{own}:rotate", null, 0), ("GET", "/manage/v1/openapi.json", null, 0),
            ("GET", "/manage/v1/organisations", null, 1), ("GET", "/manage/v1/health/targets", null, 1), ("GET", "/manage/v1/cache", null, 1), ("GET", "/manage/v1/config", null, 1),
            ("PATCH", $"/manage/v1/keys/{own}", """{"name":"n"}""", 2), ("POST", "/manage/v1/organisations", """{"name":"o"}""", 2), ("GET", "/manage/v1/audit", null, 2),
            ("POST", "/manage/v1/cache:invalidate", """{"all":true}""", 2), ("GET", "/manage/v1/admin-keys", null, 3), ("POST", "/manage/v1/admin-keys", """{"name":"x","role":"admin"}""", 3),
        ];
        foreach ((string role, int rank) in roles)
        {
            string key = keys[role].GetProperty("key").GetString()!;
            foreach ((string method, string path, string? body, int least) in calls)
            {
                Reply reply = await scene.One.ManageAsync(method, path, body, ("key", key));
                Assert.True(rank >= least ? reply.Status is 200 or 201 : reply.Status == 403, $"{role} {method} {path}: {reply}");
                Assert.DoesNotContain(key, reply.Body, StringComparison.Ordinal);
            }
        }

        string first = keys["key-owner"].GetProperty("key").GetString()!;
        Assert.Equal(404, (await scene.One.ManageAsync("GET", $"/manage/v1/keys/{others}", null, ("key", first))).Status);
        Assert.Equal(404, (await scene.One.ManageAsync("POST", $"/manage/v1/keys/{others}:rotate", null, ("key", first))).Status);
        JsonElement list = (await scene.One.ManageAsync("GET", "/manage/v1/keys", null, ("key", first))).Json.GetProperty("data");
        Assert.Equal([own], list.EnumerateArray().Select(static one => one.GetProperty("id").GetString()!));

        Assert.Equal(200, (await scene.One.ManageAsync("DELETE", "/manage/v1/admin-keys/" + owner)).Status);
        Assert.Equal(401, (await scene.One.ManageAsync("GET", "/manage/v1/keys", null, ("key", first))).Status);
        Assert.Equal(401, (await scene.One.ManageAsync("GET", "/manage/v1/keys", null, ("key", AdminKeys.NewText()))).Status);
    }

    [Fact]
    public async Task Every_change_leaves_a_record_of_before_and_after_that_shows_when_one_is_taken_out()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        (string key, string id) = await scene.One.MakeKeyAsync();
        await scene.One.ManageAsync("PATCH", "/manage/v1/keys/" + id, """{"metadata":{"a":"b"}}""");
        scene.Time.Advance(TimeSpan.FromDays(1));
        Reply rotated = await scene.One.ManageAsync("POST", $"/manage/v1/keys/{id}:rotate");
        await scene.One.ManageAsync("POST", "/manage/v1/cache:invalidate", """{"tenant":"t"}""");
        await scene.One.ManageAsync("POST", "/manage/v1/cache:invalidate", """{"nope":"t"}""");
        await scene.One.ManageAsync("GET", "/manage/v1/keys");
        await scene.One.ManageAsync("DELETE", "/manage/v1/keys/" + id);
        List<(JsonElement Record, string Hash)> records = [];
        string after = "";
        do
        {
            JsonElement page = (await scene.One.ManageAsync("GET", "/manage/v1/audit?limit=2" + after)).Json;
            records.AddRange(page.GetProperty("data").EnumerateArray().Select(static item => (item.GetProperty("record"), item.GetProperty("hash").GetString()!)));
            after = "&after=" + page.GetProperty("after").GetString();
        }
        while (after.Length > "&after=".Length);

        Assert.Equal(
            ["key.create", "key.change", "key.rotate", "cache.invalidate", "cache.invalidate", "cache.invalidate", "key.revoke"],
            records.Select(static item => item.Record.GetProperty("action").GetString()!));
        string previous = "";
        for (int i = 0; i < records.Count; i++)
        {
            Assert.Equal((i, previous), (records[i].Record.GetProperty("sequence").GetInt32(), records[i].Record.GetProperty("previous").GetString()!));
            Assert.Equal(records[i].Hash, AuditLog.HashOf(Encoding.UTF8.GetBytes(records[i].Record.GetRawText())));
            previous = records[i].Hash;
        }

        Assert.Equal(records[4].Record.GetProperty("id").GetString(), records[5].Record.GetProperty("failed").GetString());
        JsonElement change = records[1].Record;
        Assert.Equal(("owner", id), (change.GetProperty("who").GetProperty("kind").GetString()!, change.GetProperty("target").GetString()!));
        Assert.False(change.GetProperty("before").TryGetProperty("metadata", out _));
        Assert.Equal("b", change.GetProperty("after").GetProperty("metadata").GetProperty("a").GetString());
        string all = string.Join('\n', records.Select(static item => item.Record.GetRawText()));
        foreach (string secret in (string[])[key, rotated.Json.GetProperty("key").GetString()!, Instance.AdminKey])
            Assert.DoesNotContain(secret, all, StringComparison.Ordinal);
        Assert.Equal(2, (await scene.One.ManageAsync("GET", $"/manage/v1/audit?to={scene.Time.GetUtcNow().AddHours(-12):yyyy-MM-dd'T'HH:mm:ss}Z")).Json.GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task What_cannot_be_recorded_is_not_done()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        (string key, string id) = await scene.One.MakeKeyAsync();
        await scene.One.MakeAsync("organisations", """{"id":"org_u","name":"U"}""");
        scene.Storage.Before = static call => call.Contains("audit", StringComparison.Ordinal) ? throw new StorageException("down for a test") : Task.CompletedTask;
        foreach ((string method, string path, string? body) in ((string, string, string?)[])
            [
                ("POST", "keys", """{"name":"n"}"""), ("PATCH", "keys/" + id, """{"disabled":true}"""), ("DELETE", "keys/" + id, null), ("POST", $"keys/{id}:rotate", null),
                ("POST", "organisations", """{"name":"n"}"""), ("DELETE", "organisations/org_u", null), ("POST", "admin-keys", """{"name":"n","role":"viewer"}"""),
                ("POST", "cache:invalidate", """{"all":true}"""),
            ])
        {
            Reply refused = await scene.One.ManageAsync(method, "/manage/v1/" + path, body);
            Assert.True(refused.Status == 503, $"{method} {path}: {refused}");
        }

        scene.Storage.Before = static _ => Task.CompletedTask;
        Assert.Equal(200, (await scene.One.AskAsync(key, "openai/m")).Status);
        Assert.Equal(1, (await scene.One.ManageAsync("GET", "/manage/v1/keys")).Json.GetProperty("data").GetArrayLength());
        Assert.Equal(JsonValueKind.Null, (await scene.One.ManageAsync("GET", "/manage/v1/organisations/org_u")).Json.GetProperty("deletedAt").ValueKind);
        Assert.Equal(0, (await scene.One.ManageAsync("GET", "/manage/v1/admin-keys")).Json.GetProperty("data").GetArrayLength());
    }

    [Fact]
    public async Task What_is_mapped_below_manage_is_described_and_nothing_else()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        _ = await scene.One.ManageAsync("GET", "/manage/v1/health");
        EndpointDataSource source = scene.One.Services.GetRequiredService<EndpointDataSource>();
        string[] mapped =
        [
            .. source.Endpoints.OfType<RouteEndpoint>().Where(static endpoint => endpoint.RoutePattern.RawText!.StartsWith("/manage/", StringComparison.Ordinal))
                .SelectMany(static endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
                    .Select(method => $"{method} {endpoint.RoutePattern.RawText!.Replace("{**", "{", StringComparison.Ordinal)}"))
                .Distinct().Order(StringComparer.Ordinal),
        ];
        Reply description = await scene.One.ManageAsync("GET", "/manage/v1/openapi.json");
        Assert.StartsWith("3.1", description.Json.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        string[] described =
        [
            .. description.Json.GetProperty("paths").EnumerateObject()
                .SelectMany(static path => path.Value.EnumerateObject().Where(static item => item.Name != "parameters").Select(item => $"{item.Name.ToUpperInvariant()} {path.Name}"))
                .Order(StringComparer.Ordinal),
        ];
        Assert.NotEmpty(mapped);
        Assert.Equal(mapped, described);
    }

    [Theory]
    [InlineData("organisation", "Settings")]
    [InlineData("key", "KeySettings")]
    public async Task The_description_names_every_member_that_there_is(string kind, string schema)
    {
        using JsonDocument document = await JsonDocument.ParseAsync(ManagementEndpoints.OpenDescription(), default, Cancel);
        string[] described = [.. document.RootElement.GetProperty("components").GetProperty("schemas").GetProperty(schema).GetProperty("properties").EnumerateObject().Select(static member => member.Name)];
        Assert.Equal((kind == "organisation" ? LevelKind.Organisation : LevelKind.Key).Members.Order(StringComparer.Ordinal), described.Order(StringComparer.Ordinal));

        // Every reference leads somewhere.
        foreach (System.Text.RegularExpressions.Match match in System.Text.RegularExpressions.Regex.Matches(document.RootElement.GetRawText(), "\"\\$ref\": *\"#/([^\"]+)\""))
        {
            JsonElement at = document.RootElement;
            foreach (string step in match.Groups[1].Value.Split('/'))
                Assert.True(at.TryGetProperty(step, out at), match.Value);
        }
    }
}
