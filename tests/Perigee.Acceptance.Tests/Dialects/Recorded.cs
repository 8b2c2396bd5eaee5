using System.Text;
using Microsoft.AspNetCore.Http;

namespace Perigee.Acceptance.Tests.Dialects;

/// <summary>Answers as the three vendors send them, whole and as streams, for what aimock does not say: caches, reasoning, proofs.</summary>
internal static class Recorded
{
    /// <summary>A proof of Anthropic's: base64, as all of them.</summary>
    public const string Signature = "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pkiMOYds/+2x==";

    /// <summary>Reasoning that Anthropic hides.</summary>
    public const string Redacted = "EmwKAhgBEgy3va3pzix/LafPsn4aDFIT2Xlxh0L5L8rLVyIwxtE3rAFBa8cr3qpP==";

    /// <summary>A proof of Google's.</summary>
    public const string ThoughtSignature = "CpcHAVSoXO5sIXMmtPjyJMDkdkpbZ1CnGtKmzbFhYfFPAO+Kz/8KDg==";

    /// <summary>What they think.</summary>
    public const string Thought = "I need \"Paris\"\nand its weather \u2014 so I ask.";

    private const string Escaped = "I need \\\"Paris\\\"\\nand its weather \u2014 so I ask.";

    /// <summary>Answers a call in its own form: JSON, or events one by one.</summary>
    public static async Task SendAsync(HttpContext http, byte[] body, (string Whole, string[] Events) said)
    {
        if (!Vendors.WantsStream(http, body))
        {
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync(said.Whole, http.RequestAborted);
            return;
        }

        // Google's streams are one array unless events are asked for.
        bool array = http.Request.Path.Value!.EndsWith(":streamGenerateContent", StringComparison.Ordinal) && http.Request.Query["alt"] != "sse";
        http.Response.ContentType = array ? "application/json; charset=UTF-8" : "text/event-stream";
        foreach (string one in array ? Array(said.Events) : said.Events)
        {
            await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(one), http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
        }
    }

    /// <summary>Google's events as elements of an array.</summary>
    private static IEnumerable<string> Array(string[] events) =>
        [.. events.Select((one, index) => (index == 0 ? "[" : ",\r\n") + one["data: ".Length..].TrimEnd() + "\n"), "]"];

    /// <summary>
    /// "One red pixel." after 100 tokens in (40 of them from a cache, 10 written to it where the vendor says so) and 20 out, 8 of them thought.
    /// </summary>
    public static (string Whole, string[] Events) Picture(string vendor) => vendor switch
    {
        Vendors.Anthropic => (
            """{"id":"msg_01Pic","type":"message","role":"assistant","model":"claude-x","content":[{"type":"text","text":"One red pixel."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":50,"cache_creation_input_tokens":10,"cache_read_input_tokens":40,"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":0},"output_tokens":20,"output_tokens_details":{"thinking_tokens":8},"service_tier":"standard"}}""",
            [
                Named("message_start", """{"type":"message_start","message":{"id":"msg_01Pic","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":50,"cache_creation_input_tokens":10,"cache_read_input_tokens":40,"output_tokens":1}}}"""),
                Named("content_block_start", """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"""),
                Named("ping", """{"type": "ping"}"""),
                Named("content_block_delta", """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"One red"}        }"""),
                Named("content_block_delta", """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" pixel."}     }"""),
                Named("content_block_stop", """{"type":"content_block_stop","index":0 }"""),
                Named("message_delta", """{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":50,"cache_creation_input_tokens":10,"cache_read_input_tokens":40,"output_tokens":20,"output_tokens_details":{"thinking_tokens":8}}}"""),
                Named("message_stop", """{"type":"message_stop"  }"""),
            ]),
        Vendors.Google => (
            """{"candidates":[{"content":{"parts":[{"text":"One red pixel."}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":12,"totalTokenCount":120,"cachedContentTokenCount":40,"thoughtsTokenCount":8},"modelVersion":"gemini-x","responseId":"resp-pic"}""",
            [
                Data("""{"candidates":[{"content":{"parts":[{"text":"One red"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":100,"totalTokenCount":100},"modelVersion":"gemini-x","responseId":"resp-pic"}"""),
                Data("""{"candidates":[{"content":{"parts":[{"text":" pixel."}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":12,"totalTokenCount":120,"cachedContentTokenCount":40,"thoughtsTokenCount":8},"modelVersion":"gemini-x","responseId":"resp-pic"}"""),
            ]),
        _ => (
            """{"id":"chatcmpl-pic","object":"chat.completion","created":1760000000,"model":"gpt-x","choices":[{"index":0,"message":{"role":"assistant","content":"One red pixel.","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":40,"cache_write_tokens":10,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":8,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}},"service_tier":"default","system_fingerprint":"fp_x"}""",
            [
                Plain(Chunk("""{"role":"assistant","content":"","refusal":null}""")),
                Plain(Chunk("""{"content":"One red"}""")),
                Plain(Chunk("""{"content":" pixel."}""")),
                Plain(Chunk("{}", "\"stop\"")),
                Plain("""{"id":"chatcmpl-pic","object":"chat.completion.chunk","created":1760000000,"model":"gpt-x","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":40,"cache_write_tokens":10},"completion_tokens_details":{"reasoning_tokens":8}}}"""),
                Plain("[DONE]"),
            ]),
    };

