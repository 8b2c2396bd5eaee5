using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using Perigee.Acceptance.Tests.Refusals;
using Perigee.Acceptance.Tests.Running;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Dialects;

/// <summary>Keys as each vendor's SDK sends them, and what a client without one is told in its own dialect.</summary>
public sealed class KeyTests(Rig rig)
{
    [Theory, BothHosts]
    public async Task Every_way_of_sending_a_key_is_taken_on_every_dialects_paths(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        string key = await gateway.NewKeyAsync();
        using HttpClient client = gateway.Client(null);
        foreach (string vendor in Vendors.All)
        {
            foreach ((string, string)[] header in ((string, string)[][])[[("Authorization", "Bearer " + key)], [("x-api-key", key)], [("x-goog-api-key", key)], [("api-key", key)]])
            {
                Answer answer = await Vendors.AskAsync(client, vendor, "demo/echo", prompt: "Who is there?", headers: header);
                Assert.True(answer.Status == HttpStatusCode.OK, $"{vendor} {header[0].Item1}: {answer.Body}");
            }
        }

        const string Body = """{"contents":[{"parts":[{"text":"Who is there?"}]}]}""";
        foreach (string path in (string[])["/v1beta/models/demo/echo:generateContent?key=", "/v1beta/models/demo/echo:streamGenerateContent?alt=sse&key="])
            Assert.Equal(HttpStatusCode.OK, (await Vendors.PostAsync(client, path + key, Body)).Status);
        Assert.Equal(HttpStatusCode.OK, (await Answer.SendAsync(client, HttpMethod.Get, "/v1beta/models?key=" + key)).Status);

        // A provider's key beside ours, as tools send that know both: ours counts.
        Assert.Equal(HttpStatusCode.OK, (await Vendors.AskAsync(
            client, Vendors.Anthropic, "demo/echo", prompt: "Who is there?", headers: [("Authorization", "Bearer sk-ant-oat01-of-a-user"), ("x-api-key", key)])).Status);
    }

    [Theory, BothHosts]
    public async Task Without_a_valid_key_401_in_the_clients_own_dialect(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        using HttpClient client = gateway.Client(null);
        foreach (string vendor in Vendors.All)
        {
            foreach ((string, string)[] header in ((string, string)[][])[[], [("x-api-key", "sk-ant-none-of-ours")], [("x-goog-api-key", "AIza-none-of-ours")], [("Authorization", "Bearer pk-none-of-ours")]])
            {
                Answer answer = await Vendors.AskAsync(client, vendor, "demo/echo", stream: header.Length == 0, headers: header);
                Assert.Contains("POST /manage/v1/keys", answer.IsErrorOf(vendor, HttpStatusCode.Unauthorized), StringComparison.Ordinal);
            }
        }

        (await Vendors.PostAsync(client, "/v1beta/models/demo/echo:countTokens?key=wrong", """{"contents":[]}""")).IsErrorOf(Vendors.Google, HttpStatusCode.Unauthorized);
        (await Vendors.PostAsync(client, "/v1/messages/count_tokens", """{"model":"demo/echo"}""")).IsErrorOf(Vendors.Anthropic, HttpStatusCode.Unauthorized);
        (await Answer.SendAsync(client, HttpMethod.Get, "/v1beta/models")).IsErrorOf(Vendors.Google, HttpStatusCode.Unauthorized);
    }

    [Theory, BothHosts(Vendors.OpenAi), BothHosts(Vendors.Anthropic), BothHosts(Vendors.Google)]
    public async Task The_sdk_raises_its_typed_error(HostKind kind, string sdk)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        JsonElement[] seen = await NodeClient.RunAsync(sdk, gateway, "no-key-of-ours",
            ("say", new { model = "demo/echo", prompt = "Hello" }), ("say", new { model = "demo/echo", prompt = "Hello", stream = true }), ("models", null));
        Assert.All(seen, one =>
        {
            JsonElement error = one.Error();
            Assert.Equal(sdk == Vendors.Google ? "ApiError" : "AuthenticationError", error.Text("type"));
            Assert.Equal(401, error.GetProperty("status").GetInt32());
            Assert.Contains(sdk switch { Vendors.Anthropic => "authentication_error", Vendors.Google => "UNAUTHENTICATED", _ => "no API key of this gateway" },
                error.Text("message"), StringComparison.Ordinal);
        });
    }

    [Theory, BothHosts]
    public async Task A_key_in_the_address_goes_nowhere(HostKind kind)
    {
        List<string> calls = [];
        string model = Vendors.Own(Vendors.Google, (await rig.OwnAsync()).Add((http, body) =>
        {
            lock (calls)
                calls.Add($"{http.Request.Path}{http.Request.QueryString} {string.Join(' ', http.Request.Headers.Select(h => $"{h.Key}: {h.Value}"))} {Encoding.UTF8.GetString(body)}");
            return Recorded.SendAsync(http, body, Recorded.Picture(Vendors.Google));
        }));
        string wrong = Gateway.Canary + "-in-the-address";
        await using Shared storage = await Shared.MakeAsync(rig, azurite: false);
        string key;
        string output;
        await using (Gateway gateway = await storage.StartAsync(kind))
        {
            key = await gateway.NewKeyAsync();
            using HttpClient client = gateway.Client(null);
            const string Body = """{"contents":[{"role":"user","parts":[{"text":"Hello"}]}]}""";
            foreach (string query in (string[])["?key=", "?alt=sse&key=", "?Key=", "?%6Bey="])
            {
                string verb = query.Contains("alt", StringComparison.Ordinal) ? "streamGenerateContent" : "generateContent";
                Answer answer = await Vendors.PostAsync(client, $"/v1beta/models/{model}:{verb}{query}{key}", Body.Replace("Hello", verb, StringComparison.Ordinal));
                Assert.True(answer.Status == HttpStatusCode.OK, query + answer.Body);
                answer = await Vendors.PostAsync(client, $"/v1beta/models/{model}:{verb}{query}{wrong}", Body);
                answer.IsErrorOf(Vendors.Google, HttpStatusCode.Unauthorized);
                Assert.DoesNotContain(Gateway.Canary, answer.Body, StringComparison.Ordinal);
                await Answer.SendAsync(client, HttpMethod.Get, $"/v1beta/models{query}{wrong}");
                await Answer.SendAsync(client, HttpMethod.Get, $"/v1beta/no-such-path{query}{wrong}");
                await Vendors.PostAsync(client, $"/v1beta/models/{model}:noSuchVerb{query}{wrong}", Body);
            }

            // The second question of each kind is a hit of the cache.
            Assert.Equal(2, calls.Count);
            await gateway.App.StopAsync();
            output = gateway.App.Output;
        }

        IReadOnlyDictionary<string, byte[]> blobs = await storage.LogsAsync();
        string logs = string.Join('\n', blobs.Values.Select(Unpack));
        Assert.Contains("gemini.generate", logs, StringComparison.Ordinal);
        foreach (string secret in (string[])[wrong, key, key[3..]])
        {
            Assert.DoesNotContain(secret, logs, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, output, StringComparison.Ordinal);
            Assert.DoesNotContain(calls, call => call.Contains(secret, StringComparison.Ordinal));
            foreach (string file in Directory.EnumerateFiles(storage.Folder, "*", SearchOption.AllDirectories))
                Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) < 0, $"{file} holds a key.");
        }
    }

    private static string Unpack(byte[] blob)
    {
        using GZipStream gzip = new(new MemoryStream(blob), CompressionMode.Decompress);
        using StreamReader reader = new(gzip);
        return reader.ReadToEnd();
    }
}
