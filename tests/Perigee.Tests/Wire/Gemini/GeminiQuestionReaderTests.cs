using System.Text;
using Perigee.Wire;
using Perigee.Wire.Gemini;

namespace Perigee.Tests.Wire.Gemini;

public sealed class GeminiQuestionReaderTests
{
    private static readonly ProofSeal Seal = new("secret"u8.ToArray(), "tenant");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Both_spellings_of_members_mean_the_same(bool snake)
    {
        string body = """
            {"model":"models/gemini-2.5-pro","systemInstruction":{"role":"user","parts":[{"text":"Be brief."}]},
             "contents":[{"role":"user","parts":[{"text":"Look"},{"inlineData":{"mimeType":"image/png","data":"aGk="}},
                 {"fileData":{"mimeType":"application/pdf","fileUri":"https://x/y.pdf"}},{"fileData":{"fileUri":"gs://b/c.mp4","mimeType":"video/mp4"}}]}],
             "generationConfig":{"maxOutputTokens":9.0,"topP":0.5,"topK":"40","stopSequences":["a"],"candidateCount":2,"responseLogprobs":true,
               "responseModalities":["TEXT"],"thinkingConfig":{"thinkingBudget":1024},"mediaResolution":"MEDIA_RESOLUTION_LOW","newThing":{"a":1}},
             "safetySettings":[],"cachedContent":"cachedContents/1","labels":{"a":"b"}}
            """;
        if (snake)
        {
            foreach (string name in new[]
            {
                "systemInstruction", "inlineData", "mimeType", "fileData", "fileUri", "generationConfig", "maxOutputTokens", "topP", "topK", "stopSequences",
                "candidateCount", "responseLogprobs", "responseModalities", "thinkingConfig", "thinkingBudget", "mediaResolution", "safetySettings", "cachedContent",
            })
            {
                body = body.Replace('"' + name + '"', '"' + string.Concat(name.Select(c => char.IsUpper(c) ? "_" + char.ToLowerInvariant(c) : c.ToString())) + '"', StringComparison.Ordinal);
            }
        }

        ChatQuestion question = Read(body);
        Assert.Equal(2, question.Turns.Count);
        Assert.Equal(Role.System, question.Turns[0].Role);
        Assert.Equal("Be brief.", Assert.IsType<TextPart>(Assert.Single(question.Turns[0].Parts)).Text.Decode());
        List<ChatPart> parts = question.Turns[1].Parts;
        Assert.Equal(4, parts.Count);
        Assert.Equal((MediaKind.Image, MediaSource.Data), (((MediaPart)parts[1]).Kind, ((MediaPart)parts[1]).Source));
        Assert.Equal((MediaKind.Document, MediaSource.Url), (((MediaPart)parts[2]).Kind, ((MediaPart)parts[2]).Source));
        Assert.Equal((MediaKind.Video, MediaSource.FileId), (((MediaPart)parts[3]).Kind, ((MediaPart)parts[3]).Source));
        Assert.Equal("contents[0].parts[3]", parts[3].Place.In("gemini"));
        Assert.Equal("9", Value(question, Parameter.MaxOutput));
        Assert.Equal("40", Value(question, Parameter.TopK));
        Assert.Equal("0.5", Value(question, Parameter.TopP));
        Assert.Equal("2", Value(question, Parameter.Choices));
        Assert.Equal("true", Value(question, Parameter.Logprobs));
        Assert.Equal("[\"a\"]", Value(question, Parameter.Stop));
        Assert.Equal("\"cachedContents/1\"", Value(question, Parameter.CachedContent));
        Assert.Equal("{\"a\":1}", Value(question, Parameter.Unknown));
        Assert.Null(question.Find(Parameter.Modalities));
        Assert.Equal(snake ? "generation_config.top_k" : "generationConfig.topK", question.Find(Parameter.TopK)!.Field);
        Assert.Equal(1024, question.Reasoning!.Budget);
        Assert.False(question.Reasoning.Shown);
    }

