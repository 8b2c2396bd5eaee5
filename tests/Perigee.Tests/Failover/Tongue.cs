using System.Text;
using System.Text.Json;

namespace Perigee.Tests.Failover;

/// <summary>One dialect, as a provider speaks it and as a client hears it: written down here once more, so that the gateway's own writers are not asked about themselves.</summary>
internal abstract class Tongue
{
    public static Tongue OpenAi { get; } = new OpenAiTongue();

    public static Tongue Anthropic { get; } = new AnthropicTongue();

    public static Tongue Gemini { get; } = new GeminiTongue();

    /// <summary>As Gemini's clients ask that want a stream as one JSON array.</summary>
    public static Tongue GeminiArray { get; } = new GeminiArrayTongue();

    public abstract string Name { get; }

    /// <summary>The path behind the provider's base.</summary>
    public abstract string BasePath { get; }

    public abstract string ClientPath(string model, bool stream);

    public abstract string Question(string model, bool stream, string extra = "");

    public abstract string Whole(string text);

    public abstract string EmptyWhole { get; }

    public abstract string FilteredWhole { get; }

    /// <summary>What a stream says before any content.</summary>
    public abstract string Opening { get; }

    public abstract string Piece(string text);

    /// <summary>The end of the content, before the closing event.</summary>
    public abstract string Finish { get; }

    public abstract string FilteredFinish { get; }

    /// <summary>The closing event, or nothing where the dialect has none.</summary>
    public abstract string Closing { get; }

    public abstract string Error(int status, string message, string? code = null, string details = "");

    public abstract string ErrorEvent(int status, string message);

    /// <summary>The words of a question that is too long: a status of 400.</summary>
    public abstract string TooLong { get; }

    /// <summary>The words of a blocked question: a status of 400; null where it is said in an answer only.</summary>
    public abstract string? Blocked { get; }

    /// <summary>The text in one event or whole answer.</summary>
    public abstract string? Text(JsonElement json);

