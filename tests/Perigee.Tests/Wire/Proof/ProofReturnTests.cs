using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Perigee.Wire;

namespace Perigee.Tests.Wire.Proving;

/// <summary>
/// Section 9, rule 1: a proof travels through a client of another dialect, which only echoes what it was given, and comes back to its own
/// vendor unmodified; it never reaches another, nor another tenant's or a forger's envelope anyone.
/// </summary>
public sealed class ProofReturnTests
{
    private const string AnthropicAnswer = """
        {"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[{"type":"thinking","thinking":"Let me see.","signature":"EqoBCkgIARABGAI+/="},{"type":"redacted_thinking","data":"RED/ACTED="},{"type":"text","text":"Looking."},{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{"city":"Bonn"}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":2}}
        """;

    private const string GeminiAnswer = """
        {"candidates":[{"content":{"role":"model","parts":[{"text":"Let me see.","thought":true},{"functionCall":{"id":"fc1","name":"get_weather","args":{"city":"Bonn"}},"thoughtSignature":"Q2lFQkNhbGw="}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2,"totalTokenCount":3},"modelVersion":"gemini","responseId":"r"}
        """;

    [Theory]
    [InlineData(Dialects.Anthropic, Dialects.OpenAi, true)]
    [InlineData(Dialects.Anthropic, Dialects.OpenAi, false)]
    [InlineData(Dialects.Anthropic, Dialects.Gemini, true)]
    [InlineData(Dialects.Anthropic, Dialects.Gemini, false)]
    [InlineData(Dialects.Gemini, Dialects.OpenAi, true)]
    [InlineData(Dialects.Gemini, Dialects.OpenAi, false)]
    [InlineData(Dialects.Gemini, Dialects.Anthropic, true)]
    [InlineData(Dialects.Gemini, Dialects.Anthropic, false)]
    public void A_proof_comes_back_to_its_vendor_through_another_dialects_client(string vendor, string client, bool stream)
    {
        string[] proofs = vendor == Dialects.Anthropic ? ["EqoBCkgIARABGAI+/=", "RED/ACTED="] : ["Q2lFQkNhbGw="];
        byte[] echo = Echo(vendor, client, stream);

        // OpenRouter's form states whose proof it is; the others' proofs look alike, so only an envelope tells them apart.
        if (client != Dialects.OpenAi)
            Assert.DoesNotContain(proofs[0], Encoding.UTF8.GetString(echo), StringComparison.Ordinal);

        // The client's next question, on its way to the vendor again: unmodified, first in the turn.
        ChatQuestion question = Asks(client, echo);
        ModelTraits traits = vendor == Dialects.Anthropic ? Dialects.UsualTraits(vendor) : Dialects.UsualTraits(vendor) with { Reasoning = ReasoningStyle.ThinkingLevel };
        (byte[]? sent, GatewayError? error, _) = Dialects.Write(vendor, question, traits);
        Assert.True(sent is not null, error?.Message);
        string body = Encoding.UTF8.GetString(sent);
        JsonElement parsed = Json.Parse(body);
        if (vendor == Dialects.Anthropic)
        {
            JsonElement[] blocks = [.. Json.Items(parsed, "messages").Single(m => Json.Text(m, "role") == "assistant").GetProperty("content").EnumerateArray()];
            Assert.Equal(["thinking", "redacted_thinking", "text", "tool_use"], blocks.Select(b => Json.Text(b, "type")));
            Assert.Equal("Let me see.", Json.Text(blocks[0], "thinking"));
            Assert.Equal(proofs, new[] { Json.Text(blocks[0], "signature")!, Json.Text(blocks[1], "data")! });
        }
        else
        {
            JsonElement model = Json.Items(parsed, "contents").Single(m => Json.Text(m, "role") == "model");
            JsonElement call = Json.Items(model, "parts").Single(p => Json.Get(p, "functionCall") is not null);
            Assert.Equal("Q2lFQkNhbGw=", Json.Text(call, "thoughtSignature"));
        }

        // Another vendor gets neither the proof nor its envelope, nor the reasoning as text.
        foreach (string other in Dialects.Names.Where(n => n != vendor))
        {
            (byte[]? elsewhere, error, _) = Dialects.Write(other, question);
            Assert.True(elsewhere is not null, error?.Message);
            string words = Encoding.UTF8.GetString(elsewhere);
            Assert.DoesNotContain("cGVyaWcx", words, StringComparison.Ordinal);
            Assert.DoesNotContain("cGdwMS4", words, StringComparison.Ordinal);
            Assert.DoesNotContain("Let me see.", words, StringComparison.Ordinal);
            Assert.All(proofs, p => Assert.DoesNotContain(p, words, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void An_envelope_of_another_tenant_is_no_proof()
    {
        const string client = Dialects.Gemini;
        byte[] echo = Echo(Dialects.Anthropic, client, stream: false);
        byte[] body = Question(client, echo);
        Assert.True(JsonIndex.TryParse(body, out JsonIndex? index, out _));
        ProofSeal other = new("a key of the tests, 32 bytes long"u8.ToArray(), "another tenant");
        Assert.True(Dialects.Of(client).TryRead(index, new QuestionContext(false, other), out ChatQuestion? question, out GatewayError? error), error?.Message);
        (byte[]? sent, error, _) = Dialects.Write(Dialects.Anthropic, question);
        Assert.True(sent is not null, error?.Message);
        Assert.DoesNotContain("thinking", Encoding.UTF8.GetString(sent), StringComparison.Ordinal);
        Assert.DoesNotContain("cGVyaWcx", Encoding.UTF8.GetString(sent), StringComparison.Ordinal);
    }

    /// <summary>The vendor's answer as the client got it: whole, or folded from its stream as an SDK does.</summary>
    private static byte[] Echo(string vendor, string client, bool stream)
    {
        byte[] answer = Encoding.UTF8.GetBytes(vendor == Dialects.Anthropic ? AnthropicAnswer : GeminiAnswer);
        byte[] rendered = Dialects.Render(vendor, answer, Framing.Whole, client, Dialects.Shape(stream));
        if (!stream)
            return rendered;
        Grammar.Parsed parsed = Grammar.StreamGrammar.Check(client, rendered);
        parsed.AssertKept(Encoding.UTF8.GetString(rendered));
        return Encoding.UTF8.GetBytes(parsed.Folded.GetRawText());
    }

    private static ChatQuestion Asks(string client, byte[] echo)
    {
        (ChatQuestion? question, GatewayError? error) = Dialects.Read(client, Question(client, echo), false);
        Assert.True(question is not null, $"{error?.Param}: {error?.Message}");
        return question;
    }

    /// <summary>What an SDK's loop asks next: the assistant's message as it came, and the tool's result.</summary>
    private static byte[] Question(string client, byte[] echo)
    {
        JsonNode answer = JsonNode.Parse(echo)!;
        JsonNode body;
        switch (client)
        {
            case Dialects.OpenAi:
                JsonNode message = answer["choices"]![0]!["message"]!.DeepClone();
                string id = (string)message["tool_calls"]![0]!["id"]!;
                body = JsonNode.Parse("""{"model":"m","max_tokens":4000,"messages":[{"role":"user","content":"Weather?"}],"tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}]}""")!;
                body["messages"]!.AsArray().Add(message);
                body["messages"]!.AsArray().Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = id, ["content"] = "21 degrees" });
                break;
            case Dialects.Anthropic:
                JsonNode content = answer["content"]!.DeepClone();
                string use = (string)content.AsArray().Single(b => (string?)b!["type"] == "tool_use")!["id"]!;
                body = JsonNode.Parse("""{"model":"m","max_tokens":4000,"messages":[{"role":"user","content":"Weather?"}],"tools":[{"name":"get_weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}}}}]}""")!;
                body["messages"]!.AsArray().Add(new JsonObject { ["role"] = "assistant", ["content"] = content });
                body["messages"]!.AsArray().Add(new JsonObject { ["role"] = "user", ["content"] = new JsonArray(new JsonObject { ["type"] = "tool_result", ["tool_use_id"] = use, ["content"] = "21 degrees" }) });
                break;
            default:
                JsonNode turn = answer["candidates"]![0]!["content"]!.DeepClone();
                body = JsonNode.Parse("""{"contents":[{"role":"user","parts":[{"text":"Weather?"}]}],"generationConfig":{"maxOutputTokens":4000},"tools":[{"functionDeclarations":[{"name":"get_weather","parametersJsonSchema":{"type":"object","properties":{"city":{"type":"string"}}}}]}]}""")!;
                JsonNode call = turn["parts"]!.AsArray().Select(p => p!["functionCall"]).Single(c => c is not null)!;
                body["contents"]!.AsArray().Add(turn);
                JsonObject response = new() { ["name"] = (string?)call["name"], ["response"] = new JsonObject { ["result"] = "21 degrees" } };
                if (call["id"] is { } callId)
                    response["id"] = (string?)callId;
                body["contents"]!.AsArray().Add(new JsonObject { ["role"] = "user", ["parts"] = new JsonArray(new JsonObject { ["functionResponse"] = response }) });
                break;
        }

        return Encoding.UTF8.GetBytes(body.ToJsonString());
    }
}
