using System.Text;
using Perigee.Wire;

namespace Perigee.Tests.Wire.Anthropic;

public sealed class AnthropicQuestionReaderTests
{
    private const string Rest = ""","messages":[{"role":"user","content":"Hi"}]}""";

    [Fact]
    public void Everything_a_question_says_has_a_place()
    {
        ChatQuestion question = Asked.Read("""
            {"model":"m","max_tokens":100,"stream":true,"system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral","ttl":"1h"}}],
             "temperature":0.5,"top_p":0.9,"top_k":4,"stop_sequences":["END"],"metadata":{"user_id":"u","other":1},"service_tier":"standard_only",
             "thinking":{"type":"enabled","budget_tokens":2000,"display":"omitted"},"output_config":{"effort":"high","format":{"type":"json_schema","schema":{"type":"object"}},"x":1},
             "tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"strict":true,"cache_control":{"type":"ephemeral"},"defer_loading":true},
                      {"type":"web_search_20250305","name":"web_search"},{"type":"bash_20250124","name":"bash"}],
             "tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true},
             "container":"c","context_management":{},"mcp_servers":[],"speed":"fast","cache_control":{"type":"ephemeral"},"novel":null,"new":{"a":1},
             "messages":[{"role":"user","content":"Hi"},{"role":"system","content":"Now shout."}]}
            """);
        Assert.True(question.Stream);
        Assert.Equal("System:Be brief. User:Hi System:Now shout.", string.Join(' ', question.Turns.Select(turn => $"{turn.Role}:{((TextPart)turn.Parts[0]).Text}")));
        Assert.True(question.Turns[0].Parts[0].Mark!.Hour);
        Assert.Equal("system[0]", question.Turns[0].Parts[0].Place.In("anthropic"));
        ChatTool tool = Assert.Single(question.Tools);
        Assert.Equal(("f", "d", true, false), (tool.Name.Decode(), tool.Description.Decode(), tool.Strict, tool.Mark!.Hour));
        Assert.Equal("WebSearch web_search_20250305 tools[1], Other bash_20250124 tools[2]", string.Join(", ", question.ServerTools.Select(server => $"{server.Kind} {server.Name} {server.Field}")));
        Assert.Equal(ChoiceKind.Named, question.Choice!.Kind);
        Assert.False(question.Parallel!.Allowed);
        Assert.Equal(new ReasoningAsk("thinking") { Budget = 2000, Effort = "high", Shown = false }, question.Reasoning);
        Assert.Equal("output_config.format", question.Format!.Field);
        Assert.Equal(
            "MaxOutput max_tokens 100; Temperature temperature 0.5; TopP top_p 0.9; TopK top_k 4; Stop stop_sequences [\"END\"]; User metadata.user_id \"u\"; "
            + "Unknown metadata.other 1; ServiceTier service_tier \"standard_only\"; Unknown tools[0].defer_loading true; State container \"c\"; ContextManagement context_management {}; "
            + "Placement speed \"fast\"; AutoCache cache_control {\"type\":\"ephemeral\"}; Unknown new {\"a\":1}; Unknown output_config.x 1",
            string.Join("; ", question.Settings.Select(setting => $"{setting.Parameter} {setting.Field} {Encoding.UTF8.GetString(setting.Json.Span)}")));
    }

