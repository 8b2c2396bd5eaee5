using Perigee.Tests.Wire.Proving;

namespace Perigee.Tests.Caching.Replay;

/// <summary>The answers that every pair of forms is tried with.</summary>
internal static class Cassettes
{
    /// <summary>Quotes, backslashes, control characters, a frame's own marks, two-, three- and four-byte characters.</summary>
    private const string Odd = """He said \"hi\" \\ back\\slash\n\ttab \u0001 \u00e9 üß 日本語 😀👩‍👩‍👧 \ud83d\ude80 data: [DONE]\r\n\r\n</s> {\"a\":1}""";
    private const string Arguments = """{\"city\":\"Bo\\\"nn\\n\",\"days\":[1,2.50,1e3],\"big\":12345678901234567890,\"nested\":{\"ü\":null,\"t\":true}}""";
    private const string Input = """{"city":"Bo\"nn\n","days":[1,2.50,1e3],"big":12345678901234567890,"nested":{"ü":null,"t":true}}""";
    private const string Pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    public static IReadOnlyList<Cassette> All { get; } = [.. OpenAi(), .. Anthropic(), .. Gemini()];

    private static IEnumerable<Cassette> OpenAi()
    {
        static Cassette Make(string name, params string[] choices) => new(Dialects.OpenAi, name,
            $$$"""{"id":"chatcmpl-own1","object":"chat.completion","created":1700000001,"model":"gpt-x-2026","choices":[{{{string.Join(",", choices)}}}],"usage":{"prompt_tokens":120,"completion_tokens":30,"total_tokens":150,"prompt_tokens_details":{"cached_tokens":20},"completion_tokens_details":{"reasoning_tokens":5}},"system_fingerprint":"fp_1"}""");
        static string Choice(string message, string finish = "stop", int index = 0, string logprobs = "null") =>
            $$"""{"index":{{index}},"message":{"role":"assistant",{{message}}},"logprobs":{{logprobs}},"finish_reason":"{{finish}}"}""";
        static string Call(int id, string arguments) => $$$"""{"id":"call_{{{id}}}","type":"function","function":{"name":"tool_{{{id}}}","arguments":"{{{arguments}}}"}}""";

        yield return Make("plain", Choice("\"content\":\"The capital is Paris.\",\"refusal\":null"));
        yield return Make("odd characters", Choice($"\"content\":\"{Odd}\""));
        yield return Make("empty", Choice("\"content\":\"\""));
        yield return Make("one call", Choice($"\"content\":null,\"tool_calls\":[{Call(1, Arguments)}]", "tool_calls"));
        yield return Make("parallel calls with text", Choice($"\"content\":\"Looking.\",\"tool_calls\":[{Call(1, Arguments)},{Call(2, "{}")},{Call(3, "{\\\"x\\\":\\\"y\\\"}")}]", "tool_calls"));
        yield return Make("a call without arguments", Choice($"\"content\":null,\"tool_calls\":[{Call(1, "")}]", "tool_calls"));
        yield return Make("a call with bad arguments", Choice($"\"content\":null,\"tool_calls\":[{Call(1, "{\\\"x\\\":")}]", "tool_calls"));
        yield return Make("a call with a list for arguments", Choice($"\"content\":null,\"tool_calls\":[{Call(1, "[1,2]")}]", "tool_calls"));
        yield return Make("reasoning", Choice("\"reasoning_content\":\"First this,\\nthen that.\",\"content\":\"So.\""));
        yield return Make("proofs", Choice("""
            "reasoning_content":"Hm.","reasoning_details":[{"type":"reasoning.text","text":"Hm.","signature":"c2lnbmF0dXJl","format":"anthropic-claude-v1","index":0},{"type":"reasoning.encrypted","data":"cmVkYWN0ZWQ=","format":"anthropic-claude-v1","index":1}],"content":"Yes."
            """));
        yield return Make("three choices", Choice("\"content\":\"One.\""), Choice($"\"content\":\"{Odd}\"", index: 1), Choice($"\"content\":null,\"tool_calls\":[{Call(7, "{}")}]", "tool_calls", 2));
        yield return Make("citations", Choice("""
            "content":"Paris is big.","annotations":[{"type":"url_citation","url_citation":{"start_index":0,"end_index":5,"url":"https://a.example/x?y=1&z=2","title":"A \"title\""}},{"type":"url_citation","url_citation":{"start_index":0,"end_index":13,"url":"https://b.example/","title":"B"}}]
            """));
        yield return Make("a file's citation", Choice("\"content\":\"See.\",\"annotations\":[{\"type\":\"file_citation\",\"index\":0,\"file_id\":\"f1\"}]"));
        yield return Make("refusal", Choice("\"content\":null,\"refusal\":\"I cannot help with that.\""));
        yield return Make("logprobs", Choice("\"content\":\"Hi!\"", logprobs: """{"content":[{"token":"Hi","logprob":-0.5,"bytes":[72,105],"top_logprobs":[{"token":"Hi","logprob":-0.5,"bytes":[72,105]}]},{"token":"!","logprob":-0.25,"bytes":[33],"top_logprobs":[]}],"refusal":null}"""));
        yield return Make("an image", Choice($$"""
            "content":"Here.","images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,{{Pixel}}"},"index":0}]
            """));
        yield return Make("unknown content", Choice("\"content\":\"Done.\",\"executed_tools\":[{\"type\":\"python\",\"output\":\"4\"}]"));
    }

