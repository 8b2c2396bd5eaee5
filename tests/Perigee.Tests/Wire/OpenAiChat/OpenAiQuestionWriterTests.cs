using System.Collections.Frozen;
using System.Text;
using Perigee.Wire;
using static Perigee.Tests.Wire.OpenAiChat.Asked;

namespace Perigee.Tests.Wire.OpenAiChat;

public sealed class OpenAiQuestionWriterTests
{
    private static readonly ModelTraits OpenAi = new() { DeveloperRole = true, MaxTokens = MaxTokensField.MaxCompletionTokens, ToolIds = ToolIdRule.Forty };

    [Fact]
    public void A_conversation_with_tools_keeps_its_order() => Assert.Equal("""
        [{"role":"system","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},{"role":"user","content":"Hi"},{"role":"assistant","content":"Look","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"x\": \"\\n\"}"}},{"id":"c2","type":"function","function":{"name":"g","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c1","content":"one\ntwo"},{"role":"tool","tool_call_id":"c2","content":"Error: bad"},{"role":"user","content":"Go on"},{"role":"assistant","content":null,"refusal":"No"}]
        """, Messages(null,
            Turn(Role.System, Text("a"), Text("b")),
            Turn(Role.User, Text("Hi"), Text("")),
            Turn(Role.Assistant, Reasoning("hm"), Text("Look"), Call("c1", "f", "{\"x\": \"\\n\"}"), Call("c2", "g")),
            Turn(Role.User, Result("c1", Text("one"), Text("two")), Result("c2", Text("bad")) with { IsError = true }, Text("Go on")),
            Turn(Role.Assistant, Reasoning("hm")),
            Turn(Role.Assistant, new RefusalPart(WireText.Of("No"), default))));

    [Fact]
    public void Results_stand_right_after_their_calls_wherever_they_came() => Assert.Equal("""
        [{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"r"},{"role":"system","content":"s"},{"role":"user","content":"u"}]
        """, Messages(null, Turn(Role.Assistant, Call("a", "f")), Turn(Role.System, Text("s")), Turn(Role.User, Text("u"), Result("a", Text("r")))));

    [Fact]
    public void Files_of_results_go_into_the_users_next_message() => Assert.Equal("""
        [{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"b","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"see\n[image: see the user's next message]"},{"role":"tool","tool_call_id":"b","content":"a text file"},{"role":"user","content":[{"type":"text","text":"Files of the tool result a:"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}},{"type":"text","text":"So?"}]}]
        """, Messages(null,
            Turn(Role.Assistant, Call("a", "f"), Call("b", "f")),
            Turn(Role.User, Result("a", Text("see"), Media(MediaKind.Image, MediaSource.Data, "iVBORw0KGgo=", "image/jpeg")), Result("b", Media(MediaKind.Document, MediaSource.Text, "a text file")), Text("So?"))));

    [Fact]
    public void Files_are_written_by_what_they_are() => Assert.Equal("""
        [{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://a.example/x","detail":"low"}},{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERi0="}},{"type":"text","text":"plain"},{"type":"text","text":"hé"},{"type":"input_audio","input_audio":{"data":"AA==","format":"mp3"}},{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}]}]
        """, Messages(null, Turn(Role.User,
            Media(MediaKind.Image, MediaSource.Url, "https://a.example/x") with { Detail = WireText.Of("low") },
            Media(MediaKind.Document, MediaSource.Data, "JVBERi0=", "application/pdf", "a.pdf"),
            Media(MediaKind.Document, MediaSource.Text, "plain"),
            Media(MediaKind.Document, MediaSource.Data, Convert.ToBase64String("hé"u8), "text/markdown"),
            Media(MediaKind.Audio, MediaSource.Data, "AA==", "audio/mpeg"),
            Media(MediaKind.Audio, MediaSource.Data, "AA==", "audio/x-wav"))));

