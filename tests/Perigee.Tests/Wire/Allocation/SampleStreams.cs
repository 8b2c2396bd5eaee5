using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Perigee.Tests.Wire.Allocation;

/// <summary>What most events of a sample stream hold.</summary>
internal enum EventKind
{
    /// <summary>A word or two of visible text.</summary>
    Text,

    /// <summary>A fragment of one call's arguments.</summary>
    Arguments,

    /// <summary>A word or two of reasoning.</summary>
    Reasoning,
}

/// <summary>
/// Streams in the three dialects' own clothes, with every member that the vendors' own servers send, as bytes. They are what is measured in the
/// benchmarks, too, which is why they stand alone.
/// </summary>
internal static class SampleStreams
{
    /// <summary>The dialects, by the names that they have in logs.</summary>
    public static IReadOnlyList<string> Dialects { get; } = ["openai-chat", "anthropic", "gemini"];

    /// <summary>Mostly plain, some escaped, some not ASCII, as texts are.</summary>
    private static readonly string[] Words = [" perigee", " is", " the", " point", ",\n", " naïve", " \"near\"", " Earth", " 近地点", " of", " an orbit", "."];

    /// <summary>A whole stream with an opening, so many events of one kind, and its end.</summary>
    public static byte[] Make(string dialect, EventKind kind, int events)
    {
        StringBuilder stream = new();
        switch (dialect)
        {
            case "openai-chat":
                OpenAi(stream, kind, events);
                break;
            case "anthropic":
                Anthropic(stream, kind, events);
                break;
            default:
                Gemini(stream, kind, events);
                break;
        }

        return Encoding.UTF8.GetBytes(stream.ToString());
    }

    private static void OpenAi(StringBuilder stream, EventKind kind, int events)
    {
        Chunk("""{"role":"assistant","content":"","refusal":null}""");
        if (kind == EventKind.Arguments)
            Chunk("""{"tool_calls":[{"index":0,"id":"call_8f3kq2","type":"function","function":{"name":"write_down","arguments":""}}]}""");
        for (int i = 0; i < events; i++)
        {
            Chunk(kind switch
            {
                EventKind.Text => $$"""{"content":{{Json(Word(i))}}}""",
                EventKind.Reasoning => $$"""{"reasoning_content":{{Json(Word(i))}}}""",
                _ => $$$"""{"tool_calls":[{"index":0,"function":{"arguments":{{{Json(Fragment(i, events))}}}}}]}""",
            });
        }

        Chunk("{}", kind == EventKind.Arguments ? "\"tool_calls\"" : "\"stop\"");
        stream.Append("""data: {"id":"chatcmpl-C1x","object":"chat.completion.chunk","created":1790000000,"model":"gpt-5-mini-2025-08-07","service_tier":"default","system_fingerprint":"fp_1a2b3c","choices":[],"usage":{"prompt_tokens":19,"completion_tokens":500,"total_tokens":519,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}""");
        stream.Append("\n\ndata: [DONE]\n\n");

        void Chunk(string delta, string finish = "null")
        {
            stream.Append("""data: {"id":"chatcmpl-C1x","object":"chat.completion.chunk","created":1790000000,"model":"gpt-5-mini-2025-08-07","service_tier":"default","system_fingerprint":"fp_1a2b3c","choices":[{"index":0,"delta":""");
            stream.Append(delta).Append(kind == EventKind.Text ? ",\"logprobs\":null" : "").Append(",\"finish_reason\":").Append(finish).Append("}],\"usage\":null}\n\n");
        }
    }

    private static void Anthropic(StringBuilder stream, EventKind kind, int events)
    {
        Event("message_start", """ "message":{"model":"claude-sonnet-5","id":"msg_01Xy","type":"message","role":"assistant","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":19,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1,"service_tier":"standard"}}""");
        Event("content_block_start", kind switch
        {
            EventKind.Text => """ "index":0,"content_block":{"type":"text","text":""}""",
            EventKind.Reasoning => """ "index":0,"content_block":{"type":"thinking","thinking":"","signature":""}""",
            _ => """ "index":0,"content_block":{"type":"tool_use","id":"toolu_01Ab","name":"write_down","input":{}}""",
        });
        Event("ping", "");
        for (int i = 0; i < events; i++)
        {
            Event("content_block_delta", kind switch
            {
                EventKind.Text => $$""" "index":0,"delta":{"type":"text_delta","text":{{Json(Word(i))}}}""",
                EventKind.Reasoning => $$""" "index":0,"delta":{"type":"thinking_delta","thinking":{{Json(Word(i))}}}""",
                _ => $$""" "index":0,"delta":{"type":"input_json_delta","partial_json":{{Json(Fragment(i, events))}}}""",
            });
        }

        if (kind == EventKind.Reasoning)
            Event("content_block_delta", """ "index":0,"delta":{"type":"signature_delta","signature":"RXJrQ0NhWUlD"}""");
        Event("content_block_stop", """ "index":0""");
        Event("message_delta", $$""" "delta":{"stop_reason":"{{(kind == EventKind.Arguments ? "tool_use" : "end_turn")}}","stop_sequence":null},"usage":{"input_tokens":19,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":500}""");
        Event("message_stop", "");

        void Event(string type, string rest)
        {
            stream.Append("event: ").Append(type).Append("\ndata: {\"type\":\"").Append(type).Append('"');
            stream.Append(rest.Length == 0 ? "" : ",").Append(rest.TrimStart()).Append("}\n\n");
        }
    }

    private static void Gemini(StringBuilder stream, EventKind kind, int events)
    {
        if (kind == EventKind.Arguments)
            Chunk("""{"functionCall":{"id":"fc_1","name":"write_down","willContinue":true}}""", 0);
        for (int i = 0; i < events; i++)
        {
            Chunk(kind switch
            {
                EventKind.Text => $$"""{"text":{{Json(Word(i))}}}""",
                EventKind.Reasoning => $$"""{"text":{{Json(Word(i))}},"thought":true}""",
                _ => $$$"""{"functionCall":{"partialArgs":[{"jsonPath":"$.note","stringValue":{{{Json(Word(i))}}},"willContinue":true}],"willContinue":true}}""",
            }, i);
        }

        Chunk(kind == EventKind.Arguments ? """{"functionCall":{}}""" : """{"text":""}""", events, ",\"finishReason\":\"STOP\"");

        // Google counts in every chunk, and ends lines as HTTP does.
        void Chunk(string part, int tokens, string finish = "")
        {
            stream.Append("data: {\"candidates\":[{\"content\":{\"parts\":[").Append(part).Append("],\"role\":\"model\"}").Append(finish);
            stream.Append(",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":19,\"candidatesTokenCount\":").Append(tokens.ToString(CultureInfo.InvariantCulture));
            stream.Append(",\"totalTokenCount\":").Append((19 + tokens).ToString(CultureInfo.InvariantCulture));
            stream.Append(",\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":19}]},\"modelVersion\":\"gemini-3-flash\",\"responseId\":\"u1Xy\"}\r\n\r\n");
        }
    }

    private static string Word(int at) => Words[at % Words.Length];

    /// <summary>A piece of <c>{"note":"..."}</c>: all pieces together are that object.</summary>
    private static string Fragment(int at, int events) =>
        (at == 0 ? "{\"note\":\"" : "") + Json(Word(at))[1..^1] + (at == events - 1 ? "\"}" : "");

    /// <summary>As the vendors write strings: only what has to be is escaped.</summary>
    private static string Json(string text) => JsonSerializer.Serialize(text, Relaxed);

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
