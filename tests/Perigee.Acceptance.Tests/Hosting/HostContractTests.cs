using System.Net;
using System.Text;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Hosting;

/// <summary>One contract for both hosts, on triggers that fail, stall and tell what they see.</summary>
public sealed class HostContractTests
{
    public static TheoryData<HostKind> Hosts => [HostKind.Local, HostKind.Isolated];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task A_request_reaches_the_function_as_the_client_sent_it(HostKind kind)
    {
        await using IRunningApp app = await IRunningApp.StartAsync(kind, BuiltApp.TestApp);
        using HttpClient client = Wire.Client(app.Url);

        var get = await (await client.GetAsync("/echo/a/b?x=1&code=2", Cancel)).EchoAsync();
        Assert.Equal("GET", get["method"]);
        Assert.Equal(app.Url + "/echo/a/b?x=1&code=2", get["url"]);
        Assert.Equal("a/b", get["path"]);
        Assert.Equal("127.0.0.1", get["remote"]);

        string body = "{\"model\":\"m\",\"messages\":[{\"content\":\"" + new string('ä', 100_000) + "\"}]}";
        var post = await (await client.PostAsync("/echo/post", new StringContent(body, Encoding.UTF8, "application/json"), Cancel)).EchoAsync();
        Assert.Equal(body, post["body"]);

        using HttpRequestMessage chunked = new(HttpMethod.Post, "/echo/chunked") { Content = new StringContent("in pieces") };
        chunked.Headers.TransferEncodingChunked = true;
        Assert.Equal("in pieces", (await (await client.SendAsync(chunked, Cancel)).EchoAsync())["body"]);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task The_catch_all_takes_what_nothing_else_serves(HostKind kind)
    {
        await using IRunningApp app = await IRunningApp.StartAsync(kind, BuiltApp.TestApp);
        using HttpClient client = Wire.Client(app.Url);
        Assert.Equal("\"catch-all /\"", await client.GetStringAsync("/", Cancel));
        Assert.Equal("\"catch-all /no//such\"", await client.GetStringAsync("/no//such", Cancel));
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task A_stream_arrives_piece_by_piece(HostKind kind)
    {
        await using IRunningApp app = await IRunningApp.StartAsync(kind, BuiltApp.TestApp);
        using HttpClient client = Wire.Client(app.Url);
        using HttpResponseMessage response = await client.GetAsync("/stream/3", HttpCompletionOption.ResponseHeadersRead, Cancel);
        using StreamReader events = new(await response.Content.ReadAsStreamAsync(Cancel));
        for (int i = 1; i <= 3; i++)
        {
            // The next event is only made once this one was seen.
            if (i > 1)
                await client.PostAsync("/open", null, Cancel);
            Assert.Equal($"data: {i}", await events.ReadLineAsync(Cancel).AsTask().WaitAsync(Wire.Patience, Cancel));
            Assert.Equal("", await events.ReadLineAsync(Cancel));
        }

        Assert.Null(await events.ReadLineAsync(Cancel));
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task The_app_sees_its_client_go(HostKind kind)
    {
        await using IRunningApp app = await IRunningApp.StartAsync(kind, BuiltApp.TestApp);
        using HttpClient client = Wire.Client(app.Url);
        using (HttpResponseMessage response = await client.GetAsync("/stream/2", HttpCompletionOption.ResponseHeadersRead, Cancel))
        {
            using StreamReader events = new(await response.Content.ReadAsStreamAsync(Cancel));
            Assert.Equal("data: 1", await events.ReadLineAsync(Cancel));
        }

        Assert.Equal("aborted", await client.GetStringAsync("/aborted", Cancel));
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task An_error_before_the_first_byte_is_a_500_without_details(HostKind kind)
    {
        await using IRunningApp app = await IRunningApp.StartAsync(kind, BuiltApp.TestApp);
        using HttpClient client = Wire.Client(app.Url);
        using HttpResponseMessage response = await client.GetAsync("/throw/before", Cancel);
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal("", await response.Content.ReadAsStringAsync(Cancel));
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task An_error_after_the_first_byte_cuts_the_answer(HostKind kind)
    {
        await using IRunningApp app = await IRunningApp.StartAsync(kind, BuiltApp.TestApp);
        string answer = await Wire.RawAsync(app.Url, "GET /throw/after HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.Contains("first", answer, StringComparison.Ordinal);
        // The closing chunk is missing: a client knows that it has not all.
        Assert.DoesNotContain("\r\n0\r\n", answer, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task It_stops_clean_within_five_seconds_in_mid_stream(HostKind kind)
    {
        await using IRunningApp app = await IRunningApp.StartAsync(kind, BuiltApp.TestApp);
        using HttpClient client = Wire.Client(app.Url);
        using HttpResponseMessage response = await client.GetAsync("/stream/2", HttpCompletionOption.ResponseHeadersRead, Cancel);

        AppStop stop = await app.StopAsync();
        Assert.False(stop.Killed, app.Output);
        Assert.Equal(0, stop.ExitCode);
        Assert.True(stop.Took < TimeSpan.FromSeconds(5), $"It took {stop.Took}.");
        // Requests are cut early enough for what has to be written after them.
        Assert.Contains("flushed", app.Output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task How_large_a_body_may_be_is_the_apps_to_say(HostKind kind)
    {
        await using IRunningApp app = await IRunningApp.StartAsync(kind, BuiltApp.TestApp);
        using HttpClient client = Wire.Client(app.Url);
        // Above Kestrel's own limit of 30,000,000 bytes.
        using ByteArrayContent body = new(new byte[31_000_000]);
        using HttpResponseMessage response = await client.PostAsync("/length", body, Cancel);
        Assert.Equal("31000000", await response.Content.ReadAsStringAsync(Cancel));
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task Nothing_is_logged_for_an_ordinary_request(HostKind kind)
    {
        await using IRunningApp app = await IRunningApp.StartAsync(kind, BuiltApp.TestApp);
        using HttpClient client = Wire.Client(app.Url);
        await client.GetStringAsync("/echo/x", Cancel);
        await app.StopAsync();
        Assert.DoesNotContain("Request", app.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("endpoint", app.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task A_clients_own_invocation_id_does_no_harm(HostKind kind)
    {
        await using IRunningApp app = await IRunningApp.StartAsync(kind, BuiltApp.TestApp);
        using HttpClient client = Wire.Client(app.Url);
        using HttpRequestMessage request = new(HttpMethod.Get, "/echo/x");
        request.Headers.Add("x-ms-invocation-id", "made-up");
        var echo = await (await client.SendAsync(request, Cancel)).EchoAsync();
        if (kind == HostKind.Isolated)
            Assert.Null(echo["invocation"]);
    }

    [Fact]
    public async Task The_worker_ends_when_its_host_is_gone()
    {
        await using FunctionsTestHost host = await FunctionsTestHost.StartAsync(BuiltApp.TestApp);
        await host.VanishAsync();
        await host.Process.WaitForExitAsync(Wire.Patience);
    }

    [Fact]
    public async Task The_worker_answers_health_checks_and_tells_its_functions()
    {
        await using FunctionsTestHost host = await FunctionsTestHost.StartAsync(BuiltApp.TestApp);
        await host.PingAsync();
        Assert.Equal("ZCatchAll", host.Functions[^1]);
        Assert.DoesNotContain(host.Capabilities, c => c.Value == "False");
    }
}