    [Theory]
    [InlineData(MediaKind.Video, MediaSource.Data, "video/mp4")]
    [InlineData(MediaKind.Image, MediaSource.FileId, "")]
    [InlineData(MediaKind.Document, MediaSource.Url, "application/pdf")]
    [InlineData(MediaKind.Audio, MediaSource.Data, "audio/flac")]
    public void Files_that_cannot_be_said_are_refused_by_their_place(object kind, object source, string type) =>
        Assert.StartsWith("messages[7].content[1]: ", Messages(null, Turn(Role.User, Text("x"), Media((MediaKind)kind, (MediaSource)source, "v", type))), StringComparison.Ordinal);

    [Fact]
    public void Traits_shape_messages()
    {
        ChatTurn[] turns = [Turn(Role.User, Text("u"), Text("v")), Turn(Role.Developer, Text("d")), Turn(Role.Assistant, Call("ünïque id", "f")), Turn(Role.User, Result("ünïque id", Text("r")), Text("w"))];
        Assert.Equal("""
            [{"role":"user","content":[{"type":"text","text":"u"},{"type":"text","text":"v"}]},{"role":"developer","content":"d"},{"role":"assistant","content":null,"tool_calls":[{"id":"ünïque id","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"ünïque id","content":"r"},{"role":"user","content":"w"}]
            """, Messages(OpenAi, turns));
        string mistral = Messages(new ModelTraits { ToolIds = ToolIdRule.Nine, AssistantAfterTool = true, MiddleSystem = false, PlainContent = true }, turns);
        string id = mistral[(mistral.IndexOf("\"id\":\"", StringComparison.Ordinal) + 6)..][..9];
        Assert.Equal("""
            [{"role":"user","content":"u\n\nv"},{"role":"user","content":"<system>\n\nd\n\n</system>"},{"role":"assistant","content":"","tool_calls":[{"id":"ID","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"ID","content":"r"},{"role":"assistant","content":"OK."},{"role":"user","content":"w"}]
            """, mistral.Replace(id, "ID", StringComparison.Ordinal));
        Assert.All(id, c => Assert.True(char.IsAsciiLetterOrDigit(c)));
    }

    [Theory]
    [InlineData(ReasoningHistory.None, "", "messages[7].content[0]")]
    [InlineData(ReasoningHistory.Content, ",\"reasoning_content\":\"a\\n\\nb\"", "messages[7].content[1]")]
    [InlineData(ReasoningHistory.Reasoning, ",\"reasoning\":\"a\\n\\nb\"", "messages[7].content[1]")]
    [InlineData(ReasoningHistory.Details, ",\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"a\",\"signature\":\"S\",\"format\":\"anthropic-claude-v1\",\"index\":0},{\"type\":\"reasoning.encrypted\",\"data\":\"R\",\"format\":\"anthropic-claude-v1\",\"index\":1},{\"type\":\"reasoning.text\",\"text\":\"b\",\"index\":2},{\"type\":\"reasoning.encrypted\",\"data\":\"G\",\"id\":\"c\",\"format\":\"google-gemini-v1\",\"index\":3}]", "")]
    public void Reasoning_goes_back_as_the_target_takes_it(object form, string expected, string dropped)
    {
        string written = Write(Of(Turn(Role.Assistant,
            Reasoning("a", Proof(ProofOrigin.Anthropic, ProofKind.Signature, "S")), Reasoning("", Proof(ProofOrigin.Anthropic, ProofKind.Redacted, "R")), Reasoning("b"),
            Text("t"), Call("c", "f", proof: Proof(ProofOrigin.Google, ProofKind.OnCall, "G")))), new ModelTraits { ReasoningHistory = (ReasoningHistory)form }, out Translation translation);
        Assert.Contains("\"content\":\"t\"" + expected + ",\"tool_calls\"", written, StringComparison.Ordinal);
        Assert.Equal(dropped.Length == 0 ? [] : [dropped], translation.Dropped);
    }

    [Fact]
    public void Targets_that_want_reasoning_on_every_turn_get_it() => Assert.Equal(
        """[{"role":"assistant","content":"t","reasoning_content":""},{"role":"user","content":"u"}]""",
        Messages(new ModelTraits { ReasoningHistory = ReasoningHistory.ContentAlways }, Turn(Role.Assistant, Text("t")), Turn(Role.User, Text("u"))));

