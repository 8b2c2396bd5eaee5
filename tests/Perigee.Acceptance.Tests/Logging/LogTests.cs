using System.Net;
using System.Text;
using System.Text.Json;
using Perigee.Acceptance.Tests.Refusals;
using Perigee.Acceptance.Tests.Running;
using Perigee.Acceptance.Tests.Sdk;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Logging;

/// <summary>One record an exchange, refusals too, in the storage at the latest when the process has stopped; and no key in any of it.</summary>
public sealed class LogTests(Rig rig)
{
    [Theory]
    [InlineData(HostKind.Local, false)]
    [InlineData(HostKind.Isolated, false)]
    [InlineData(HostKind.Local, true)]
    [InlineData(HostKind.Isolated, true)]
    public async Task Every_exchange_is_in_the_blobs_once_and_no_key_is_anywhere(HostKind kind, bool azurite)
    {
        await using Shared storage = await Shared.MakeAsync(rig, azurite);
        Dictionary<string, int> expected = [];
        string key;
        string output;
        await using (Gateway gateway = await storage.StartAsync(kind))
        {
            key = await gateway.NewKeyAsync();
            await AskAsync(gateway, key, expected);
            AppStop stop = await gateway.App.StopAsync();
            output = gateway.App.Output;
            Assert.False(stop.Killed, output);
            Assert.True(stop.Took < TimeSpan.FromSeconds(5), $"The stop took {stop.Took}.");
        }

        IReadOnlyDictionary<string, byte[]> blobs = await storage.LogsAsync();
        LogLines lines = new(blobs);
        JsonElement[] records = [.. lines.Of("exchange")];
        Assert.Equal(
            expected.Select(e => $"{e.Key} {e.Value}").Order(StringComparer.Ordinal),
            records.Select(r => $"{r.GetProperty("id").GetString()} {r.GetProperty("status").GetInt32()}").Order(StringComparer.Ordinal));

        // Content is off: no blob of any other stream. Keys were made: the audit says so.
        Assert.All(blobs.Keys, name => Assert.Matches(@"v1[/\\](requests|audit)[/\\]dt=\d{4}-\d\d-\d\d[/\\]hour=\d\d[/\\]region=local[/\\].+\.ndjson\.gz$", name));
        lines.AreWhole("requests", "exchange");
        lines.AreWhole("audit", "audit");
        Assert.Equal(2, lines.Of("audit").Count(line => line.GetProperty("record").GetProperty("action").GetString() == "key.create"));

        JsonElement chat = records.First(r => r.GetProperty("operation").GetString() == "chat" && r.GetProperty("status").GetInt32() == 200
            && r.TryGetProperty("target", out JsonElement target) && target.GetString() == "openai/gpt-4o-mini");
        Assert.StartsWith("key_", chat.GetProperty("keyId").GetString(), StringComparison.Ordinal);
        Assert.Equal(9, chat.GetProperty("tokens").GetProperty("outputText").GetInt32());
        Assert.Contains(records, r => r.TryGetProperty("cache", out JsonElement cache) && cache.GetString() == "hit");

        foreach (string secret in (string[])[Gateway.Canary, key, key[3..]])
        {
            Assert.DoesNotContain(secret, lines.Text, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, output, StringComparison.Ordinal);
            foreach (string file in Directory.EnumerateFiles(storage.Folder, "*", SearchOption.AllDirectories))
                Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) < 0, $"{file} holds a key.");
        }
    }

    private async Task AskAsync(Gateway gateway, string key, Dictionary<string, int> expected)
    {
        OwnUpstream own = await rig.OwnAsync();
        string talkative = own.On((http, _) => Say.JsonAsync(http, 401,
            $$$"""{"error":{"message":"Incorrect API key provided: {{{Gateway.Canary}}}-own.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"""));
        string cut = own.On(async (http, _) =>
        {
            Say.Stream(http);
            await Say.PieceAsync(http, "Half");
        });
        using HttpClient client = gateway.Client(key);
        using HttpClient nobody = gateway.Client(null);
        using HttpClient stranger = gateway.Client("sk-" + Gateway.Canary + "-sent-by-mistake");
        using HttpClient limited = await gateway.NewClientAsync(requestsPerMinute: 1);
        string prompt = Prompts.New("Say hello");

        await NoteAsync(HttpStatusCode.OK, Answer.ChatAsync(client, "openai/gpt-4o-mini", prompt));
        await NoteAsync(HttpStatusCode.OK, Answer.ChatAsync(client, "openai/gpt-4o-mini", prompt));
        await NoteAsync(HttpStatusCode.OK, Answer.ChatAsync(client, "openai/gpt-4o-mini", Prompts.New("Say hello"), stream: true));
        await NoteAsync(HttpStatusCode.OK, Answer.ChatAsync(client, cut, stream: true));
        await NoteAsync(HttpStatusCode.OK, Answer.SendAsync(client, HttpMethod.Get, "/v1/models"));
        await NoteAsync(HttpStatusCode.Unauthorized, Answer.ChatAsync(client, talkative));
        await NoteAsync(HttpStatusCode.Unauthorized, Answer.ChatAsync(nobody, "demo/echo"));
        await NoteAsync(HttpStatusCode.Unauthorized, Answer.ChatAsync(stranger, "demo/echo"));
        await NoteAsync(HttpStatusCode.NotFound, Answer.ChatAsync(client, "no-such-model"));
        await NoteAsync(HttpStatusCode.BadRequest, Answer.SendAsync(client, HttpMethod.Post, "/v1/chat/completions?key=" + Gateway.Canary, "{"));
        await NoteAsync(HttpStatusCode.BadGateway, Answer.ChatAsync(client, "nobody/any"));

        // Whenever the minute ends in between, the second one is admitted too: one of three is refused for sure.
        Answer[] counted = [await Answer.ChatAsync(limited, "demo/echo"), await Answer.ChatAsync(limited, "demo/echo"), await Answer.ChatAsync(limited, "demo/echo")];
        Assert.Contains(counted, answer => answer.Status == HttpStatusCode.TooManyRequests);
        foreach (Answer answer in counted)
            expected.Add(Id(answer), (int)answer.Status);

        async Task NoteAsync(HttpStatusCode status, Task<Answer> asking)
        {
            Answer answer = await asking;
            Assert.True(answer.Status == status, $"{answer.Status} instead of {status}: {answer.Body}");
            Assert.DoesNotContain(Gateway.Canary, answer.Body, StringComparison.Ordinal);
            expected.Add(Id(answer), (int)status);
        }
    }

    private static string Id(Answer answer) => Assert.Single(answer.Response.Headers.GetValues("x-request-id"));
}