    private static IEnumerable<Cassette> Anthropic()
    {
        static Cassette Make(string name, string stop, params string[] blocks) => new(Dialects.Anthropic, name,
            $$$"""{"id":"msg_own1","type":"message","role":"assistant","model":"claude-x-2026","content":[{{{string.Join(",", blocks)}}}],"stop_reason":"{{{stop}}}","stop_sequence":{{{(stop == "stop_sequence" ? "\"END\"" : "null")}}},"usage":{"input_tokens":100,"cache_creation_input_tokens":10,"cache_read_input_tokens":20,"output_tokens":30}}""");
        static string Text(string text) => $$"""{"type":"text","text":"{{text}}"}""";
        static string Use(int id, string input) => $$"""{"type":"tool_use","id":"toolu_{{id}}","name":"tool_{{id}}","input":{{input}}}""";
        const string Thinking = """{"type":"thinking","thinking":"Let me see.\nYes.","signature":"c2lnbmF0dXJl"}""";

        yield return Make("plain", "end_turn", Text("The capital is Paris."));
        yield return Make("odd characters", "end_turn", Text(Odd));
        yield return Make("empty", "end_turn");
        yield return Make("two texts", "end_turn", Text("One. "), Text("Two."));
        yield return Make("one call", "tool_use", Use(1, Input));
        yield return Make("parallel calls with text", "tool_use", Text("Looking."), Use(1, Input), Use(2, "{}"), Use(3, """{"x":"y"}"""));
        yield return Make("thinking", "end_turn", Thinking, Text("So."));
        yield return Make("thinking and a call", "tool_use", Thinking, Text("So."), Use(1, Input));
        yield return Make("hidden thinking", "end_turn", """{"type":"redacted_thinking","data":"cmVkYWN0ZWQ="}""", Text("So."));
        yield return Make("thinking twice", "end_turn", Thinking, Text("So."), """{"type":"thinking","thinking":"And more.","signature":"bW9yZQ=="}""", Text(" And so."));
        yield return Make("citations", "end_turn", Text("I know. "), """{"type":"text","text":"Paris is big.","citations":[{"type":"web_search_result_location","url":"https://a.example/x","title":"A","encrypted_index":"e","cited_text":"Big it is"}]}""");
        yield return Make("a document's citation", "end_turn", """{"type":"text","text":"Big.","citations":[{"type":"char_location","cited_text":"x","document_index":0,"document_title":"d","start_char_index":0,"end_char_index":1}]}""");
        yield return Make("refusal", "refusal", Text("I cannot."));
        yield return Make("stop sequence", "stop_sequence", Text("Up to here"));
        yield return Make("a pause", "pause_turn", Text("Wait."));
        yield return Make("code that ran", "end_turn", """{"type":"server_tool_use","id":"srvtoolu_1","name":"code_execution","input":{"code":"2+2"}}""", """{"type":"code_execution_tool_result","tool_use_id":"srvtoolu_1","content":{"type":"code_execution_result","stdout":"4","stderr":"","return_code":0,"content":[]}}""", Text("4."));
        yield return Make("search", "end_turn", """{"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"q"}}""", """{"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[{"type":"web_search_result","url":"https://a.example/","title":"A","encrypted_content":"e","page_age":null}]}""", """{"type":"text","text":"So it is.","citations":[{"type":"web_search_result_location","url":"https://a.example/","title":"A","encrypted_index":"e","cited_text":"c"}]}""");
    }

