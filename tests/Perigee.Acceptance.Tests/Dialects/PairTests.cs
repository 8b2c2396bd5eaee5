using System.Text;
using System.Text.Json;
using Perigee.Acceptance.Tests.Running;
using Perigee.Acceptance.Tests.Sdk;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Dialects;

/// <summary>Any vendor's SDK with any vendor's models: nine pairs, whole and as streams.</summary>
public sealed class PairTests(Rig rig)
{
    private static readonly Dictionary<string, string> s_results = new() { ["Paris"] = "21 degrees", ["Rome"] = "25 degrees" };

    [Theory, AllPairs]
    public async Task Text_instructions_tools_and_usage(HostKind kind, string sdk, string provider)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        string model = Vendors.Aimock(provider);
        string compare = Prompts.New("Compare the weather");
        List<(string, object?)> steps = [];
        foreach (bool stream in (bool[])[false, true])
        {
            steps.Add(("say", new { model, stream, prompt = Prompts.New("Say hello") }));
            steps.Add(("say", new { model, stream, prompt = Prompts.New("Greet me"), system = "You are a pirate." }));
            steps.Add(("tools", new { model, stream, prompt = Prompts.New("Weather in Paris"), names = new[] { "get_weather" }, results = s_results }));
            steps.Add(("tools", new { model, stream, prompt = compare + stream, names = new[] { "get_time", "get_weather" }, results = s_results }));
        }

        JsonElement[] seen = await NodeClient.RunAsync(sdk, gateway, await gateway.NewKeyAsync(), [.. steps]);
        foreach (JsonElement[] four in seen.Chunk(4))
        {
            Assert.Equal("Hello! How can I help you today?", four[0].Text("text"));
            Assert.Equal(Finish(sdk, "stop"), four[0].Text("finish"));
            four[0].Used(("input", 5), ("output", 9), ("total", 14));
            // aimock gives Gemini's answers no id.
            if (sdk != Vendors.Google || provider != Vendors.Google)
                Assert.NotEqual("", four[0].Text("id"));

            Assert.Equal("Ahoy, \"mate\" \u2013 \U0001F3F4!", four[1].Text("text"));
            four[1].Used(("input", 17), ("output", 6), ("total", 23));

            CheckCalls(four[2], ("get_weather", """{"city":"Paris","unit":"celsius"}"""));
            Assert.Equal("It is 21 degrees in Paris.", four[2].Answered().GetProperty("last").Text("text"));
            four[2].GetProperty("first").Used(("input", 30), ("output", 12), ("total", 42));
            four[2].GetProperty("last").Used(("input", 40), ("output", 8), ("total", 48));

            CheckCalls(four[3], ("get_weather", """{"city":"Paris"}"""), ("get_weather", """{"city":"Rome"}"""));
            Assert.Equal("I shall look.", four[3].GetProperty("first").Text("text"));
            Assert.Equal("Rome is warmer than Paris.", four[3].GetProperty("last").Text("text"));
            four[3].GetProperty("last").Used(("input", 70), ("output", 7), ("total", 77));
            // aimock invents a finish reason for Gemini's calls, which its own dialect hands on.
            if (sdk != Vendors.Google || provider != Vendors.Google)
                Assert.Equal(Finish(sdk, "calls"), four[3].GetProperty("first").Text("finish"));
        }

