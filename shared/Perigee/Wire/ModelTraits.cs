using System.Collections.Frozen;
using System.Text.Json.Serialization;

namespace Perigee.Wire;

/// <summary>
/// How one model at one provider wants to be asked: data of the provider's row and its rules by model, never a code path of its own.
/// The defaults are those of a plain OpenAI-compatible server.
/// </summary>
internal sealed record ModelTraits
{
    /// <summary>Nothing special.</summary>
    public static ModelTraits Plain { get; } = new();

    /// <summary>What OpenAI's member for the most output tokens is called there.</summary>
    public MaxTokensField MaxTokens { get; init; }

    /// <summary>The most output tokens that the model can give, for dialects where the client must say a number; or null.</summary>
    public long? MaxOutput { get; init; }

    /// <summary>Top-level members of OpenAI's dialect (and <c>temperature</c>, <c>top_p</c>, <c>top_k</c> of any) that are answered with 400 there.</summary>
    public FrozenSet<string> Refuses { get; init; } = FrozenSet<string>.Empty;

    /// <summary>Whether the role <c>developer</c> is known; else it is <c>system</c>.</summary>
    public bool DeveloperRole { get; init; }

    /// <summary>Whether instructions may stand in the middle of the conversation.</summary>
    public bool MiddleSystem { get; init; } = true;

    /// <summary>Whether <c>name</c> of a message is taken.</summary>
    public bool MessageNames { get; init; } = true;

    /// <summary>Which ids of tool calls are taken.</summary>
    public ToolIdRule ToolIds { get; init; }

    /// <summary>How reasoning of earlier turns goes back in OpenAI's dialect.</summary>
    public ReasoningHistory ReasoningHistory { get; init; }

    /// <summary>How the wish for reasoning is said.</summary>
    public ReasoningStyle Reasoning { get; init; }

    /// <summary>The efforts that the model knows, weakest first; empty where it is not known. Another is mapped to the nearest.</summary>
    public IReadOnlyList<string> Efforts { get; init => field = value ?? []; } = [];

    /// <summary>Whether reasoning can be switched off.</summary>
    public bool ReasoningCanBeOff { get; init; } = true;

    /// <summary>Whether a tool can be forced.</summary>
    public bool ForcedTools { get; init; } = true;

    /// <summary>Which forms of structured answers are taken.</summary>
    public FormatSupport Formats { get; init; } = FormatSupport.Schema;

    /// <summary>Whether <c>cache_control</c> on content parts is taken in OpenAI's dialect (OpenRouter and the like).</summary>
    public bool CacheMarks { get; init; }

    /// <summary>Whether the provider fetches pictures from http(s) addresses itself.</summary>
    public bool FetchesImages { get; init; } = true;

    /// <summary>Whether the provider fetches documents from http(s) addresses itself.</summary>
    public bool FetchesDocuments { get; init; }

    /// <summary>Whether a last message of the assistant's is gone on with.</summary>
    public bool Prefill { get; init; } = true;

    /// <summary>Whether an assistant's turn must stand between tool results and the user's next words (Mistral).</summary>
    public bool AssistantAfterTool { get; init; }

    /// <summary>Whether content must be a string where it is text alone (older compatible servers).</summary>
    public bool PlainContent { get; init; }

    /// <summary>What the provider calls <c>seed</c>, or null for that name.</summary>
    public string? SeedField { get; init; }

    /// <summary>What the provider calls the choice <c>required</c>, or null for that word.</summary>
    public string? RequiredWord { get; init; }

    /// <summary>Whether schemas of tools may hold a union at their root.</summary>
    public bool RootUnions { get; init; } = true;

    /// <summary>Whether <c>temperature</c> and <c>top_p</c> together are refused (Claude from 4.5 on).</summary>
    public bool OneOfTemperatureAndTopP { get; init; }
}

/// <summary>What OpenAI's member for the most output tokens is called.</summary>
internal enum MaxTokensField
{
    /// <summary>Either is taken: it is left as the client wrote it, and <c>max_tokens</c> in translations.</summary>
    [JsonStringEnumMemberName("either")]
    Either,

