using Perigee.Wire;
using static Perigee.Caching.Keys.Field;

namespace Perigee.Caching.Keys;

/// <summary>The request of the Messages API. Source: the API reference with its betas, recorded requests.</summary>
internal static class AnthropicShapes
{
    private const DialectFamily Mine = DialectFamily.Anthropic;

    /// <summary>The body.</summary>
    public static Shape Body { get; } = new(
        20,
        Mine,
        [""],
        Ignored("model", "metadata", "cache_control", "user", "session_id", "cache"),
        Form("stream"),
        Common("messages", Known.Turns),
        Default("system", Fold.Empty, Known.System),
        Default("tools", Fold.Empty, Known.Tools),
        Default("tool_choice", Fold.None, Known.Choice),
        Common("max_tokens", Known.MaxTokens),
        Default("temperature", Fold.One, Known.Temperature),
        Common("top_p", Known.TopP),
        Common("top_k", Known.TopK),
        Default("stop_sequences", Fold.Empty, Known.Stop),
        Default("output_config", Fold.Empty, Known.Settings),
        Default("mcp_servers", Fold.Empty),
        Default("service_tier", Fold.Word, word: "auto"),
        Own("output_format", "thinking", "container", "context_management", "speed", "inference_geo", "anthropic_version", "anthropic_beta"),
        Own("models", "provider", "route", "fallbacks", "transforms", "plugins", "preset", "fallback"));

    /// <summary>A message.</summary>
    public static Shape Message { get; } = new(
        21, Mine, ["messages[]"], Ignored("cache_control"), Common("role", Known.Role), Common("content", Known.Content));

    /// <summary>A block of a message, of a result or of the system prompt.</summary>
    public static Shape Block { get; } = new(
        22,
        Mine,
        ["messages[].content[]", "messages[].content[].content[]", "system[]"],
        Ignored("cache_control"),
        Common("type", Known.Type),
        Common("text", Known.Text),
        [new Field("source", FieldClass.Relevant, Known.Source) { Marks = true }],
        Common("id", Known.Id),
        Common("name", Known.Name),
        Common("input", Known.Arguments),
        Common("tool_use_id", Known.CallId),
        [new Field("content", FieldClass.Relevant, Known.Content) { Marks = true }],
        Default("is_error", Fold.False),
        Default("citations", Fold.Empty),
        Own("title", "context", "thinking", "signature", "data", "caller", "file_id", "server_name", "tool", "tool_name", "url", "encrypted_content", "page_age"));

    /// <summary>Where a picture or a document comes from.</summary>
    public static Shape Source { get; } = new(
        23,
        Mine,
        ["messages[].content[].source", "messages[].content[].content[].source"],
        Common("type", Known.Type),
        Common("media_type", Known.MediaType),
        Common("data", Known.Data),
        Common("url", Known.Url),
        [new Field("content", FieldClass.Relevant) { Marks = true }],
        Own("file_id"));

    /// <summary>A tool.</summary>
    public static Shape Tool { get; } = new(
        24,
        Mine,
        ["tools[]"],
        Ignored("cache_control"),
        Default("type", Fold.Word, Known.Type, "custom"),
        Common("name", Known.Name),
        Common("description", Known.Description),
        Common("input_schema", Known.Schema),
        Default("strict", Fold.False, Known.Strict),
        Default("defer_loading", Fold.False),
        Default("input_examples", Fold.Empty),
        Own("eager_input_streaming", "allowed_callers", "allowed_domains", "blocked_domains", "citations", "max_content_tokens", "max_tokens"),
        Own("max_uses", "model", "user_location", "display_width_px", "display_height_px", "display_number", "max_characters", "mcp_server_name"),
        Own("default_config", "configs", "enable_zoom", "caching"));

    /// <summary>The choice of a tool.</summary>
    public static Shape Choice { get; } = new(
        25,
        Mine,
        ["tool_choice"],
        Common("type", Known.Type),
        Common("name", Known.Name),
        Default("disable_parallel_tool_use", Fold.False, Known.Parallel));

    /// <summary>The settings of the answer.</summary>
    public static Shape Output { get; } = new(
        26, Mine, ["output_config"], Common("format", Known.Format), Own("effort", "task_budget"));

    /// <summary>The form of the answer.</summary>
    public static Shape Format { get; } = new(
        27, Mine, ["output_config.format"], Common("type", Known.Type), Common("schema", Known.Schema));

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Shape> All { get; } = [Body, Message, Block, Source, Tool, Choice, Output, Format];
}
