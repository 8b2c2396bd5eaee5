namespace Perigee.Wire;

/// <summary>Who made an opaque proof of reasoning, and so who alone may get it back.</summary>
internal enum ProofOrigin
{
    /// <summary>Unknown: never sent to anyone.</summary>
    None,

    /// <summary>Anthropic's <c>signature</c> and <c>redacted_thinking.data</c>. In OpenRouter's words <c>anthropic-claude-v1</c>.</summary>
    Anthropic,

    /// <summary>Google's <c>thoughtSignature</c>. In OpenRouter's words <c>google-gemini-v1</c>.</summary>
    Google,

    /// <summary>OpenAI's <c>encrypted_content</c>. In OpenRouter's words <c>openai-responses-v1</c>.</summary>
    OpenAi,

    /// <summary>xAI's <c>encrypted_content</c>. In OpenRouter's words <c>xai-responses-v1</c>.</summary>
    Xai,
}

/// <summary>What a proof stands for.</summary>
internal enum ProofKind
{
    /// <summary>The signature of the reasoning text said right before it. Without such text: reasoning that is not shown.</summary>
    Signature,

    /// <summary>Reasoning that is itself hidden (<c>redacted_thinking</c>, <c>encrypted_content</c>): stands alone.</summary>
    Redacted,

    /// <summary>Google's signature on a part of visible text.</summary>
    OnText,

    /// <summary>Google's signature on a tool call, named by <c>CallId</c>. Said right before that call.</summary>
    OnCall,
}

/// <summary>An opaque proof in an answer. Valid during the call only.</summary>
internal readonly ref struct Proof(ProofOrigin origin, ProofKind kind, JsonText data)
{
    /// <summary>Who made it.</summary>
    public ProofOrigin Origin { get; } = origin;

    /// <summary>What it stands for.</summary>
    public ProofKind Kind { get; } = kind;

    /// <summary>The proof itself.</summary>
    public JsonText Data { get; } = data;

    /// <summary>The id of the tool call that it stands on, or empty.</summary>
    public JsonText CallId { get; init; }

    /// <summary>A copy that outlives the call.</summary>
    public KeptProof Keep() => new(Origin, Kind, Data.Keep()) { CallId = CallId.Keep() };
}

/// <summary>An opaque proof in a question's history.</summary>
/// <param name="Origin">Who made it.</param>
/// <param name="Kind">What it stands for.</param>
/// <param name="Data">The proof itself.</param>
internal sealed record KeptProof(ProofOrigin Origin, ProofKind Kind, WireText Data)
{
    /// <summary>The id of the tool call that it stands on, or empty.</summary>
    public WireText CallId { get; init; }
}
