using System.Text;
using Perigee.Wire;

namespace Perigee.Tests.Wire.OpenAiChat;

public sealed class OpenAiQuestionReaderTests
{
    [Fact]
    public void Messages_of_all_roles_are_read_with_their_places()
    {
        ChatQuestion question = Asked.Read("""
            {"model":"m","messages":[
              {"role":"system","content":"Be\nterse.","name":null},
              {"role":"developer","content":[{"type":"text","text":"a"},{"type":"text","text":"b","cache_control":{"type":"ephemeral","ttl":"1h"}}]},
              {"role":"user","name":"Ann","content":"Hi","cache_control":{"type":"ephemeral"}},
              {"role":"assistant","content":null,"refusal":"No","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\": \"\\u00e9\"}"}},{"id":"b","function":{"name":"g","arguments":""}}],"function_call":null},
              {"role":"tool","tool_call_id":"b","content":[{"type":"text","text":"r1"},{"type":"text","text":"r2"}]},
              {"role":"tool","tool_call_id":"a","content":""},
              {"role":"assistant","content":[{"type":"text","text":"t"},{"type":"refusal","refusal":"n"}],"audio":{"id":"au_1"}},
              {"role":"assistant","function_call":{"name":"old","arguments":"{\"cut"}},
              {"role":"function","name":"old","content":"r"}
            ]}
            """);
        Assert.Equal("""
            system
              text 'Be
            terse.'
            developer
              text 'a'
              text 'b' (1h)
            user Ann
              text 'Hi' (5m)
            assistant
              refusal 'No'
              call a f {"x": "\u00e9"}
              call b g {}
            tool
              result of b g: text 'r1', text 'r2'
            tool
              result of a f: 
            assistant
              text 't'
              refusal 'n'
              Audio FileId  'au_1'
            assistant
              call call_7 old {"_raw":"{\"cut"}
            tool
              result of call_7 old: text 'r'
            """, Asked.Show(question));
        Assert.Equal("messages[1].content[1]", question.Turns[1].Parts[1].Place.In("openai-chat"));
        Assert.Equal("messages[3]", question.Turns[3].Parts[1].Place.In("openai-chat"));
    }

    [Fact]
    public void Files_of_every_kind_are_read() => Assert.Equal("""
        user
          Image Url  'https://a.example/x.png' high
          Image Data image/png 'iVBORw0K'
          Image Data image/jpeg '/9j/'
          Audio Data audio/mpeg 'SUQz'
          Document FileId  'file-1'
          Document Data application/pdf 'JVBERi0=' a.pdf
          Document Data application/pdf 'JVBERi0='
          Document Data text/plain 'aGk=' a.txt
          Document Url  'https://a.example/x.pdf'
          Video Url  'https://a.example/x.mp4'
        """, Asked.Turns("""
        [{"role":"user","content":[
          {"type":"image_url","image_url":{"url":"https://a.example/x.png","detail":"high"}},
          {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0K"}},
          {"type":"image_url","image_url":"data:image\/jpeg;charset=x;base64,\/9j\/"},
          {"type":"input_audio","input_audio":{"data":"SUQz","format":"mp3"}},
          {"type":"file","file":{"file_id":"file-1"}},
          {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0="}},
          {"type":"file","file":{"file_data":"JVBERi0="}},
          {"type":"file","file":{"filename":"a.txt","file_data":"data:text/plain;base64,aGk="}},
          {"type":"file","file":{"file_data":"https://a.example/x.pdf"}},
          {"type":"video_url","video_url":{"url":"https://a.example/x.mp4"}}
        ]}]
        """));

