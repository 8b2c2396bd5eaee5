using Perigee.Wire;

namespace Perigee.Tests.Caching.Keys;

/// <summary>One question, asked in three dialects and two shapes, is one question.</summary>
public sealed class SameQuestionTests
{
    private const string Schema = """{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}""";
    private const string Pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

    private const string OpenAiTool = """{"type":"function","function":{"name":"weather","description":"Tells it","parameters":@Schema@}}""";
    private const string AnthropicTool = """{"name":"weather","description":"Tells it","input_schema":@Schema@}""";
    private const string GeminiTool = """{"name":"weather","description":"Tells it","parametersJsonSchema":@Schema@}""";

    private static readonly string[] OpenAiLoop =
    [
        """{"role":"user","content":"Is it warm?"}""",
        """{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"weather","arguments":"{ \"city\": \"Oslo\", \"days\": 1.0 }"}}]}""",
        """{"role":"tool","tool_call_id":"c1","content":"18 degrees"}""",
    ];

    private static readonly string[] AnthropicLoop =
    [
        """{"role":"user","content":"Is it warm?"}""",
        """{"role":"assistant","content":[{"type":"tool_use","id":"c1","name":"weather","input":{"days":1,"city":"Oslo"}}]}""",
        """{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"18 degrees"}]}""",
    ];

    private static readonly string[] GeminiLoop =
    [
        """{"role":"user","parts":[{"text":"Is it warm?"}]}""",
        """{"role":"model","parts":[{"functionCall":{"id":"c1","name":"weather","args":{"days":1e0,"city":"Oslo"}}}]}""",
        """{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"weather","response":{"result":"18 degrees"}}}]}""",
    ];

