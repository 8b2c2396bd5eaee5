using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Perigee.Acceptance.Tests.Running;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Refusals;

/// <summary>What a client is told that asks for something it cannot have.</summary>
public sealed class ClientFaultTests(Rig rig)
{
    [Theory, BothHosts]
    public async Task Without_a_key_401(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        using HttpClient client = gateway.Client(null);
        Answer answer = (await Answer.ChatAsync(client, "demo/echo")).IsRefusal(HttpStatusCode.Unauthorized);
        Assert.Contains("Authorization: Bearer", answer.Message, StringComparison.Ordinal);
        (await Answer.SendAsync(client, HttpMethod.Get, "/v1/models")).IsRefusal(HttpStatusCode.Unauthorized);
        (await Answer.SendAsync(client, HttpMethod.Get, "/manage/v1/keys")).IsRefusal(HttpStatusCode.Unauthorized);
    }

    [Theory, BothHosts]
    public async Task With_a_wrong_key_the_sdk_raises_an_authentication_error(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        string almost = await gateway.NewKeyAsync();
        almost = almost[..^1] + (almost[^1] == 'A' ? 'B' : 'A');
        foreach (string wrong in (string[])["sk-not-one-of-ours", almost])
        {
            JsonElement error = await NodeClient.RunAsync("fails", gateway, wrong, new { model = "demo/echo", prompt = "Hello" });
            Assert.Equal("AuthenticationError", error.GetProperty("type").GetString());
            Assert.Equal(401, error.GetProperty("status").GetInt32());
            Assert.Equal("invalid_api_key", error.GetProperty("code").GetString());
            Assert.Equal(32, error.GetProperty("requestId").GetString()!.Length);
        }
    }

    [Theory, BothHosts]
    public async Task Every_form_of_the_key_is_taken(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        string key = await gateway.NewKeyAsync();
        using HttpClient client = gateway.Client(null);
        foreach ((string header, string value) in ((string, string)[])
            [("Authorization", "Bearer " + key), ("authorization", "bearer " + key), ("api-key", key), ("x-api-key", key)])
        {
            using HttpRequestMessage request = new(HttpMethod.Get, "/v1/models");
            request.Headers.TryAddWithoutValidation(header, value);
            using HttpResponseMessage response = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.True(response.StatusCode == HttpStatusCode.OK, $"{header}: {response.StatusCode}");
        }
    }

    [Theory, BothHosts]
    public async Task A_revoked_key_is_refused(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        using HttpClient admin = gateway.Client(Gateway.AdminKey);
        Answer made = await Answer.SendAsync(admin, HttpMethod.Post, "/manage/v1/keys", """{"name":"short-lived"}""");
        Assert.Equal(HttpStatusCode.Created, made.Status);
        using JsonDocument key = JsonDocument.Parse(made.Body);
        using HttpClient client = gateway.Client(key.RootElement.GetProperty("key").GetString());
        Assert.Equal(HttpStatusCode.OK, (await Answer.ChatAsync(client, "demo/echo")).Status);

        string id = key.RootElement.GetProperty("id").GetString()!;
        Assert.Equal(HttpStatusCode.OK, (await Answer.SendAsync(admin, HttpMethod.Delete, "/manage/v1/keys/" + id)).Status);
        Answer refused = (await Answer.ChatAsync(client, "demo/echo")).IsRefusal(HttpStatusCode.Unauthorized);
        Assert.Contains("revoked", refused.Message, StringComparison.Ordinal);
        Answer list = await Answer.SendAsync(admin, HttpMethod.Get, "/manage/v1/keys/" + id);
        Assert.Contains("revokedAt", list.Body, StringComparison.Ordinal);
        Assert.DoesNotContain(key.RootElement.GetProperty("key").GetString()!, list.Body, StringComparison.Ordinal);
        // A caller's key opens nothing of the management.
        (await Answer.SendAsync(client, HttpMethod.Get, "/manage/v1/keys")).IsRefusal(HttpStatusCode.Unauthorized);
    }