    /// <summary>The message of an error in this dialect's exact form, or null where it is none.</summary>
    public string? ErrorMessage(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty("error", out JsonElement error) && error.ValueKind == JsonValueKind.Object
        && error.TryGetProperty("message", out JsonElement message) && IsOwn(json, error)
            ? message.GetString()
            : null;

    protected abstract bool IsOwn(JsonElement json, JsonElement error);

    protected static string Quote(string text) => '"' + JsonEncodedText.Encode(text).Value + '"';

    private sealed class OpenAiTongue : Tongue
    {
        public override string Name => "openai";

        public override string BasePath => "/v1";

        public override string EmptyWhole => Whole("");

        public override string FilteredWhole => """{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null},"finish_reason":"content_filter"}],"usage":{"prompt_tokens":3,"completion_tokens":0,"total_tokens":3}}""";

        public override string Opening => Chunk("""{"role":"assistant","content":""}""", "null");

        public override string Finish => Chunk("{}", "\"stop\"");

        public override string FilteredFinish => Chunk("{}", "\"content_filter\"");

        public override string Closing => "data: [DONE]\n\n";

        public override string TooLong => Error(400, "This model's maximum context length is 10 tokens.", "context_length_exceeded");

        public override string? Blocked => Error(400, "The prompt was filtered.", "content_filter");

        public override string ClientPath(string model, bool stream) => "/v1/chat/completions";

        public override string Question(string model, bool stream, string extra = "") =>
            $$"""{"model":{{Quote(model)}},"stream":{{(stream ? "true" : "false")}},{{extra}}"messages":[{"role":"user","content":"hi"}]}""";

        public override string Whole(string text) =>
            $$$"""{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":{{{Quote(text)}}}},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}""";

        public override string Piece(string text) => Chunk($$"""{"content":{{Quote(text)}}}""", "null");

        public override string Error(int status, string message, string? code = null, string details = "") =>
            $$$"""{"error":{"message":{{{Quote(message)}}},"type":"{{{(status >= 500 ? "server_error" : status == 429 ? "requests" : "invalid_request_error")}}}","param":null,"code":{{{(code is null ? "null" : Quote(code))}}}}}""";

        public override string ErrorEvent(int status, string message) => $"data: {Error(status, message)}\n\n";

        public override string? Text(JsonElement json)
        {
            if (!json.TryGetProperty("choices", out JsonElement choices) || choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() == 0)
                return null;
            JsonElement choice = choices[0];
            return (choice.TryGetProperty("delta", out JsonElement said) || choice.TryGetProperty("message", out said)) && said.TryGetProperty("content", out JsonElement text)
                ? text.GetString()
                : null;
        }

        protected override bool IsOwn(JsonElement json, JsonElement error) => error.TryGetProperty("type", out _) && !json.TryGetProperty("type", out _);

        private static string Chunk(string delta, string finish) =>
            $$$"""data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{{{delta}}},"finish_reason":{{{finish}}}}]}""" + "\n\n";
    }

    private sealed class AnthropicTongue : Tongue
    {
        public override string Name => "anthropic";

        public override string BasePath => "/v1";

        public override string EmptyWhole => Answer("[]", "end_turn");

        public override string FilteredWhole => Answer("[]", "refusal");

        public override string Opening =>
            Event("message_start", """{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}}}""")
            + Event("content_block_start", """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""");

        public override string Finish =>
            Event("content_block_stop", """{"type":"content_block_stop","index":0}""")
            + Event("message_delta", """{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":4}}""");

        public override string FilteredFinish =>
            Event("content_block_stop", """{"type":"content_block_stop","index":0}""")
            + Event("message_delta", """{"type":"message_delta","delta":{"stop_reason":"refusal","stop_sequence":null},"usage":{"output_tokens":4}}""");

        public override string Closing => Event("message_stop", """{"type":"message_stop"}""");

        public override string TooLong => Error(400, "prompt is too long: 200001 tokens > 200000 maximum");

        public override string? Blocked => Error(400, "Output blocked by content filtering policy");

        public override string ClientPath(string model, bool stream) => "/v1/messages";

        public override string Question(string model, bool stream, string extra = "") =>
            $$"""{"model":{{Quote(model)}},"max_tokens":50,"stream":{{(stream ? "true" : "false")}},{{extra}}"messages":[{"role":"user","content":"hi"}]}""";

        public override string Whole(string text) => Answer($$"""[{"type":"text","text":{{Quote(text)}}}]""", "end_turn");

        public override string Piece(string text) =>
            Event("content_block_delta", $$$"""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":{{{Quote(text)}}}}}""");

        public override string Error(int status, string message, string? code = null, string details = "") =>
            $$$"""{"type":"error","error":{"type":"{{{Type(status)}}}","message":{{{Quote(message)}}}}}""";

        public override string ErrorEvent(int status, string message) => Event("error", Error(status, message));

        public override string? Text(JsonElement json)
        {
            if (json.TryGetProperty("delta", out JsonElement delta))
                return delta.TryGetProperty("text", out JsonElement piece) ? piece.GetString() : null;
            if (!json.TryGetProperty("content", out JsonElement content) || content.ValueKind != JsonValueKind.Array)
                return null;
            StringBuilder text = new();
            foreach (JsonElement block in content.EnumerateArray())
                text.Append(block.TryGetProperty("text", out JsonElement one) ? one.GetString() : "");
            return text.ToString();
        }

        protected override bool IsOwn(JsonElement json, JsonElement error) =>
            json.TryGetProperty("type", out JsonElement type) && type.GetString() == "error" && error.TryGetProperty("type", out _);

        private static string Type(int status) => status switch
        {
            401 => "authentication_error",
            402 => "billing_error",
            403 => "permission_error",
            404 => "not_found_error",
            429 => "rate_limit_error",
            529 => "overloaded_error",
            >= 500 => "api_error",
            _ => "invalid_request_error",
        };

        private static string Answer(string content, string stop) =>
            $$$"""{"id":"msg_1","type":"message","role":"assistant","model":"m","content":{{{content}}},"stop_reason":"{{{stop}}}","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":4}}""";

        private static string Event(string name, string data) => $"event: {name}\ndata: {data}\n\n";
    }

    private class GeminiTongue : Tongue
    {
        private const string Tail = "\"usageMetadata\":{\"promptTokenCount\":3,\"candidatesTokenCount\":4,\"totalTokenCount\":7},\"modelVersion\":\"m\"}";

        public override string Name => "gemini";

        public override string BasePath => "/v1beta";

        public override string EmptyWhole => """{"candidates":[{"finishReason":"STOP","index":0}],""" + Tail;

        public override string FilteredWhole => """{"candidates":[{"finishReason":"SAFETY","index":0}],""" + Tail;

        public override string Opening => "data: {" + Tail + "\n\n";

        public override string Finish => "data: " + EmptyWhole + "\n\n";

        public override string FilteredFinish => "data: " + FilteredWhole + "\n\n";

        public override string Closing => "";

        public override string TooLong => Error(400, "The input token count (11) exceeds the maximum number of tokens allowed (10).");

        public override string? Blocked => null;

        public override string ClientPath(string model, bool stream) => $"/v1beta/models/{model}:{(stream ? "streamGenerateContent?alt=sse" : "generateContent")}";

        public override string Question(string model, bool stream, string extra = "") => $$"""{{{extra}}"contents":[{"role":"user","parts":[{"text":"hi"}]}]}""";

        public override string Whole(string text) =>
            $$$"""{"candidates":[{"content":{"parts":[{"text":{{{Quote(text)}}}}],"role":"model"},"finishReason":"STOP","index":0}],""" + Tail;

        public override string Piece(string text) =>
            $$$"""data: {"candidates":[{"content":{"parts":[{"text":{{{Quote(text)}}}}],"role":"model"},"index":0}],""" + Tail + "\n\n";

        public override string Error(int status, string message, string? code = null, string details = "") =>
            $$$"""{"error":{"code":{{{status}}},"message":{{{Quote(message)}}},"status":"{{{Word(status)}}}"{{{(details.Length > 0 ? $",\"details\":[{details}]" : "")}}}}}""";

        public override string ErrorEvent(int status, string message) => $"data: {Error(status, message)}\n\n";

        public override string? Text(JsonElement json)
        {
            if (!json.TryGetProperty("candidates", out JsonElement candidates) || candidates.GetArrayLength() == 0
                || !candidates[0].TryGetProperty("content", out JsonElement content) || !content.TryGetProperty("parts", out JsonElement parts))
            {
                return null;
            }

            StringBuilder text = new();
            foreach (JsonElement part in parts.EnumerateArray())
                text.Append(part.TryGetProperty("text", out JsonElement one) ? one.GetString() : "");
            return text.ToString();
        }

        protected override bool IsOwn(JsonElement json, JsonElement error) => error.TryGetProperty("code", out _) && error.TryGetProperty("status", out _);

        private static string Word(int status) => status switch
        {
            401 => "UNAUTHENTICATED",
            403 => "PERMISSION_DENIED",
            404 => "NOT_FOUND",
            429 => "RESOURCE_EXHAUSTED",
            503 => "UNAVAILABLE",
            >= 500 => "INTERNAL",
            _ => "INVALID_ARGUMENT",
        };
    }

    private sealed class GeminiArrayTongue : GeminiTongue
    {
        public override string Name => "gemini array";

        public override string ClientPath(string model, bool stream) => $"/v1beta/models/{model}:{(stream ? "streamGenerateContent" : "generateContent")}";
    }
}
