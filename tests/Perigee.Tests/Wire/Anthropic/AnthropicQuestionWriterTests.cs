using System.Text;
using Perigee.Wire;
using Perigee.Wire.Anthropic;

namespace Perigee.Tests.Wire.Anthropic;

public sealed class AnthropicQuestionWriterTests
{
    private const string Tool = "\"tools\":[{\"name\":\"f\",\"input_schema\":{\"type\":\"object\"}}]";

    [Fact]
    public void A_question_of_openais_becomes_one_of_anthropics()
    {
        ChatQuestion question = new("openai-chat") { Stream = true };
        question.Turns.Add(new ChatTurn(Role.System, [Words("Be brief.")], new Place(0, -1)));
        question.Turns.Add(new ChatTurn(Role.Developer, [Words("Be kind.") with { Mark = new CacheMark(false) }], new Place(1, -1)));
        question.Turns.Add(new ChatTurn(Role.User, [Words("Hi")], new Place(2, -1)) { Name = WireText.Of("Ann") });
        question.Turns.Add(new ChatTurn(Role.Assistant, [new RefusalPart(WireText.Of("No."), new Place(3, -1))], new Place(3, -1)));
        question.Turns.Add(new ChatTurn(Role.User, [Words("Please")], new Place(4, -1)));
        question.Tools.Add(new ChatTool(WireText.Of("my.tool"), default, "tools[0].function") { Description = WireText.Of("d"), Strict = true });
        question.Choice = new ToolChoice(ChoiceKind.Named, [WireText.Of("my.tool")], "tool_choice");
        Set(question, Parameter.Temperature, "temperature", "1.5");
        Set(question, Parameter.Stop, "stop", "\"END\"");
        Set(question, Parameter.Seed, "seed", "7");
        Set(question, Parameter.Choices, "n", "1");
        Set(question, Parameter.User, "user", "\"u1\"");
        Set(question, Parameter.ServiceTier, "service_tier", "\"flex\"");
        Assert.Equal(
            """{"model":"m","max_tokens":4096,"system":[{"type":"text","text":"Be brief."},{"type":"text","text":"Be kind.","cache_control":{"type":"ephemeral"}}]"""
            + ""","messages":[{"role":"user","content":[{"type":"text","text":"Hi"}]},{"role":"assistant","content":[{"type":"text","text":"No."}]},{"role":"user","content":[{"type":"text","text":"Please"}]}]"""
            + ""","tools":[{"name":"my_tool","description":"d","input_schema":{"type":"object","properties":{}},"strict":true}],"tool_choice":{"type":"tool","name":"my_tool"}"""
            + ""","temperature":1,"stop_sequences":["END"],"metadata":{"user_id":"u1"},"stream":true}""",
            Asked.Write(question, Asked.Newer, out Translation translation));
        Assert.Equal(["messages[2].name", "seed", "service_tier"], translation.Dropped);
        Assert.Equal("my.tool", translation.ToolNames!["my_tool"]);
        Assert.StartsWith("messages[2].name: ", Asked.Write(question, Asked.Newer, out _, strict: true), StringComparison.Ordinal);
        Set(question, Parameter.Logprobs, "logprobs", "true");
        Assert.StartsWith("logprobs: 'logprobs' cannot be served by the model 'm': Anthropic Messages has no such setting.", Asked.Write(question, Asked.Newer), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("neighbours of one role are joined",
        """[{"role":"user","content":"a"},{"role":"user","content":[{"type":"text","text":"b"}]},{"role":"assistant","content":"c"},{"role":"assistant","content":"d"},{"role":"user","content":"e"}]""",
        """[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},{"role":"assistant","content":[{"type":"text","text":"c"},{"type":"text","text":"d"}]},{"role":"user","content":[{"type":"text","text":"e"}]}]""")]
    [InlineData("blank texts go, and what they leave empty is a dot or nothing",
        """[{"role":"user","content":"\n\u2003　\f "},{"role":"assistant","content":" \t"},{"role":"user","content":[]}]""",
        """[{"role":"user","content":[{"type":"text","text":"."}]}]""")]
    [InlineData("the first message is the user's",
        """[{"role":"assistant","content":"a"},{"role":"user","content":"b"}]""",
        """[{"role":"user","content":[{"type":"text","text":"."}]},{"role":"assistant","content":[{"type":"text","text":"a"}]},{"role":"user","content":[{"type":"text","text":"b"}]}]""")]
    [InlineData("instructions alone need someone to speak to",
        """[{"role":"system","content":"a"}]""",
        """[{"role":"user","content":[{"type":"text","text":"."}]}]""")]
    [InlineData("instructions in the middle are folded into the user's words",
        """[{"role":"user","content":"a"},{"role":"system","content":"b \"q\""},{"role":"assistant","content":"c"},{"role":"system","content":"d"},{"role":"user","content":"e"}]""",
        """[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"<system>\nb \"q\"\n</system>"}]},{"role":"assistant","content":[{"type":"text","text":"c"}]},{"role":"user","content":[{"type":"text","text":"<system>\nd\n</system>"},{"type":"text","text":"e"}]}]""")]
    [InlineData("results of one turn stand in one message, in the order of the calls, before any text",
        """[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{}},{"type":"tool_use","id":"2","name":"f","input":{"x":1}}]},{"role":"user","content":[{"type":"text","text":"so"},{"type":"tool_result","tool_use_id":"2","content":"two"}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","is_error":true,"content":[{"type":"text","text":"x"},{"type":"text","text":" "},{"type":"text","text":"y"}]}]}]""",
        """[{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{}},{"type":"tool_use","id":"2","name":"f","input":{"x":1}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":[{"type":"text","text":"x"},{"type":"text","text":"y"}],"is_error":true},{"type":"tool_result","tool_use_id":"2","content":"two"},{"type":"text","text":"so"}]}]""")]
    [InlineData("a result that is missing is made, one that comes late is moved, a second one goes, one of nobody's is told",
        """[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{}},{"type":"tool_use","id":"2","name":"f","input":{}}]},{"role":"user","content":"b"},{"role":"assistant","content":"c"},{"role":"user","content":[{"type":"tool_result","tool_use_id":"2","content":"two"},{"type":"tool_result","tool_use_id":"2","content":"again"},{"type":"tool_result","tool_use_id":"3","content":"three"}]}]""",
        """[{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{}},{"type":"tool_use","id":"2","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"No result was given.","is_error":true},{"type":"tool_result","tool_use_id":"2","content":"two"},{"type":"text","text":"b"}]},{"role":"assistant","content":[{"type":"text","text":"c"}]},{"role":"user","content":[{"type":"text","text":"<tool_result>\nthree\n</tool_result>"}]}]""")]
    [InlineData("calls at the very end are answered, too",
        """[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{}}]}]""",
        """[{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"No result was given.","is_error":true}]}]""")]
    [InlineData("ids that come again are told apart, in call and result",
        """[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"x"}]},{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"y"}]}]""",
        """[{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"x"}]},{"role":"assistant","content":[{"type":"tool_use","id":"AGAIN","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"AGAIN","content":"y"}]}]""")]
    public void Messages_are_put_in_the_order_that_anthropic_takes(string rule, string messages, string expected)
    {
        Assert.NotEmpty(rule);
        Assert.Equal(expected.Replace("AGAIN", AnthropicIds.Again("1", 2), StringComparison.Ordinal), Asked.Messages(messages));
    }

    [Fact]
    public void Ids_that_anthropic_does_not_take_are_hashed_alike_in_call_and_result()
    {
        string id = AnthropicIds.Of("functions.f:0"u8);
        string written = Asked.Messages("""[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"functions.f:0","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"functions.f:0"}]}]""");
        Assert.Contains($$"""{"type":"tool_use","id":"{{id}}",""", written, StringComparison.Ordinal);
        Assert.Contains($$"""{"type":"tool_result","tool_use_id":"{{id}}"}""", written, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_tools_their_history_is_told_in_words_and_named()
    {
        List<string> dropped = [];
        Assert.Equal("""[{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"assistant","content":[{"type":"text","text":"<tool_call name=\"f\">{\"x\":\"\\n \\\"\"}</tool_call>"}]},{"role":"user","content":[{"type":"text","text":"<tool_error name=\"f\">\nbad\n</tool_error>"}]}]""",
            Asked.Messages("""[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"f","input":{ "x" : "\n \"" }}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","is_error":true,"content":"bad"}]}]""", tools: null, dropped: dropped));
        Assert.Equal(["tools"], dropped);
    }

    [Fact]
    public void Reasoning_goes_back_to_its_maker_alone_unmodified_and_first()
    {
        ChatQuestion question = new("openai-chat");
        Place place = new(1, -1);
        question.Turns.Add(new ChatTurn(Role.User, [Words("a")], new Place(0, -1)));
        question.Turns.Add(new ChatTurn(Role.Assistant, [
            Words("Hi"),
            new ReasoningPart(new WireText("th\\u0065y"u8.ToArray()), new KeptProof(ProofOrigin.Anthropic, ProofKind.Signature, WireText.Of("sig")), place) { Mark = new CacheMark(false) },
            new ReasoningPart(default, new KeptProof(ProofOrigin.Anthropic, ProofKind.Redacted, WireText.Of("red")), place),
            new ReasoningPart(WireText.Of("secret"), new KeptProof(ProofOrigin.Google, ProofKind.Signature, WireText.Of("no")), place),
            new ReasoningPart(WireText.Of("unsigned"), null, place)], place));
        question.Turns.Add(new ChatTurn(Role.User, [Words("b")], new Place(2, -1)));
        Assert.Contains("""{"role":"assistant","content":[{"type":"thinking","thinking":"th\u0065y","signature":"sig"},{"type":"redacted_thinking","data":"red"},{"type":"text","text":"Hi"}]}""",
            Asked.Write(question, Asked.Newer), StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_that_was_begun_is_trimmed_or_refused()
    {
        const string Messages = """[{"role":"user","content":"a"},{"role":"assistant","content":"Once \n upon \n"}]""";
        Assert.Equal("""[{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"assistant","content":[{"type":"text","text":"Once \n upon"}]}]""", Asked.Messages(Messages, Asked.Older));
        Assert.StartsWith("messages[1]: ", Asked.Messages(Messages), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"type":"base64","media_type":"image/png","data":"/9j/4AAQSkZJRgABAQ=="}""", """{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"/9j/4AAQSkZJRgABAQ=="}}""")]
    [InlineData("""{"type":"base64","media_type":"image/jpg","data":"AAAAAAAAAAAAAAAA"}""", """{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"AAAAAAAAAAAAAAAA"}}""")]
    [InlineData("""{"type":"base64","media_type":"application/octet-stream","data":"UklGRiQAAABXRUJQVlA4IA=="}""", """{"type":"image","source":{"type":"base64","media_type":"image/webp","data":"UklGRiQAAABXRUJQVlA4IA=="}}""")]
    [InlineData("""{"type":"base64","media_type":"image/png","data":"JVBERi0xLjcK_-8="}""", """{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"JVBERi0xLjcK/+8="}}""")]
    [InlineData("""{"type":"url","url":"https://a/b.png"}""", """{"type":"image","source":{"type":"url","url":"https://a/b.png"}}""")]
    [InlineData("""{"type":"base64","media_type":"image/tiff","data":"SUkqAAgAAAAA"}""", "messages[0].content[0]: ")]
    [InlineData("""{"type":"url","url":"gs://a/b.png"}""", "messages[0].content[0]: ")]
    [InlineData("""{"type":"file","file_id":"file_1"}""", "messages[0].content[0]: ")]
    public void Images_are_what_their_bytes_are(string source, string expected)
    {
        string written = Asked.Messages($$"""[{"role":"user","content":[{"type":"image","source":{{source}}}]}]""");
        Assert.StartsWith(expected[0] == '{' ? $$"""[{"role":"user","content":[{{expected}}]}]""" : expected, written, StringComparison.Ordinal);
    }

    [Fact]
    public void Documents_are_pdf_text_or_addresses_and_sounds_cannot_be_sent()
    {
        Assert.Equal("""[{"role":"user","content":[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"a,b\n"},"title":"t"},{"type":"document","source":{"type":"url","url":"https://a/b.pdf"}},{"type":"document","source":{"type":"text","media_type":"text/plain","data":"plain"}}]}]""",
            Asked.Messages("""[{"role":"user","content":[{"type":"document","title":"t","source":{"type":"base64","media_type":"text/csv","data":"YSxiCg=="}},{"type":"document","source":{"type":"url","url":"https://a/b.pdf"}},{"type":"document","source":{"type":"text","media_type":"text/plain","data":"plain"}}]}]"""));
        ChatQuestion question = new("openai-chat");
        question.Turns.Add(new ChatTurn(Role.User, [Words("a"), new MediaPart(MediaKind.Audio, MediaSource.Data, WireText.Of("AAAA"), WireText.Of("audio/wav"), new Place(0, 1))], new Place(0, -1)));
        Assert.StartsWith("messages[0].content[1]: ", Asked.Write(question, Asked.Newer), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("thinking, newer", """ "thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"xhigh"}""", """{"thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"high"}}""", "")]
    [InlineData("a budget, newer", """ "thinking":{"type":"enabled","budget_tokens":30000}""", """{"thinking":{"type":"adaptive"},"output_config":{"effort":"max"}}""", "")]
    [InlineData("off, newer", """ "thinking":{"type":"disabled"}""", """{"thinking":{"type":"disabled"}}""", "")]
    [InlineData("effort, older", """ "output_config":{"effort":"medium"}""", """{"thinking":{"type":"enabled","budget_tokens":4096}}""", "")]
    [InlineData("too much, older", """ "output_config":{"effort":"max"},"temperature":0.2,"top_p":0.96,"top_k":3""", """{"thinking":{"type":"enabled","budget_tokens":7999},"top_p":0.96}""", "temperature top_k")]
    [InlineData("forced, older", """ "output_config":{"effort":"max"},"tools":[{"name":"f"}],"tool_choice":{"type":"any"}""", """{"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"any"}}""", "output_config.effort")]
    [InlineData("forced, newer", """ "output_config":{"effort":"max"},"tools":[{"name":"f"}],"tool_choice":{"type":"any"}""", """{"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"any"},"thinking":{"type":"adaptive"},"output_config":{"effort":"max"}}""", "")]
    [InlineData("temperature and top_p", """ "temperature":0.2,"top_p":0.5""", """{"temperature":0.2}""", "top_p")]
    [InlineData("temperature and top_p, older", """ "temperature":0.2,"top_p":0.5""", """{"temperature":0.2,"top_p":0.5}""", "")]
    [InlineData("temperature and the default top_p", """ "temperature":0.2,"top_p":1.0""", """{"temperature":0.2}""", "")]
    [InlineData("stop sequences of white space", """ "stop_sequences":["\n","a"]""", """{"stop_sequences":["a"]}""", "stop_sequences")]
    public void The_wish_to_think_and_sampling_are_brought_together(string rule, string members, string expected, string dropped)
    {
        ModelTraits traits = rule.EndsWith("older", StringComparison.Ordinal) ? Asked.Older : Asked.Newer;
        Assert.Equal(expected, Asked.Members(members, traits, out Translation translation));
        Assert.Equal(dropped, string.Join(' ', translation.Dropped));
    }

    [Fact]
    public void Models_that_refuse_settings_are_not_sent_them()
    {
        ModelTraits traits = Asked.Newer with { Refuses = new HashSet<string> { "temperature", "top_k" }.ToFrozen(), ReasoningCanBeOff = false, ForcedTools = false };
        Assert.Equal("{}", Asked.Members(""" "temperature":1,"top_k":3,"thinking":{"type":"disabled"}""", traits, out Translation translation));
        Assert.Equal(["thinking", "temperature", "top_k"], translation.Dropped);
        Assert.StartsWith("tool_choice: ", Asked.Members(Tool + ""","tool_choice":{"type":"any"}""", traits, out _), StringComparison.Ordinal);
        Assert.Equal("{}", Asked.Members(""" "output_config":{"effort":"low"}""", Asked.Newer with { Reasoning = ReasoningStyle.None }, out translation));
        Assert.Equal(["output_config.effort"], translation.Dropped);
    }

    [Fact]
    public void A_budget_gives_way_to_the_limit_of_the_client_and_makes_room_where_there_is_none()
    {
        ChatQuestion question = Asked.Read("""{"max_tokens":1500,"thinking":{"type":"enabled","budget_tokens":2000},"messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Contains("\"budget_tokens\":1499", Asked.Write(question, Asked.Older), StringComparison.Ordinal);
        question.Settings[0] = question.Settings[0] with { Json = "1024"u8.ToArray() };
        Assert.DoesNotContain("thinking", Asked.Write(question, Asked.Older, out Translation translation), StringComparison.Ordinal);
        Assert.Equal(["thinking"], translation.Dropped);
        question.Settings.Clear();
        Assert.StartsWith("""{"model":"m","max_tokens":6096,""", Asked.Write(question, Asked.Older), StringComparison.Ordinal);
        Assert.StartsWith("""{"model":"m","max_tokens":9000,""", Asked.Write(question, Asked.Older with { MaxOutput = 9000 }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("""{"type":"thinking","thinking":"t","signature":"s"},""", true)]
    public void In_a_row_of_calls_a_budget_needs_the_reasoning_that_led_there(string reasoning, bool thinks)
    {
        ChatQuestion question = Asked.Read($$$"""{"max_tokens":8000,"thinking":{"type":"enabled","budget_tokens":2000},{{{Tool}}},"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{{{reasoning}}}{"type":"tool_use","id":"1","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"x"}]}]}""");
        Assert.Equal(thinks, Asked.Write(question, Asked.Older, out Translation translation).Contains("\"budget_tokens\"", StringComparison.Ordinal));
        Assert.Equal(thinks, translation.Dropped.Count == 0);
        Assert.Contains("\"adaptive\"", Asked.Write(question, Asked.Newer), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(""" "tool_choice":{"type":"auto"}""", "{}")]
    [InlineData(Tool + ""","tool_choice":{"type":"none","disable_parallel_tool_use":true}""", """TOOLS,"tool_choice":{"type":"none"}}""")]
    [InlineData(Tool + ""","tool_choice":{"type":"any","disable_parallel_tool_use":true}""", """TOOLS,"tool_choice":{"type":"any","disable_parallel_tool_use":true}}""")]
    [InlineData(""" "tool_choice":{"type":"any"}""", "tool_choice: ")]
    public void Choices_of_tools(string members, string expected)
    {
        string written = Asked.Members(members, Asked.Newer, out _);
        Assert.StartsWith(expected.Replace("TOOLS", "{" + Tool, StringComparison.Ordinal), written, StringComparison.Ordinal);
    }

    [Fact]
    public void Allowed_tools_are_the_only_ones_sent_and_parallel_calls_can_be_forbidden()
    {
        const string Two = """ "tools":[{"name":"a","input_schema":{"type":"object"}},{"name":"b","input_schema":{"type":"object"}}]""";
        Assert.Equal("""{"tools":[{"name":"b","input_schema":{"type":"object"}}],"tool_choice":{"type":"auto","disable_parallel_tool_use":true}}""",
            Asked.Members(Two, Asked.Newer, out _, question =>
            {
                question.Choice = new ToolChoice(ChoiceKind.Allowed, [WireText.Of("b")], "tool_choice");
                question.Parallel = new ParallelCalls(false, "parallel_tool_calls");
            }));
        Assert.StartsWith("tool_choice: ", Asked.Members(Two, Asked.Newer, out _, question => question.Choice = new ToolChoice(ChoiceKind.Allowed, [WireText.Of("c")], "tool_choice")), StringComparison.Ordinal);
    }

    [Fact]
    public void The_web_is_searched_without_foreign_options_and_other_tools_of_providers_are_refused()
    {
        Assert.Equal("""{"tools":[{"type":"web_search_20250305","name":"web_search"}]}""", Asked.Members("", Asked.Newer, out Translation translation, question =>
            question.ServerTools.Add(new ServerTool(ServerToolKind.WebSearch, "web_search_options", """{"search_context_size":"low","user_location":null}"""u8.ToArray(), "web_search_options"))));
        Assert.Equal(["web_search_options.search_context_size"], translation.Dropped);
        Assert.StartsWith("tools[0]: ", Asked.Members(""" "tools":[{"type":"bash_20250124","name":"bash"}]""", Asked.Newer, out _), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{}}}""", """{"type":"object","properties":{"a":{}}}""")]
    [InlineData("{}", """{"type":"object","properties":{}}""")]
    [InlineData("""{"type":["object","null"],"properties":{"a":{"type":"string"}},"required":["a"]}""", """{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}""")]
    [InlineData("""{"anyOf":[{"type":"object","properties":{"k":{"const":"x"},"a":{}},"required":["k","a"],"additionalProperties":false},{"$ref":"#/$defs/B"}],"$defs":{"B":{"properties":{"k":{"const":"y"}},"required":["k"],"additionalProperties":false}}}""",
        """{"type":"object","$defs":{"B":{"properties":{"k":{"const":"y"}},"required":["k"],"additionalProperties":false}},"properties":{"k":{"anyOf":[{"const":"x"},{"const":"y"}]},"a":{}},"required":["k"],"additionalProperties":false}""")]
    [InlineData("""{"allOf":[{"properties":{"a":{}},"required":["a"]},{"properties":{"b":{}},"required":["b"]}],"description":"d"}""", """{"type":"object","description":"d","properties":{"a":{},"b":{}},"required":["a","b"]}""")]
    [InlineData("""{"anyOf":[{"$ref":"#/$defs/R"},{"$ref":"#/$defs/R"},{"properties":{"a":{}}}],"$defs":{"R":{"anyOf":[{"$ref":"#/$defs/R"},{"$ref":"#/$defs/R"},{"$ref":"#/$defs/R"}]}}}""",
        """{"type":"object","$defs":{"R":{"anyOf":[{"$ref":"#/$defs/R"},{"$ref":"#/$defs/R"},{"$ref":"#/$defs/R"}]}},"properties":{"a":{}}}""")]
    public void Schemas_of_tools_are_objects_without_a_union_at_their_root(string schema, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(AnthropicSchema.OfTool(Encoding.UTF8.GetBytes(schema)).Span));

    [Fact]
    public void The_form_of_an_answer_is_asked_for_in_the_way_that_the_model_knows()
    {
        const string Schema = """ "output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"type":{"type":"object"},"l":{"items":{"properties":{}}}}}}}""";
        Assert.Equal("""{"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"type":{"type":"object","additionalProperties":false},"l":{"items":{"properties":{},"additionalProperties":false}}},"additionalProperties":false}}}}""",
            Asked.Members(Schema, Asked.Newer, out Translation translation));
        Assert.Null(translation.AnswerTool);
        const string Answer = """{"name":"json_response","description":"Give the answer by calling this tool: its input is the whole answer.","input_schema":{"type":"object","properties":{"type":{"type":"object"},"l":{"items":{"properties":{}}}}}}""";
        Assert.Equal($$$"""{"tools":[{{{Answer}}}],"tool_choice":{"type":"tool","name":"json_response"}}""", Asked.Members(Schema, Asked.Older, out translation));
        Assert.Equal("json_response", translation.AnswerTool);
        Assert.Equal($$$"""{"tools":[{"name":"f","input_schema":{"type":"object"}},{{{Answer}}}],"tool_choice":{"type":"any","disable_parallel_tool_use":true}}""", Asked.Members(Schema + "," + Tool, Asked.Older, out _));
        Assert.StartsWith("output_config.format: ", Asked.Members(Schema + "," + Tool + ""","tool_choice":{"type":"any"}""", Asked.Older, out _), StringComparison.Ordinal);
        Assert.StartsWith("output_config.format: ", Asked.Members(Schema + ""","thinking":{"type":"enabled","budget_tokens":2000}""", Asked.Older, out _), StringComparison.Ordinal);

        Assert.Equal("""{"tools":[{"name":"json_response","description":"Give the answer by calling this tool: its input is the whole answer.","input_schema":{"type":"object"}}],"tool_choice":{"type":"tool","name":"json_response"}}""",
            Asked.Members("", Asked.Newer, out _, question => question.Format = new AnswerFormat(default, "response_format")));
        Assert.Contains(""" "system":[{"type":"text","text":"Answer with one JSON object""".Trim(), Asked.Members(Tool, Asked.Newer, out translation, question => question.Format = new AnswerFormat(default, "response_format")), StringComparison.Ordinal);
        Assert.Null(translation.AnswerTool);
    }

    [Fact]
    public void Four_cache_marks_are_sent_and_none_for_an_hour_behind_a_shorter_one()
    {
        static string Marked(int i, string ttl) => $$$"""{"type":"text","text":"{{{i}}}","cache_control":{"type":"ephemeral","ttl":"{{{ttl}}}"}}""";
        ChatQuestion question = Asked.Read($$$"""{"max_tokens":1,"tools":[{"name":"f","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral","ttl":"1h"}}],"system":[{{{Marked(0, "1h")}}}],"messages":[{"role":"user","content":[{{{Marked(1, "1h")}}},{{{Marked(2, "5m")}}},{{{Marked(3, "1h")}}}]}]}""");
        string written = Asked.Write(question, Asked.Newer);
        Assert.Contains("""{"name":"f","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral","ttl":"1h"}}""", written, StringComparison.Ordinal);
        Assert.Contains("""[{"type":"text","text":"0"}]""", written, StringComparison.Ordinal);
        Assert.Contains("""[{"type":"text","text":"1","cache_control":{"type":"ephemeral","ttl":"1h"}},{"type":"text","text":"2","cache_control":{"type":"ephemeral"}},{"type":"text","text":"3","cache_control":{"type":"ephemeral"}}]""", written, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_bent_without_clashes_and_back()
    {
        ChatQuestion question = Asked.Read($$"""{"max_tokens":1,"tools":[{"name":"a.b"},{"name":"a_b"},{"name":"a/b"},{"name":"{{new string('x', 200)}}"}],"messages":[{"role":"user","content":"Hi"}]}""");
        string written = Asked.Write(question, Asked.Newer, out Translation translation);
        Assert.Contains("\"name\":\"a_b\"", written, StringComparison.Ordinal);
        Assert.Equal(["a.b", "a/b", new string('x', 200)], translation.ToolNames!.Values);
        Assert.All(translation.ToolNames.Keys, name => Assert.Matches("^[a-zA-Z0-9_-]{1,128}$", name));
        Assert.DoesNotContain("a_b", translation.ToolNames.Keys);
    }

    private static TextPart Words(string text) => new(WireText.Of(text), new Place(0, -1));

    private static void Set(ChatQuestion question, Parameter parameter, string field, string json) => question.Settings.Add(new Setting(parameter, field, Encoding.UTF8.GetBytes(json)));
}

file static class Sets
{
    public static System.Collections.Frozen.FrozenSet<string> ToFrozen(this HashSet<string> set) => System.Collections.Frozen.FrozenSet.ToFrozenSet(set);
}
