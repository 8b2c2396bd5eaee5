using System.Diagnostics;
using System.Text.Json;
using Perigee.Testing;

namespace Perigee.Acceptance.Tests.Running;

/// <summary>Runs scenarios of tests/npm/clients: the official npm SDKs against a gateway.</summary>
internal static class NodeClient
{
    /// <summary>Runs one of openai.mjs and returns what it saw. A scenario that fails prints an error and fails the test.</summary>
    public static Task<JsonElement> RunAsync(string scenario, Gateway gateway, string key, object? arguments = null) => RunAsync(
        ["clients/openai.mjs", scenario, JsonSerializer.Serialize(arguments ?? new { })],
        new() { ["OPENAI_BASE_URL"] = gateway.Url + "/v1", ["OPENAI_API_KEY"] = key });

    /// <summary>
    /// Runs steps of dialects.mjs, all in one process, and returns what each saw. A step that fails saw an object with the SDK's
    /// <c>error</c>.
    /// </summary>
    /// <param name="sdk">Whose SDK: <c>openai</c>, <c>anthropic</c> or <c>google</c>.</param>
    /// <param name="gateway">The gateway.</param>
    /// <param name="key">The key, sent as that SDK sends keys.</param>
    /// <param name="steps">Scenarios with their arguments.</param>
    public static async Task<JsonElement[]> RunAsync(string sdk, Gateway gateway, string key, params (string Scenario, object? Arguments)[] steps)
    {
        JsonElement seen = await RunAsync(
            ["clients/dialects.mjs", sdk, JsonSerializer.Serialize(steps.Select(step => new[] { step.Scenario, step.Arguments ?? new { } }))],
            new() { ["GATEWAY_URL"] = gateway.Url, ["GATEWAY_KEY"] = key });
        return [.. seen.EnumerateArray()];
    }

    private static async Task<JsonElement> RunAsync(string[] command, Dictionary<string, string> environment)
    {
        await NodeTools.EnsureInstalledAsync();
        using Process node = NodeTools.Start(command, environment);
        Task<string> output = node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> errors = node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            await node.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(5));
        }
        finally
        {
            if (!node.HasExited)
                node.Kill();
        }

        Assert.True(node.ExitCode == 0, $"{command[1]}: {await errors}{await output}");
        return JsonDocument.Parse(await output).RootElement;
    }
}