    [Fact]
    public void Calls_and_results_find_each_other_by_id_or_by_order()
    {
        ChatQuestion question = Read("""
            {"contents":[{"parts":[{"text":"Hi"}]},
              {"role":"model","parts":[{"functionCall":{"name":"f","args":{"n":1}}},{"functionCall":{"name":"f","args":{"n":2}}},{"functionCall":{"id":"own","name":"g"}}]},
              {"role":"function","parts":[{"functionResponse":{"id":"own","name":"g","response":{"error":"bad"}}},
                {"functionResponse":{"name":"f","response":{"result":"one"}}},
                {"functionResponse":{"name":"f","response":{"n":2, "m":"\u00e4"},"parts":[{"inlineData":{"mimeType":"image/png","data":"aGk="}}]}}]}]}
            """);
        ToolCallPart[] calls = [.. question.Turns[1].Parts.Cast<ToolCallPart>()];
        Assert.Equal(["call_1_0", "call_1_1", "own"], calls.Select(call => call.Id.Decode()));
        Assert.Equal(["{\"n\":1}", "{\"n\":2}", "{}"], calls.Select(call => Encoding.UTF8.GetString(call.Arguments.Span)));
        Assert.Equal(Role.User, question.Turns[2].Role);
        ToolResultPart[] results = [.. question.Turns[2].Parts.Cast<ToolResultPart>()];
        Assert.Equal(["own", "call_1_0", "call_1_1"], results.Select(result => result.CallId.Decode()));
        Assert.Equal([true, false, false], results.Select(result => result.IsError));
        Assert.Equal(["bad", "one", "{\"n\":2,\"m\":\"\\u00e4\"}"], results.Select(result => ((TextPart)result.Parts[0]).Text.Decode()));
        Assert.Equal("{\"error\":\"bad\"}", Encoding.UTF8.GetString(results[0].Response.Span));
        Assert.IsType<MediaPart>(results[2].Parts[1]);
    }

    [Fact]
    public void Signatures_keep_their_origin_and_pieces_of_a_thought_become_one()
    {
        string envelope = Encoding.ASCII.GetString(Seal.Wrap(new Proof(ProofOrigin.Anthropic, ProofKind.Signature, new JsonText("sig"u8))));
        string foreign = Encoding.ASCII.GetString(new ProofSeal("other"u8.ToArray(), "tenant").Wrap(new Proof(ProofOrigin.Anthropic, ProofKind.Signature, new JsonText("sig"u8))));
        ChatQuestion question = Read($$"""
            {"contents":[{"parts":[{"text":"Hi"}]},{"role":"model","parts":[
              {"text":"Let ","thought":true},{"text":"me","thought":true},{"text":"","thought":true,"thoughtSignature":"{{envelope}}"},
              {"text":"next","thought":true,"thoughtSignature":"Z29vZ2xl"},{"text":"","thought":true,"thoughtSignature":"{{foreign}}"},
              {"text":"Hello"},{"text":"","thoughtSignature":"dHh0"},
              {"functionCall":{"name":"f","args":{} },"thoughtSignature":"skip_thought_signature_validator"},
              {"functionCall":{"name":"f","args":{} },"thoughtSignature":"Y2FsbA=="}]}]}
            """);
        List<ChatPart> parts = question.Turns[1].Parts;
        Assert.Equal("Let me", ((ReasoningPart)parts[0]).Text.Decode());
        Assert.Equal((ProofOrigin.Anthropic, "sig"), (((ReasoningPart)parts[0]).Proof!.Origin, ((ReasoningPart)parts[0]).Proof!.Data.Decode()));
        Assert.Equal((ProofOrigin.Google, ProofKind.Signature), (((ReasoningPart)parts[1]).Proof!.Origin, ((ReasoningPart)parts[1]).Proof!.Kind));
        Assert.Equal(6, parts.Count);
        Assert.Equal((ProofKind.OnText, "dHh0"), (((TextPart)parts[3]).Proof!.Kind, ((TextPart)parts[3]).Proof!.Data.Decode()));
        Assert.Null(((ToolCallPart)parts[4]).Proof);
        Assert.Equal((ProofKind.OnCall, "call_1_1"), (((ToolCallPart)parts[5]).Proof!.Kind, ((ToolCallPart)parts[5]).Proof!.CallId.Decode()));
    }