    [Theory]
    [InlineData("""{"reasoning_content":"a"}""", "reasoning 'a'")]
    [InlineData("""{"reasoning":"a","reasoning_content":""}""", "reasoning 'a'")]
    [InlineData("""{"content":[{"type":"thinking","thinking":[{"type":"text","text":"a"}]}]}""", "reasoning 'a'")]
    [InlineData("""{"reasoning_content":"a","reasoning_details":[{"type":"reasoning.text","text":"a","signature":"S","format":"anthropic-claude-v1"}]}""", "reasoning 'a' [Anthropic Signature S]")]
    [InlineData("""{"reasoning_details":[{"text":"a","index":0},{"text":"b","index":0},{"text":"","signature":"S","format":"anthropic-claude-v1","index":0},{"text":"c","index":1}]}""", "reasoning 'ab' [Anthropic Signature S]|reasoning 'c'")]
    [InlineData("""{"reasoning_details":[{"text":"a"},{"text":"b"},{"text":"","signature":"S","format":"anthropic-claude-v1"},{"data":"R","format":"anthropic-claude-v1"}]}""", "reasoning 'ab' [Anthropic Signature S]|reasoning '' [Anthropic Redacted R]")]
    [InlineData("""{"reasoning_content":"a","reasoning_details":[{"text":"","signature":"S","format":"anthropic-claude-v1"}]}""", "reasoning 'a' [Anthropic Signature S]")]
    [InlineData("""{"reasoning_details":[{"text":"","signature":"S","format":"anthropic-claude-v1"}]}""", "reasoning '' [Anthropic Signature S]")]
    [InlineData("""{"reasoning_details":[{"text":"a","signature":"S","format":"unknown"},{"data":"R"}]}""", "reasoning 'a'")]
    [InlineData("""{"reasoning_details":[{"summary":"a","format":"openai-responses-v1"},{"data":"E","format":"openai-responses-v1","id":"rs_1"}]}""", "reasoning 'a'|reasoning '' [OpenAi Redacted E]")]
    [InlineData("""{"content":"t","reasoning_details":[{"data":"G","format":"google-gemini-v1"}]}""", "text 't' [Google OnText G]")]
    [InlineData("""{"content":"t","extra_content":{"google":{"thought_signature":"G"}}}""", "text 't' [Google OnText G]")]
    [InlineData("""{"tool_calls":[{"id":"c","function":{"name":"f"}}],"reasoning_details":[{"data":"G","format":"google-gemini-v1","id":"c"}]}""", "call c f {} [Google OnCall G of c]")]
    [InlineData("""{"tool_calls":[{"id":"c","function":{"name":"f"},"extra_content":{"google":{"thought_signature":"G"}}}]}""", "call c f {} [Google OnCall G of c]")]
    [InlineData("""{"reasoning_details":[{"text":"a","signature":"cGVyaWcx10..AAAA.AAAA","format":"anthropic-claude-v1"}]}""", "reasoning 'a'")]
    public void Reasoning_of_earlier_turns_keeps_its_proofs(string message, string expected) =>
        Assert.Equal("assistant\n  " + expected.Replace("|", "\n  ", StringComparison.Ordinal), Asked.Turns($$"""[{{message.Insert(1, "\"role\":\"assistant\",")}}]"""));

    [Fact]
    public void A_sealed_proof_is_opened_and_a_forged_one_is_none()
    {
        string sealedProof = Encoding.UTF8.GetString(Heard.Seal.Wrap(new Proof(ProofOrigin.Anthropic, ProofKind.Signature, Heard.Of("S"))));
        string Read(string signature) => Asked.Turns($$"""[{"role":"assistant","reasoning_details":[{"text":"a","signature":"{{signature}}"}]}]""");
        Assert.Equal("assistant\n  reasoning 'a' [Anthropic Signature S]", Read(sealedProof));
        Assert.Equal("assistant\n  reasoning 'a'", Read(sealedProof[..^1] + "x"));
    }

    [Fact]
    public void Tools_of_both_forms_are_read()
    {
        ChatQuestion question = Asked.Read("""
            {"messages":[{"role":"user","content":"x"}],
             "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true},"cache_control":{"type":"ephemeral"}},
                      {"type":"function","function":{"name":"g","parameters":null}},{"type":"custom","custom":{"name":"c"}},{"type":"web_search"}],
             "functions":[{"name":"old"}],"web_search_options":{},"parallel_tool_calls":false,"tool_choice":null}
            """);
        Assert.Equal(["f d {\"type\":\"object\"} True tools[0] CacheMark { Hour = False }", "g    tools[1] ", "old    functions[0] "],
            question.Tools.Select(t => $"{t.Name} {t.Description} {Encoding.UTF8.GetString(t.Schema.Span)} {t.Strict} {t.Field} {t.Mark}"));
        Assert.Equal(["Other custom tools[2]", "WebSearch web_search tools[3]", "WebSearch web_search_options web_search_options"],
            question.ServerTools.Select(t => $"{t.Kind} {t.Name} {t.Field}"));
        Assert.Equal(new ParallelCalls(false, "parallel_tool_calls"), question.Parallel);
        Assert.Null(question.Choice);
    }