    /// <summary>Reasoning with its proof, then a call of <c>get_weather</c> for Paris. OpenAI's chat has no proofs: there it is OpenRouter's.</summary>
    public static (string Whole, string[] Events) ThoughtfulCall(string vendor) => vendor switch
    {
        Vendors.Anthropic => (
            $$$"""{"id":"msg_01Think","type":"message","role":"assistant","model":"claude-x","content":[{"type":"thinking","thinking":"{{{Escaped}}}","signature":"{{{Signature}}}"},{"type":"redacted_thinking","data":"{{{Redacted}}}"},{"type":"tool_use","id":"toolu_01Paris","name":"get_weather","input":{"city":"Paris"}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":30,"output_tokens":40}}""",
            [
                Named("message_start", """{"type":"message_start","message":{"id":"msg_01Think","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":30,"output_tokens":1}}}"""),
                Named("content_block_start", """{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}"""),
                Named("content_block_delta", """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"I need \"Paris\"\nand"}}"""),
                Named("content_block_delta", """{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":" its weather — so I ask."}}"""),
                Named("content_block_delta", $$$"""{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"{{{Signature}}}"}}"""),
                Named("content_block_stop", """{"type":"content_block_stop","index":0}"""),
                Named("content_block_start", $$$"""{"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"{{{Redacted}}}"}}"""),
                Named("content_block_stop", """{"type":"content_block_stop","index":1}"""),
                Named("content_block_start", """{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_01Paris","name":"get_weather","input":{}}}"""),
                Named("content_block_delta", """{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}"""),
                Named("content_block_delta", """{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"city\": \"Pa"}}"""),
                Named("content_block_delta", """{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"ris\"}"}}"""),
                Named("content_block_stop", """{"type":"content_block_stop","index":2}"""),
                Named("message_delta", """{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":40}}"""),
                Named("message_stop", """{"type":"message_stop"}"""),
            ]),
        Vendors.Google => (
            $$$"""{"candidates":[{"content":{"parts":[{"text":"{{{Escaped}}}","thought":true},{"functionCall":{"name":"get_weather","args":{"city":"Paris"}},"thoughtSignature":"{{{ThoughtSignature}}}"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":30,"candidatesTokenCount":20,"thoughtsTokenCount":20,"totalTokenCount":70},"modelVersion":"gemini-x","responseId":"resp-think"}""",
            [
                Data("""{"candidates":[{"content":{"parts":[{"text":"I need \"Paris\"\nand","thought":true}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":30,"thoughtsTokenCount":9,"totalTokenCount":39},"modelVersion":"gemini-x","responseId":"resp-think"}"""),
                Data("""{"candidates":[{"content":{"parts":[{"text":" its weather — so I ask.","thought":true}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":30,"thoughtsTokenCount":20,"totalTokenCount":50},"modelVersion":"gemini-x","responseId":"resp-think"}"""),
                Data($$$"""{"candidates":[{"content":{"parts":[{"functionCall":{"name":"get_weather","args":{"city":"Paris"}},"thoughtSignature":"{{{ThoughtSignature}}}"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":30,"candidatesTokenCount":20,"thoughtsTokenCount":20,"totalTokenCount":70},"modelVersion":"gemini-x","responseId":"resp-think"}"""),
                Data("""{"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":30,"candidatesTokenCount":20,"thoughtsTokenCount":20,"totalTokenCount":70},"modelVersion":"gemini-x","responseId":"resp-think"}"""),
            ]),
        _ => (
            """{"id":"chatcmpl-think","object":"chat.completion","created":1760000000,"model":"gpt-x","choices":[{"index":0,"message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"call_paris","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Paris\"}"}}]},"logprobs":null,"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":30,"completion_tokens":40,"total_tokens":70}}""",
            [
                Plain(Chunk("""{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_paris","type":"function","function":{"name":"get_weather","arguments":""}}]}""")),
                Plain(Chunk("""{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]}""")),
                Plain(Chunk("""{"tool_calls":[{"index":0,"function":{"arguments":"\"Paris\"}"}}]}""")),
                Plain(Chunk("{}", "\"tool_calls\"")),
                Plain("""{"id":"chatcmpl-pic","object":"chat.completion.chunk","created":1760000000,"model":"gpt-x","choices":[],"usage":{"prompt_tokens":30,"completion_tokens":40,"total_tokens":70}}"""),
                Plain("[DONE]"),
            ]),
    };