    [Fact]
    public void Tools_are_said_in_JSON_Schema()
    {
        ChatQuestion question = Read("""
            {"contents":[{"parts":[{"text":"Hi"}]}],"tools":[{"functionDeclarations":[
               {"name":"a","description":"Does.","parameters":{"type":"OBJECT","properties":{"type":{"type":"STRING","nullable":true,"enum":["x"]},
                 "list":{"type":"ARRAY","items":{"type":"INTEGER","format":"int32"},"minItems":"1","max_items":"3"},
                 "u":{"nullable":true,"anyOf":[{"type":"NUMBER"},{"type":"BOOLEAN"}]}},"required":["type"],"propertyOrdering":["type"]}},
               {"name":"b","parametersJsonSchema":{"type":"object","$defs":{}}},{"name":"c"}]},
              {"google_search":{}},{"codeExecution":{}}],
             "toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["a"]}}}
            """);
        Assert.Equal(
            """{"type":"object","properties":{"type":{"type":["string","null"],"enum":["x",null]},"list":{"type":"array","items":{"type":"integer","format":"int32"},"minItems":1,"maxItems":3},"u":{"anyOf":[{"type":"number"},{"type":"boolean"},{"type":"null"}]}},"required":["type"]}""",
            Encoding.UTF8.GetString(question.Tools[0].Schema.Span));
        Assert.Equal("""{"type":"object","$defs":{}}""", Encoding.UTF8.GetString(question.Tools[1].Schema.Span));
        Assert.True(question.Tools[2].Schema.IsEmpty);
        Assert.Equal([(ServerToolKind.WebSearch, "google_search"), (ServerToolKind.Other, "codeExecution")], question.ServerTools.Select(tool => (tool.Kind, tool.Name)));
        Assert.Equal("tools[0].functionDeclarations[0]", question.Tools[0].Field);
        Assert.Equal((ChoiceKind.Named, "a"), (question.Choice!.Kind, question.Choice.Names[0].Decode()));
    }

    [Theory]
    [InlineData("\"mode\":\"ANY\"", ChoiceKind.Required)]
    [InlineData("\"mode\":\"NONE\"", ChoiceKind.None)]
    [InlineData("\"mode\":\"VALIDATED\"", ChoiceKind.Auto)]
    [InlineData("\"mode\":2", ChoiceKind.Required)]
    [InlineData("\"mode\":\"auto\",\"allowed_function_names\":[\"a\"]", ChoiceKind.Allowed)]
    internal void Modes_of_calling_are_choices(string config, ChoiceKind expected) =>
        Assert.Equal(expected, Read("""{"contents":[{"parts":[]}],"toolConfig":{"functionCallingConfig":{""" + config + "}}}").Choice!.Kind);

    [Theory]
    [InlineData("\"thinkingBudget\":0", true, false, null, null, false)]
    [InlineData("\"thinkingBudget\":-1,\"includeThoughts\":true", false, true, null, null, true)]
    [InlineData("\"thinkingLevel\":\"HIGH\"", false, false, "high", null, false)]
    [InlineData("\"thinking_budget\":512", false, false, null, 512L, false)]
    public void Thinking_is_a_wish_for_reasoning(string config, bool off, bool adaptive, string? effort, long? budget, bool shown)
    {
        ReasoningAsk ask = Read("""{"contents":[{"parts":[]}],"generationConfig":{"thinkingConfig":{""" + config + "}}}").Reasoning!;
        Assert.Equal((off, adaptive, effort, budget, (bool?)shown), (ask.Off, ask.Adaptive, ask.Effort, ask.Budget, ask.Shown));
    }

    [Theory]
    [InlineData("""{"responseMimeType":"application/json"}""", "", "generationConfig.responseMimeType")]
    [InlineData("""{"responseMimeType":"application/json","responseSchema":{"type":"STRING"}}""", """{"type":"string"}""", "generationConfig.responseSchema")]
    [InlineData("""{"response_mime_type":"application/json","response_json_schema":{"type":"string"}}""", """{"type":"string"}""", "generationConfig.response_json_schema")]
    [InlineData("""{"responseMimeType":"text/plain"}""", null, null)]
    public void The_form_of_the_answer_is_read(string config, string? schema, string? field)
    {
        AnswerFormat? format = Read($$"""{"contents":[{"parts":[]}],"generationConfig":{{config}}}""").Format;
        Assert.Equal(schema, format is null ? null : Encoding.UTF8.GetString(format.Schema.Span));
        Assert.Equal(field, format?.Field);
    }

    [Fact]
    public void One_word_out_of_a_list_is_a_form_that_nobody_else_has()
    {
        Setting setting = Assert.Single(Read("""{"contents":[{"parts":[]}],"generationConfig":{"responseMimeType":"text/x.enum"}}""").Settings);
        Assert.Equal((Loss.Contract, "generationConfig.responseMimeType"), (Parameters.LossOf(setting), setting.Field));
    }