    [Theory, BothHosts]
    public async Task An_unknown_model_is_404_and_names_the_nearest(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        JsonElement error = await NodeClient.RunAsync(
            "fails", gateway, await gateway.NewKeyAsync(), new { model = "gtp-4o-mini", prompt = "Hello" });
        Assert.Equal("NotFoundError", error.GetProperty("type").GetString());
        Assert.Equal("model_not_found", error.GetProperty("code").GetString());
        Assert.Equal("model", error.GetProperty("param").GetString());
        Assert.Contains("openai/gpt-4o-mini", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory, BothHosts]
    public async Task A_provider_that_is_off_says_what_turns_it_on(HostKind kind)
    {
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        Answer answer = (await Answer.ChatAsync(client, "groq/llama-3.3-70b-versatile")).IsRefusal(HttpStatusCode.NotFound);
        Assert.Contains("GROQ_API_KEY", answer.Message, StringComparison.Ordinal);
    }

    [Theory]
    [BothHosts("GET", "/v1/chat/completions", null, null, 405)]
    [BothHosts("POST", "/v1/models", "{}", "application/json", 405)]
    [BothHosts("POST", "/v1/no/such/path", "{}", "application/json", 404)]
    [BothHosts("GET", "/no-such-path", null, null, 404)]
    [BothHosts("DELETE", "/v1/files", null, null, 405)]
    [BothHosts("POST", "/v1/chat/completions", "model=demo", "application/x-www-form-urlencoded", 415)]
    [BothHosts("POST", "/v1/chat/completions", "text", "text/plain", 415)]
    [BothHosts("POST", "/v1/audio/transcriptions", "text", "text/plain", 415)]
    [BothHosts("POST", "/v1/chat/completions", "", "application/json", 400)]
    [BothHosts("POST", "/v1/chat/completions", "{\"model\":", "application/json", 400)]
    [BothHosts("POST", "/v1/chat/completions", "[1]", "application/json", 400)]
    [BothHosts("POST", "/v1/chat/completions", "{\"messages\":[]}", "application/json", 400)]
    [BothHosts("POST", "/v1/chat/completions", "{\"model\":7,\"messages\":[]}", "application/json", 400)]
    [BothHosts("POST", "/v1/chat/completions", "{\"model\":\"demo/echo\",\"stream\":\"yes\",\"messages\":[]}", "application/json", 400)]
    public async Task Malformed_requests(HostKind kind, string method, string path, string? body, string? type, int status)
    {
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        Answer answer = await Answer.SendAsync(client, new HttpMethod(method), path, body, type);
        answer.IsRefusal((HttpStatusCode)status);
        if (status == 405)
            Assert.NotEmpty(answer.Response.Content.Headers.Allow);
    }

    [Theory, BothHosts(true), BothHosts(false)]
    public async Task A_body_above_the_limit_is_413(HostKind kind, bool chunked)
    {
        using HttpClient client = await (await rig.GatewayAsync(kind, Profile.Tight)).NewClientAsync();
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent($$"""{"model":"demo/echo","messages":[{"role":"user","content":"{{new string('x', 8000)}}"}]}""", null, "application/json"),
        };
        request.Headers.TransferEncodingChunked = chunked;
        Answer answer = (await Answer.SendAsync(client, request)).IsRefusal(HttpStatusCode.RequestEntityTooLarge);
        Assert.Contains("4096", answer.Message, StringComparison.Ordinal);
    }

    [Theory, BothHosts(true), BothHosts(false)]
    public async Task An_upload_above_the_limit_is_413(HostKind kind, bool chunked)
    {
        using HttpClient client = await (await rig.GatewayAsync(kind, Profile.Tight)).NewClientAsync();
        using MultipartFormDataContent form = new()
        {
            { new StringContent("own/whisper"), "model" },
            { new ByteArrayContent(new byte[100_000]), "file", "speech.wav" },
        };
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/audio/transcriptions") { Content = form };
        request.Headers.TransferEncodingChunked = chunked;
        (await Answer.SendAsync(client, request)).IsRefusal(HttpStatusCode.RequestEntityTooLarge);
    }

    [Theory, BothHosts]
    public async Task A_compressed_body_is_415(HostKind kind)
    {
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions") { Content = new ByteArrayContent([31, 139, 8, 0]) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Content.Headers.ContentEncoding.Add("gzip");
        (await Answer.SendAsync(client, request)).IsRefusal(HttpStatusCode.UnsupportedMediaType);
    }
}
