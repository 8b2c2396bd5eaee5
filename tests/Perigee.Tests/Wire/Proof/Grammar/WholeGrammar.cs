using System.Text.Json;

namespace Perigee.Tests.Wire.Proving.Grammar;

/// <summary>What a whole answer of a dialect must have for its SDKs: the members that they read without asking whether they are there.</summary>
internal static class WholeGrammar
{
    /// <returns>Null, or what is missing.</returns>
    public static string? Fault(string dialect, JsonElement body) => dialect switch
    {
        Dialects.OpenAi => OpenAi(body),
        Dialects.Anthropic => Anthropic(body),
        _ => Gemini(body),
    };

    private static string? OpenAi(JsonElement body)
    {
        if (string.IsNullOrEmpty(Json.Text(body, "id")) || Json.Text(body, "object") != "chat.completion" || string.IsNullOrEmpty(Json.Text(body, "model")) || Json.Get(body, "created") is null)
            return "id, object, created or model";
        int expected = 0;
        foreach (JsonElement choice in Json.Items(body, "choices"))
        {
            if (Json.Number(choice, "index") != expected++ || Json.Text(choice, "finish_reason") is null || Json.Text(choice, "message", "role") != "assistant")
                return $"index, finish_reason or role: {choice}";
            if (!choice.GetProperty("message").TryGetProperty("content", out _))
                return $"content (null where there is none): {choice}";
            foreach (JsonElement call in Json.Items(choice, "message", "tool_calls"))
            {
                if (string.IsNullOrEmpty(Json.Text(call, "id")) || Json.Text(call, "type") != "function" || string.IsNullOrEmpty(Json.Text(call, "function", "name")) || Json.Text(call, "function", "arguments") is null)
                    return $"a call: {call}";
            }
        }

        return expected == 0 ? "no choice" : null;
    }

    private static string? Anthropic(JsonElement body)
    {
        if (string.IsNullOrEmpty(Json.Text(body, "id")) || Json.Text(body, "type") != "message" || Json.Text(body, "role") != "assistant" || string.IsNullOrEmpty(Json.Text(body, "model")))
            return "id, type, role or model";
        if (Json.Text(body, "stop_reason") is null || !body.TryGetProperty("stop_sequence", out _))
            return "stop_reason or stop_sequence";
        if (Json.Get(body, "usage", "input_tokens") is null || Json.Get(body, "usage", "output_tokens") is null)
            return "usage";
        if (Json.Get(body, "content") is not { ValueKind: JsonValueKind.Array } content)
            return "content";
        foreach (JsonElement block in content.EnumerateArray())
        {
            bool good = Json.Text(block, "type") switch
            {
                "text" => !string.IsNullOrEmpty(Json.Text(block, "text")),
                "thinking" => Json.Text(block, "thinking") is { } thinking && Json.Text(block, "signature") is { } signature && thinking.Length + signature.Length > 0,
                "redacted_thinking" => !string.IsNullOrEmpty(Json.Text(block, "data")),
                "tool_use" => !string.IsNullOrEmpty(Json.Text(block, "id")) && !string.IsNullOrEmpty(Json.Text(block, "name")) && Json.Get(block, "input") is { ValueKind: JsonValueKind.Object },
                _ => false,
            };
            if (!good)
                return $"a block: {block}";
        }

        return null;
    }

    private static string? Gemini(JsonElement body)
    {
        if (Json.Get(body, "promptFeedback") is not null)
            return null;
        int candidates = 0;
        foreach (JsonElement candidate in Json.Items(body, "candidates"))
        {
            candidates++;
            if (Json.Text(candidate, "finishReason") is null)
                return $"finishReason: {candidate}";
            if (Json.Get(candidate, "content") is not null && Json.Text(candidate, "content", "role") != "model")
                return $"role: {candidate}";
            foreach (JsonElement part in Json.Items(candidate, "content", "parts"))
            {
                if (Json.Text(part, "text") is "" && Json.Text(part, "thoughtSignature") is null)
                    return "an empty part";
                if (Json.Get(part, "functionCall") is { } call && (string.IsNullOrEmpty(Json.Text(call, "name")) || Json.Get(call, "args") is { ValueKind: not JsonValueKind.Object }))
                    return $"a call: {part}";
            }
        }

        return candidates == 0 ? "no candidate" : null;
    }
}
