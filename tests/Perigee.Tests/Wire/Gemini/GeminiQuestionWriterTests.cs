using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using Perigee.Wire;
using Perigee.Wire.Gemini;

namespace Perigee.Tests.Wire.Gemini;

public sealed class GeminiQuestionWriterTests
{
    private static readonly ModelTraits Gemini2 = new() { Reasoning = ReasoningStyle.ThinkingBudget };
    private static readonly ModelTraits Gemini3 = new() { Reasoning = ReasoningStyle.ThinkingLevel };

    [Fact]
    public void Turns_keep_Googles_grammar()
    {
        ChatQuestion question = Asked(
            Turn(Role.System, Text("Be \\\"kind\\\".")),
            Turn(Role.Developer, Text("Be brief.")),
            Turn(Role.User, Text("Hi"), Text("")),
            Turn(Role.User, Text("there")),
            Turn(Role.Assistant, Text("Hello"), new ReasoningPart(Wire("secret thoughts"), null, default)),
            Turn(Role.Developer, Text("Now in Latin.")),
            Turn(Role.Assistant, new RefusalPart(Wire("No."), default)),
            Turn(Role.Assistant, new ReasoningPart(default, new KeptProof(ProofOrigin.Anthropic, ProofKind.Redacted, Wire("x")), default)));
        Assert.Equal(
            """{"contents":[{"role":"user","parts":[{"text":"Hi"},{"text":"there"}]},{"role":"model","parts":[{"text":"Hello"}]},"""
            + """{"role":"user","parts":[{"text":"<system>Now in Latin.</system>"}]},{"role":"model","parts":[{"text":"No."}]}],"""
            + "\"" + """systemInstruction":{"parts":[{"text":"Be \"kind\"."},{"text":"Be brief."}]}}""",
            Written(question, Gemini2));
    }

    [Fact]
    public void Instructions_alone_get_a_user() =>
        Assert.Equal("""{"contents":[{"role":"user","parts":[{"text":"."}]}],"systemInstruction":{"parts":[{"text":"x"}]}}""",
            Written(Asked(Turn(Role.System, Text("x"))), Gemini2));

    [Fact]
    public void Results_answer_every_call_in_order_before_all_else()
    {
        ChatQuestion question = Asked(
            Turn(Role.User, Text("Go")),
            Turn(Role.Assistant, Call("a", "f", """{"n":1}"""), Call("b", "f", """{"n":2}"""), Call("c", "g", "{}")),
            Turn(Role.Tool, Result("b", Text("two"))),
            Turn(Role.User, Text("and"), Result("a", Text("""{\"n\": [1, 2]}"""), Image("iVBORw0KGgoAAA", "image/jpeg")), Result("zz", Text("stray"))));
        Assert.Equal(
            """{"contents":[{"role":"user","parts":[{"text":"Go"}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{"n":1}}},"""
            + """{"functionCall":{"name":"f","args":{"n":2}}},{"functionCall":{"name":"g","args":{}}}]},"""
            + """{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"n":[1,2]}}},{"functionResponse":{"name":"f","response":{"result":"two"}}},"""
            + """{"functionResponse":{"name":"g","response":{"error":"No result was given."}}},"""
            + """{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgoAAA"}},{"text":"and"},{"text":"Result: stray"}]}]}""",
            Written(question, Gemini2));
    }

    [Fact]
    public void A_call_at_the_end_is_answered_and_one_at_the_beginning_is_asked_for() =>
        Assert.Equal(
            """{"contents":[{"role":"user","parts":[{"text":"."}]},{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]},"""
            + """{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"error":"No result was given."}}}]}]}""",
            Written(Asked(Turn(Role.Assistant, Call("a", "f", "{}"))), Gemini2));