    [Theory]
    [InlineData("\"auto\"", "Auto")]
    [InlineData("\"none\"", "None")]
    [InlineData("\"required\"", "Required")]
    [InlineData("""{"type":"function","function":{"name":"f"}}""", "Named f")]
    [InlineData("""{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","function":{"name":"f"}},{"type":"function","name":"g"}]}}""", "Allowed f g")]
    [InlineData("""{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"f"}}]}}""", "Named f")]
    public void Choices_of_every_form_are_read(string choice, string expected)
    {
        ToolChoice read = Asked.Read($$"""{"messages":[{"role":"user","content":"x"}],"tool_choice":{{choice}}}""").Choice!;
        Assert.Equal(expected, string.Join(' ', [read.Kind.ToString(), .. read.Names.Select(n => n.Decode())]));
        Assert.Equal("tool_choice", read.Field);
    }

    [Theory]
    [InlineData("\"reasoning_effort\":\"none\"", "off")]
    [InlineData("\"reasoning_effort\":\"xhigh\"", "xhigh")]
    [InlineData("\"reasoning\":{\"effort\":\"low\",\"exclude\":true}", "low hidden")]
    [InlineData("\"reasoning\":{\"max_tokens\":2000}", "2000")]
    [InlineData("\"reasoning\":{\"enabled\":true}", "adaptive")]
    [InlineData("\"reasoning\":{\"enabled\":false}", "off")]
    [InlineData("\"reasoning_effort\":\"low\",\"reasoning\":{\"effort\":\"high\"},\"include_reasoning\":true", "high shown")]
    [InlineData("\"include_reasoning\":false", " hidden")]
    public void Wishes_for_reasoning_are_read(string members, string expected)
    {
        ReasoningAsk ask = Asked.Read($$"""{"messages":[{"role":"user","content":"x"}],{{members}}}""").Reasoning!;
        Assert.Equal(expected, $"{(ask.Off ? "off" : ask.Adaptive ? "adaptive" : "")}{ask.Effort}{ask.Budget}{ask.Shown switch { true => " shown", false => " hidden", null => "" }}");
    }

    [Fact]
    public void Every_other_member_is_a_setting_in_its_own_spelling()
    {
        ChatQuestion question = Asked.Read("""
            {"model":"m","stream":true,"messages":[{"role":"user","content":"x"}],"max_tokens":5,"max_completion_tokens":6,"temperature":0.50,"top_p":1,"top_k":4,"stop":["a"],"n":2,"seed":-1,
             "frequency_penalty":0,"presence_penalty":0,"logit_bias":{},"logprobs":true,"top_logprobs":3,"user":"u","safety_identifier":"s","metadata":{},"store":false,"service_tier":"flex",
             "verbosity":"low","prompt_cache_key":"k","prompt_cache_options":{},"prediction":{},"modalities":["text"],"audio":{},"moderation":{},"stream_options":{},"response_format":{"type":"text"},
             "cache_control":{"type":"ephemeral"},"provider":{"order":[]},"min_p":null}
            """);
        Assert.True(question.Stream);
        Assert.Null(question.Format);
        Assert.Equal(
            """
            MaxOutput max_completion_tokens=6,Temperature temperature=0.50,TopP top_p=1,TopK top_k=4,Stop stop=["a"],Choices n=2,Seed seed=-1,FrequencyPenalty frequency_penalty=0,PresencePenalty presence_penalty=0,LogitBias logit_bias={},Logprobs logprobs=true,TopLogprobs top_logprobs=3,User user="u",User safety_identifier="s",Metadata metadata={},Store store=false,ServiceTier service_tier="flex",Verbosity verbosity="low",PromptCache prompt_cache_key="k",PromptCache prompt_cache_options={},Prediction prediction={},Modalities modalities=["text"],Audio audio={},Safety moderation={},StreamForm stream_options={},AutoCache cache_control={"type":"ephemeral"},Unknown provider={"order":[]}
            """,
            string.Join(',', question.Settings.Select(s => $"{s.Parameter} {s.Field}={Encoding.UTF8.GetString(s.Json.Span)}")));
    }

