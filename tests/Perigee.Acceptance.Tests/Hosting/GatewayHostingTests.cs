using System.Net;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Hosting;

/// <summary>The gateway's own app in both hosts: that it starts, serves, stops and refuses what it must.</summary>
public sealed class GatewayHostingTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(HostKind.Local)]
    [InlineData(HostKind.Isolated)]
    public async Task It_serves_and_stops_within_five_seconds(HostKind kind)
    {
        await using IRunningApp app = await IRunningApp.StartAsync(kind, BuiltApp.Gateway, Open());
        using HttpClient client = Wire.Client(app.Url);
        using HttpResponseMessage answer = await client.GetAsync("/", Cancel);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{(int)answer.StatusCode}\n{app.Output}");
        Assert.False(answer.Headers.Contains("Server"));

        AppStop stop = await app.StopAsync();
        Assert.False(stop.Killed, app.Output);
        Assert.Equal(0, stop.ExitCode);
        Assert.True(stop.Took < TimeSpan.FromSeconds(5), $"It took {stop.Took}.");
    }

    [Fact]
    public async Task Its_catch_all_function_sorts_last()
    {
        await using FunctionsTestHost host = await FunctionsTestHost.StartAsync(Open());
        Assert.Equal(["Health", "Inference", "InferenceBeta", "Management", "ZCatchAll"], host.Functions);
    }

    [Theory]
    [InlineData("PERIGEE_STORAGE", "floppy", "PERIGEE_STORAGE is 'floppy'")]
    [InlineData("WEBSITE_SITE_NAME", "site", "embedded storage does not survive on Azure")]
    public async Task A_fault_of_the_settings_is_one_clear_message(string name, string value, string message)
    {
        Dictionary<string, string> environment = Open();
        environment[name] = value;

        (int code, string output) = await LocalApp.RunToEndAsync(environment, "--urls", "http://127.0.0.1:0");
        Assert.Equal(1, code);
        Assert.Contains(message, output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);

        AppStartException fault = await Assert.ThrowsAsync<AppStartException>(() => FunctionsTestHost.StartAsync(environment));
        Assert.Contains("exit code 1", fault.Message, StringComparison.Ordinal);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_one_clear_message()
    {
        await using LocalApp first = await LocalApp.StartAsync(Open());
        (int code, string output) = await LocalApp.RunToEndAsync(Open(), "--urls", first.Url);
        Assert.Equal(1, code);
        Assert.Contains("address already in use", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    // Behind the test host the gateway knows from this variable that only loopback can reach it.
    private static Dictionary<string, string> Open() => new() { ["ASPNETCORE_URLS"] = "http://127.0.0.1:7071" };
}