    [Fact]
    public void Gemini_3_gets_ids_signatures_and_pictures_in_results()
    {
        KeptProof own = new(ProofOrigin.Google, ProofKind.OnCall, Wire("c2ln")) { CallId = Wire("d") };
        ChatQuestion question = Asked(
            Turn(Role.User, Text("Go")),
            Turn(Role.Assistant, Call("a", "f", "{}"), Call("b", "f", "{}")),
            Turn(Role.Tool, Result("a", Image("/9j/4AAQ", "image/png")), Result("b", Text("x")) with { IsError = true }),
            Turn(Role.Assistant,
                new ReasoningPart(Wire("hm"), new KeptProof(ProofOrigin.Google, ProofKind.Signature, Wire("dGhpbms=")), default),
                new ReasoningPart(default, own, default),
                new TextPart(Wire("so"), default) { Proof = new KeptProof(ProofOrigin.Google, ProofKind.OnText, Wire("dHh0")) },
                Call("d", "f", "{}") with { Proof = new KeptProof(ProofOrigin.OpenAi, ProofKind.OnCall, Wire("no")) }),
            Turn(Role.Tool, Result("d", Text("y"))));
        Assert.Equal(
            """{"contents":[{"role":"user","parts":[{"text":"Go"}]},{"role":"model","parts":["""
            + """{"functionCall":{"id":"a","name":"f","args":{}},"thoughtSignature":"skip_thought_signature_validator"},{"functionCall":{"id":"b","name":"f","args":{}}}]},"""
            + """{"role":"user","parts":[{"functionResponse":{"id":"a","name":"f","response":{"result":""},"parts":[{"inlineData":{"mimeType":"image/jpeg","data":"/9j/4AAQ"}}]}},"""
            + """{"functionResponse":{"id":"b","name":"f","response":{"error":"x"}}}]},"""
            + """{"role":"model","parts":[{"text":"hm","thought":true,"thoughtSignature":"dGhpbms="},{"text":"so","thoughtSignature":"dHh0"},"""
            + """{"functionCall":{"id":"d","name":"f","args":{}},"thoughtSignature":"c2ln"}]},"""
            + """{"role":"user","parts":[{"functionResponse":{"id":"d","name":"f","response":{"result":"y"}}}]}]}""",
            Written(question, Gemini3));
    }

    [Fact]
    public void Tools_and_their_schemas_are_said_as_Google_takes_them()
    {
        ChatQuestion question = Asked(Turn(Role.User, Text("Go")));
        question.Tools.Add(new ChatTool(Wire("9 lives/now"), """
            {"$schema":"x","type":"object","properties":{"const":{"const":1.50},"n":{"type":"integer","exclusiveMinimum":0,"maximum":9,"exclusiveMaximum":10,"multipleOf":2},
              "s":{"type":"string","format":"uri"},"t":{"anyOf":[{"format":"date-time"},{"type":"array","uniqueItems":true,"items":{"const":"x"}}]}},
             "propertyNames":{"pattern":"x"},"additionalProperties":false,"required":["const"]}
            """u8.ToArray(), "tools[0]") { Description = Wire("Does."), Strict = true });
        question.Tools.Add(new ChatTool(Wire("_9_lives_now"), """{"type":"object","properties":{}}"""u8.ToArray(), "tools[1]"));
        question.ServerTools.Add(new ServerTool(ServerToolKind.WebSearch, "web_search", default, "tools[2]"));
        question.Choice = new ToolChoice(ChoiceKind.Named, [Wire("9 lives/now")], "tool_choice");
        question.Parallel = new ParallelCalls(false, "parallel_tool_calls");
        Translation translation = new("gemini", Gemini2);
        Assert.Equal(
            """{"contents":[{"role":"user","parts":[{"text":"Go"}]}],"tools":[{"functionDeclarations":[{"name":"_9_lives_now_2","description":"Does.","parametersJsonSchema":"""
            + """{"type":"object","properties":{"const":{"enum":[1.50]},"n":{"type":"integer","minimum":0,"maximum":9},"s":{"type":"string"},"""
            + "\"" + """t":{"anyOf":[{"format":"date-time"},{"type":"array","items":{"enum":["x"]}}]}},"additionalProperties":false,"required":["const"]}},"""
            + """{"name":"_9_lives_now"}]},{"googleSearch":{}}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["_9_lives_now_2"]}}}""",
            Written(question, translation));
        Assert.Equal("9 lives/now", Assert.Single(translation.ToolNames!, pair => pair.Key == "_9_lives_now_2").Value);
        Assert.Equal(["tools[0].strict", "parallel_tool_calls"], translation.Dropped);
    }

