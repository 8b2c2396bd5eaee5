using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Perigee.Acceptance.Tests.Dialects;
using Perigee.Acceptance.Tests.Running;
using Perigee.Acceptance.Tests.Sdk;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Cache;

/// <summary>What was asked with one vendor's SDK is replayed to another's, in both shapes.</summary>
public sealed class ReplayTests(Rig rig)
{
    private const string Whole = """
        {"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[{"type":"text","text":"Hello \"there\". "},{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{"city":"Bonn"}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":4}}
        """;

    private static readonly string[] Events =
    [
        """{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}}}""",
        """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello \"th"}}""",
        """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"ere\". "}}""",
        """{"type":"content_block_stop","index":0}""",
        """{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{}}}""",
        """{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"city\":\"Bonn\"}"}}""",
        """{"type":"content_block_stop","index":1}""",
        """{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":4}}""",
        """{"type":"message_stop"}""",
    ];

    [Fact]
    public async Task Every_sdk_reads_what_every_other_has_asked()
    {
        int calls = 0;
        string model = Vendors.Own(Vendors.Anthropic, (await rig.OwnAsync()).Add(async (http, body) =>
        {
            Interlocked.Increment(ref calls);
            if (!Vendors.WantsStream(http, body))
            {
                await Say.JsonAsync(http, 200, Whole);
                return;
            }

            Say.Stream(http);
            foreach (string one in Events)
                await http.Response.WriteAsync($"event: {one.Split('"')[3]}\ndata: {one}\n\n", http.RequestAborted);
        }));
        Gateway gateway = await rig.GatewayAsync(HostKind.Local);
        string key = await gateway.NewKeyAsync(tenant: "t-" + Guid.NewGuid().ToString("N"));
        List<(string Prompt, bool Stream)> asked = [];

        // Each asks two questions of its own, and reads what the others have asked before it; the last reads them once more from the beginning.
        foreach (string sdk in (string[])[Vendors.OpenAi, Vendors.Anthropic, Vendors.Google, Vendors.OpenAi, Vendors.Anthropic])
        {
            int before = asked.Count;
            if (asked.Count < 6)
                asked.AddRange([(Prompts.New("Say hello"), false), (Prompts.New("Say hello"), true)]);
            List<(string, object?)> steps = [];
            foreach ((string prompt, bool stream) in asked)
                steps.AddRange([("say", Question(sdk, model, prompt, stream)), ("say", Question(sdk, model, prompt, !stream))]);
            JsonElement[] seen = await NodeClient.RunAsync(sdk, gateway, key, [.. steps]);
            Assert.Equal(asked.Count * 2, seen.Length);
            for (int i = 0; i < seen.Length; i++)
            {
                Assert.Equal("Hello \"there\". ", seen[i].Text("text"));
                JsonElement call = Assert.Single(seen[i].GetProperty("calls").EnumerateArray());
                Assert.Equal(("get_weather", """{"city":"Bonn"}"""), (call.GetProperty("name").GetString(), call.GetProperty("args").GetString()!.Replace(" ", "", StringComparison.Ordinal)));
                seen[i].Used(("input", 3), ("output", 4), ("total", 7));

                // Not every helper for streams lets one see headers.
                if (seen[i].TryGetProperty("cache", out JsonElement cache) && cache.ValueKind == JsonValueKind.String)
                    Assert.Equal(i / 2 >= before && i % 2 == 0 ? "miss" : "hit", cache.GetString());
            }

            Assert.Equal(asked.Count, calls);
        }
    }

    /// <summary>Equal in meaning: Anthropic's SDK has to say how much it may be, so all do.</summary>
    private static object Question(string sdk, string model, string prompt, bool stream) => sdk switch
    {
        Vendors.Google => new { model, prompt, stream, extra = new { maxOutputTokens = 100 } },
        _ => new { model, prompt, stream, extra = new { max_tokens = 100 } },
    };
}