    /// <summary>Google: text, and in a part without text the proof of what was thought for it.</summary>
    public static (string Whole, string[] Events) SignedText { get; } = (
        $$$"""{"candidates":[{"content":{"parts":[{"text":"It rains.","thoughtSignature":"{{{ThoughtSignature}}}"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":30,"candidatesTokenCount":3,"totalTokenCount":33},"modelVersion":"gemini-x","responseId":"resp-text"}""",
        [
            Data("""{"candidates":[{"content":{"parts":[{"text":"It "}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":30,"totalTokenCount":30},"modelVersion":"gemini-x","responseId":"resp-text"}"""),
            Data("""{"candidates":[{"content":{"parts":[{"text":"rains."}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":30,"totalTokenCount":30},"modelVersion":"gemini-x","responseId":"resp-text"}"""),
            Data($$$"""{"candidates":[{"content":{"parts":[{"text":"","thoughtSignature":"{{{ThoughtSignature}}}"}],"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":30,"candidatesTokenCount":3,"totalTokenCount":33},"modelVersion":"gemini-x","responseId":"resp-text"}"""),
        ]);

    /// <summary>Anthropic's thinking and call as OpenRouter hands them on.</summary>
    public static (string Whole, string[] Events) RoutedCall { get; } = (
        $$$"""{"id":"gen-1","provider":"Anthropic","object":"chat.completion","created":1760000000,"model":"anthropic/claude-x","choices":[{"index":0,"native_finish_reason":"tool_use","message":{"role":"assistant","content":null,"refusal":null,"reasoning":"{{{Escaped}}}","reasoning_details":[{"type":"reasoning.text","text":"{{{Escaped}}}","signature":"{{{Signature}}}","format":"anthropic-claude-v1","index":0}],"tool_calls":[{"id":"toolu_01Paris","index":0,"type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Paris\"}"}}]},"logprobs":null,"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":30,"completion_tokens":40,"total_tokens":70}}""",
        [
            ": OPENROUTER PROCESSING\n\n",
            Plain(Chunk("""{"role":"assistant","content":"","reasoning":"I need \"Paris\"\nand","reasoning_details":[{"type":"reasoning.text","text":"I need \"Paris\"\nand","format":"anthropic-claude-v1","index":0}]}""")),
            Plain(Chunk("""{"role":"assistant","content":"","reasoning":" its weather — so I ask.","reasoning_details":[{"type":"reasoning.text","text":" its weather — so I ask.","format":"anthropic-claude-v1","index":0}]}""")),
            Plain(Chunk($$$"""{"role":"assistant","content":"","reasoning":null,"reasoning_details":[{"type":"reasoning.text","signature":"{{{Signature}}}","format":"anthropic-claude-v1","index":0}]}""")),
            Plain(Chunk("""{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"toolu_01Paris","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Paris\"}"}}]}""")),
            Plain(Chunk("""{"role":"assistant","content":""}""", "\"tool_calls\"")),
            Plain("""{"id":"gen-1","object":"chat.completion.chunk","created":1760000000,"model":"anthropic/claude-x","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"usage":{"prompt_tokens":30,"completion_tokens":40,"total_tokens":70}}"""),
            Plain("[DONE]"),
        ]);