    [Fact]
    public void What_cannot_be_decoded_goes_through_as_it_is()
    {
        ChatQuestion question = Asked(Turn(Role.User, Text("\\ud800")));
        question.Tools.Add(new ChatTool(Wire("f"), """{"type":"object","properties":{"\ud800":{"description":"\udc00","default":null,"const":null}}}"""u8.ToArray(), "tools[0]"));
        Assert.Contains("""{"type":"object","properties":{"\ud800":{"description":"\udc00","default":null,"enum":[null]}}}""", Written(question, Gemini2), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ChoiceKind.Auto, "AUTO", 2)]
    [InlineData(ChoiceKind.None, "NONE", 2)]
    [InlineData(ChoiceKind.Required, "ANY", 2)]
    [InlineData(ChoiceKind.Allowed, "AUTO", 1)]
    internal void Choices_are_modes(ChoiceKind kind, string mode, int tools)
    {
        ChatQuestion question = Asked(Turn(Role.User, Text("Go")));
        question.Tools.Add(new ChatTool(Wire("f"), default, "tools[0]"));
        question.Tools.Add(new ChatTool(Wire("g"), default, "tools[1]"));
        question.Choice = new ToolChoice(kind, [Wire("g")], "tool_choice");
        string written = Written(question, Gemini2);
        Assert.Contains($$"""{"mode":"{{mode}}"}""", written, StringComparison.Ordinal);
        Assert.Equal(tools, written.Split("\"name\":").Length - 1);
    }

    [Fact]
    public void Settings_have_Googles_names()
    {
        ChatQuestion question = Asked(Turn(Role.User, Text("Hi")));
        Set(question, Parameter.MaxOutput, "max_tokens", "99999");
        Set(question, Parameter.Temperature, "temperature", "1.50");
        Set(question, Parameter.TopP, "top_p", "1");
        Set(question, Parameter.TopK, "top_k", "3");
        Set(question, Parameter.Stop, "stop", "\"x\"");
        Set(question, Parameter.Choices, "n", "2");
        Set(question, Parameter.Seed, "seed", "7");
        Set(question, Parameter.FrequencyPenalty, "frequency_penalty", "0.5");
        Set(question, Parameter.PresencePenalty, "presence_penalty", "-1");
        Set(question, Parameter.Logprobs, "logprobs", "true");
        Set(question, Parameter.TopLogprobs, "top_logprobs", "4");
        Set(question, Parameter.LogitBias, "logit_bias", "{\"1\":2}");
        Set(question, Parameter.ServiceTier, "service_tier", "\"auto\"");
        Set(question, Parameter.Metadata, "metadata", "{\"a\":\"b\"}");
        Set(question, Parameter.StreamForm, "stream_options", "{}");
        question.Format = new AnswerFormat("""{"type":"object","properties":{"a":{"const":1}}}"""u8.ToArray(), "response_format");
        Translation translation = new("gemini", Gemini2 with { MaxOutput = 65_536, Refuses = FrozenSet.Create("presence_penalty") });
        Assert.Equal(
            """{"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"generationConfig":{"maxOutputTokens":65536,"temperature":1.50,"topP":1,"topK":3,"stopSequences":["x"],"""
            + "\"" + """candidateCount":2,"seed":7,"frequencyPenalty":0.5,"responseLogprobs":true,"logprobs":4,"responseMimeType":"application/json","""
            + "\"" + """responseJsonSchema":{"type":"object","properties":{"a":{"enum":[1]}}}}}""",
            Written(question, translation));
        Assert.Equal(["presence_penalty", "logit_bias", "metadata"], translation.Dropped);
    }

    [Theory]
    [InlineData("effort:low", false, """{"includeThoughts":true,"thinkingBudget":2048}""", """{"includeThoughts":true,"thinkingLevel":"LOW"}""")]
    [InlineData("effort:max", false, """{"includeThoughts":true,"thinkingBudget":24576}""", """{"includeThoughts":true,"thinkingLevel":"HIGH"}""")]
    [InlineData("effort:high hidden", false, """{"thinkingBudget":24576}""", """{"thinkingLevel":"HIGH"}""")]
    [InlineData("budget:6000", false, """{"includeThoughts":true,"thinkingBudget":6000}""", """{"includeThoughts":true,"thinkingLevel":"MEDIUM"}""")]
    [InlineData("off", false, """{"thinkingBudget":0}""", """{"thinkingLevel":"MINIMAL"}""")]
    [InlineData("off", true, """{"thinkingBudget":128}""", """{"thinkingLevel":"MINIMAL"}""")]
    [InlineData("adaptive", false, """{"includeThoughts":true,"thinkingBudget":-1}""", """{"includeThoughts":true}""")]
    public void The_wish_for_reasoning_is_a_budget_or_a_level(string wish, bool always, string budget, string level)
    {
        string[] words = wish.Split(' ', ':');
        ReasoningAsk ask = new("reasoning_effort")
        {
            Off = words[0] == "off",
            Adaptive = words[0] == "adaptive",
            Effort = words[0] == "effort" ? words[1] : null,
            Budget = words[0] == "budget" ? 6000 : null,
            Shown = wish.EndsWith("hidden", StringComparison.Ordinal) ? false : null,
        };
        foreach ((ModelTraits traits, string expected) in new[] { (Gemini2, budget), (Gemini3, level) })
        {
            ChatQuestion question = Asked(Turn(Role.User, Text("Hi")));
            question.Reasoning = ask;
            Translation translation = new("gemini", traits with { ReasoningCanBeOff = !always });
            Assert.Equal($$$"""{"contents":[{"role":"user","parts":[{"text":"Hi"}]}],"generationConfig":{"thinkingConfig":{{{expected}}}}}""", Written(question, translation));
            Assert.Equal(always ? ["reasoning_effort"] : [], translation.Dropped);
        }
    }

