namespace Perigee.Wire;

/// <summary>
/// What a question means, whatever its dialect: made only where client and provider speak different ones. Texts and JSON values are slices of
/// the client's body, so it dies with the body. Readers fill it; writers only read it.
/// </summary>
/// <param name="dialect">The dialect that it was asked in.</param>
internal sealed class ChatQuestion(string dialect)
{
    /// <summary>The dialect that it was asked in.</summary>
    public string Dialect { get; } = dialect;

    /// <summary>Whether a stream was asked for.</summary>
    public bool Stream { get; set; }

    /// <summary>The conversation in order, instructions in their places.</summary>
    public List<ChatTurn> Turns { get; } = [];

    /// <summary>The functions that the model may call.</summary>
    public List<ChatTool> Tools { get; } = [];

    /// <summary>Tools that the provider itself runs (web search above all).</summary>
    public List<ServerTool> ServerTools { get; } = [];

    /// <summary>Which tools must be called, or null where nothing was said.</summary>
    public ToolChoice? Choice { get; set; }

    /// <summary>Whether several calls at once are allowed, or null where nothing was said.</summary>
    public ParallelCalls? Parallel { get; set; }

    /// <summary>The form of the answer, or null for text.</summary>
    public AnswerFormat? Format { get; set; }

    /// <summary>How much to think, or null where nothing was said.</summary>
    public ReasoningAsk? Reasoning { get; set; }

    /// <summary>Every other member of the body that says something, each in the client's own spelling. A writer takes what it can say.</summary>
    public List<Setting> Settings { get; } = [];

    /// <summary>The setting of a meaning, or null.</summary>
    public Setting? Find(Parameter parameter)
    {
        foreach (Setting setting in Settings)
        {
            if (setting.Parameter == parameter)
                return setting;
        }

        return null;
    }
}

/// <summary>Where in the client's body something stands, for errors.</summary>
/// <param name="Turn">The place in the list of messages, or -1 for what stands outside it.</param>
/// <param name="Part">The place in the message's content, or -1.</param>
internal readonly record struct Place(int Turn, int Part)
{
    /// <summary>As the client writes it: <c>messages[3].content[1]</c>.</summary>
    public string In(string dialect)
    {
        (string turns, string parts) = dialect == "gemini" ? ("contents", "parts") : ("messages", "content");
        string outside = dialect == "gemini" ? "systemInstruction.parts" : "system";
        return Turn < 0 ? (Part < 0 ? outside : $"{outside}[{Part}]") : Part < 0 ? $"{turns}[{Turn}]" : $"{turns}[{Turn}].{parts}[{Part}]";
    }
}

/// <summary>One member of the body.</summary>
/// <param name="Parameter">What it means.</param>
/// <param name="Field">How the client spells it, with its path: <c>generationConfig.topK</c>.</param>
/// <param name="Json">Its value as it stood.</param>
internal sealed record Setting(Parameter Parameter, string Field, ReadOnlyMemory<byte> Json);

/// <summary>What a member of the body means. What becomes of one that the target's dialect cannot say is told by <see cref="Parameters"/>.</summary>
internal enum Parameter
{
    /// <summary>A member that this gateway does not know: dropped and named.</summary>
    Unknown,

    /// <summary>The most tokens of the answer: an integer.</summary>
    MaxOutput,

    /// <summary>A number; each dialect has its own range.</summary>
    Temperature,

    /// <summary>A number.</summary>
    TopP,

    /// <summary>An integer.</summary>
    TopK,

    /// <summary>Stop sequences: a string or an array of strings.</summary>
    Stop,

    /// <summary>The number of choices: an integer.</summary>
    Choices,

    /// <summary>An integer.</summary>
    Seed,

    /// <summary>A number.</summary>
    FrequencyPenalty,

    /// <summary>A number.</summary>
    PresencePenalty,

    /// <summary>OpenAI's map of token to bias.</summary>
    LogitBias,

    /// <summary>Whether probabilities are asked for: a boolean.</summary>
    Logprobs,

    /// <summary>How many alternatives a token: an integer.</summary>
    TopLogprobs,

