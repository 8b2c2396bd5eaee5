using Perigee.Wire;
using static Perigee.Caching.Keys.Field;

namespace Perigee.Caching.Keys;

/// <summary>The request of generateContent. Source: the discovery documents of the Gemini API and of Vertex AI, recorded requests.</summary>
internal static class GeminiShapes
{
    private const DialectFamily Mine = DialectFamily.Gemini;

    /// <summary>The body.</summary>
    public static Shape Body { get; } = new(
        40,
        Mine,
        [""],
        Ignored("model", "labels", "user", "session_id", "cache"),
        Common("contents", Known.Turns),
        Common("systemInstruction", Known.System),
        Default("tools", Fold.Empty, Known.Tools),
        Common("toolConfig", Known.Choice),
        Common("generationConfig", Known.Settings),
        Default("safetySettings", Fold.Empty),
        Default("store", Fold.False),
        Own("cachedContent", "serviceTier", "modelArmorConfig", "models", "provider", "route", "fallbacks", "transforms"));

    /// <summary>A turn.</summary>
    public static Shape Content { get; } = new(
        41, Mine, ["contents[]"], Default("role", Fold.Word, Known.Role, "user"), Common("parts", Known.Content));

    /// <summary>What the model is told first. Its role is documented to be ignored.</summary>
    public static Shape Instruction { get; } = new(42, Mine, ["systemInstruction"], Ignored("role"), Common("parts", Known.Content));

    /// <summary>A part of a turn.</summary>
    public static Shape Part { get; } = new(
        43,
        Mine,
        ["contents[].parts[]", "systemInstruction.parts[]"],
        Common("text", Known.Text),
        Common("inlineData", Known.Source),
        Common("functionCall", Known.Arguments),
        Common("functionResponse", Known.Result),
        Default("thought", Fold.False),
        Own("thoughtSignature", "fileData", "executableCode", "codeExecutionResult", "videoMetadata", "mediaResolution", "partMetadata"),
        Own("toolCall", "toolResponse"));

    /// <summary>Media in the body.</summary>
    public static Shape Inline { get; } = new(
        44,
        Mine,
        ["contents[].parts[].inlineData", "systemInstruction.parts[].inlineData"],
        Common("mimeType", Known.MediaType),
        Common("data", Known.Data),
        Own("displayName"));

    /// <summary>A call.</summary>
    public static Shape Call { get; } = new(
        45,
        Mine,
        ["contents[].parts[].functionCall"],
        Common("id", Known.Id),
        Common("name", Known.Name),
        Common("args", Known.Arguments),
        Default("partialArgs", Fold.Empty),
        Default("willContinue", Fold.False));

    /// <summary>A result.</summary>
    public static Shape Result { get; } = new(
        46,
        Mine,
        ["contents[].parts[].functionResponse"],
        Common("id", Known.CallId),
        Common("name", Known.Name),
        Common("response", Known.Result),
        Default("parts", Fold.Empty, Known.Content),
        Default("willContinue", Fold.False),
        Own("scheduling"));

    /// <summary>A tool.</summary>
    public static Shape Tool { get; } = new(
        47,
        Mine,
        ["tools[]"],
        Common("functionDeclarations", Known.Function),
        Own("googleSearch", "googleSearchRetrieval", "codeExecution", "urlContext", "fileSearch", "computerUse", "googleMaps"),
        Own("enterpriseWebSearch", "retrieval", "mcpServers", "parallelAiSearch"));

    /// <summary>A function. Schemas in OpenAPI's words are its own; those in JSON Schema's are everyone's.</summary>
    public static Shape Function { get; } = new(
        48,
        Mine,
        ["tools[].functionDeclarations[]"],
        Common("name", Known.Name),
        Common("description", Known.Description),
        Common("parametersJsonSchema", Known.Schema),
        Own("parameters", "response", "responseJsonSchema", "behavior"));

    /// <summary>How tools are used.</summary>
    public static Shape ToolConfig { get; } = new(
        49, Mine, ["toolConfig"], Common("functionCallingConfig", Known.Choice), Own("retrievalConfig", "includeServerSideToolInvocations"));

    /// <summary>The choice of a tool.</summary>
    public static Shape Choice { get; } = new(
        50,
        Mine,
        ["toolConfig.functionCallingConfig"],
        Default("mode", Fold.Word, Known.Type, "AUTO"),
        Default("allowedFunctionNames", Fold.Empty, Known.Names),
        Form("streamFunctionCallArguments"));

    /// <summary>The settings.</summary>
    public static Shape Settings { get; } = new(
        51,
        Mine,
        ["generationConfig"],
        Common("maxOutputTokens", Known.MaxTokens),
        Common("temperature", Known.Temperature),
        Common("topP", Known.TopP),
        Common("topK", Known.TopK),
        Common("seed", Known.Seed),
        Default("candidateCount", Fold.One, Known.Count),
        Common("presencePenalty", Known.Presence),
        Common("frequencyPenalty", Known.Frequency),
        Default("stopSequences", Fold.Empty, Known.Stop),
        Default("responseMimeType", Fold.Word, Known.Type, "text/plain"),
        Common("responseJsonSchema", Known.Schema),
        Default("responseLogprobs", Fold.False),
        Default("responseModalities", Fold.Empty),
        Own("responseSchema", "logprobs", "thinkingConfig", "mediaResolution", "speechConfig", "imageConfig", "enableEnhancedCivicAnswers"),
        Own("audioTimestamp", "routingConfig", "modelSelectionConfig", "enableAffectiveDialog", "responseFormat", "_responseJsonSchema"));

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Shape> All { get; } =
        [Body, Content, Instruction, Part, Inline, Call, Result, Tool, Function, ToolConfig, Choice, Settings];
}