    /// <summary>Name, then members of the three bodies.</summary>
    public static TheoryData<string, string, string, string> Questions()
    {
        string o = Turns("messages", """{"role":"user","content":"Hello"}""");
        string a = o;
        string g = Turns("contents", """{"role":"user","parts":[{"text":"Hello"}]}""");
        TheoryData<string, string, string, string> data = new()
        {
            { "plain", o, a, g },
            { "text part", Turns("messages", """{"role":"user","content":[{"type":"text","text":"Hello"}]}"""), a, g },
            { "text block with a mark", o, Turns("messages", """{"role":"user","content":[{"type":"text","text":"Hello","cache_control":{"type":"ephemeral"}}]}"""), g },
            { "no role", o, a, Turns("contents", """{"parts":[{"text":"Hello"}]}""") },
            { "two texts", Turns("messages", """{"role":"user","content":[{"type":"text","text":"A"},{"type":"text","text":"B"}]}"""), Turns("messages", """{"role":"user","content":[{"type":"text","text":"A"},{"type":"text","text":"B"}]}"""), Turns("contents", """{"role":"user","parts":[{"text":"A"},{"text":"B"}]}""") },
            { "system", Turns("messages", """{"role":"system","content":"Be short."}""", """{"role":"user","content":"Hello"}"""), a + ",\"system\":\"Be short.\"", g + ",\"systemInstruction\":{\"parts\":[{\"text\":\"Be short.\"}]}" },
            { "system block", Turns("messages", """{"role":"system","content":[{"type":"text","text":"Be short."}]}""", """{"role":"user","content":"Hello"}"""), a + ",\"system\":[{\"type\":\"text\",\"text\":\"Be short.\",\"cache_control\":{\"type\":\"ephemeral\"}}]", g + ",\"system_instruction\":{\"role\":\"user\",\"parts\":[{\"text\":\"Be short.\"}]}" },
            { "several turns", Turns("messages", """{"role":"user","content":"A"}""", """{"role":"assistant","content":"B"}""", """{"role":"user","content":"C"}"""), Turns("messages", """{"role":"user","content":"A"}""", """{"role":"assistant","content":[{"type":"text","text":"B"}]}""", """{"role":"user","content":"C"}"""), Turns("contents", """{"role":"user","parts":[{"text":"A"}]}""", """{"role":"model","parts":[{"text":"B"}]}""", """{"role":"user","parts":[{"text":"C"}]}""") },
            { "last word is the model's", Turns("messages", """{"role":"user","content":"A"}""", """{"role":"assistant","content":"B"}"""), Turns("messages", """{"role":"user","content":"A"}""", """{"role":"assistant","content":"B"}"""), Turns("contents", """{"role":"user","parts":[{"text":"A"}]}""", """{"role":"model","parts":[{"text":"B"}]}""") },
            { "most tokens", o + ",\"max_tokens\":100", a + ",\"max_tokens\":100", g + ",\"generationConfig\":{\"maxOutputTokens\":100}" },
            { "most tokens by the new name", o + ",\"max_completion_tokens\":100.0", a + ",\"max_tokens\":1e2", g + ",\"generation_config\":{\"max_output_tokens\":100}" },
            { "temperature", o + ",\"temperature\":0.20", a + ",\"temperature\":0.2", g + ",\"generationConfig\":{\"temperature\":2e-1}" },
            { "top p", o + ",\"top_p\":0.9", a + ",\"top_p\":0.9", g + ",\"generationConfig\":{\"topP\":0.9}" },
            { "top k", o + ",\"top_k\":40", a + ",\"top_k\":40", g + ",\"generationConfig\":{\"topK\":40}" },
            { "one stop", o + ",\"stop\":\"END\"", a + ",\"stop_sequences\":[\"END\"]", g + ",\"generationConfig\":{\"stopSequences\":[\"END\"]}" },
            { "two stops", o + ",\"stop\":[\"END\",\"\\n\"]", a + ",\"stop_sequences\":[\"END\",\"\\u000a\"]", g + ",\"generationConfig\":{\"stop_sequences\":[\"END\",\"\\n\"]}" },
            { "seed", o + ",\"seed\":7", a + ",\"seed\":7", g + ",\"generationConfig\":{\"seed\":7}" },
            { "defaults", o + ",\"temperature\":1,\"top_p\":1.0,\"n\":1,\"logit_bias\":{},\"tools\":[],\"stop\":null,\"response_format\":{\"type\":\"text\"}", a + ",\"temperature\":1.0,\"tools\":[],\"stop_sequences\":[]", g + ",\"generationConfig\":{\"candidateCount\":1,\"responseMimeType\":\"text/plain\"},\"safetySettings\":null" },
            { "who asks", o + ",\"user\":\"u1\",\"metadata\":{\"k\":\"v\"},\"cache\":{\"ttl\":5}", a + ",\"metadata\":{\"user_id\":\"u2\"}", g + ",\"labels\":{\"team\":\"x\"}" },
            { "tools", o + ",\"tools\":[@OpenAiTool@]", a + ",\"tools\":[@AnthropicTool@]", g + ""","tools":[{"functionDeclarations":[@GeminiTool@]}]""" },
            { "tools, auto", o + ",\"tools\":[@OpenAiTool@],\"tool_choice\":\"auto\"", a + ""","tools":[@AnthropicTool@],"tool_choice":{"type":"auto"}""", g + ""","tools":[{"function_declarations":[@GeminiTool@]}],"toolConfig":{"functionCallingConfig":{"mode":"AUTO"}}""" },
            { "tools, must", o + ",\"tools\":[@OpenAiTool@],\"tool_choice\":\"required\"", a + ""","tools":[@AnthropicTool@],"tool_choice":{"type":"any"}""", g + ""","tools":[{"functionDeclarations":[@GeminiTool@]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY"}}""" },
            { "tools, none", o + ",\"tools\":[@OpenAiTool@],\"tool_choice\":\"none\"", a + ""","tools":[@AnthropicTool@],"tool_choice":{"type":"none"}""", g + ""","tools":[{"functionDeclarations":[@GeminiTool@]}],"tool_config":{"function_calling_config":{"mode":"NONE"}}""" },
            { "tools, this one", o + ""","tools":[@OpenAiTool@],"tool_choice":{"type":"function","function":{"name":"weather"}}""", a + ""","tools":[@AnthropicTool@],"tool_choice":{"type":"tool","name":"weather"}""", g + ""","tools":[{"functionDeclarations":[@GeminiTool@]}],"toolConfig":{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["weather"]}}""" },
            { "a result", Turns("messages", OpenAiLoop) + ",\"tools\":[@OpenAiTool@]", Turns("messages", AnthropicLoop) + ",\"tools\":[@AnthropicTool@]", Turns("contents", GeminiLoop) + ""","tools":[{"functionDeclarations":[@GeminiTool@]}]""" },
            { "a result and a text", Turns("messages", [.. OpenAiLoop, """{"role":"user","content":"So?"}"""]), Turns("messages", [.. AnthropicLoop[..2], """{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":[{"type":"text","text":"18 degrees"}]},{"type":"text","text":"So?"}]}"""]), Turns("contents", [.. GeminiLoop[..2], """{"role":"user","parts":[{"functionResponse":{"id":"c1","name":"weather","response":{"result":"18 degrees"}}},{"text":"So?"}]}"""]) },
            { "a result and an answer", Turns("messages", [.. OpenAiLoop, """{"role":"assistant","content":"Yes."}""", """{"role":"user","content":"Sure?"}"""]), Turns("messages", [.. AnthropicLoop, """{"role":"assistant","content":"Yes."}""", """{"role":"user","content":"Sure?"}"""]), Turns("contents", [.. GeminiLoop, """{"role":"model","parts":[{"text":"Yes."}]}""", """{"role":"user","parts":[{"text":"Sure?"}]}"""]) },
            { "a schema", o + ""","response_format":{"type":"json_schema","json_schema":{"name":"response","strict":true,"schema":@Schema@}}""", a + ""","output_config":{"format":{"type":"json_schema","schema":@Schema@}}""", g + ""","generationConfig":{"responseMimeType":"application/json","responseJsonSchema":@Schema@}""" },
            { "a picture", Turns("messages", """{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image\/png;base64,@Pixel@","detail":"auto"}},{"type":"text","text":"What is it?"}]}"""), Turns("messages", """{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"@Pixel@"}},{"type":"text","text":"What is it?"}]}"""), Turns("contents", """{"role":"user","parts":[{"inline_data":{"mime_type":"image\/png","data":"@EscapedPixel@"}},{"text":"What is it?"}]}""") },
        };
        return data;
    }

