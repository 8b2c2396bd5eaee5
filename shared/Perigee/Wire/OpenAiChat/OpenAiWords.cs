namespace Perigee.Wire.OpenAiChat;

/// <summary>The words of OpenAI's dialect for what other dialects say in theirs, both ways. Source of the odd ones: recorded answers of its many speakers.</summary>
internal static class OpenAiWords
{
    /// <summary>The origin of a proof by the <c>format</c> of OpenRouter's <c>reasoning_details</c>.</summary>
    public static ProofOrigin Origin(ReadOnlySpan<byte> format) =>
        format.SequenceEqual("anthropic-claude-v1"u8) ? ProofOrigin.Anthropic
        : format.SequenceEqual("google-gemini-v1"u8) ? ProofOrigin.Google
        : format.SequenceEqual("openai-responses-v1"u8) ? ProofOrigin.OpenAi
        : format.SequenceEqual("xai-responses-v1"u8) ? ProofOrigin.Xai
        : ProofOrigin.None;

    /// <summary>OpenRouter's <c>format</c> of a proof; empty where nobody may have it back.</summary>
    public static ReadOnlySpan<byte> Format(ProofOrigin origin) => origin switch
    {
        ProofOrigin.Anthropic => "anthropic-claude-v1"u8,
        ProofOrigin.Google => "google-gemini-v1"u8,
        ProofOrigin.OpenAi => "openai-responses-v1"u8,
        ProofOrigin.Xai => "xai-responses-v1"u8,
        _ => default,
    };

    /// <summary>What a <c>finish_reason</c> means.</summary>
    public static FinishReason Reason(ReadOnlySpan<byte> word) =>
        word.SequenceEqual("stop"u8) || word.SequenceEqual("eos"u8) || word.SequenceEqual("end_turn"u8) ? FinishReason.Stop
        : word.SequenceEqual("tool_calls"u8) || word.SequenceEqual("function_call"u8) ? FinishReason.ToolCalls
        : word.SequenceEqual("length"u8) || word.SequenceEqual("model_length"u8) || word.SequenceEqual("max_tokens"u8) ? FinishReason.Length
        : word.SequenceEqual("content_filter"u8) ? FinishReason.ContentFilter
        : word.SequenceEqual("error"u8) || word.SequenceEqual("insufficient_system_resource"u8) ? FinishReason.Error
        : word.SequenceEqual("stop_sequence"u8) ? FinishReason.StopSequence
        : FinishReason.Other;

    /// <summary>The <c>finish_reason</c> for a reason: one of OpenAI's five words, but for a provider that broke off, which must not look like an end.</summary>
    /// <param name="reason">The reason.</param>
    /// <param name="calls">Whether the choice calls tools: some providers say "stop" all the same.</param>
    public static ReadOnlySpan<byte> Word(FinishReason reason, bool calls) => reason switch
    {
        FinishReason.Length or FinishReason.ContextFull => "length"u8,
        FinishReason.ContentFilter or FinishReason.Refusal => "content_filter"u8,
        FinishReason.Error => "error"u8,
        FinishReason.ToolCalls => "tool_calls"u8,
        FinishReason.Pause or FinishReason.StopSequence => "stop"u8,
        _ => calls ? "tool_calls"u8 : "stop"u8,
    };

    /// <summary>Whether the provider's own word says more than the word above.</summary>
    public static bool SaysMore(FinishReason reason) =>
        reason is not (FinishReason.None or FinishReason.Stop or FinishReason.StopSequence or FinishReason.Length or FinishReason.ToolCalls);

    /// <summary>The HTTP status that an error's word stands for, or 0.</summary>
    public static int Status(ReadOnlySpan<byte> word) =>
        Any(word, "rate_limit", "too_many_requests", "insufficient_quota", "resource_exhausted", "requests", "tokens") ? 429
        : Any(word, "overloaded", "engine_overloaded", "service_unavailable", "unavailable", "model_not_ready") ? 503
        : Any(word, "invalid_api_key", "authentication", "invalid_authentication", "unauthorized", "unauthenticated") ? 401
        : Any(word, "billing", "payment_required") ? 402
        : Any(word, "permission", "forbidden") ? 403
        : Any(word, "model_not_found", "not_found") ? 404
        : Any(word, "request_too_large") ? 413
        : Any(word, "timeout", "deadline_exceeded") ? 504
        : Any(word, "context_length_exceeded", "invalid_request", "invalid_argument", "unsupported_", "content_filter", "tool_use_failed", "bad_request") ? 400
        : Any(word, "server_error", "internal", "api_error") ? 500
        : 0;

    /// <summary>Whether the word begins with one of these, whatever its case.</summary>
    private static bool Any(ReadOnlySpan<byte> word, params ReadOnlySpan<string> beginnings)
    {
        foreach (string beginning in beginnings)
        {
            if (word.Length >= beginning.Length && System.Text.Ascii.EqualsIgnoreCase(word[..beginning.Length], beginning))
                return true;
        }

        return false;
    }
}