    [Fact]
    public void Marks_for_the_cache_are_kept_where_taken_and_named_where_not()
    {
        ChatTurn[] turns = [Turn(Role.System, Text("a", marked: true)), Turn(Role.Assistant, Call("c", "f")), Turn(Role.User, Result("c", Text("r")) with { Mark = new CacheMark(false) })];
        Assert.Equal("""
            [{"role":"system","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}]},{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":[{"type":"text","text":"r","cache_control":{"type":"ephemeral"}}]}]
            """, Messages(new ModelTraits { CacheMarks = true }, turns));
        Assert.DoesNotContain("cache_control", Write(Of(turns), null, out Translation translation), StringComparison.Ordinal);
        Assert.Equal(["cache_control"], translation.Dropped);
    }

    [Fact]
    public void A_prefill_that_is_not_gone_on_with_is_dropped_and_named()
    {
        ChatQuestion question = Of(Turn(Role.User, Text("u")), Turn(Role.Assistant, Text("{")));
        Assert.Contains("\"{\"", Write(question), StringComparison.Ordinal);
        Assert.DoesNotContain("\"{\"", Write(question, new ModelTraits { Prefill = false }, out Translation translation), StringComparison.Ordinal);
        Assert.Equal(["messages[7]"], translation.Dropped);
        Assert.StartsWith("messages[7]: ", Write(question, new ModelTraits { Prefill = false }, out _, strict: true), StringComparison.Ordinal);
    }