    [Fact]
    public void Every_block_becomes_a_part()
    {
        ChatQuestion question = Asked.Read("""
            {"max_tokens":1,"messages":[
             {"role":"user","content":[{"type":"text","text":" "},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},
               {"type":"image","source":{"type":"url","url":"https://a/b.png"},"cache_control":{"type":"ephemeral"}},{"type":"image","source":{"type":"file","file_id":"file_1"}},
               {"type":"document","title":"T","source":{"type":"text","media_type":"text/plain","data":"D"},"citations":{"enabled":true}},
               {"type":"document","source":{"type":"content","content":[{"type":"text","text":"a\n"},{"type":"image","source":{"type":"url","url":"https://c"}},{"type":"text","text":"b"}]}},
               {"type":"search_result","source":"https://s","title":"S","content":[{"type":"text","text":"found"}]}]},
             {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"sig"},{"type":"redacted_thinking","data":"red"},
               {"type":"server_tool_use","id":"s","name":"web_search","input":{}},{"type":"web_search_tool_result","tool_use_id":"s","content":[]},
               {"type":"text","text":"Ok","citations":[]},{"type":"tool_use","id":"t1","name":"f","input":{"x":1.0}}]},
             {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","is_error":true,"content":[{"type":"text","text":"bad"},{"type":"image","source":{"type":"url","url":"https://d"}}]},
               {"type":"tool_result","tool_use_id":"t2","content":"plain"},{"type":"tool_result","tool_use_id":"t3"}]}]}
            """);
        Assert.Equal("""
            Text ' '
            Image Data AAAA image/png
            Image Url https://a/b.png  marked
            Image FileId file_1 
            Document Text D text/plain T
            Document Text a\n\nb text/plain
            Image Url https://c 
            Text 'S\nhttps://s\nfound'
            Reasoning 'hm' Anthropic Signature sig
            Reasoning '' Anthropic Redacted red
            Text 'Ok'
            Call t1 f {"x":1.0}
            Result t1 f failed [Text 'bad'|Image Url https://d ]
            Result t2 [Text 'plain']
            Result t3 []
            """, string.Join('\n', question.Turns.SelectMany(turn => turn.Parts).Select(Told)));
        Assert.Equal("messages[0].content[4].citations messages[1].content[2] messages[1].content[3]",
            string.Join(' ', question.Settings.Where(setting => setting.Parameter == Parameter.Unknown).Select(setting => setting.Field)));
    }

    [Fact]
    public void Proofs_of_others_are_taken_out_of_their_envelopes_and_false_ones_are_none()
    {
        string text = Envelope(ProofOrigin.OpenAi, ProofKind.Redacted, "enc");
        string onCall = Envelope(ProofOrigin.Google, ProofKind.OnCall, "goo", "call 9");
        string onText = Envelope(ProofOrigin.Google, ProofKind.OnText, "txt");
        string id = Perigee.Wire.Anthropic.AnthropicIds.Of("call 9"u8);
        ChatQuestion question = Asked.Read($$"""
            {"max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"redacted_thinking","data":"{{text}}"},{"type":"thinking","thinking":"kept","signature":"{{text[..^1]}}!"},
             {"type":"thinking","thinking":"","signature":"cGVyaWcxfalse"},{"type":"thinking","thinking":"","signature":"{{onText}}"},{"type":"text","text":"Hi"},
             {"type":"thinking","thinking":"","signature":"{{onCall}}"},{"type":"tool_use","id":"other","name":"f","input":{} },{"type":"tool_use","id":"{{id}}","name":"f","input":{} }]}]}
            """);
        Assert.Equal($$"""
            Reasoning '' OpenAi Redacted enc
            Reasoning 'kept' 
            Text 'Hi' Google OnText txt
            Call other f {}
            Call {{id}} f {} Google OnCall goo
            """, string.Join('\n', question.Turns[0].Parts.Select(Told)));

        static string Envelope(ProofOrigin origin, ProofKind kind, string data, string call = "") =>
            Encoding.ASCII.GetString(Said.Seal.Wrap(new Proof(origin, kind, Said.Of(data)) { CallId = Said.Of(call) }));
    }

    [Theory]
    [InlineData("{\"type\":\"adaptive\",\"display\":\"summarized\"}", null, "thinking adaptive shown")]
    [InlineData("{\"type\":\"disabled\"}", "low", "thinking off")]
    [InlineData(null, "max", "output_config.effort max")]
    [InlineData("{\"type\":\"between_tools\"}", null, "thinking adaptive")]
    public void The_wish_to_think_is_one_record(string? thinking, string? effort, string expected)
    {
        ReasoningAsk ask = Asked.Read("{\"max_tokens\":1" + (thinking is null ? "" : ",\"thinking\":" + thinking) + (effort is null ? "" : $",\"output_config\":{{\"effort\":\"{effort}\"}}") + Rest).Reasoning!;
        Assert.Equal(expected, ask.Field + (ask.Off ? " off" : "") + (ask.Adaptive ? " adaptive" : "") + (ask.Effort is null ? "" : " " + ask.Effort) + (ask.Shown == true ? " shown" : ""));
    }

