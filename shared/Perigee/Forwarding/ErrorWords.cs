namespace Perigee.Forwarding;

/// <summary>
/// What a provider's error means, whatever words it uses: the status that the client sees and one code of OpenAI's vocabulary, which each
/// dialect turns into its own. Where providers use a status that means something else to clients, it is corrected.
/// </summary>
internal static class ErrorWords
{
    /// <summary>The question does not fit into the model's window.</summary>
    public const string ContextLength = "context_length_exceeded";

    /// <summary>The key is not valid.</summary>
    public const string BadKey = "invalid_api_key";

    /// <summary>There is no money left.</summary>
    public const string Quota = "insufficient_quota";

    /// <summary>Too many requests or tokens for now.</summary>
    public const string RateLimit = "rate_limit_exceeded";

    /// <summary>The provider has too much to do.</summary>
    public const string Overloaded = "overloaded";

    /// <summary>No such model.</summary>
    public const string NoModel = "model_not_found";

    /// <summary>The question was blocked by a filter.</summary>
    public const string Filtered = "content_filter";

    private static readonly string[] ContextTexts =
    [
        "maximum context length", "context window", "context length", "prompt is too long", "input token count", "too many tokens", "n_ctx", "input is too long",
        "exceeds the available context", "maximum prompt length", "reduce the length of the messages",
    ];

    /// <summary>The meaning of an error.</summary>
    /// <param name="status">The HTTP status, or 0 inside a stream.</param>
    /// <param name="message">Its text.</param>
    /// <param name="words">Its codes, types and reasons.</param>
    public static (int Status, string? Code) Of(int status, string message, IReadOnlyList<string> words)
    {
        if (Has(words, "API_KEY_INVALID", "invalid_api_key", "authentication_error") || Says(message, "api key not valid", "incorrect api key", "invalid api key"))
            return status is 400 or 401 or 403 or 0 ? (401, BadKey) : (status, BadKey);
        if (Has(words, "insufficient_quota", "billing_error") || Says(message, "credit balance is too low", "exceeded your current quota", "insufficient credits"))
            return (status is 400 or 0 ? 402 : status, Quota);
        if (Has(words, ContextLength) || (status is 400 or 413 or 422 or 500 or 0 && Says(message, ContextTexts)))
            return (status is 413 or 422 or 500 or 0 ? 400 : status, ContextLength);
        if (Has(words, Filtered, "ResponsibleAIPolicyViolation", "content_policy_violation", "content_blocked")
            || (status is 400 or 403 or 0 && Says(message, "content filtering policy", "content management policy", "blocked by content")))
            return (status == 0 ? 400 : status, Filtered);
        if (Has(words, NoModel, "DeploymentNotFound", "model_not_active") || (status is 404 or 400 && Says(message, "model not found", "model does not exist", "does not exist or you do not have access")))
            return (404, NoModel);
        return status switch
        {
            429 => (429, RateLimit),
            402 => (402, Quota),
            401 => (401, BadKey),
            529 => (529, Overloaded),
            503 => (503, Overloaded),
            0 when Has(words, "overloaded_error", "UNAVAILABLE", "overloaded") => (529, Overloaded),
            0 when Has(words, "rate_limit_error", "RESOURCE_EXHAUSTED", RateLimit) => (429, RateLimit),
            _ => (status, null),
        };
    }

    private static bool Has(IReadOnlyList<string> words, params ReadOnlySpan<string> wanted)
    {
        foreach (string word in words)
        {
            foreach (string one in wanted)
            {
                if (word.Equals(one, StringComparison.OrdinalIgnoreCase))
                    return true;
            }
        }

        return false;
    }

    private static bool Says(string message, params ReadOnlySpan<string> texts)
    {
        foreach (string text in texts)
        {
            if (message.Contains(text, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }
}
