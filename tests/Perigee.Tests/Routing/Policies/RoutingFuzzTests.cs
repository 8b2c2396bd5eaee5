using System.Text;
using System.Text.Json;
using Perigee.Wire;

namespace Perigee.Tests.Routing.Policies;

/// <summary>Nothing that a client writes makes the routing step throw: it routes or refuses.</summary>
public class RoutingFuzzTests
{
    private static readonly (string Operation, string Json)[] Bodies =
    [
        ("chat", """{"model":"r","models":["openai/a"],"provider":{"order":["groq"],"max_price":{"prompt":1},"sort":"price"},"fallbacks":[{"model":"x"}],"route":"fallback","session_id":"s","metadata":{"a":"b"},"messages":[{"content":[{"type":"image_url","image_url":{"url":"data:,"}},{"type":"file","file":{"file_id":"f"}},{"type":"input_audio","input_audio":{"data":"A"}}]}],"tools":[{"type":"function"}],"response_format":{"type":"json_schema"},"max_tokens":5,"modalities":["audio"],"user":"u"}"""),
        ("responses", """{"model":"auto","previous_response_id":"p","conversation":{"id":"c"},"input":[{"type":"reasoning","encrypted_content":"e"},{"content":[{"type":"input_file","file_id":"f"}]},{"type":"item_reference","id":"i"}],"tools":[{"type":"mcp","container":{"file_ids":["f"]}}],"text":{"format":{"type":"json_schema"}},"reasoning":{"effort":"low"},"max_output_tokens":9}"""),
        ("messages", """{"model":"r:floor","container":{"id":"c"},"messages":[{"content":[{"type":"tool_result","content":[{"type":"image","source":{"data":"A"}}]}]}],"tools":[{"type":"x"}],"thinking":{"type":"enabled"},"metadata":{"user_id":"u"},"mcp_servers":[{}],"max_tokens":7}"""),
        ("gemini.stream", """{"cachedContent":"c","contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"A"}},{"fileData":{"fileUri":"files/a"}},{"functionResponse":{"parts":[{}]}}]}],"tools":[{"googleSearch":{}}],"generationConfig":{"thinkingConfig":{"thinkingBudget":1},"responseModalities":["AUDIO"]}}"""),
    ];

    private static readonly string[] Odd = ["null", "true", "-1", "1e999", "0.1", "\"\"", "\"\\ud800\"", "\"r\"", "\"auto\"", "\"a\\r\\nb: c\"", "\"é/😀\"", "[]", "[[]]", "[null]", "{}", "{\"id\":5}", "[{\"type\":7}]", "12345678901234567890"];

    [Fact]
    public async Task Whatever_stands_in_a_body_it_is_routed_or_refused()
    {
        int seed = Environment.GetEnvironmentVariable("PERIGEE_SEED") is { } text ? int.Parse(text, null) : 90210;
        Random random = new(seed);
        TestRouting routing = new(seed);
        GatewayOptions options = TestModels.Options("""
            {"routes":{"r":{"policy":"conditional","targets":[{"target":"s","when":{"metadata":{"a":"b"},"user":"u"}},{"policy":"cheapest","targets":["openai/a","groq/b","auto"]}]},"s":{"policy":"sticky","targets":["openai/a","gemini/c"]}}}
            """);
        int planned = 0;
        for (int round = 0; round < 4000; round++)
        {
            (string operation, string json) = Bodies[random.Next(Bodies.Length)];
            for (int changes = random.Next(1, 4); changes > 0; changes--)
                json = Change(json, random);
            if (!JsonIndex.TryParse(Encoding.UTF8.GetBytes(json), out JsonIndex? index, out _))
                continue;
            index.Dispose();
            try
            {
                Exchange exchange = await routing.RouteAsync(options, operation, json, model: operation == "gemini.stream" ? "r" : null, headers: (HeaderNames.Explain, random.Next(2) == 0 ? "1" : "0"));
                Assert.True(exchange.Error is not null || exchange.Plan!.Targets.Count > 0);
                Assert.True(exchange.Error is null or { Status: >= 400 and < 500 }, exchange.Error?.Message);
                Assert.DoesNotContain('\n', exchange.Error?.Message ?? exchange.Plan!.Chosen ?? "");
                planned += exchange.Plan is null ? 0 : 1;
            }
            catch (Exception fault) when (fault is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}, round {round}: {json}\n{fault}");
            }
        }

        Assert.InRange(planned, 500, 4000);
    }

    /// <summary>Puts something odd in the place of one value.</summary>
    private static string Change(string json, Random random)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        if (!JsonIndex.TryParse(bytes, out JsonIndex? index, out _))
            return json;
        using (index)
        {
            int at = random.Next(1, Math.Max(2, index.Count));
            if (at >= index.Count || index.Tokens[at].Type == JsonTokenType.PropertyName)
                return json;
            JsonIndex.Token token = index.Tokens[at];
            return Encoding.UTF8.GetString(bytes, 0, token.Start) + Odd[random.Next(Odd.Length)] + Encoding.UTF8.GetString(bytes, token.Start + token.Length, bytes.Length - token.Start - token.Length);
        }
    }
}
