using System.Text.Json;
using Perigee.Acceptance.Tests.Running;
using Perigee.TestHost;

namespace Perigee.Acceptance.Tests.Dialects;

/// <summary>
/// Proofs of reasoning: what a vendor signed comes back to it unchanged, through whichever dialect the client speaks, and to no one else.
/// </summary>
public sealed class ProofTests(Rig rig)
{
    [Theory]
    [BothHosts(Vendors.Anthropic, false), BothHosts(Vendors.Anthropic, true)]
    [BothHosts(Vendors.OpenAi, false), BothHosts(Vendors.OpenAi, true)]
    [BothHosts(Vendors.Google, false), BothHosts(Vendors.Google, true)]
    public async Task Anthropics_thinking_comes_back_first_and_unchanged(HostKind kind, string sdk, bool stream)
    {
        Upstream upstream = await Upstream.MakeAsync(rig, Vendors.Anthropic, "claude-sonnet-4-5-");
        JsonElement seen = await EchoAsync(kind, sdk, new { model = upstream.Model, prompt = "Weather in Paris?", stream, extra = Thinking(sdk) });
        Assert.Equal(Recorded.Thought, seen.GetProperty("first").Text("reasoning"));
        Assert.Equal("One red pixel.", seen.GetProperty("last").Text("text"));
        Assert.Equal(2, upstream.Questions.Count);
        Assert.NotEqual("disabled", upstream.Questions[1].GetProperty("thinking").Text("type"));
        JsonElement[] blocks = [.. upstream.Questions[1].GetProperty("messages")[1].GetProperty("content").EnumerateArray()];
        Assert.Equal(["thinking", "redacted_thinking", "tool_use"], blocks.Select(b => b.Text("type")));
        Assert.Equal(Recorded.Thought, blocks[0].Text("thinking"));
        Assert.Equal(Recorded.Signature, blocks[0].Text("signature"));
        Assert.Equal(Recorded.Redacted, blocks[1].Text("data"));
        Assert.Equal("Paris", blocks[2].GetProperty("input").Text("city"));
        Assert.Equal("tool_result", upstream.Questions[1].GetProperty("messages")[2].GetProperty("content")[0].Text("type"));
        Assert.Equal(blocks[2].Text("id"), upstream.Questions[1].GetProperty("messages")[2].GetProperty("content")[0].Text("tool_use_id"));
    }

    [Theory]
    [BothHosts(Vendors.Google, false), BothHosts(Vendors.Google, true)]
    [BothHosts(Vendors.OpenAi, false), BothHosts(Vendors.OpenAi, true)]
    [BothHosts(Vendors.Anthropic, false), BothHosts(Vendors.Anthropic, true)]
    public async Task Googles_signature_comes_back_on_its_call(HostKind kind, string sdk, bool stream)
    {
        Upstream upstream = await Upstream.MakeAsync(rig, Vendors.Google, "gemini-3-pro-");
        JsonElement seen = await EchoAsync(kind, sdk, new { model = upstream.Model, prompt = "Weather in Paris?", stream, extra = Thinking(sdk) });
        Assert.Equal(Recorded.Thought, seen.GetProperty("first").Text("reasoning"));
        Assert.Equal("One red pixel.", seen.GetProperty("last").Text("text"));
        JsonElement call = Call(upstream);
        Assert.Equal(Recorded.ThoughtSignature, call.Text("thoughtSignature"));
        Assert.Equal("Paris", call.GetProperty("functionCall").GetProperty("args").Text("city"));
        JsonElement result = upstream.Questions[1].GetProperty("contents")[2].GetProperty("parts")[0].GetProperty("functionResponse");
        Assert.Equal("get_weather", result.Text("name"));
    }

    [Theory, BothHosts(Vendors.OpenAi, false), BothHosts(Vendors.OpenAi, true), BothHosts(Vendors.Anthropic, false), BothHosts(Vendors.Anthropic, true)]
    public async Task Googles_signature_on_text_comes_back(HostKind kind, string sdk, bool stream)
    {
        Upstream upstream = await Upstream.MakeAsync(rig, Vendors.Google, "gemini-3-pro-", Recorded.SignedText);
        JsonElement seen = await EchoAsync(kind, sdk, new { model = upstream.Model, prompt = "Weather in Paris?", stream, extra = Thinking(sdk) });
        Assert.Equal("It rains.", seen.GetProperty("first").Text("text"));
        JsonElement[] parts = [.. upstream.Questions[1].GetProperty("contents")[1].GetProperty("parts").EnumerateArray()];
        Assert.Equal("It rains.", string.Concat(parts.Where(part => part.TryGetProperty("text", out _) && !part.TryGetProperty("thought", out _)).Select(part => part.Text("text"))));
        Assert.Contains(parts, part => part.TryGetProperty("thoughtSignature", out JsonElement signature) && signature.GetString() == Recorded.ThoughtSignature);
    }