    private static IEnumerable<Cassette> Gemini()
    {
        static Cassette Make(string name, params string[] candidates) => new(Dialects.Gemini, name,
            $$"""{"candidates":[{{string.Join(",", candidates)}}],"usageMetadata":{"promptTokenCount":120,"candidatesTokenCount":25,"totalTokenCount":150,"cachedContentTokenCount":20,"thoughtsTokenCount":5},"modelVersion":"gemini-x-2026","responseId":"own1"}""");
        static string Candidate(string parts, string more = "", string finish = "STOP", int index = 0) =>
            $$"""{"content":{"parts":[{{parts}}],"role":"model"},"finishReason":"{{finish}}"{{more}},"index":{{index}}}""";
        static string Text(string text) => $$"""{"text":"{{text}}"}""";
        static string Call(int id, string args, string more = "") => $$"""{"functionCall":{"id":"id{{id}}","name":"tool_{{id}}","args":{{args}}}{{more}}}""";

        yield return Make("plain", Candidate(Text("The capital is Paris.")));
        yield return Make("odd characters", Candidate(Text(Odd)));
        yield return Make("empty", Candidate(""));
        yield return Make("one call", Candidate(Call(1, Input)));
        yield return Make("parallel calls with text", Candidate($"{Text("Looking.")},{Call(1, Input, ",\"thoughtSignature\":\"c2ln\"")},{Call(2, "{}")},{Call(3, "{\"x\":\"y\"}")}"));
        yield return Make("a call without id", Candidate("""{"functionCall":{"name":"tool","args":{"a":1}}}"""));
        yield return Make("thoughts", Candidate("""{"text":"Let me see.","thought":true},{"text":"So."}"""));
        yield return Make("a signed call", Candidate("""{"text":"Let me see.","thought":true},{"functionCall":{"id":"id1","name":"tool","args":{"a":1}},"thoughtSignature":"c2lnbmF0dXJl"}"""));
        yield return Make("a signed text", Candidate("""{"text":"So it is.","thoughtSignature":"c2lnbmF0dXJl"}"""));
        yield return Make("two candidates", Candidate(Text("One.")), Candidate(Text(Odd), index: 1));
        yield return Make("citations", Candidate(Text("Paris is big."), ""","groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a.example/x","title":"A"}}],"groundingSupports":[{"segment":{"startIndex":0,"endIndex":5,"text":"Paris"},"groundingChunkIndices":[0]}]}"""));
        yield return Make("search", Candidate(Text("Paris is big."), ""","groundingMetadata":{"webSearchQueries":["q"],"searchEntryPoint":{"renderedContent":"<div/>"},"groundingChunks":[{"web":{"uri":"https://a.example/x","title":"A"}}],"groundingSupports":[{"segment":{"endIndex":5,"text":"Paris"},"groundingChunkIndices":[0]}]}"""));
        yield return Make("logprobs", Candidate(Text("Hi!"), ""","logprobsResult":{"topCandidates":[{"candidates":[{"token":"Hi","logProbability":-0.5}]},{"candidates":[{"token":"!","logProbability":-0.25}]}],"chosenCandidates":[{"token":"Hi","logProbability":-0.5},{"token":"!","logProbability":-0.25}]}"""));
        yield return Make("an image", Candidate($$$"""{{{Text("Here.")}}},{"inlineData":{"mimeType":"image/png","data":"{{{Pixel}}}"}}"""));
        yield return Make("a video", Candidate("""{"inlineData":{"mimeType":"video/mp4","data":"AAAA"}}"""));
        yield return Make("a malformed call", Candidate(Text("x"), finish: "MALFORMED_FUNCTION_CALL"));
        yield return Make("code that ran", Candidate("""{"executableCode":{"language":"PYTHON","code":"2+2"}},{"codeExecutionResult":{"outcome":"OUTCOME_OK","output":"4"}},{"text":"4."}"""));
    }
}
