using System.Text;
using Perigee.Wire;
using Perigee.Wire.Gemini;

namespace Perigee.Tests.Wire.Gemini;

public sealed class GeminiReaderTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Thoughts_text_calls_and_their_signatures_are_said_in_order(bool stream)
    {
        string[] expected =
        [
            "begin r1 gemini-3-pro",
            "reasoning Hm\\n",
            "proof Google Signature c2ln",
            "text Hal\\u00f6le",
            "proof Google OnText dHh0",
            "proof Google OnCall Y2FsbA== call_s_0",
            "call 0 call_s_0 weather",
            """args 0 {\"city\":\"a \\\"b\\\"\",\"n\":[1,2.50]}""",
            "call-end 0",
            "call 1 id7 now",
            "call-end 1",
            "usage 8+4 -> 5+7 tools 2",
            "finish ToolCalls STOP",
            "end",
        ];
        Assert.Equal(expected, Read(stream, """
            {"candidates":[{"content":{"role":"model","parts":[
              {"thought":true,"text":"Hm\n","thoughtSignature":"c2ln"},
              {"thoughtSignature":"dHh0","text":"Hal\u00f6le"},
              {"thoughtSignature":"Y2FsbA==","functionCall":{"args":{ "city" : "a \"b\"", "n" : [1, 2.50] },"name":"weather"}},
              {"functionCall":{"id":"id7","name":"now","args":null}}]},
              "finishReason":"STOP","finishMessage":"Model generated function call(s).","index":0}],
             "usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":5,"thoughtsTokenCount":7,
               "toolUsePromptTokenCount":2,"totalTokenCount":24},
             "modelVersion":"gemini-3-pro","responseId":"r1"}
            """));
    }

    [Fact]
    public void What_follows_a_finish_still_comes_before_it()
    {
        string[] expected =
        [
            "begin r m", "text Hi", "usage 3+0 -> 0+0", "proof Google OnText c2ln", "usage 3+0 -> 2+0", "finish Stop STOP", "end",
        ];
        Assert.Equal(expected, Read(stream: true,
            """{"candidates":[{"content":{"parts":[{"text":"Hi"}]}}],"usageMetadata":{"promptTokenCount":3},"modelVersion":"m","responseId":"r"}""",
            """{"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"c2ln"}]},"finishReason":"STOP"}]}""",
            """{"candidates":[{"content":{"role":"model"}}]}""",
            """{"candidates":[{}]}""",
            """{"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"trafficType":"ON_DEMAND"}}"""));
    }

    [Fact]
    public void A_stream_without_a_finish_is_not_complete()
    {
        Spoken spoken = new();
        GeminiReader reader = new(spoken, "s");
        Assert.Equal(EventNature.Content, reader.ReadEvent([], """{"candidates":[{"content":{"parts":[{"text":"Hi"}]}}]}"""u8));
        Assert.Equal(EventNature.Silent, reader.ReadEvent([], """{"usageMetadata":{"promptTokenCount":3}}"""u8));
        reader.Close();
        Assert.False(reader.Ended);
        Assert.DoesNotContain("end", spoken.Verbs);

        Assert.Equal(EventNature.Content, reader.ReadEvent([], """{"candidates":[{"finishReason":"MAX_TOKENS"}]}"""u8));
        Assert.True(reader.Ended);
        reader.Close();
        reader.Close();
        Assert.Equal(["finish Length MAX_TOKENS", "end"], spoken.Verbs[^2..]);
    }

    [Fact]
    public void Every_candidate_has_its_number_wherever_it_stands()
    {
        string[] expected = ["begin  ", "text a", "text[1] b", "text[1] c", "finish Stop STOP", "finish[1] ContentFilter SAFETY Unsafe.", "end"];
        Assert.Equal(expected, Read(stream: true,
            """{"candidates":[{"content":{"parts":[{"text":"a"}]},"finishReason":"STOP","index":0},{"content":{"parts":[{"text":"b"}]},"index":1}]}""",
            """{"candidates":[{"content":{"parts":[{"text":"c"}]},"finishReason":"SAFETY","finishMessage":"Unsafe.","index": 1}]}"""));
    }

    [Theory]
    [InlineData("1", "Stop STOP")]
    [InlineData("2", "Length MAX_TOKENS")]
    [InlineData("6", "ContentFilter LANGUAGE")]
    [InlineData("10", "MalformedCall MALFORMED_FUNCTION_CALL")]
    [InlineData("99", "Other")]
    [InlineData("\"NEW_WORD\"", "Other NEW_WORD")]
    [InlineData("\"RECITATION\"", "ContentFilter RECITATION")]
    public void Reasons_come_as_words_and_as_numbers(string reason, string expected) =>
        Assert.Equal("finish " + expected, Read(stream: false, $$"""{"candidates":[{"finish_reason":{{reason}}}]}""")[^2]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_blocked_prompt_is_an_answer_without_candidates(bool stream)
    {
        string[] expected = ["begin r m", "usage 9+0 -> 0+0", "finish ContentFilter MODEL_ARMOR MODEL_ARMOR: Jailbreak.", "end"];
        Assert.Equal(expected, Read(stream,
            """{"promptFeedback":{"blockReason":"MODEL_ARMOR","blockReasonMessage":"Jailbreak."},"usageMetadata":{"promptTokenCount":9},"modelVersion":"m","responseId":"r"}"""));
        Assert.Contains("finish ContentFilter PROHIBITED_CONTENT PROHIBITED_CONTENT", Read(stream, """{"promptFeedback":{"blockReason":4}}"""));
    }

    [Theory]
    [InlineData("""{"error":{"code":429,"message":"Slow \"down\"","status":"RESOURCE_EXHAUSTED","details":[]}}""", """error 429 RESOURCE_EXHAUSTED Slow \"down\" """)]
    [InlineData("""[{"error":{"code":503,"message":"m","status":"UNAVAILABLE"}}]""", "error 503 UNAVAILABLE m")]
    [InlineData("""{"error":{"code":400,"message":"API key not valid. Please pass one.","status":"INVALID_ARGUMENT"}}""", "error 401 INVALID_ARGUMENT API key not valid. Please pass one.")]
    [InlineData("""{"error":{"details":[{"reason":"API_KEY_INVALID"}],"code":400,"message":"m"}}""", "error 401  m")]
    [InlineData("""{"error":{"message":"m","status":"INTERNAL"}}""", "error 500 INTERNAL m")]
    [InlineData("""{"error":"text"}""", "error 0  text")]
    public void Errors_in_place_of_an_answer_are_said_and_nothing_else(string body, string expected)
    {
        foreach (bool stream in new[] { false, true })
            Assert.Equal([expected.Trim()], Read(stream, body));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"candidates":[]}""")]
    [InlineData("""{"usageMetadata":{"promptTokenCount":1}}""")]
    [InlineData("nonsense")]
    public void A_body_that_is_no_answer_is_an_error(string body) => Assert.StartsWith("error 0", Read(stream: false, body)[^1], StringComparison.Ordinal);

    [Fact]
    public void An_error_in_mid_stream_ends_everything()
    {
        string[] expected = ["begin  ", "text a", "error 500 INTERNAL m"];
        Assert.Equal(expected, Read(stream: true,
            """{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}""",
            """{"error":{"code":500,"message":"m","status":"INTERNAL"}}""",
            """{"candidates":[{"content":{"parts":[{"text":"b"}]},"finishReason":"STOP"}]}"""));
    }

    [Fact]
    public void Arguments_in_pieces_become_one_call_each()
    {
        string[] expected =
        [
            "begin  ", "proof Google OnCall c2ln call_s_0", "call 0 call_s_0 cook",
            """args 0 {\"dish\":{\"name\":\"Pie\\n2\"},\"steps\":[{\"t\":1.5},{\"t\":true}]}""", "call-end 0",
            "call 1 call_s_1 now", "args 1 {}", "call-end 1", "call 2 call_s_2 stop", "call-end 2", "finish ToolCalls STOP", "end",
        ];
        Assert.Equal(expected, Read(stream: true,
            Call("""{"name":"cook","willContinue":true},"thoughtSignature":"c2ln" """),
            Call("""{"partialArgs":[{"jsonPath":"$.dish.name","stringValue":"Pie","willContinue":true}],"willContinue":true}"""),
            Call("""{"partialArgs":[{"jsonPath":"$.dish.name","stringValue":"\n2"},{"jsonPath":"$.steps[0].t","numberValue":1.5}],"willContinue":true}"""),
            Call("""{"partialArgs":[{"jsonPath":"$['steps'][1].t","boolValue":true}],"willContinue":true}"""),
            Call("{}"),
            Call("""{"name":"now","willContinue":true}"""),
            Call("""{"name":"stop"}"""),
            """{"candidates":[{"finishReason":"STOP"}]}"""));

        static string Call(string call) => $$$"""{"candidates":[{"content":{"parts":[{"functionCall":{{{call}}}}]}}]}""";
    }

    [Fact]
    public void Sources_are_placed_by_characters_not_bytes()
    {
        // "Äpfel 😀 sind" : Ä has two bytes, the emoji four; Google's offsets count bytes.
        string[] expected =
        [
            "begin  ", "text Äpfel \\ud83d\\ude00 sind", "text  gut",
            "citation https://a 'A' 0..7", "citation https://b '' 0..7", "citation https://b '' 8..12", "usage 1+0 -> 0+0 searches 2",
            "finish Stop STOP", "end",
        ];
        Assert.Equal(expected, Read(stream: true,
            """{"candidates":[{"content":{"parts":[{"text":"Äpfel \ud83d\ude00 sind"}]}}]}""",
            """
            {"candidates":[{"groundingMetadata":{"webSearchQueries":["x","y"],
              "groundingSupports":[{"segment":{"endIndex":11,"text":"..."},"groundingChunkIndices":[0,1,7]},
                {"segment":{"startIndex":12,"endIndex":16},"groundingChunkIndices":[1]}],
              "groundingChunks":[{"web":{"uri":"https://a","title":"A"}},{"retrievedContext":{"uri":"https://b"}}]},
              "content":{"parts":[{"text":" gut"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":1}}
            """));
    }

    [Fact]
    public void Repeated_sources_are_said_once_and_new_ones_continue_the_list()
    {
        const string First = """{"web":{"uri":"https://a"}}""";
        List<string> verbs = Read(stream: true,
            Grounding("abcdef", First, """{"segment":{"endIndex":2},"groundingChunkIndices":[0]}"""),
            Grounding("", First, """{"segment":{"endIndex":2},"groundingChunkIndices":[0]},{"segment":{"startIndex":2,"endIndex":4},"groundingChunkIndices":[0]}"""),
            Grounding("", """{"web":{"uri":"https://b"}}""", """{"segment":{"startIndex":4,"endIndex":6},"groundingChunkIndices":[1]}"""));
        Assert.Equal(["citation https://a '' 0..2", "citation https://a '' 2..4", "citation https://b '' 4..6"],
            verbs.FindAll(verb => verb.StartsWith("citation", StringComparison.Ordinal)));

        static string Grounding(string text, string chunks, string supports) =>
            $$$"""{"candidates":[{"content":{"parts":[{"text":"{{{text}}}"}]},"groundingMetadata":{"groundingChunks":[{{{chunks}}}],"groundingSupports":[{{{supports}}}]}}]}""";
    }

    [Fact]
    public void Citations_files_and_probabilities_reach_the_sink()
    {
        string[] expected =
        [
            "begin  ", "text 2", "media image/png aGk=", "citation https://c 'T' 0..1",
            """logprobs [{"token":"2","logprob":-0.25,"bytes":[50],"top_logprobs":[{"token":"2","logprob":-0.25,"bytes":[50]},{"token":"\u20ac","logprob":-4,"bytes":[226,130,172]}]}]""",
            "finish Stop STOP", "end",
        ];
        Assert.Equal(expected, Read(stream: false, """
            {"candidates":[{"content":{"parts":[{"text":"2"},{"inlineData":{"mimeType":"image/png","data":"aGk="}},
              {"executableCode":{"language":"PYTHON","code":"1"},"thoughtSignature":"x"},{"codeExecutionResult":{"output":"1"}},
              {"inlineData":{"mimeType":"image/png","data":"ZHJhZnQ="},"thought":true}]},
             "citationMetadata":{"citations":[{},{"uri":"https://c","title":"T","endIndex":1}]},
             "logprobsResult":{"chosenCandidates":[{"logProbability":-0.25,"token":"2","tokenId":7}],
               "topCandidates":[{"candidates":[{"logProbability":-0.25,"token":"2"},{"token":"\u20ac","logProbability":-4}]}]},
             "finishReason":"STOP"}]}
            """));
    }

    [Fact]
    public void A_meter_hears_all_but_content_and_costs_no_memory()
    {
        Spoken spoken = new(listens: false);
        GeminiReader reader = new(spoken, "s");
        byte[] chunk = """{"candidates":[{"content":{"parts":[{"text":"Hällo"}],"role":"model"},"index":0}],"usageMetadata":{"trafficType":"ON_DEMAND"},"modelVersion":"m","responseId":"r"}"""u8.ToArray();
        Assert.Equal(EventNature.Content, reader.ReadEvent([], chunk));
        reader.ReadEvent([], """{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{}}}]},"finishReason":"STOP"}]}"""u8);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            reader.ReadEvent([], chunk);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        reader.Close();
        Assert.Equal(["begin r m", "finish ToolCalls STOP", "end"], spoken.Verbs);
    }

    private static List<string> Read(bool stream, params string[] bodies)
    {
        Spoken spoken = new();
        GeminiReader reader = new(spoken, "s");
        foreach (string body in bodies)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(body);
            if (stream)
                reader.ReadEvent([], bytes);
            else
                reader.ReadWhole(bytes);
        }

        reader.Close();
        return spoken.Verbs;
    }
}