    [Fact]
    public void A_level_that_the_model_lacks_becomes_the_nearest_and_a_budget_stays_below_the_cap()
    {
        ChatQuestion question = Asked(Turn(Role.User, Text("Hi")));
        question.Reasoning = new ReasoningAsk("reasoning_effort") { Effort = "medium" };
        Assert.Contains("\"thinkingLevel\":\"HIGH\"", Written(question, Gemini3 with { Efforts = ["low", "high"] }), StringComparison.Ordinal);
        Set(question, Parameter.MaxOutput, "max_tokens", "4000");
        Assert.Contains("\"thinkingBudget\":3999", Written(question, Gemini2), StringComparison.Ordinal);
        Translation none = new("gemini", new ModelTraits { Reasoning = ReasoningStyle.None });
        Written(question, none);
        Assert.Equal(["reasoning_effort"], none.Dropped);
    }

    [Fact]
    public void Files_go_by_what_they_are()
    {
        ChatQuestion question = Asked(Turn(Role.User,
            Image("UklGRgAAAABXRUJQ", ""),
            new MediaPart(MediaKind.Image, MediaSource.Url, Wire("https://x/y.webp?z=1"), default, default),
            new MediaPart(MediaKind.Document, MediaSource.Data, Wire("JVBERi0xLjQ="), default, default),
            new MediaPart(MediaKind.Document, MediaSource.Text, Wire("plain"), default, default),
            new MediaPart(MediaKind.Audio, MediaSource.Data, Wire("AAAA"), Wire("audio/wav"), default)));
        Assert.Equal(
            """{"contents":[{"role":"user","parts":[{"inlineData":{"mimeType":"image/webp","data":"UklGRgAAAABXRUJQ"}},"""
            + """{"fileData":{"mimeType":"image/webp","fileUri":"https://x/y.webp?z=1"}},{"inlineData":{"mimeType":"application/pdf","data":"JVBERi0xLjQ="}},"""
            + """{"text":"plain"},{"inlineData":{"mimeType":"audio/wav","data":"AAAA"}}]}]}""",
            Written(question, Gemini2));
    }

