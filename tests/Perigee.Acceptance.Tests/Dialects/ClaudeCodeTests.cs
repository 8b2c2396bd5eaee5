using System.Net;
using System.Text;
using System.Text.Json;
using Perigee.Acceptance.Tests.Refusals;
using Perigee.Acceptance.Tests.Running;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Dialects;

/// <summary>The kind of request that Claude Code sends, before models of all three vendors. It is strict about the grammar of streams.</summary>
public sealed class ClaudeCodeTests(Rig rig)
{
    private const string Betas = "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27,prompt-caching-scope-2026-01-05";

    [Theory, BothHosts(Vendors.Anthropic, "claude-opus-4-8-"), BothHosts(Vendors.OpenAi, "m-"), BothHosts(Vendors.Google, "gemini-3-pro-")]
    public async Task Its_request_is_served(HostKind kind, string provider, string prefix)
    {
        List<(string Path, Dictionary<string, string> Headers, string Body)> calls = [];
        string model = Vendors.Own(provider, (await rig.OwnAsync()).Add(
            (http, body) =>
            {
                calls.Add((http.Request.Path + http.Request.QueryString.Value, http.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString()), Encoding.UTF8.GetString(body)));
                return Recorded.SendAsync(http, body, Recorded.ThoughtfulCall(provider));
            },
            prefix));
        using HttpClient client = await (await rig.GatewayAsync(kind)).NewClientAsync();
        Answer answer = await Vendors.PostAsync(client, "/v1/messages?beta=true", Body(model), headers:
        [
            ("anthropic-version", "2023-06-01"), ("anthropic-beta", Betas), ("x-app", "cli"), ("User-Agent", "claude-cli/2.1.0 (external, cli)"),
            ("X-Stainless-Lang", "js"), ("anthropic-dangerous-direct-browser-access", "true"), ("x-claude-code-session-id", "1"),
        ]);
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        JsonElement[] blocks = MessageGrammar.Check(answer.Body);
        JsonElement call = Assert.Single(blocks, block => block.Text("type") == "tool_use");
        Assert.Equal("get_weather", call.Text("name"));
        Assert.Equal("""{"city":"Paris"}""", call.GetProperty("input").GetRawText().Replace(" ", "", StringComparison.Ordinal));
        if (provider != Vendors.OpenAi)
            Assert.Equal(Recorded.Thought, Assert.Single(blocks, block => block.Text("type") == "thinking" && block.Text("thinking") != "").Text("thinking"));

        (string path, Dictionary<string, string> headers, string body) = Assert.Single(calls);
        Assert.StartsWith("claude-cli/2.1.0", headers["user-agent"], StringComparison.Ordinal);
        Assert.Contains("You are Claude Code", body, StringComparison.Ordinal);
        if (provider == Vendors.Anthropic)
        {
            Assert.Equal("/v1/messages?beta=true", path);
            Assert.Equal(Betas, headers["anthropic-beta"]);
            Assert.Equal(Body(model).Replace("own-anthropic/", "", StringComparison.Ordinal), body);
            return;
        }

        Assert.False(headers.ContainsKey("anthropic-beta") || headers.ContainsKey("anthropic-version"));
        Assert.DoesNotContain("beta=true", path, StringComparison.Ordinal);
        Assert.DoesNotContain("cache_control", body, StringComparison.Ordinal);
        Assert.DoesNotContain("context_management", body, StringComparison.Ordinal);
        JsonElement root = JsonDocument.Parse(body).RootElement;
        if (provider == Vendors.Google)
        {
            Assert.Equal(3, root.GetProperty("systemInstruction").GetProperty("parts").GetArrayLength());
            Assert.Equal(12, root.GetProperty("tools").EnumerateArray().Sum(tool => tool.GetProperty("functionDeclarations").GetArrayLength()));
            Assert.True(root.GetProperty("generationConfig").TryGetProperty("thinkingConfig", out _), body);
        }
        else
        {
            Assert.Equal(12, root.GetProperty("tools").GetArrayLength());
            Assert.Equal(32000, root.GetProperty("max_tokens").GetInt32());
            JsonElement[] results = [.. root.GetProperty("messages").EnumerateArray().Where(m => m.Text("role") == "tool")];
            Assert.Equal(2, results.Length);
        }
    }

    private static string Body(string model)
    {
        string tools = string.Join(',', Enumerable.Range(0, 12).Select(i => i == 11
            ? """{"name":"get_weather","description":"Weather.","input_schema":{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false},"cache_control":{"type":"ephemeral"}}"""
            : $$$$$$"""{"name":"Tool{{{{{{i}}}}}}","description":"Does {{{{{{i}}}}}}.","input_schema":{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"path":{"type":"string","description":"A path"},"limit":{"type":"number","exclusiveMinimum":0},"mode":{"type":"string","enum":["a","b"],"default":"a"},"items":{"type":"array","minItems":1,"items":{"type":"object","properties":{"x":{"anyOf":[{"type":"string"},{"type":"null"}]}},"required":["x"],"additionalProperties":false}}},"required":["path"],"additionalProperties":false}}"""));
        return $$$$$$"""{"model":"{{{{{{model}}}}}}","messages":[{"role":"user","content":[{"type":"text","text":"<system-reminder>\nToday is Monday.\n</system-reminder>"},{"type":"text","text":"Look at both files.","cache_control":{"type":"ephemeral"}}]},{"role":"assistant","content":[{"type":"text","text":"I shall."},{"type":"tool_use","id":"toolu_01A","name":"Tool1","input":{"path":"a.txt"}},{"type":"tool_use","id":"toolu_01B","name":"Tool1","input":{"path":"b.txt"}}]},{"role":"user","content":[{"tool_use_id":"toolu_01A","type":"tool_result","content":"Paris"},{"tool_use_id":"toolu_01B","type":"tool_result","content":[{"type":"text","text":"no such file"}],"is_error":true,"cache_control":{"type":"ephemeral"}},{"type":"text","text":"<system-reminder>Go on.</system-reminder>"}]}],"system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.0;"},{"type":"text","text":"You are Claude Code, Anthropic's official CLI for Claude.","cache_control":{"type":"ephemeral"}},{"type":"text","text":"Be terse.","cache_control":{"type":"ephemeral","ttl":"1h"}}],"tools":[{{{{{{tools}}}}}}],"metadata":{"user_id":"user_1_account__session_2"},"max_tokens":32000,"thinking":{"type":"adaptive"},"context_management":{"edits":[{"type":"clear_thinking_20251015","keep":"all"}]},"output_config":{"effort":"medium"},"stream":true}""";
    }
}