        // Both results arrived, each under the id of its call.
        foreach (bool stream in (bool[])[false, true])
        {
            JsonElement messages = (await (await rig.AimockAsync()).SeenAsync(compare + stream))[^1].GetProperty("body").GetProperty("messages");
            string[] calls = [.. messages.EnumerateArray().Where(m => m.TryGetProperty("tool_calls", out _)).SelectMany(m => m.GetProperty("tool_calls").EnumerateArray()).Select(c => c.GetProperty("id").GetString()!)];
            JsonElement[] results = [.. messages.EnumerateArray().Where(m => m.GetProperty("role").GetString() == "tool")];
            Assert.Equal(2, calls.Distinct().Count());
            Assert.Equal(calls, results.Select(r => r.GetProperty("tool_call_id").GetString()));
            Assert.Contains("21 degrees", results[0].GetProperty("content").GetString(), StringComparison.Ordinal);
            Assert.Contains("25 degrees", results[1].GetProperty("content").GetString(), StringComparison.Ordinal);
        }
    }

    [Theory, AllPairs]
    public async Task A_picture_in_base64_and_the_figures_of_caches_and_reasoning(HostKind kind, string sdk, string provider)
    {
        string image = Prompts.RedPixel[(Prompts.RedPixel.IndexOf(',', StringComparison.Ordinal) + 1)..];
        List<string> bodies = [];
        string model = Vendors.Own(provider, (await rig.OwnAsync()).Add((http, body) =>
        {
            lock (bodies)
                bodies.Add(Encoding.UTF8.GetString(body));
            return Recorded.SendAsync(http, body, Recorded.Picture(provider));
        }));
        Gateway gateway = await rig.GatewayAsync(kind);
        JsonElement[] seen = await NodeClient.RunAsync(sdk, gateway, await gateway.NewKeyAsync(),
            ("say", new { model, stream = false, prompt = "What is in this picture?", image }),
            ("say", new { model, stream = true, prompt = "What is in this picture, then?", image }));
        int written = provider == Vendors.Google || sdk == Vendors.Google ? 0 : 10;
        foreach (JsonElement one in seen)
        {
            Assert.Equal("One red pixel.", one.Text("text"));
            Assert.Equal(Finish(sdk, "stop"), one.Text("finish"));
            one.Used(sdk switch
            {
                Vendors.Anthropic => [("input", 60 - written), ("cached", 40), ("written", written), ("output", 20), ("reasoning", 8), ("total", 120)],
                Vendors.Google => [("input", 100), ("cached", 40), ("output", 12), ("reasoning", 8), ("total", 120)],
                _ => [("input", 100), ("cached", 40), ("written", written), ("output", 20), ("reasoning", 8), ("total", 120)],
            });
        }

        Assert.Equal(2, bodies.Count);
        Assert.All(bodies, body =>
        {
            JsonElement root = JsonDocument.Parse(body).RootElement;
            string found = provider switch
            {
                Vendors.Anthropic => Part(root.GetProperty("messages")[0].GetProperty("content"), "image").GetProperty("source").GetRawText(),
                Vendors.Google => root.GetProperty("contents")[0].GetProperty("parts").EnumerateArray().First(p => p.TryGetProperty("inlineData", out _)).GetProperty("inlineData").GetRawText(),
                _ => Part(root.GetProperty("messages")[0].GetProperty("content"), "image_url").GetProperty("image_url").GetProperty("url").GetRawText(),
            };
            Assert.Contains(image, found, StringComparison.Ordinal);
            Assert.Contains("image/png", found, StringComparison.Ordinal);
        });
    }

    [Theory, BothHosts(false), BothHosts(true)]
    public async Task A_source_that_is_cited_reaches_openais_clients(HostKind kind, bool stream)
    {
        string model = Vendors.Own(Vendors.Anthropic, (await rig.OwnAsync()).Add((http, body) => Recorded.SendAsync(http, body, Recorded.Cited)));
        Gateway gateway = await rig.GatewayAsync(kind);
        JsonElement[] seen = await NodeClient.RunAsync(Vendors.OpenAi, gateway, await gateway.NewKeyAsync(), ("say", new { model, stream, prompt = "Does it rain?" }));
        Assert.Equal("It rains.", seen[0].Text("text"));
        JsonElement source = Assert.Single(seen[0].GetProperty("annotations").EnumerateArray()).GetProperty("url_citation");
        Assert.Equal("https://example.com/rain", source.Text("url"));
        Assert.Equal("Rain \"today\"", source.Text("title"));
    }

    private static JsonElement Part(JsonElement content, string type) => content.EnumerateArray().First(part => part.GetProperty("type").GetString() == type);

    private static void CheckCalls(JsonElement step, params (string Name, string Arguments)[] expected)
    {
        JsonElement[] calls = [.. step.Answered().GetProperty("first").GetProperty("calls").EnumerateArray()];
        Assert.Equal(expected.Select(e => $"{e.Name} {e.Arguments}"), calls.Select(c => $"{c.Text("name")} {Compact(c.Text("args")!)}"));
        Assert.Equal(calls.Length, calls.Select(c => c.Text("id")).Where(id => !string.IsNullOrEmpty(id)).Distinct().Count());
    }

    private static string Compact(string json) => JsonSerializer.Serialize(JsonDocument.Parse(json).RootElement);

    private static string Finish(string sdk, string meaning) => (sdk, meaning) switch
    {
        (Vendors.Anthropic, "calls") => "tool_use",
        (Vendors.Anthropic, _) => "end_turn",
        (Vendors.Google, _) => "STOP",
        (_, "calls") => "tool_calls",
        _ => "stop",
    };
}