    [Theory]
    [InlineData("""{}""", "contents")]
    [InlineData("""{"contents":[]}""", "contents")]
    [InlineData("""{"contents":"Hi"}""", "contents")]
    [InlineData("""{"contents":[7]}""", "contents[0]")]
    [InlineData("""{"contents":[{"role":"system","parts":[]}]}""", "contents[0].role")]
    [InlineData("""{"contents":[{"parts":"Hi"}]}""", "contents[0].parts")]
    [InlineData("""{"contents":[{"parts":[{"text":"a"},{"text":5}]}]}""", "contents[0].parts[1].text")]
    [InlineData("""{"contents":[{"parts":[{"text":"a","inlineData":{}}]}]}""", "contents[0].parts[0].inlineData")]
    [InlineData("""{"contents":[{"parts":[{"inline_data":{"mime_type":"image/png","data":5}}]}]}""", "contents[0].parts[0].inline_data.data")]
    [InlineData("""{"contents":[{"parts":[{"fileData":{"mimeType":"image/png"}}]}]}""", "contents[0].parts[0].fileData")]
    [InlineData("""{"contents":[{"parts":[{"functionCall":{"args":{}}}]}]}""", "contents[0].parts[0].functionCall")]
    [InlineData("""{"contents":[{"parts":[{"functionCall":{"name":"f","args":"{}"}}]}]}""", "contents[0].parts[0].functionCall.args")]
    [InlineData("""{"contents":[{"parts":[{"functionResponse":{"name":"f","response":[]}}]}]}""", "contents[0].parts[0].functionResponse.response")]
    [InlineData("""{"contents":[{"parts":[{"thought":"yes","text":""}]}]}""", "contents[0].parts[0].thought")]
    [InlineData("""{"contents":[{"parts":[]}],"system_instruction":{"parts":[{"inlineData":{}}]}}""", "system_instruction.parts[0]")]
    [InlineData("""{"contents":[{"parts":[]}],"tools":"x"}""", "tools")]
    [InlineData("""{"contents":[{"parts":[]}],"tools":[{"functionDeclarations":[{"name":"f"},{}]}]}""", "tools[0].functionDeclarations[1]")]
    [InlineData("""{"contents":[{"parts":[]}],"toolConfig":{"functionCallingConfig":{"mode":"SOME"}}}""", "toolConfig.functionCallingConfig.mode")]
    [InlineData("""{"contents":[{"parts":[]}],"generationConfig":{"topK":1.5}}""", "generationConfig.topK")]
    [InlineData("""{"contents":[{"parts":[]}],"generationConfig":{"temperature":"hot"}}""", "generationConfig.temperature")]
    [InlineData("""{"contents":[{"parts":[]}],"generationConfig":{"stopSequences":["a",1]}}""", "generationConfig.stopSequences[1]")]
    [InlineData("""{"contents":[{"parts":[]}],"generationConfig":{"thinkingConfig":{"thinkingLevel":"SOME"}}}""", "generationConfig.thinkingConfig.thinkingLevel")]
    [InlineData("""{"contents":[{"parts":[]}],"generationConfig":{"responseSchema":"x"}}""", "generationConfig.responseSchema")]
    [InlineData("""{"contents":[{"parts":[]}],"store":"yes"}""", "store")]
    public void What_is_wrong_is_named_as_the_client_wrote_it(string body, string field)
    {
        Assert.True(JsonIndex.TryParse(Encoding.UTF8.GetBytes(body), out JsonIndex? index, out _));
        Assert.False(GeminiDialect.Instance.TryRead(index, new QuestionContext(null, Seal), out _, out GatewayError? error));
        Assert.Equal((ErrorKind.BadRequest, field), (error.Kind, error.Param));
        Assert.Contains($"'{field}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Countings_hold_the_question_inside_or_the_conversation_alone()
    {
        foreach (string body in new[]
        {
            """{"contents":[{"parts":[{"text":"Hi"}]}]}""",
            """{"generateContentRequest":{"model":"models/m","contents":[{"parts":[{"text":"Hi"}]}]}}""",
        })
        {
            Assert.True(JsonIndex.TryParse(Encoding.UTF8.GetBytes(body), out JsonIndex? index, out _));
            Assert.True(GeminiCount.TryRead(index, new QuestionContext(false, Seal), out ChatQuestion? question, out _));
            Assert.Equal("Hi", ((TextPart)question.Turns[0].Parts[0]).Text.Decode());
        }
    }

    private static string Value(ChatQuestion question, Parameter parameter) => Encoding.UTF8.GetString(question.Find(parameter)!.Json.Span);

    internal static ChatQuestion Read(string body)
    {
        Assert.True(JsonIndex.TryParse(Encoding.UTF8.GetBytes(body), out JsonIndex? index, out string? fault), fault);
        bool read = GeminiDialect.Instance.TryRead(index, new QuestionContext(true, Seal), out ChatQuestion? question, out GatewayError? error);
        Assert.True(read, error?.Message);
        return question!;
    }
}