    /// <summary>Anthropic: a text with a page of the web as its source.</summary>
    public static (string Whole, string[] Events) Cited { get; } = (
        """{"id":"msg_01Cite","type":"message","role":"assistant","model":"claude-x","content":[{"type":"text","text":"It rains.","citations":[{"type":"web_search_result_location","url":"https://example.com/rain","title":"Rain \"today\"","encrypted_index":"Eo8B","cited_text":"Rain all day"}]}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":30,"output_tokens":3}}""",
        [
            Named("message_start", """{"type":"message_start","message":{"id":"msg_01Cite","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":30,"output_tokens":1}}}"""),
            Named("content_block_start", """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"","citations":[]}}"""),
            Named("content_block_delta", """{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://example.com/rain","title":"Rain \"today\"","encrypted_index":"Eo8B","cited_text":"Rain all day"}}}"""),
            Named("content_block_delta", """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"It rains."}}"""),
            Named("content_block_stop", """{"type":"content_block_stop","index":0}"""),
            Named("message_delta", """{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":3}}"""),
            Named("message_stop", """{"type":"message_stop"}"""),
        ]);

    /// <summary>A stream up to its middle: "Half of " and no more.</summary>
    public static string[] Half(string vendor) => vendor switch
    {
        Vendors.Anthropic =>
        [
            Named("message_start", """{"type":"message_start","message":{"id":"msg_01Half","type":"message","role":"assistant","model":"claude-x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":5,"output_tokens":1}}}"""),
            Named("content_block_start", """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"""),
            Named("content_block_delta", """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Half of "}}"""),
        ],
        Vendors.Google => [Data("""{"candidates":[{"content":{"parts":[{"text":"Half of "}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":5,"totalTokenCount":5},"modelVersion":"gemini-x","responseId":"resp-half"}""")],
        _ => [Plain(Chunk("""{"role":"assistant","content":""}""")), Plain(Chunk("""{"content":"Half of "}"""))],
    };

    /// <summary>The event by which a vendor says in mid-stream that it cannot go on.</summary>
    public static string Overloaded(string vendor) => vendor switch
    {
        Vendors.Anthropic => Named("error", """{"type":"error","error":{"details":null,"type":"overloaded_error","message":"Too much to do"},"request_id":"req_011"}"""),
        Vendors.Google => Data("""{"error":{"code":503,"message":"Too much to do","status":"UNAVAILABLE"}}"""),
        _ => Plain("""{"error":{"message":"Too much to do","type":"server_error","param":null,"code":null}}"""),
    };

    /// <summary>An event of Anthropic's.</summary>
    public static string Named(string name, string data) => $"event: {name}\ndata: {data}\n\n";

    /// <summary>An event of Google's.</summary>
    public static string Data(string data) => $"data: {data}\r\n\r\n";

    /// <summary>An event of OpenAI's.</summary>
    public static string Plain(string data) => $"data: {data}\n\n";

    private static string Chunk(string delta, string finish = "null") =>
        $$"""{"id":"chatcmpl-pic","object":"chat.completion.chunk","created":1760000000,"model":"gpt-x","choices":[{"index":0,"delta":{{delta}},"logprobs":null,"finish_reason":{{finish}}}]}""";
}
