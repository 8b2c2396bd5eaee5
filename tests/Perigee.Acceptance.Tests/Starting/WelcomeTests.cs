using System.Net.Http.Headers;
using System.Text.Json;
using Perigee.Acceptance.Tests.Running;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Starting;

/// <summary>What a newcomer sees first.</summary>
public sealed class WelcomeTests(Rig rig)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_open_gateway_tells_all_and_its_curl_line_works()
    {
        await using LocalApp app = await LocalApp.StartAsync();
        await Patience.UntilAsync(() => Task.FromResult(app.Output.Contains("  try ", StringComparison.Ordinal)), "the welcome is printed");
        string[] lines = app.Output.Split('\n');
        Assert.Contains(lines, line => line.StartsWith("  listens on ", StringComparison.Ordinal) && line.Contains(app.Url, StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("  providers on ", StringComparison.Ordinal) && line.Contains("demo", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("  data in ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("  access ", StringComparison.Ordinal) && line.Contains("open", StringComparison.Ordinal));
        await CurlWorksAsync(lines.Single(line => line.StartsWith("  try ", StringComparison.Ordinal))["  try ".Length..].Trim(), []);
    }

    [Theory, BothHosts]
    public async Task GET_root_is_json_for_programs(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        using HttpClient client = gateway.Client(kind == HostKind.Local ? null : Gateway.AdminKey);
        using JsonDocument root = JsonDocument.Parse(await client.GetStringAsync("/", Cancel));
        Assert.Equal("Perigee", root.RootElement.GetProperty("name").GetString());
        Assert.False(root.RootElement.GetProperty("open").GetBoolean());
        Assert.Equal(gateway.Url + "/v1", root.RootElement.GetProperty("openai_base_url").GetString());
        Assert.Contains("openai", root.RootElement.GetProperty("providers").EnumerateArray().Select(p => p.GetString()));
        Assert.StartsWith(gateway.Data, root.RootElement.GetProperty("data").GetString(), StringComparison.Ordinal);
        await CurlWorksAsync(root.RootElement.GetProperty("curl").GetString()!, new() { ["PERIGEE_KEY"] = await gateway.NewKeyAsync() });
    }

    [Theory, BothHosts]
    public async Task GET_root_is_a_page_for_browsers(HostKind kind)
    {
        using HttpClient client = (await rig.GatewayAsync(kind)).Client(null);
        client.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));
        using HttpResponseMessage answer = await client.GetAsync("/", Cancel);
        Assert.Equal("text/html", answer.Content.Headers.ContentType!.MediaType);
        string page = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("<h1>Perigee</h1>", page, StringComparison.Ordinal);
        Assert.Contains("curl ", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.True(answer.Headers.Contains("Content-Security-Policy"));
    }

    [Theory, BothHosts]
    public async Task Health_says_live_and_ready(HostKind kind)
    {
        using HttpClient client = (await rig.GatewayAsync(kind)).Client(null);
        Assert.Contains("live", await client.GetStringAsync("/health/live", Cancel), StringComparison.Ordinal);
        Assert.Contains("ready", await client.GetStringAsync("/health/ready", Cancel), StringComparison.Ordinal);
    }

    private static async Task CurlWorksAsync(string line, Dictionary<string, string> environment)
    {
        (int code, string output, string errors) = await Bash.RunAsync(line, Environment.CurrentDirectory, environment);
        Assert.SkipWhen(code == 127, "There is no curl on this machine.");
        Assert.True(code == 0, errors);
        using JsonDocument answer = JsonDocument.Parse(output);
        Assert.Contains(
            "Hello", answer.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), StringComparison.Ordinal);
    }
}
