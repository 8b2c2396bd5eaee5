using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Perigee.Acceptance.Tests.Running;
using Perigee.Acceptance.Tests.Starting;
using Perigee.TestHost;
using Perigee.Testing;

namespace Perigee.Acceptance.Tests.Readme;

/// <summary>Every command of README.md does what it says. See <see cref="ReadmeBlock"/> for how a block says how it is tested.</summary>
public sealed class ReadmeTests(Rig rig)
{
    private static IReadOnlyList<ReadmeBlock> Blocks => ReadmeBlock.Parse(File.ReadAllText(ReadmeBlock.Readme));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_block_says_how_it_is_tested()
    {
        Assert.All(Blocks.Where(block => block.IsCode), block => Assert.True(
            block.IsTest || block.Comment is "run command" or "test command" || block.Comment.StartsWith("not tested: ", StringComparison.Ordinal),
            $"README.md, {block}: how is it tested? See {nameof(ReadmeBlock)}.cs."));
        Assert.Contains(Blocks, block => block.Comment == "run command");
        Assert.Single(Blocks, block => block.Comment == "test command");
        Assert.Contains(Blocks, block => block.IsTest && block.Language == "bash");
        Assert.Contains(Blocks, block => block.IsTest && block.Language == "js");
        // What the tests' script runs is what stands here.
        Assert.Contains("<!-- test command -->", File.ReadAllText(Path.Combine(Repository.Root, ".ci", "run")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_configuration_that_it_shows_is_valid()
    {
        ReadmeBlock block = Assert.Single(Blocks, block => block.Language == "jsonc");
        await using Gateway gateway = await Gateway.StartAsync(
            HostKind.Local, block.Code, environment: new Dictionary<string, string> { ["PERIGEE_HOOK_SECRET"] = "whsec_" + Convert.ToBase64String(new byte[32]) });
        Assert.DoesNotContain("fault", gateway.App.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Blocks_that_start_a_gateway_start_one()
    {
        foreach (ReadmeBlock block in Blocks.Where(block => block.Comment == "run command"))
        {
            string url = $"http://127.0.0.1:{FreePort()}";
            // Where the reader clones and changes the directory, the test already is.
            string script = string.Join('\n', block.Code.Split('\n').Where(line => !line.StartsWith("git clone", StringComparison.Ordinal) && !line.StartsWith("cd ", StringComparison.Ordinal)));
            await using AppProcess app = AppProcess.Start("bash", ["-euo", "pipefail", "-c", script], Repository.Root, new Dictionary<string, string>
            {
                ["PERIGEE_URLS"] = url,
                ["MSBUILDDISABLENODEREUSE"] = "1",
            });
            using HttpClient client = new() { BaseAddress = new Uri(url) };
            long begin = Stopwatch.GetTimestamp();
            while (!await AnswersAsync(client))
            {
                // It may have to build first.
                Assert.False(app.HasExited || Stopwatch.GetElapsedTime(begin) > TimeSpan.FromMinutes(3), $"README.md, {block}: {app.Output}");
                await Task.Delay(100, Cancel);
            }
        }
    }

    [Fact]
    public async Task Blocks_for_an_open_gateway_work()
    {
        await using LocalApp app = await LocalApp.StartAsync();
        foreach (ReadmeBlock block in Blocks.Where(block => block.IsTest && !block.WantsKeys))
            await RunAsync(block, app.Url, new Dictionary<string, string>());
    }

    [Fact]
    public async Task Blocks_for_a_gateway_with_keys_work()
    {
        Gateway gateway = await rig.GatewayAsync(HostKind.Local);
        Dictionary<string, string> environment = new() { ["PERIGEE_ADMIN_KEY"] = Gateway.AdminKey, ["PERIGEE_KEY"] = await gateway.NewKeyAsync() };
        foreach (ReadmeBlock block in Blocks.Where(block => block.IsTest && block.WantsKeys && !block.IsAlone))
            await RunAsync(block, gateway.Url, environment);
    }

    [Fact]
    public async Task Blocks_that_change_their_gateway_work()
    {
        ReadmeBlock[] blocks = [.. Blocks.Where(block => block.IsTest && block.IsAlone)];
        Assert.NotEmpty(blocks);
        foreach (ReadmeBlock block in blocks)
        {
            await using Gateway gateway = await Gateway.StartAsync(HostKind.Local, "{}");
            await RunAsync(block, gateway.Url, new Dictionary<string, string> { ["PERIGEE_ADMIN_KEY"] = Gateway.AdminKey, ["PERIGEE_KEY"] = await gateway.NewKeyAsync() });
        }
    }

    [Fact]
    public void Blocks_are_read_with_their_comments()
    {
        IReadOnlyList<ReadmeBlock> blocks = ReadmeBlock.Parse("""
            # Title
            <!-- test: chat -->
            ```bash
            curl http://localhost:7071/
            ```
            ```json
            {}
            ```
            <!-- not tested: it needs an account -->

            ```bash
            az login
            ```
            """);
        Assert.Equal(["line 3 (bash, test: chat)", "line 6 (json, no comment)", "line 11 (bash, not tested: it needs an account)"], blocks.Select(b => b.ToString()));
        Assert.Equal("curl http://127.0.0.1:1/\n", blocks[0].For("http://127.0.0.1:1"));
        Assert.False(blocks[1].IsCode);
    }

    /// <summary>Runs a block, which has to end well and to print something.</summary>
    private static async Task RunAsync(ReadmeBlock block, string url, IReadOnlyDictionary<string, string> environment)
    {
        await NodeTools.EnsureInstalledAsync();
        using TemporaryFolder folder = new();
        string code = block.For(url);
        (int exit, string output, string errors) = block.Language switch
        {
            "bash" => await Bash.RunAsync(code, Repository.Root, environment),
            // Packages are looked for from where the file lies.
            "js" => await Bash.RunAsync($"node --input-type=module -e \"$CODE\"", NodeTools.Folder, With("CODE", code)),
            "csharp" => await Bash.RunAsync("dotnet run program.cs", await WriteAsync(folder.Path, code), environment),
            _ => throw new NotSupportedException($"README.md, {block}: nothing here runs {block.Language}."),
        };
        Assert.True(exit == 0, $"README.md, {block}: exit code {exit}\n{errors}\n{output}");
        Assert.False(string.IsNullOrWhiteSpace(output), $"README.md, {block}: it printed nothing.\n{errors}");
        Assert.DoesNotContain("\"error\":", output, StringComparison.Ordinal);

        Dictionary<string, string> With(string name, string value) => new(environment) { [name] = value };
    }

    private static async Task<string> WriteAsync(string folder, string code)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "program.cs"), code, Cancel);
        return folder;
    }

    private static async Task<bool> AnswersAsync(HttpClient client)
    {
        try
        {
            return (await client.GetStringAsync("/", Cancel)).Contains("Perigee", StringComparison.Ordinal);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static string FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture);
    }
}
