using Perigee.Wire;

namespace Perigee.Telemetry;

/// <summary>
/// The words of OpenTelemetry's semantic conventions for generative AI, in the version that this gateway speaks. Source:
/// https://github.com/open-telemetry/semantic-conventions/tree/v1.41.1/docs/gen-ai: the last release that defines them. They have moved to a
/// repository of their own since, which has released nothing yet.
/// </summary>
internal static class Semantics
{
    /// <summary>The version of the conventions.</summary>
    public const string Version = "1.41.1";

    /// <summary>What consumers translate other versions by.</summary>
    public const string SchemaUrl = "https://opentelemetry.io/schemas/" + Version;

    /// <summary>The operation by which a conversation is asked for.</summary>
    private const string Chat = "chat";

    /// <summary>Google's word for it.</summary>
    private const string Generate = "generate_content";

    /// <summary>The well-known word of an operation, or its own name.</summary>
    /// <param name="operation">The operation's name in the gateway.</param>
    /// <param name="dialect">Who is asked: Google's dialect has a word of its own for a conversation.</param>
    public static string Operation(string operation, DialectFamily dialect) => operation switch
    {
        "chat" or "messages" or "responses" or "gemini.generate" or "gemini.stream" => dialect == DialectFamily.Gemini ? Generate : Chat,
        "completions" => "text_completion",
        "embeddings" or "gemini.embed" or "gemini.embed_batch" => "embeddings",
        _ => operation,
    };

    /// <summary>Whether an operation asks a model for something, so that the metrics of generative AI are about it.</summary>
    public static bool AsksModel(string operation) => operation
        is "chat" or "messages" or "responses" or "gemini.generate" or "gemini.stream" or "completions" or "embeddings" or "gemini.embed" or "gemini.embed_batch"
        or "moderations" or "rerank" || operation.StartsWith("images.", StringComparison.Ordinal) || operation.StartsWith("audio.", StringComparison.Ordinal);

    /// <summary>The well-known word of a provider by its kind, or the kind itself; of a custom one its name.</summary>
    public static string Provider(string kind, string name) => kind switch
    {
        "azure" => "azure.ai.openai",
        "gemini" => "gcp.gemini",
        "mistral" => "mistral_ai",
        "xai" => "x_ai",
        "custom" => name,
        _ => kind,
    };

    /// <summary>Why an answer ended, in OpenAI's words, which most backends know; null where it was not said.</summary>
    public static string? Finish(FinishReason reason) => reason switch
    {
        FinishReason.None => null,
        FinishReason.Stop or FinishReason.StopSequence => "stop",
        FinishReason.Length or FinishReason.ContextFull => "length",
        FinishReason.ToolCalls => "tool_calls",
        FinishReason.ContentFilter => "content_filter",
        FinishReason.Refusal => "refusal",
        FinishReason.Pause => "pause",
        FinishReason.Error or FinishReason.MalformedCall => "error",
        _ => "other",
    };

    /// <summary>What kind of output is asked for, or null where the request does not say.</summary>
    public static string? OutputOf(string operation) => operation switch
    {
        _ when operation.StartsWith("images.", StringComparison.Ordinal) => "image",
        "audio.speech" => "speech",
        _ => null,
    };
}