    /// <summary>The end user: a string.</summary>
    User,

    /// <summary>The caller's own labels: an object of strings.</summary>
    Metadata,

    /// <summary>Whether the provider keeps the answer: a boolean.</summary>
    Store,

    /// <summary>The provider's tier: a string in the dialect's own words.</summary>
    ServiceTier,

    /// <summary>OpenAI's <c>verbosity</c>.</summary>
    Verbosity,

    /// <summary>OpenAI's <c>prompt_cache_key</c>, <c>prompt_cache_retention</c> ...: a hint to the provider's cache.</summary>
    PromptCache,

    /// <summary>Google's <c>cachedContent</c>: part of the prompt lies there.</summary>
    CachedContent,

    /// <summary>OpenAI's <c>prediction</c>.</summary>
    Prediction,

    /// <summary>What the answer is to consist of other than text (<c>["text","audio"]</c>, <c>responseModalities</c>).</summary>
    Modalities,

    /// <summary>Voice and format of spoken answers.</summary>
    Audio,

    /// <summary>Settings of pictures and sound in the answer or the question (<c>mediaResolution</c>, <c>imageConfig</c>, <c>speechConfig</c>).</summary>
    Media,

    /// <summary>Google's <c>safetySettings</c>, OpenAI's <c>moderation</c>.</summary>
    Safety,

    /// <summary>State at the provider: <c>container</c>, <c>previous_response_id</c>, <c>conversation</c>.</summary>
    State,

    /// <summary>Anthropic's <c>context_management</c>: edits of the prompt at the provider.</summary>
    ContextManagement,

    /// <summary>Anthropic's <c>mcp_servers</c>: tools that the provider runs.</summary>
    McpServers,

    /// <summary>Where or how fast it is computed (<c>inference_geo</c>, <c>speed</c>).</summary>
    Placement,

    /// <summary>Anthropic's automatic prompt cache mark of the whole request.</summary>
    AutoCache,

    /// <summary><c>stream_options</c> and other members that only say how the stream looks; the gateway itself keeps them.</summary>
    StreamForm,
}

/// <summary>Which members change what the answer is, and which only lean on how it is made.</summary>
internal static class Parameters
{
    /// <summary>What becomes of a setting that the target's dialect cannot say.</summary>
    public static Loss LossOf(Setting setting) => setting.Parameter switch
    {
        Parameter.StreamForm => Loss.None,

        // Not one of these changes anything where it asks for what happens anyway.
        Parameter.Choices when Is(setting, "1"u8) => Loss.None,
        Parameter.Logprobs when Is(setting, "false"u8) => Loss.None,
        Parameter.TopLogprobs when Is(setting, "0"u8) => Loss.None,
        Parameter.Modalities when Is(setting, "[\"text\"]"u8) || Is(setting, "[\"TEXT\"]"u8) => Loss.None,
        Parameter.Store when Is(setting, "false"u8) => Loss.None,
        Parameter.LogitBias when Is(setting, "{}"u8) => Loss.None,
        Parameter.Metadata when Is(setting, "{}"u8) => Loss.None,
        Parameter.Choices or Parameter.Logprobs or Parameter.TopLogprobs or Parameter.Modalities or Parameter.Audio or Parameter.CachedContent
            or Parameter.State or Parameter.McpServers or Parameter.Stop or Parameter.MaxOutput => Loss.Contract,
        _ => Loss.Hint,
    };

    private static bool Is(Setting setting, ReadOnlySpan<byte> json)
    {
        ReadOnlySpan<byte> value = setting.Json.Span;
        int at = 0;
        foreach (byte b in value)
        {
            if (b is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
                continue;
            if (at == json.Length || json[at++] != b)
                return false;
        }

        return at == json.Length;
    }
}

/// <summary>What a loss would mean.</summary>
internal enum Loss
{
    /// <summary>Nothing: it need not be said.</summary>
    None,

    /// <summary>The answer is still of the kind that was asked for: dropped, and named to the client.</summary>
    Hint,

    /// <summary>The answer would not be what was asked for: refused with 400.</summary>
    Contract,
}