    [Theory]
    [InlineData("""{"max_tokens":1}""", "messages")]
    [InlineData("""{"max_tokens":1,"messages":{}}""", "messages")]
    [InlineData("""{"max_tokens":1,"messages":[]}""", "messages")]
    [InlineData("""{"messages":[{"role":"user","content":"Hi"}]}""", "max_tokens")]
    [InlineData("""{"max_tokens":"x","messages":[{"role":"user","content":"Hi"}]}""", "max_tokens")]
    [InlineData("""{"max_tokens":1,"messages":[7]}""", "messages[0]")]
    [InlineData("""{"max_tokens":1,"messages":[{"content":"Hi"}]}""", "messages[0].role")]
    [InlineData("""{"max_tokens":1,"messages":[{"role":"tool","content":"Hi"}]}""", "messages[0].role")]
    [InlineData("""{"max_tokens":1,"messages":[{"role":"user","content":7}]}""", "messages[0].content")]
    [InlineData("""{"max_tokens":1,"messages":[{"role":"user"}]}""", "messages[0].content")]
    [InlineData("""{"max_tokens":1,"messages":[{"role":"user","content":["x"]}]}""", "messages[0].content[0]")]
    [InlineData("""{"max_tokens":1,"messages":[{"role":"user","content":[{"type":"text","text":7}]}]}""", "messages[0].content[0].text")]
    [InlineData("""{"max_tokens":1,"messages":[{"role":"user","content":[{"type":"novelty"}]}]}""", "messages[0].content[0].type")]
    [InlineData("""{"max_tokens":1,"messages":[{"role":"user","content":[{"type":"tool_use","id":"a","name":"b"}]}]}""", "messages[0].content[0].type")]
    [InlineData("""{"max_tokens":1,"messages":[{"role":"user","content":"Hi"},{"role":"user","content":[{"type":"text","text":"x"},{"type":"image","source":{"type":"zip"}}]}]}""", "messages[1].content[1].source.type")]
    [InlineData("""{"max_tokens":1,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","data":"x"}}]}]}""", "messages[0].content[0].source.media_type")]
    [InlineData("""{"max_tokens":1,"messages":[{"role":"user","content":[{"type":"image"}]}]}""", "messages[0].content[0].source")]
    [InlineData("""{"max_tokens":1,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text"}]}]}]}""", "messages[0].content[0].content[0].text")]
    [InlineData("""{"max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"b","input":"{}"}]}]}""", "messages[0].content[0].input")]
    [InlineData("""{"max_tokens":1,"system":7,"messages":[{"role":"user","content":"Hi"}]}""", "system")]
    [InlineData("""{"max_tokens":1,"system":[{"type":"image"}],"messages":[{"role":"user","content":"Hi"}]}""", "system[0].type")]
    [InlineData("""{"max_tokens":1,"tools":[{"name":7}],"messages":[{"role":"user","content":"Hi"}]}""", "tools[0].name")]
    [InlineData("""{"max_tokens":1,"tools":[{"name":"f","input_schema":"x"}],"messages":[{"role":"user","content":"Hi"}]}""", "tools[0].input_schema")]
    [InlineData("""{"max_tokens":1,"tool_choice":"auto","messages":[{"role":"user","content":"Hi"}]}""", "tool_choice")]
    [InlineData("""{"max_tokens":1,"tool_choice":{"type":"tool"},"messages":[{"role":"user","content":"Hi"}]}""", "tool_choice.name")]
    [InlineData("""{"max_tokens":1,"thinking":{"type":"enabled"},"messages":[{"role":"user","content":"Hi"}]}""", "thinking.budget_tokens")]
    [InlineData("""{"max_tokens":1,"output_config":{"format":{"type":"json_schema"}},"messages":[{"role":"user","content":"Hi"}]}""", "output_config.format.schema")]
    [InlineData("""{"max_tokens":1,"stop_sequences":["a",1],"messages":[{"role":"user","content":"Hi"}]}""", "stop_sequences[1]")]
    [InlineData("""{"max_tokens":1,"stream":"yes","messages":[{"role":"user","content":"Hi"}]}""", "stream")]
    [InlineData("""{"max_tokens":1,"temperature":"hot","messages":[{"role":"user","content":"Hi"}]}""", "temperature")]
    [InlineData("""{"max_tokens":1,"metadata":{"user_id":7},"messages":[{"role":"user","content":"Hi"}]}""", "metadata.user_id")]
    public void What_is_wrong_is_named_by_its_path(string body, string path)
    {
        Assert.False(Asked.TryRead(body, out _, out GatewayError? error));
        Assert.Equal((400, path), (error!.Status, error.Param));
        Assert.StartsWith(path + ": ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_value_is_put_in_whatever_place_nothing_throws()
    {
        const string Body = """{"model":"m","max_tokens":1,"system":[{"type":"text","text":"s","cache_control":{"type":"ephemeral","ttl":"1h"}}],"stop_sequences":["x"],"metadata":{"user_id":"u"},"thinking":{"type":"enabled","budget_tokens":2000},"output_config":{"effort":"low","format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"string"}}}}},"tools":[{"type":"custom","name":"f","description":"d","input_schema":{"type":"object","anyOf":[{"properties":{"a":{"type":"string"}},"required":["a"]}]},"strict":true}],"tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true},"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}},{"type":"document","title":"t","source":{"type":"content","content":[{"type":"text","text":"a"}]}},{"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"f"}]}]},{"role":"assistant","content":[{"type":"thinking","thinking":"h","signature":"s"},{"type":"tool_use","id":"a","name":"f","input":{"x":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","is_error":false,"content":[{"type":"text","text":"r"}]}]}]}""";
        byte[] bytes = Encoding.UTF8.GetBytes(Body);
        Assert.True(JsonIndex.TryParse(bytes, out JsonIndex? index, out _));
        int wrong = 0;
        for (int i = 1; i < index.Count; i++)
        {
            JsonIndex.Token token = index.Tokens[i];
            if (token.Type == System.Text.Json.JsonTokenType.PropertyName)
                continue;
            foreach (string value in (string[])["null", "7", "\"x\"", "[]", "[7]", "[{}]", "{}", "true", "\"\\ud800\"", "-1.5e300"])
            {
                string body = Encoding.UTF8.GetString(bytes, 0, token.Start) + value + Encoding.UTF8.GetString(bytes, token.Start + token.Length, bytes.Length - token.Start - token.Length);
                if (!Asked.TryRead(body, out ChatQuestion? question, out GatewayError? error))
                {
                    wrong++;
                    Assert.False(string.IsNullOrEmpty(error!.Param), body);
                    continue;
                }

                Asked.Write(question!, Asked.Newer);
                Asked.Write(question!, Asked.Older);
            }
        }

        Assert.InRange(wrong, 200, 100_000);
    }

    [Fact]
    public void Counting_needs_no_limit_of_the_answer()
    {
        ChatQuestion question = Asked.Read("""{"model":"m","temperature":0,"stop_sequences":["x"],"stream":true,"thinking":{"type":"enabled","budget_tokens":2000},"messages":[{"role":"user","content":"Hi"}]}""", counting: true);
        Assert.Equal("""{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]}],"thinking":{"type":"enabled","budget_tokens":2000}}""",
            Asked.Write(question, Asked.Older, out Translation translation, counting: true));
        Assert.Empty(translation.Dropped);
    }

    private static string Told(ChatPart part) => part switch
    {
        TextPart text => $"Text '{text.Text.Text.ToEscaped()}'{Told(text.Proof)}",
        MediaPart media => $"{media.Kind} {media.Source} {media.Value.Text.ToEscaped()} {media.Type}{(media.Name.IsEmpty ? "" : " " + media.Name)}{(media.Mark is null ? "" : " marked")}",
        ReasoningPart reasoning => $"Reasoning '{reasoning.Text}'{(reasoning.Proof is null ? " " : Told(reasoning.Proof))}",
        ToolCallPart call => $"Call {call.Id} {call.Name} {Encoding.UTF8.GetString(call.Arguments.Span)}{Told(call.Proof)}",
        ToolResultPart result => $"Result {result.CallId} {(result.Name.IsEmpty ? "" : result.Name + " ")}{(result.IsError ? "failed " : "")}[{string.Join('|', result.Parts.Select(Told))}]",
        _ => part.ToString(),
    };

    private static string Told(KeptProof? proof) => proof is null ? "" : $" {proof.Origin} {proof.Kind} {proof.Data}";
}

file static class Escapes
{
    public static string ToEscaped(this JsonText text) => Encoding.UTF8.GetString(text.Escaped);
}