    [Theory]
    [MemberData(nameof(Questions))]
    public void It_has_one_key(string name, string openAi, string anthropic, string gemini)
    {
        // Anthropic knows no seed: a member of that name is somebody's own.
        if (name == "seed")
            anthropic = Turns("messages", """{"role":"user","content":"Hello"}""");
        HashSet<string> keys = [];
        foreach (string shape in new[] { "", ",\"stream\":false", ",\"stream\":true" })
        {
            keys.Add(KeyRig.Hash(DialectFamily.OpenAi, "{\"model\":\"a\"," + Written(openAi) + shape + (shape.Contains("true", StringComparison.Ordinal) ? ",\"stream_options\":{\"include_usage\":true}" : "") + "}"));
            if (name != "seed")
                keys.Add(KeyRig.Hash(DialectFamily.Anthropic, "{\"model\":\"b\"," + Written(anthropic) + shape + "}"));
        }

        keys.Add(KeyRig.Hash(DialectFamily.Gemini, "{" + Written(gemini) + "}"));
        Assert.Single(keys);
    }

    [Fact]
    public void No_two_of_the_table_have_the_same_unless_they_are_the_same()
    {
        // Named twice in the table on purpose: other spellings of the plain question and of a few more.
        string[] spellings = ["text part", "text block with a mark", "no role", "defaults", "who asks", "system block", "most tokens by the new name", "tools, auto"];
        Dictionary<string, string> keys = [];
        foreach ((string name, string openAi, _, _) in Questions().Select(row => row.Data))
        {
            string key = KeyRig.Hash(DialectFamily.OpenAi, "{" + Written(openAi) + "}");
            Assert.Equal(spellings.Contains(name), !keys.TryAdd(key, name));
        }

        Assert.True(keys.Count >= 20, "questions: " + keys.Count);
    }

    private static string Written(string body) => body
        .Replace("@OpenAiTool@", OpenAiTool, StringComparison.Ordinal)
        .Replace("@AnthropicTool@", AnthropicTool, StringComparison.Ordinal)
        .Replace("@GeminiTool@", GeminiTool, StringComparison.Ordinal)
        .Replace("@Schema@", Schema, StringComparison.Ordinal)
        .Replace("@Pixel@", Pixel, StringComparison.Ordinal)
        .Replace("@EscapedPixel@", Pixel.Replace("/", "\\/", StringComparison.Ordinal), StringComparison.Ordinal);

    private static string Turns(string member, params string[] turns) => $"\"{member}\":[{string.Join(", ", turns)}]";
}