    [Theory, BothHosts(Vendors.Anthropic, false), BothHosts(Vendors.Anthropic, true), BothHosts(Vendors.Google, false), BothHosts(Vendors.Google, true)]
    public async Task Proofs_that_a_router_hands_on_come_back_in_its_form(HostKind kind, string sdk, bool stream)
    {
        Upstream upstream = await Upstream.MakeAsync(rig, Vendors.OpenAi, "m-", Recorded.RoutedCall);
        string model = upstream.Model.Replace("own/", "own-details/", StringComparison.Ordinal);
        JsonElement seen = await EchoAsync(kind, sdk, new { model, prompt = "Weather in Paris?", stream, extra = Thinking(sdk) });
        Assert.Equal(Recorded.Thought, seen.GetProperty("first").Text("reasoning"));
        JsonElement[] details = [.. upstream.Questions[1].GetProperty("messages")[1].GetProperty("reasoning_details").EnumerateArray()];
        JsonElement detail = Assert.Single(details, one => one.TryGetProperty("signature", out JsonElement signature) && signature.ValueKind == JsonValueKind.String);
        Assert.Equal(Recorded.Signature, detail.Text("signature"));
        Assert.Equal(Recorded.Thought, detail.Text("text"));
        Assert.Equal("anthropic-claude-v1", detail.Text("format"));
    }

    [Theory, BothHosts(Vendors.Google)]
    public async Task A_spoiled_envelope_of_anthropics_proof_is_dropped(HostKind kind, string sdk)
    {
        Upstream upstream = await Upstream.MakeAsync(rig, Vendors.Anthropic, "claude-sonnet-4-5-");
        JsonElement seen = await EchoAsync(kind, sdk, new { model = upstream.Model, prompt = "Weather in Paris?", spoiled = true, extra = Thinking(sdk) });
        string second = upstream.Questions[1].GetRawText();
        HoldsNone(second, SealedProofs(seen));
        Assert.DoesNotContain("\"signature\"", second, StringComparison.Ordinal);
        Assert.DoesNotContain("redacted_thinking", second, StringComparison.Ordinal);
        // What the model only thought must not turn into something that it said.
        Assert.DoesNotContain("so I ask", second, StringComparison.Ordinal);
    }

    [Theory, BothHosts(Vendors.Anthropic)]
    public async Task A_spoiled_envelope_of_googles_proof_is_dropped(HostKind kind, string sdk)
    {
        Upstream upstream = await Upstream.MakeAsync(rig, Vendors.Google, "gemini-3-pro-");
        JsonElement seen = await EchoAsync(kind, sdk, new { model = upstream.Model, prompt = "Weather in Paris?", spoiled = true, extra = Thinking(sdk) });
        string second = upstream.Questions[1].GetRawText();
        HoldsNone(second, SealedProofs(seen));
        Assert.DoesNotContain(Recorded.ThoughtSignature, second, StringComparison.Ordinal);
        Assert.DoesNotContain("so I ask", second, StringComparison.Ordinal);
        // Gemini 3 refuses a first call without any signature: this is the word that its documentation gives for foreign history.
        Assert.Equal("skip_thought_signature_validator", Call(upstream).Text("thoughtSignature"));
    }