    /// <summary><c>max_tokens</c> only.</summary>
    [JsonStringEnumMemberName("max_tokens")]
    MaxTokens,

    /// <summary><c>max_completion_tokens</c> only (OpenAI's reasoning models).</summary>
    [JsonStringEnumMemberName("max_completion_tokens")]
    MaxCompletionTokens,
}

/// <summary>Which ids of tool calls are taken. A wrong one is replaced by a hash of itself, the same for call and result.</summary>
internal enum ToolIdRule
{
    /// <summary>Anything.</summary>
    [JsonStringEnumMemberName("any")]
    Any,

    /// <summary>Letters, digits, <c>_</c> and <c>-</c>, 64 at most (Anthropic).</summary>
    [JsonStringEnumMemberName("word")]
    Word,

    /// <summary>Exactly nine letters and digits (Mistral).</summary>
    [JsonStringEnumMemberName("nine")]
    Nine,

    /// <summary>Anything up to 40 characters (OpenAI).</summary>
    [JsonStringEnumMemberName("forty")]
    Forty,
}

/// <summary>How reasoning of earlier turns goes back in OpenAI's dialect.</summary>
internal enum ReasoningHistory
{
    /// <summary>Not at all.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary><c>reasoning_content</c> where there is some.</summary>
    [JsonStringEnumMemberName("reasoning_content")]
    Content,

    /// <summary><c>reasoning_content</c> on every assistant message, empty where unknown (DeepSeek, Kimi).</summary>
    [JsonStringEnumMemberName("reasoning_content-always")]
    ContentAlways,

    /// <summary><c>reasoning</c>.</summary>
    [JsonStringEnumMemberName("reasoning")]
    Reasoning,

    /// <summary><c>reasoning_details</c> with proofs (OpenRouter).</summary>
    [JsonStringEnumMemberName("reasoning_details")]
    Details,
}

/// <summary>How the wish for reasoning is said.</summary>
internal enum ReasoningStyle
{
    /// <summary><c>reasoning_effort</c>.</summary>
    [JsonStringEnumMemberName("reasoning_effort")]
    Effort,

    /// <summary>Not at all: the wish is dropped and named.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary><c>reasoning:{effort|max_tokens|enabled}</c> (OpenRouter).</summary>
    [JsonStringEnumMemberName("reasoning")]
    Object,

    /// <summary><c>thinking:{type:enabled|disabled}</c> (DeepSeek, Z.ai, Kimi).</summary>
    [JsonStringEnumMemberName("thinking")]
    Switch,

    /// <summary><c>enable_thinking</c> and <c>thinking_budget</c> (Qwen).</summary>
    [JsonStringEnumMemberName("enable_thinking")]
    EnableThinking,

    /// <summary>Anthropic, older models: <c>thinking:{type:enabled,budget_tokens}</c>.</summary>
    [JsonStringEnumMemberName("budget")]
    Budget,

    /// <summary>Anthropic, newer models: <c>thinking:{type:adaptive}</c> and <c>output_config.effort</c>; budgets are refused.</summary>
    [JsonStringEnumMemberName("adaptive")]
    Adaptive,

    /// <summary>Gemini 2.5: <c>thinkingConfig.thinkingBudget</c>.</summary>
    [JsonStringEnumMemberName("thinkingBudget")]
    ThinkingBudget,

    /// <summary>Gemini 3: <c>thinkingConfig.thinkingLevel</c>.</summary>
    [JsonStringEnumMemberName("thinkingLevel")]
    ThinkingLevel,
}

/// <summary>Which forms of structured answers are taken.</summary>
internal enum FormatSupport
{
    /// <summary>None: any JSON object is asked for in words or as a tool, a schema as a tool.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>Any JSON object, no schema.</summary>
    [JsonStringEnumMemberName("object")]
    Object,

    /// <summary>Both.</summary>
    [JsonStringEnumMemberName("schema")]
    Schema,

    /// <summary>A schema, but not "any JSON object" (Anthropic, Perplexity).</summary>
    [JsonStringEnumMemberName("schema-only")]
    SchemaOnly,
}