    [Fact]
    public void Forms_of_answers_are_read()
    {
        AnswerFormat format = Asked.Read("""{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","description":"d","strict":true,"schema":{"a":1}}}}""").Format!;
        Assert.Equal("n d True {\"a\":1}", $"{format.Name} {format.Description} {format.Strict} {Encoding.UTF8.GetString(format.Schema.Span)}");
        Assert.True(Asked.Read("""{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_object"}}""").Format!.Schema.IsEmpty);
    }

    [Theory]
    [InlineData("""{"model":"m"}""", "messages")]
    [InlineData("""{"messages":{}}""", "messages")]
    [InlineData("""{"messages":[]}""", "messages")]
    [InlineData("""{"messages":[3]}""", "messages[0]")]
    [InlineData("""{"messages":[{"role":"king","content":"x"}]}""", "messages[0].role")]
    [InlineData("""{"messages":[{"content":"x"}]}""", "messages[0].role")]
    [InlineData("""{"messages":[{"role":"user","content":null}]}""", "messages[0].content")]
    [InlineData("""{"messages":[{"role":"user","content":{}}]}""", "messages[0].content")]
    [InlineData("""{"messages":[{"role":"user","name":[],"content":"x"}]}""", "messages[0].name")]
    [InlineData("""{"messages":[{"role":"user","content":"x"},{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":7}]}]}""", "messages[1].content[1].text")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"hologram"}]}]}""", "messages[0].content[0].type")]
    [InlineData("""{"messages":[{"role":"user","content":[{"text":"x"}]}]}""", "messages[0].content[0].type")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]}""", "messages[0].content[0].image_url.url")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png,abc"}}]}]}""", "messages[0].content[0].image_url.url")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}""", "messages[0].content[0].image_url")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"x"}}]}]}""", "messages[0].content[0].input_audio.format")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"file","file":{}}]}]}""", "messages[0].content[0].file.file_data")]
    [InlineData("""{"messages":[{"role":"tool","content":"x"}]}""", "messages[0].tool_call_id")]
    [InlineData("""{"messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f"}},{"id":"b","function":{}}]}]}""", "messages[0].tool_calls[1].function.name")]
    [InlineData("""{"messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":[]}}]}]}""", "messages[0].tool_calls[0].function.arguments")]
    [InlineData("""{"messages":[{"role":"assistant","tool_calls":{}}]}""", "messages[0].tool_calls")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"tools":{}}""", "tools")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function"}]}""", "tools[0].function")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":""}}]}""", "tools[0].function.name")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":[]}}]}""", "tools[0].function.parameters")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"tool_choice":"sometimes"}""", "tool_choice")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"function","function":{}}}""", "tool_choice.function.name")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"response_format":{"type":"xml"}}""", "response_format.type")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"response_format":"json"}""", "response_format")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"reasoning_effort":"very"}""", "reasoning_effort")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"reasoning":{"max_tokens":"many"}}""", "reasoning.max_tokens")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"max_tokens":"5"}""", "max_tokens")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"temperature":"hot"}""", "temperature")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stop":[1]}""", "stop")]
    [InlineData("""{"messages":[{"role":"user","content":"x"}],"stream":"yes"}""", "stream")]
    public void Wrong_bodies_are_refused_by_the_path_of_the_member(string body, string field)
    {
        Assert.False(Asked.TryRead(body, out _, out GatewayError? error));
        Assert.Equal(field, error!.Param);
        Assert.Equal(400, error.Status);
        Assert.Contains($"'{field}'", error.Message, StringComparison.Ordinal);
    }
}
