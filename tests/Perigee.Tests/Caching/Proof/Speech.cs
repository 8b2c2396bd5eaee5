using System.Text;
using System.Text.Json;
using Perigee.Tests.Wire.Proving;

namespace Perigee.Tests.Caching.Proving;

/// <summary>What a provider says, in its own wire: written down once more, so that the gateway's own writers are not asked about themselves.</summary>
/// <param name="Pieces">The text, as a stream cuts it.</param>
internal sealed record Speech(params string[] Pieces)
{
    public const int Input = 11;
    public const int Output = 7;

    /// <summary>Escapes, more than one byte a letter, more than one UTF-16 unit.</summary>
    public static readonly Speech Text = new("Grüß ", "\"Gott\"\n", "😀 \\ </b>");

    public static readonly Speech Call = new("I ask. ") { Calls = true };

    /// <summary>Whether the tool is called after the text, with a city.</summary>
    public bool Calls { get; init; }

    /// <summary>Why it ends, in the dialect's own word; null for a good end.</summary>
    public string? Finish { get; init; }

    /// <summary>A stream ends before its end.</summary>
    public bool Broken { get; init; }

    public string All => string.Concat(Pieces);

    /// <summary>The whole answer.</summary>
    public string Whole(string dialect) => dialect switch
    {
        Dialects.OpenAi => $$$"""{"id":"c1","object":"chat.completion","created":1,"model":"m1","choices":[{"index":0,"message":{"role":"assistant","content":{{{Quote(All)}}}{{{(Calls ? ""","tool_calls":[{"id":"call_1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Bonn\"}"}}]""" : "")}}},"refusal":null},"logprobs":null,"finish_reason":{{{Quote(Finish ?? (Calls ? "tool_calls" : "stop"))}}}}],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}""",
        Dialects.Anthropic => $$$"""{"id":"msg_1","type":"message","role":"assistant","model":"m1","content":[{"type":"text","text":{{{Quote(All)}}}}{{{(Calls ? ",{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"get_weather\",\"input\":{\"city\":\"Bonn\"}}" : "")}}}],"stop_reason":{{{Quote(Finish ?? (Calls ? "tool_use" : "end_turn"))}}},"stop_sequence":null,"usage":{"input_tokens":11,"output_tokens":7}}""",
        _ => $$$"""{"candidates":[{"content":{"parts":[{"text":{{{Quote(All)}}}}{{{(Calls ? ",{\"functionCall\":{\"name\":\"get_weather\",\"args\":{\"city\":\"Bonn\"}}}" : "")}}}],"role":"model"},"finishReason":{{{Quote(Finish ?? "STOP")}}},"index":0}],{{{GeminiTail}}}""",
    };

    /// <summary>The stream's events.</summary>
    public string[] Events(string dialect)
    {
        List<string> events = dialect switch
        {
            Dialects.OpenAi => OpenAi(),
            Dialects.Anthropic => Anthropic(),
            _ => Gemini(),
        };
        return Broken ? [.. events.Take(events.Count - (dialect == Dialects.OpenAi ? 3 : 1))] : [.. events];
    }

    private const string GeminiTail = "\"usageMetadata\":{\"promptTokenCount\":11,\"candidatesTokenCount\":7,\"totalTokenCount\":18},\"modelVersion\":\"m1\"}";

    private List<string> OpenAi()
    {
        List<string> events = [Chunk("""{"role":"assistant","content":""}""")];
        events.AddRange(Pieces.Select(piece => Chunk($$"""{"content":{{Quote(piece)}}}""")));
        if (Calls)
        {
            events.Add(Chunk("""{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"get_weather","arguments":""}}]}"""));
            events.Add(Chunk("""{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]}"""));
            events.Add(Chunk("""{"tool_calls":[{"index":0,"function":{"arguments":"\"Bonn\"}"}}]}"""));
        }

        events.Add(Chunk("{}", Quote(Finish ?? (Calls ? "tool_calls" : "stop"))));
        events.Add("data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m1\",\"choices\":[],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":7,\"total_tokens\":18}}\n\n");
        events.Add("data: [DONE]\n\n");
        return events;

        static string Chunk(string delta, string finish = "null") =>
            $$$"""data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m1","choices":[{"index":0,"delta":{{{delta}}},"logprobs":null,"finish_reason":{{{finish}}}}]}""" + "\n\n";
    }

    private List<string> Anthropic()
    {
        List<string> events =
        [
            Event("message_start", """{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m1","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":11,"output_tokens":1}}}"""),
            Event("content_block_start", """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"""),
        ];
        events.AddRange(Pieces.Select(piece => Event("content_block_delta", $$$"""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":{{{Quote(piece)}}}}}""")));
        events.Add(Event("content_block_stop", """{"type":"content_block_stop","index":0}"""));
        if (Calls)
        {
            events.Add(Event("content_block_start", """{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"get_weather","input":{}}}"""));
            events.Add(Event("content_block_delta", """{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"city\":"}}"""));
            events.Add(Event("content_block_delta", """{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\"Bonn\"}"}}"""));
            events.Add(Event("content_block_stop", """{"type":"content_block_stop","index":1}"""));
        }

        events.Add(Event("message_delta", $$$"""{"type":"message_delta","delta":{"stop_reason":{{{Quote(Finish ?? (Calls ? "tool_use" : "end_turn"))}}},"stop_sequence":null},"usage":{"output_tokens":7}}"""));
        events.Add(Event("message_stop", """{"type":"message_stop"}"""));
        return events;

        static string Event(string name, string data) => $"event: {name}\ndata: {data}\n\n";
    }

    private List<string> Gemini()
    {
        List<string> events = [.. Pieces.Select(piece => Part($$"""{"text":{{Quote(piece)}}}"""))];
        if (Calls)
            events.Add(Part("""{"functionCall":{"name":"get_weather","args":{"city":"Bonn"}}}"""));
        events.Add("data: {\"candidates\":[{\"finishReason\":" + Quote(Finish ?? "STOP") + ",\"index\":0}]," + GeminiTail + "\r\n\r\n");
        return events;

        static string Part(string part) => "data: {\"candidates\":[{\"content\":{\"parts\":[" + part + "],\"role\":\"model\"},\"index\":0}]," + GeminiTail + "\r\n\r\n";
    }

    private static string Quote(string text)
    {
        StringBuilder quoted = new("\"");
        foreach (Rune rune in text.EnumerateRunes())
            quoted.Append(rune.Value is '"' or '\\' or < ' ' ? JsonEncodedText.Encode(rune.ToString()).Value : rune.ToString());
        return quoted.Append('"').ToString();
    }
}
