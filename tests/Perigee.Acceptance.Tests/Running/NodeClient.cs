using System.Diagnostics;
using System.Text.Json;
using Perigee.Testing;

namespace Perigee.Acceptance.Tests.Running;

/// <summary>Runs a scenario of tests/npm/clients/openai.mjs: the official npm SDK against a gateway.</summary>
internal static class NodeClient
{
    /// <summary>Runs it and returns what it saw. A scenario that fails prints an error and fails the test.</summary>
    public static async Task<JsonElement> RunAsync(string scenario, Gateway gateway, string key, object? arguments = null)
    {
        await NodeTools.EnsureInstalledAsync();
        using Process node = NodeTools.Start(
            ["clients/openai.mjs", scenario, JsonSerializer.Serialize(arguments ?? new { })],
            new Dictionary<string, string> { ["OPENAI_BASE_URL"] = gateway.Url + "/v1", ["OPENAI_API_KEY"] = key });
        Task<string> output = node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> errors = node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            await node.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(100));
        }
        finally
        {
            if (!node.HasExited)
                node.Kill();
        }

        Assert.True(node.ExitCode == 0, $"{scenario}: {await errors}{await output}");
        return JsonDocument.Parse(await output).RootElement;
    }
}
