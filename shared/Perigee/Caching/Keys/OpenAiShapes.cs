using Perigee.Wire;
using static Perigee.Caching.Keys.Field;

namespace Perigee.Caching.Keys;

/// <summary>
/// The request of chat completions, with the fields that compatible servers and other gateways added. Source: the API reference
/// (defaults are the ones stated there), OpenRouter's and LiteLLM's documentation, recorded requests.
/// </summary>
internal static class OpenAiShapes
{
    private const DialectFamily Mine = DialectFamily.OpenAi;

    /// <summary>The body.</summary>
    public static Shape Body { get; } = new(
        1,
        Mine,
        [""],
        Ignored("model", "user", "safety_identifier", "metadata", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention"),
        Ignored("session_id", "cache", "cache_control"),
        Form("stream", "stream_options", "usage"),
        Common("messages", Known.Turns),
        Default("tools", Fold.Empty, Known.Tools),
        Common("tool_choice", Known.Choice),
        Default("parallel_tool_calls", Fold.True, Known.Parallel),
        Common("max_completion_tokens", Known.MaxTokens),
        Common("max_tokens", Known.MaxTokens),
        Default("temperature", Fold.One, Known.Temperature),
        Default("top_p", Fold.One, Known.TopP),
        Common("top_k", Known.TopK),
        Common("seed", Known.Seed),
        Default("n", Fold.One, Known.Count),
        Default("presence_penalty", Fold.Zero, Known.Presence),
        Default("frequency_penalty", Fold.Zero, Known.Frequency),
        Default("stop", Fold.Empty, Known.Stop),
        Default("response_format", Fold.TypeOnly, Known.Format, "text"),
        Default("functions", Fold.Empty),
        Default("logit_bias", Fold.Empty),
        Default("logprobs", Fold.False),
        Default("store", Fold.False),
        Default("service_tier", Fold.Word, word: "auto"),
        Own("audio", "function_call", "top_logprobs", "modalities", "moderation", "prediction", "reasoning_effort", "verbosity", "web_search_options"),
        Own("models", "provider", "route", "fallbacks", "transforms", "plugins", "preset", "include_reasoning", "reasoning", "reasoning_format"),
        Own("min_p", "top_a", "repetition_penalty", "thinking", "clear_thinking", "enable_thinking", "grammar", "cache_prompt", "chat_template_kwargs"),
        Own("search_context_size", "search_settings", "venice_parameters", "random_seed", "safe_prompt", "prompt_mode", "extra_body", "guided_json"));

    /// <summary>A message.</summary>
    public static Shape Message { get; } = new(
        2,
        Mine,
        ["messages[]"],
        Ignored("cache_control"),
        Common("role", Known.Role),
        Common("content", Known.Content),
        Default("tool_calls", Fold.Empty, Known.Calls),
        Common("tool_call_id", Known.CallId),
        Default("annotations", Fold.Empty),
        Default("prefix", Fold.False),
        Own("name", "refusal", "function_call", "audio", "reasoning", "reasoning_content", "reasoning_details", "reasoning_signature"));

    /// <summary>A part of a message.</summary>
    public static Shape Part { get; } = new(
        3,
        Mine,
        ["messages[].content[]"],
        Ignored("cache_control", "prompt_cache_breakpoint"),
        Common("type", Known.Type),
        Common("text", Known.Text),
        Common("image_url", Known.Image),
        Own("input_audio", "file", "refusal", "file_url", "video_url", "document_url", "document_name", "thinking"));

    /// <summary>A picture's address.</summary>
    public static Shape Image { get; } = new(
        4, Mine, ["messages[].content[].image_url"], Common("url", Known.Url), Default("detail", Fold.Word, word: "auto"));

    /// <summary>A call.</summary>
    public static Shape Call { get; } = new(
        5,
        Mine,
        ["messages[].tool_calls[]"],
        Default("type", Fold.Word, Known.Type, "function"),
        Common("id", Known.Id),
        Common("function", Known.Function),
        Own("index", "custom"));

    /// <summary>What a call calls.</summary>
    public static Shape Called { get; } = new(
        6, Mine, ["messages[].tool_calls[].function"], Common("name", Known.Name), Common("arguments", Known.Arguments));

    /// <summary>A tool.</summary>
    public static Shape Tool { get; } = new(
        7,
        Mine,
        ["tools[]"],
        Ignored("cache_control"),
        Default("type", Fold.Word, Known.Type, "function"),
        Common("function", Known.Function),
        Own("custom", "parameters", "eager_input_streaming"));

    /// <summary>A function.</summary>
    public static Shape Function { get; } = new(
        8,
        Mine,
        ["tools[].function"],
        Common("name", Known.Name),
        Common("description", Known.Description),
        Common("parameters", Known.Schema),
        Default("strict", Fold.False, Known.Strict));

    /// <summary>The choice of one tool.</summary>
    public static Shape Choice { get; } = new(
        9,
        Mine,
        ["tool_choice"],
        Default("type", Fold.Word, Known.Type, "function"),
        Common("function", Known.Function),
        Own("custom", "allowed_tools"));

    /// <summary>The chosen function.</summary>
    public static Shape Chosen { get; } = new(10, Mine, ["tool_choice.function"], Common("name", Known.Name));

    /// <summary>The form of the answer.</summary>
    public static Shape Format { get; } = new(
        11, Mine, ["response_format"], Common("type", Known.Type), Common("json_schema", Known.Format), Own("schema", "grammar"));

    /// <summary>The schema of the answer.</summary>
    public static Shape Schema { get; } = new(
        12,
        Mine,
        ["response_format.json_schema"],
        Common("name", Known.Name),
        Common("schema", Known.Schema),
        Default("strict", Fold.False, Known.Strict),
        Own("description"));

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Shape> All { get; } =
        [Body, Message, Part, Image, Call, Called, Tool, Function, Choice, Chosen, Format, Schema];
}
