namespace Perigee.Wire;

/// <summary>Who speaks.</summary>
internal enum Role
{
    /// <summary>Instructions of the application.</summary>
    System,

    /// <summary>As <see cref="System"/>, in OpenAI's newer word: kept for targets that know the difference.</summary>
    Developer,

    /// <summary>The user. Tool results may stand among the parts.</summary>
    User,

    /// <summary>The model.</summary>
    Assistant,

    /// <summary>Tool results alone (OpenAI).</summary>
    Tool,
}

/// <summary>One message.</summary>
/// <param name="Role">Who speaks.</param>
/// <param name="Parts">What is said, in order. May be empty.</param>
/// <param name="Place">Where it stands.</param>
internal sealed record ChatTurn(Role Role, List<ChatPart> Parts, Place Place)
{
    /// <summary>OpenAI's <c>name</c> of the speaker, or empty.</summary>
    public WireText Name { get; init; }
}

/// <summary>One part of a message.</summary>
/// <param name="Place">Where it stands.</param>
internal abstract record ChatPart(Place Place)
{
    /// <summary>The prompt up to and including this part is worth keeping in the provider's cache, or null.</summary>
    public CacheMark? Mark { get; init; }
}

/// <summary>Text.</summary>
/// <param name="Text">The text.</param>
/// <param name="Place">Where it stands.</param>
internal sealed record TextPart(WireText Text, Place Place) : ChatPart(Place)
{
    /// <summary>Google's signature on it, or null.</summary>
    public KeptProof? Proof { get; init; }
}

/// <summary>The model's refusal in earlier turns.</summary>
/// <param name="Text">The text.</param>
/// <param name="Place">Where it stands.</param>
internal sealed record RefusalPart(WireText Text, Place Place) : ChatPart(Place);

/// <summary>What kind of file a part is.</summary>
internal enum MediaKind
{
    /// <summary>A picture.</summary>
    Image,

    /// <summary>A document: PDF above all, or plain text.</summary>
    Document,

    /// <summary>Sound.</summary>
    Audio,

    /// <summary>Moving pictures.</summary>
    Video,
}

/// <summary>Where a file's bytes are.</summary>
internal enum MediaSource
{
    /// <summary>Here, as base64.</summary>
    Data,

    /// <summary>At an http(s) address.</summary>
    Url,

    /// <summary>With a provider, under an id: it never crosses vendors.</summary>
    FileId,

    /// <summary>Here, as plain text (a document).</summary>
    Text,
}

/// <summary>A picture, document, sound or film.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Source">Where its bytes are.</param>
/// <param name="Value">Base64, address, id or text.</param>
/// <param name="Type">The media type as the client stated it (<c>image/png</c>), or empty. Checked against the bytes when it is written.</param>
/// <param name="Place">Where it stands.</param>
internal sealed record MediaPart(MediaKind Kind, MediaSource Source, WireText Value, WireText Type, Place Place) : ChatPart(Place)
{
    /// <summary>The file's name or title, or empty.</summary>
    public WireText Name { get; init; }

    /// <summary>OpenAI's <c>detail</c>, or empty.</summary>
    public WireText Detail { get; init; }
}

/// <summary>A tool call of an earlier turn.</summary>
/// <param name="Id">Its id; made from its place where the dialect has none.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">A JSON object. What was no JSON object is <c>{"_raw":"..."}</c>.</param>
/// <param name="Place">Where it stands.</param>
internal sealed record ToolCallPart(WireText Id, WireText Name, ReadOnlyMemory<byte> Arguments, Place Place) : ChatPart(Place)
{
    /// <summary>Google's signature on it, or null.</summary>
    public KeptProof? Proof { get; init; }
}

/// <summary>What a tool gave back.</summary>
/// <param name="CallId">The call's id.</param>
/// <param name="Parts">Text and files. May be empty.</param>
/// <param name="Place">Where it stands.</param>
internal sealed record ToolResultPart(WireText CallId, List<ChatPart> Parts, Place Place) : ChatPart(Place)
{
    /// <summary>The tool's name, found by the call's id where the dialect does not say it; empty where no call has that id.</summary>
    public WireText Name { get; init; }

    /// <summary>Whether the tool failed.</summary>
    public bool IsError { get; init; }

    /// <summary>Google's <c>response</c> object as it stood, or empty; the same is in <see cref="Parts"/> as text.</summary>
    public ReadOnlyMemory<byte> Response { get; init; }
}

/// <summary>The model's reasoning in an earlier turn.</summary>
/// <param name="Text">The reasoning, or empty where only a proof is known.</param>
/// <param name="Proof">The proof that the provider gave with it, or null: then nobody takes it back but providers that ask for plain reasoning.</param>
/// <param name="Place">Where it stands.</param>
internal sealed record ReasoningPart(WireText Text, KeptProof? Proof, Place Place) : ChatPart(Place);

/// <summary>A mark for the provider's prompt cache.</summary>
/// <param name="Hour">Kept for an hour, not five minutes.</param>
internal sealed record CacheMark(bool Hour);
