using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Perigee.Tests.Caching.Proving;
using Perigee.Tests.Callers;
using Perigee.Tests.Logs.Tail;

namespace Perigee.Tests.Logs.Query;

/// <summary>What was written, asked for over the wire. The clock stands at 2026-11-24 14:00.</summary>
public sealed class LogsQueryTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 14, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_newest_come_first_page_by_page_and_none_twice()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        List<string> ids = [];
        for (int hour = 0; hour < 3; hour++)
        {
            for (int blob = 0; blob < 2; blob++)
            {
                List<string> lines = ["""{"v":1,"kind":"drops","dropped":3}"""];
                for (int i = 0; i < 5; i++)
                {
                    DateTimeOffset at = Now.AddHours(-hour).AddMinutes(-1 - (i * 2) - blob);
                    ids.Add(IdAt(at));
                    lines.Add(Line(ids[^1], at));
                }

                await WriteAsync(scene, Now.AddHours(-hour).AddSeconds(-1), $"{hour}-{blob}", lines);
            }
        }

        List<string> got = [];
        string? after = null;
        int pages = 0;
        do
        {
            JsonElement page = await ListAsync(scene, $"limit=4{(after is null ? "" : "&after=" + after)}");
            got.AddRange(page.GetProperty("data").EnumerateArray().Select(static one => one.GetProperty("id").GetString()!));
            after = page.GetProperty("after").GetString();
            Assert.Equal(after is not null, page.GetProperty("hasMore").GetBoolean());
            Assert.True(page.GetProperty("complete").GetBoolean());
            pages++;
        }
        while (after is not null && pages < 20);

        Assert.Equal(ids.OrderDescending(StringComparer.Ordinal), got);
        Assert.Equal(8, pages);
    }

    [Fact]
    public async Task Times_and_filters_choose()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        string[] members = ["\"status\":200,\"model\":\"m\",\"keyId\":\"key_1\",\"totalMs\":10", "\"status\":503,\"error\":{\"kind\":\"provider_failed\"},\"model\":\"n\",\"keyId\":\"key_2\",\"totalMs\":900", "\"status\":200,\"model\":\"m\",\"cache\":\"hit\",\"organisation\":\"org_1\",\"team\":\"team_1\",\"totalMs\":1"];
        List<string> lines = [.. members.Select(static (text, i) => Line(IdAt(Now.AddMinutes(-10 * (i + 1))), Now.AddMinutes(-10 * (i + 1)), text))];
        await WriteAsync(scene, Now.AddMinutes(-1), "x", lines);

        Assert.Equal(2, await CountAsync(scene, "status=200"));
        Assert.Equal(1, await CountAsync(scene, "status=5xx"));
        Assert.Equal(1, await CountAsync(scene, "errors=true"));
        Assert.Equal(1, await CountAsync(scene, "key=key_1"));
        Assert.Equal(1, await CountAsync(scene, "team=team_1&cache=hit"));
        Assert.Equal(1, await CountAsync(scene, "organisation=org_1"));
        Assert.Equal(1, await CountAsync(scene, "org=org_1"));
        Assert.Equal(0, await CountAsync(scene, "org=org_2"));
        Assert.Equal(1, await CountAsync(scene, "minMilliseconds=500"));
        Assert.Equal(1, await CountAsync(scene, "from=2026-11-24T13:35:00Z&to=2026-11-24T13:45:00Z"));
        Assert.Equal(3, await CountAsync(scene, "from=2026-11-24"));
        Assert.Equal(0, await CountAsync(scene, "to=2026-11-24"));
    }

    [Fact]
    public async Task One_is_found_by_its_id_wherever_its_answer_ended()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        string id = IdAt(Now.AddMinutes(-65));

        // It began in one hour and was written in the next, among others; a blob that is none is passed over.
        await WriteAsync(scene, Now.AddMinutes(-50), "late", [Line(IdAt(Now.AddMinutes(-60)), Now.AddMinutes(-60)), Line(id, Now.AddMinutes(-65), "\"model\":\"wanted\"")]);
        await scene.Storage.Blobs("logs").WriteAsync("v1/requests/dt=2026-11-24/hour=13/region=r/broken.ndjson.gz", "no gzip"u8.ToArray(), "application/gzip", default);

        Reply found = await scene.One.ManageAsync("GET", "/manage/v1/logs/" + id);
        Assert.True(found.Status == 200, found.Body);
        Assert.Equal("wanted", found.Json.GetProperty("model").GetString());
        Assert.Equal(1, await CountAsync(scene, "id=" + id));
        Assert.Equal(404, (await scene.One.ManageAsync("GET", "/manage/v1/logs/" + IdAt(Now.AddMinutes(-65)))).Status);
        Assert.Equal(400, (await scene.One.ManageAsync("GET", "/manage/v1/logs/nonsense")).Status);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("from=yesterday", "from")]
    [InlineData("from=2026-01-01&to=2026-11-24", "from")]
    [InlineData("after=x", "after")]
    [InlineData("id=1", "id")]
    [InlineData("colour=red", "colour")]
    [InlineData("org=a&organisation=a", "org")]
    public async Task What_cannot_be_asked_is_named(string query, string name)
    {
        await using Scene scene = await Scene.StartClosedAsync();
        Reply refused = await scene.One.ManageAsync("GET", "/manage/v1/logs?" + query);
        Assert.True(refused.Status == 400, refused.Body);
        Assert.Contains($"'{name}'", refused.Message(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_owners_see_the_records_of_their_own_keys_only()
    {
        await using Scene scene = await Scene.StartClosedAsync();
        JsonElement owner = await scene.One.MakeAsync("admin-keys", """{"name":"o","role":"key-owner"}""");
        string admin = owner.GetProperty("key").GetString()!;
        (string mine, string own) = await scene.One.MakeKeyAsync($"\"ownedBy\":\"{owner.GetProperty("id").GetString()}\"");
        (string others, string foreign) = await scene.One.MakeKeyAsync();
        string ownId = IdAt(Now.AddMinutes(-2)), foreignId = IdAt(Now.AddMinutes(-1));
        await WriteAsync(scene, Now.AddMinutes(-1), "x", [Line(ownId, Now.AddMinutes(-2), $"\"keyId\":\"{own}\""), Line(foreignId, Now.AddMinutes(-1), $"\"keyId\":\"{foreign}\"")]);

        JsonElement list = (await scene.One.ManageAsync("GET", "/manage/v1/logs", null, ("key", admin))).Json;
        Assert.Equal([ownId], list.GetProperty("data").EnumerateArray().Select(static one => one.GetProperty("id").GetString()!));
        Assert.Equal(200, (await scene.One.ManageAsync("GET", "/manage/v1/logs/" + ownId, null, ("key", admin))).Status);
        Assert.Equal(404, (await scene.One.ManageAsync("GET", "/manage/v1/logs/" + foreignId, null, ("key", admin))).Status);
        Assert.Equal(401, (await scene.One.ManageAsync("GET", "/manage/v1/logs", null, ("key", ""))).Status);

        await using Tailing tailing = await Tailing.StartAsync(scene.One.Http, "", ("Authorization", "Bearer " + admin));
        Assert.Equal(200, (await scene.One.AskAsync(others, "openai/m")).Status);
        Assert.Equal(200, (await scene.One.AskAsync(mine, "openai/m")).Status);
        Assert.Equal(own, JsonDocument.Parse((await tailing.NextAsync()).Data).RootElement.GetProperty("keyId").GetString());
    }

    private static async Task<int> CountAsync(Scene scene, string query) => (await ListAsync(scene, query)).GetProperty("data").GetArrayLength();

    private static async Task<JsonElement> ListAsync(Scene scene, string query)
    {
        Reply reply = await scene.One.ManageAsync("GET", "/manage/v1/logs?" + query);
        Assert.True(reply.Status == 200, reply.Body);
        return reply.Json;
    }

    private static string IdAt(DateTimeOffset at) => Guid.CreateVersion7(at).ToString("N");

    private static string Line(string id, DateTimeOffset at, string more = "\"status\":200") =>
        $$"""{"v":1,"kind":"exchange","time":"{{at.UtcDateTime:O}}","id":"{{id}}",{{more}}}""";

    private static async Task WriteAsync(Scene scene, DateTimeOffset at, string name, IEnumerable<string> lines)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));
        await scene.Storage.Blobs("logs").WriteAsync($"v1/requests/dt={at:yyyy-MM-dd}/hour={at:HH}/region=r/{name}.ndjson.gz", packed.ToArray(), "application/gzip", default);
    }
}