    public static TheoryData<string, string> Refusals() => new()
    {
        { "file", "messages[0].content[2]" },
        { "url", "messages[0].content[2]" },
        { "stops", "stop" },
        { "tool", "tools[0]" },
        { "audio", "modalities" },
        { "forced", "tool_choice" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void What_would_change_the_answer_is_refused_by_name(string what, string field)
    {
        Place place = new(0, 2);
        ChatQuestion question = what switch
        {
            "file" => Asked(Turn(Role.User, new MediaPart(MediaKind.Image, MediaSource.FileId, Wire("file-1"), default, place))),
            "url" => Asked(Turn(Role.User, new MediaPart(MediaKind.Document, MediaSource.Url, Wire("https://x/y.pdf"), default, place))),
            _ => Asked(Turn(Role.User, Text("Hi"))),
        };
        if (what == "stops")
            Set(question, Parameter.Stop, "stop", """["1","2","3","4","5","6"]""");
        if (what == "audio")
            Set(question, Parameter.Modalities, "modalities", """["text","audio"]""");
        if (what == "tool")
            question.ServerTools.Add(new ServerTool(ServerToolKind.Other, "computer", default, "tools[0]"));
        if (what == "forced")
            question.Choice = new ToolChoice(ChoiceKind.Required, [], "tool_choice");
        GatewayError? error = GeminiDialect.Instance.Write(question, new Translation("gemini", Gemini2), new ArrayBufferWriter<byte>());
        Assert.Equal((400, field), (error?.Status, error?.Param));
    }

    [Fact]
    public void A_question_of_Googles_own_comes_back_with_everything_it_said()
    {
        const string Body = """{"contents":[{"role":"user","parts":[{"text":"Hi \u00e4"},{"fileData":{"mimeType":"video/mp4","fileUri":"gs://b/c"}}]},"""
            + """{"role":"model","parts":[{"functionCall":{"name":"f","args":{"b":1.0,"a":[ ]}},"thoughtSignature":"c2ln"}]},"""
            + """{"role":"user","parts":[{"functionResponse":{"name":"f","response":{"x": {"y":1}}}}]}],"systemInstruction":{"parts":[{"text":"s"}]},"""
            + "\"" + """tools":[{"functionDeclarations":[{"name":"f","parametersJsonSchema":{"type":"object","properties":{"a":{"type":"array"}}}}]},{"codeExecution":{}}],"""
            + "\"" + """generationConfig":{"topK":4,"thinkingConfig":{"includeThoughts":true,"thinkingBudget":-1},"responseModalities":["TEXT","IMAGE"],"imageConfig":{"aspectRatio":"1:1"}},"""
            + "\"" + """safetySettings":[{"category":"X"}],"cachedContent":"cachedContents/1","labels":{"a":"b"},"serviceTier":"flex"}""";
        Translation translation = new("gemini", new ModelTraits());
        Assert.Equal(Body, Written(GeminiQuestionReaderTests.Read(Body), translation));
        Assert.Empty(translation.Dropped);
    }

    [Fact]
    public void Counting_asks_with_the_same_question()
    {
        ArrayBufferWriter<byte> output = new();
        Assert.Null(GeminiCount.WriteQuestion(Asked(Turn(Role.User, Text("Hi"))), new Translation("gemini-2.5-pro", Gemini2), output));
        Assert.Equal("""{"generateContentRequest":{"model":"models/gemini-2.5-pro","contents":[{"role":"user","parts":[{"text":"Hi"}]}]}}""",
            Encoding.UTF8.GetString(output.WrittenSpan));
        output.Clear();
        GeminiCount.WriteAnswer(output, 12);
        Assert.Equal("""{"totalTokens":12}""", Encoding.UTF8.GetString(output.WrittenSpan));
        Assert.True(GeminiCount.TryReadAnswer("""{"promptTokensDetails":[{"x":1}],"totalTokens":12}"""u8, out long tokens));
        Assert.Equal(12, tokens);
        Assert.False(GeminiCount.TryReadAnswer("""{"error":{}}"""u8, out _));
    }

    private static ChatQuestion Asked(params ChatTurn[] turns)
    {
        ChatQuestion question = new("openai-chat");
        question.Turns.AddRange(turns);
        return question;
    }

    private static ChatTurn Turn(Role role, params ChatPart[] parts) => new(role, [.. parts], new Place(0, -1));

    private static TextPart Text(string escaped) => new(Wire(escaped), default);

    private static ToolCallPart Call(string id, string name, string arguments) => new(Wire(id), Wire(name), Encoding.UTF8.GetBytes(arguments), default);

    private static ToolResultPart Result(string id, params ChatPart[] parts) => new(Wire(id), [.. parts], default);

    private static MediaPart Image(string data, string type) => new(MediaKind.Image, MediaSource.Data, Wire(data), Wire(type), default);

    private static WireText Wire(string escaped) => new(Encoding.UTF8.GetBytes(escaped));

    private static void Set(ChatQuestion question, Parameter parameter, string field, string json) =>
        question.Settings.Add(new Setting(parameter, field, Encoding.UTF8.GetBytes(json)));

    private static string Written(ChatQuestion question, ModelTraits traits) => Written(question, new Translation("gemini", traits));

    private static string Written(ChatQuestion question, Translation translation)
    {
        ArrayBufferWriter<byte> output = new();
        GatewayError? error = GeminiDialect.Instance.Write(question, translation, output);
        Assert.True(error is null, error?.Message);
        ArrayBufferWriter<byte> again = new();
        GeminiDialect.Instance.Write(question, new Translation(translation.Model, translation.Traits), again);
        Assert.Equal(output.WrittenSpan, again.WrittenSpan);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