    [Fact]
    public void Tools_are_renamed_where_they_must_be_and_choices_follow()
    {
        void Tools(ChatQuestion q)
        {
            q.Tools.Add(new ChatTool(WireText.Of("my.tool"), """{"type":"object"}"""u8.ToArray(), "tools[0]") { Description = WireText.Of("d"), Strict = true });
            q.Tools.Add(new ChatTool(WireText.Of("my_tool"), default, "tools[1]"));
            q.Choice = new ToolChoice(ChoiceKind.Named, [WireText.Of("my.tool")], "tool_choice");
            q.Parallel = new ParallelCalls(false, "p");
        }

        string written = Rest(Tools, null, out Translation translation);
        (string sent, string own) = Assert.Single(translation.ToolNames!);
        Assert.Equal("my.tool", own);
        Assert.StartsWith("my_tool_", sent, StringComparison.Ordinal);
        Assert.Equal("""
            {"tools":[{"type":"function","function":{"name":"SENT","description":"d","parameters":{"type":"object"},"strict":true}},{"type":"function","function":{"name":"my_tool","parameters":{"type":"object","properties":{}},"strict":false}}],"tool_choice":{"type":"function","function":{"name":"SENT"}},"parallel_tool_calls":false}
            """, written.Replace(sent, "SENT", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ChoiceKind.Auto, "", "", "\"auto\"")]
    [InlineData(ChoiceKind.None, "", "", "\"none\"")]
    [InlineData(ChoiceKind.Required, "", "", "\"required\"")]
    [InlineData(ChoiceKind.Required, "", "any", "\"any\"")]
    [InlineData(ChoiceKind.Named, "f g", "", "\"required\"")]
    [InlineData(ChoiceKind.Allowed, "f g", "", "\"auto\"")]
    [InlineData(ChoiceKind.Named, "f g", "openai", """{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}]}}""")]
    public void Choices_of_tools_have_their_words(object kind, string names, string target, string expected)
    {
        ModelTraits traits = target == "openai" ? OpenAi : new ModelTraits { RequiredWord = target.Length > 0 ? target : null };
        string written = Rest(q =>
        {
            foreach (string name in (string[])["f", "g", "h"])
                q.Tools.Add(new ChatTool(WireText.Of(name), default, "tools"));
            q.Choice = new ToolChoice((ChoiceKind)kind, [.. names.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(WireText.Of)], "tool_choice");
        }, traits);
        Assert.Equal(expected, Member(written, "tool_choice"));

        // Servers that do not know allowed_tools are shown no others.
        Assert.Equal(names.Length == 0 || target == "openai", written.Contains("\"name\":\"h\"", StringComparison.Ordinal));
    }

    [Fact]
    public void What_cannot_be_said_of_tools_is_refused_by_name()
    {
        static void Tool(ChatQuestion q) => q.Tools.Add(new ChatTool(WireText.Of("f"), default, "tools[0]"));
        Assert.StartsWith("tools[1]: ", Rest(q => q.ServerTools.Add(new ServerTool(ServerToolKind.Other, "bash_20250124", default, "tools[1]"))), StringComparison.Ordinal);
        Assert.StartsWith("tool_choice: ", Rest(q => { Tool(q); q.Choice = new ToolChoice(ChoiceKind.Required, [], "tool_choice"); }, new ModelTraits { ForcedTools = false }), StringComparison.Ordinal);
        Assert.StartsWith("tools[0]: ", Rest(Tool, Refusing("tools")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_search_of_the_web_keeps_where_the_user_is()
    {
        string written = Rest(q => q.ServerTools.Add(new ServerTool(ServerToolKind.WebSearch, "web_search_20250305",
            """{"type":"web_search_20250305","max_uses":3,"user_location":{"type":"approximate","city":"Bonn","country":"DE"}}"""u8.ToArray(), "tools[0]")), null, out Translation translation);
        Assert.Equal("""{"web_search_options":{"user_location":{"type":"approximate","approximate":{"city":"Bonn","country":"DE"}}}}""", written);
        Assert.Equal(["tools[0].max_uses"], translation.Dropped);
    }

    [Fact]
    public void Unions_at_the_root_of_a_schema_are_opened_where_refused()
    {
        static void Tool(ChatQuestion q) => q.Tools.Add(new ChatTool(WireText.Of("f"),
            """{"description":"d","type":"object","properties":{"z":{}},"required":["z"],"oneOf":[{"properties":{"a":{"type":"string"},"b":{}},"required":["a","b"]},{"properties":{"b":{},"c":{}},"required":["b"]}]}"""u8.ToArray(), "tools[0]"));
        Assert.Contains("\"oneOf\"", Rest(Tool), StringComparison.Ordinal);
        Assert.Contains("""{"description":"d","type":"object","properties":{"z":{},"a":{"type":"string"},"b":{},"c":{}},"required":["z","b"]}""", Rest(Tool, new ModelTraits { RootUnions = false }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FormatSupport.Schema, """{"response_format":{"type":"json_schema","json_schema":{"name":"my_name","description":"d","schema":{"type":"object"}}}}""")]
    [InlineData(FormatSupport.SchemaOnly, """{"response_format":{"type":"json_schema","json_schema":{"name":"my_name","description":"d","schema":{"type":"object"}}}}""")]
    [InlineData(FormatSupport.None, """{"tools":[{"type":"function","function":{"name":"json_response","description":"Gives the answer.","parameters":{"type":"object"}}}],"tool_choice":{"type":"function","function":{"name":"json_response"}}}""")]
    public void A_schema_of_the_answer_takes_the_way_that_there_is(object support, string expected)
    {
        string written = Rest(q => q.Format = new AnswerFormat("""{"type":"object"}"""u8.ToArray(), "output_config.format") { Name = WireText.Of("my name"), Description = WireText.Of("d") },
            new ModelTraits { Formats = (FormatSupport)support }, out Translation translation);
        Assert.Equal(expected, written);
        Assert.Equal((FormatSupport)support == FormatSupport.None ? "json_response" : null, translation.AnswerTool);
        Assert.Empty(translation.Dropped);
    }

    [Fact]
    public void A_schema_that_OpenAI_can_bind_is_bound() => Assert.Contains("\"strict\":true", Rest(q => q.Format = new AnswerFormat(
        """{"type":"object","properties":{"a":{"type":"array","items":{"type":"object","properties":{},"additionalProperties":false}}},"required":["a"],"additionalProperties":false}"""u8.ToArray(), "f")), StringComparison.Ordinal);

    [Fact]
    public void A_schema_where_only_objects_can_be_bound_is_told_in_words_and_named()
    {
        string written = Write(Format(Of(Turn(Role.System, Text("s")), Turn(Role.User, Text("u"))), """{"type":"object"}"""), new ModelTraits { Formats = FormatSupport.Object }, out Translation translation);
        Assert.Equal("""
            {"model":"m","messages":[{"role":"system","content":"s"},{"role":"system","content":"Answer with one JSON object only, without any other text. It must follow this JSON Schema:\n{\"type\":\"object\"}"},{"role":"user","content":"u"}],"response_format":{"type":"json_object"}}
            """, written);
        Assert.Equal(["f"], translation.Dropped);
        Assert.StartsWith("f: ", Write(Format(Of(Turn(Role.User, Text("u"))), """{"type":"object"}"""), new ModelTraits { Formats = FormatSupport.None, ForcedTools = false }), StringComparison.Ordinal);
    }

    [Fact]
    public void Bare_JSON_is_asked_for_with_the_word_that_OpenAI_requires()
    {
        Assert.Contains("""{"role":"user","content":"as JSON"}],"response_format":{"type":"json_object"}}""", Write(Format(Of(Turn(Role.User, Text("as JSON"))), "")), StringComparison.Ordinal);
        Assert.StartsWith("""{"model":"m","messages":[{"role":"system","content":"Answer with one JSON object only""", Write(Format(Of(Turn(Role.User, Text("u"))), "")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ReasoningStyle.Effort, "low", 0, """{"reasoning_effort":"low"}""")]
    [InlineData(ReasoningStyle.Effort, "minimal", 0, """{"reasoning_effort":"low"}""")]
    [InlineData(ReasoningStyle.Effort, "max", 0, """{"reasoning_effort":"high"}""")]
    [InlineData(ReasoningStyle.Effort, "", 1024, """{"reasoning_effort":"low"}""")]
    [InlineData(ReasoningStyle.Effort, "", 4000, """{"reasoning_effort":"medium"}""")]
    [InlineData(ReasoningStyle.Effort, "", 32000, """{"reasoning_effort":"high"}""")]
    [InlineData(ReasoningStyle.Effort, "off", 0, "{}")]
    [InlineData(ReasoningStyle.Effort, "adaptive", 0, "{}")]
    [InlineData(ReasoningStyle.Object, "high", 0, """{"reasoning":{"effort":"high"}}""")]
    [InlineData(ReasoningStyle.Object, "", 2000, """{"reasoning":{"max_tokens":2000}}""")]
    [InlineData(ReasoningStyle.Object, "off", 0, """{"reasoning":{"enabled":false}}""")]
    [InlineData(ReasoningStyle.Object, "adaptive", 0, """{"reasoning":{"enabled":true}}""")]
    [InlineData(ReasoningStyle.Switch, "high", 0, """{"thinking":{"type":"enabled"}}""")]
    [InlineData(ReasoningStyle.Switch, "off", 0, """{"thinking":{"type":"disabled"}}""")]
    [InlineData(ReasoningStyle.EnableThinking, "medium", 0, """{"enable_thinking":true,"thinking_budget":8192}""")]
    [InlineData(ReasoningStyle.EnableThinking, "off", 0, """{"enable_thinking":false}""")]
    [InlineData(ReasoningStyle.None, "off", 0, "{}")]
    public void Reasoning_is_asked_for_in_every_style(object style, string effort, long budget, string expected) =>
        Assert.Equal(expected, Rest(q => q.Reasoning = Ask(effort, budget), new ModelTraits { Reasoning = (ReasoningStyle)style }));

    [Fact]
    public void Efforts_that_the_model_does_not_know_become_the_nearest()
    {
        ModelTraits traits = new() { Efforts = ["low", "high"], ReasoningCanBeOff = false };
        Assert.Equal("""{"reasoning_effort":"high"}""", Rest(q => q.Reasoning = Ask("max", 0), traits));
        Assert.Equal("""{"reasoning_effort":"low"}""", Rest(q => q.Reasoning = Ask("medium", 0), traits));
        Assert.Equal("""{"reasoning_effort":"low"}""", Rest(q => q.Reasoning = Ask("off", 0), traits, out Translation translation));
        Assert.Equal(["thinking"], translation.Dropped);
        Assert.Equal("""{"reasoning_effort":"none"}""", Rest(q => q.Reasoning = Ask("off", 0), new ModelTraits { Efforts = ["none", "low"] }, out translation));
        Assert.Empty(translation.Dropped);
        Rest(q => q.Reasoning = Ask("high", 0), new ModelTraits { Reasoning = ReasoningStyle.None }, out translation);
        Assert.Equal(["thinking"], translation.Dropped);
    }

    [Fact]
    public void Settings_have_OpenAIs_names_and_the_rest_is_named()
    {
        void Settings(ChatQuestion q)
        {
            Set(q, Parameter.MaxOutput, "max_tokens", "100");
            Set(q, Parameter.Temperature, "temperature", "0.70");
            Set(q, Parameter.TopP, "topP", "1");
            Set(q, Parameter.TopK, "topK", "40");
            Set(q, Parameter.Stop, "stop_sequences", """["END"]""");
            Set(q, Parameter.Choices, "candidateCount", "2");
            Set(q, Parameter.Seed, "seed", "5");
            Set(q, Parameter.FrequencyPenalty, "frequencyPenalty", "0.1");
            Set(q, Parameter.PresencePenalty, "presencePenalty", "0.2");
            Set(q, Parameter.Logprobs, "responseLogprobs", "true");
            Set(q, Parameter.TopLogprobs, "logprobs", "3");
            Set(q, Parameter.User, "metadata.user_id", "\"" + new string('u', 65) + "\"");
            Set(q, Parameter.Metadata, "labels", """{"a":"b"}""");
            Set(q, Parameter.ServiceTier, "service_tier", "\"standard_only\"");
            Set(q, Parameter.Safety, "safetySettings", "[]");
            Set(q, Parameter.Unknown, "new", "1");
            q.Stream = true;
        }

        string written = Rest(Settings, OpenAi with { SeedField = "random_seed" }, out Translation translation, askUsage: true);
        Assert.Equal("""
            {"max_completion_tokens":100,"temperature":0.70,"top_p":1,"stop":["END"],"n":2,"random_seed":5,"frequency_penalty":0.1,"presence_penalty":0.2,"logprobs":true,"top_logprobs":3,"user":"4bb3a6b3a3aa1a1ca5ba5d6c9a9e43b2","service_tier":"default","stream":true,"stream_options":{"include_usage":true}}
            """, System.Text.RegularExpressions.Regex.Replace(written, "\"user\":\"[0-9a-f]{64}\"", "\"user\":\"4bb3a6b3a3aa1a1ca5ba5d6c9a9e43b2\""));
        Assert.Equal(["topK", "labels", "safetySettings", "new"], translation.Dropped);
        Rest(Settings, Refusing("temperature", "service_tier", "stream_options"), out translation, askUsage: true);
        Assert.Equal(["temperature", "service_tier", "topK", "labels", "safetySettings", "new"], translation.Dropped);
        Assert.StartsWith("stop_sequences: ", Rest(Settings, Refusing("stop")), StringComparison.Ordinal);
        Assert.StartsWith("topK: ", Rest(Settings, OpenAi, out _, strict: true), StringComparison.Ordinal);
        Assert.StartsWith("cachedContent: ", Rest(q => Set(q, Parameter.CachedContent, "cachedContent", "\"x\"")), StringComparison.Ordinal);
    }

    private static void Set(ChatQuestion question, Parameter parameter, string field, string json) =>
        question.Settings.Add(new Setting(parameter, field, Encoding.UTF8.GetBytes(json)));

    private static ModelTraits Refusing(params string[] members) => new() { Refuses = members.ToFrozenSet() };

    private static ChatQuestion Format(ChatQuestion question, string schema)
    {
        question.Format = new AnswerFormat(Encoding.UTF8.GetBytes(schema), "f");
        return question;
    }

    private static ReasoningAsk Ask(string effort, long budget) => new("thinking")
    {
        Off = effort == "off",
        Adaptive = effort == "adaptive",
        Effort = effort is "off" or "adaptive" or "" ? null : effort,
        Budget = budget == 0 ? null : budget,
    };
}