    [Theory]
    [BothHosts(Vendors.OpenAi, Vendors.Anthropic, Vendors.Google), BothHosts(Vendors.OpenAi, Vendors.Google, Vendors.Anthropic)]
    [BothHosts(Vendors.Anthropic, Vendors.Google, Vendors.Anthropic), BothHosts(Vendors.Google, Vendors.Anthropic, Vendors.Google)]
    [BothHosts(Vendors.Google, Vendors.Anthropic, Vendors.OpenAi), BothHosts(Vendors.Anthropic, Vendors.Google, Vendors.OpenAi)]
    public async Task A_proof_of_one_vendor_never_reaches_another(HostKind kind, string sdk, string first, string then)
    {
        Upstream maker = await Upstream.MakeAsync(rig, first, first == Vendors.Google ? "gemini-3-pro-" : "claude-sonnet-4-5-");
        Upstream other = await Upstream.MakeAsync(rig, then, then == Vendors.Google ? "gemini-3-pro-" : then == Vendors.Anthropic ? "claude-sonnet-4-5-" : "m-", first: null);
        JsonElement seen = await EchoAsync(kind, sdk, new { model = maker.Model, then = other.Model, prompt = "Weather in Paris?", extra = Thinking(sdk) });
        Assert.Equal("One red pixel.", seen.GetProperty("last").Text("text"));
        string second = Assert.Single(other.Questions).GetRawText();
        HoldsNone(second, Proofs(seen));
        HoldsNone(second, [Recorded.Signature, Recorded.Redacted, Recorded.ThoughtSignature]);
        Assert.Contains("Paris", second, StringComparison.Ordinal);
    }

    /// <summary>
    /// Every proof that the client was given, in whatever form it came: what an envelope looks like is the gateway's business, and a test
    /// that knew would stay green when it changes.
    /// </summary>
    private static string[] Proofs(JsonElement seen)
    {
        JsonElement first = seen.GetProperty("first");
        List<string> proofs = [];
        foreach (string list in (string[])["blocks", "parts", "details"])
        {
            if (!first.TryGetProperty(list, out JsonElement items))
                continue;
            foreach (JsonElement item in items.EnumerateArray())
            {
                foreach (string name in (string[])["signature", "data", "thoughtSignature"])
                {
                    if (item.TryGetProperty(name, out JsonElement proof) && proof.ValueKind == JsonValueKind.String && proof.GetString() is { Length: > 0 } text)
                        proofs.Add(text);
                }
            }
        }

        Assert.True(proofs.Count > 0, $"The client was given no proof: {first.GetRawText()}");
        return [.. proofs];
    }

    /// <summary>The same where all of them have to be envelopes: only those can be told to be spoiled.</summary>
    private static string[] SealedProofs(JsonElement seen)
    {
        string[] proofs = Proofs(seen);
        Assert.DoesNotContain(proofs, proof => proof is Recorded.Signature or Recorded.Redacted or Recorded.ThoughtSignature);
        return proofs;
    }

    /// <summary>Not even their beginnings: a spoiled one differs in its middle.</summary>
    private static void HoldsNone(string body, string[] proofs) =>
        Assert.All(proofs, proof => Assert.DoesNotContain(proof[..8], body, StringComparison.Ordinal));

    private async Task<JsonElement> EchoAsync(HostKind kind, string sdk, object arguments)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        return (await NodeClient.RunAsync(sdk, gateway, await gateway.NewKeyAsync(), ("echo", arguments)))[0].Answered();
    }

    private static JsonElement Call(Upstream upstream) => upstream.Questions[1].GetProperty("contents")[1].GetProperty("parts").EnumerateArray()
        .First(part => part.TryGetProperty("functionCall", out _));

    /// <summary>How a user of the SDK asks for reasoning.</summary>
    private static object Thinking(string sdk) => sdk switch
    {
        Vendors.Anthropic => new { max_tokens = 8000, thinking = new { type = "enabled", budget_tokens = 2000 } },
        Vendors.Google => new { thinkingConfig = new { includeThoughts = true, thinkingBudget = 2000 } },
        _ => new { reasoning_effort = "medium" },
    };

    /// <summary>An upstream that thinks and calls at first, and answers once it has a result.</summary>
    private sealed record Upstream(string Model, List<JsonElement> Questions)
    {
        public static Task<Upstream> MakeAsync(Rig rig, string vendor, string prefix) => MakeAsync(rig, vendor, prefix, Recorded.ThoughtfulCall(vendor));

        public static async Task<Upstream> MakeAsync(Rig rig, string vendor, string prefix, (string, string[])? first)
        {
            List<JsonElement> questions = [];
            string model = (await rig.OwnAsync()).Add(
                (http, body) =>
                {
                    questions.Add(JsonDocument.Parse(body).RootElement);
                    return Recorded.SendAsync(http, body, first is { } one && questions.Count == 1 ? one : Recorded.Picture(vendor));
                },
                prefix);
            return new(Vendors.Own(vendor, model), questions);
        }
    }
}
