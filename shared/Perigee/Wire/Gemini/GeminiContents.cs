namespace Perigee.Wire.Gemini;

/// <summary>
/// The conversation in Google's grammar: instructions apart, user and model in turn, and the results of one turn's calls together in the turn
/// that follows it.
/// </summary>
internal sealed class GeminiContents
{
    private GeminiContents()
    {
    }

    /// <summary>The instructions at the head.</summary>
    public List<WireText> System { get; } = [];

    /// <summary>The turns.</summary>
    public List<GeminiContent> Turns { get; } = [];

    /// <summary>Puts a question's turns in order.</summary>
    public static GeminiContents Of(ChatQuestion question)
    {
        GeminiContents contents = new();
        bool head = true;
        foreach (ChatTurn turn in question.Turns)
        {
            bool system = turn.Role is Role.System or Role.Developer;
            head &= system;
            if (head)
                contents.AddSystem(turn);
            else if (system)
                contents.Add(false, [Marked(turn)]);
            else
                contents.Add(turn.Role == Role.Assistant, turn.Parts);
        }

        contents.Complete();
        return contents;
    }

    private void AddSystem(ChatTurn turn)
    {
        foreach (ChatPart part in turn.Parts)
        {
            if (TextOf(part) is { IsEmpty: false } text)
                System.Add(text);
        }
    }

    /// <summary>
    /// Instructions in the middle stay where they were said: hoisted, they would change what was said before them and every cached prompt.
    /// </summary>
    private static TextPart Marked(ChatTurn turn)
    {
        List<byte> text = [.. "<system>"u8];
        foreach (ChatPart part in turn.Parts)
        {
            if (TextOf(part) is { IsEmpty: false } words)
            {
                if (text.Count > 8)
                    text.AddRange("\\n"u8);
                text.AddRange(words.Escaped.Span);
            }
        }

        text.AddRange("</system>"u8);
        return new TextPart(new WireText(text.ToArray()), turn.Place);
    }

    private static WireText TextOf(ChatPart part) => part switch
    {
        TextPart text => text.Text,
        RefusalPart refusal => refusal.Text,
        MediaPart { Source: MediaSource.Text } document => document.Value,
        _ => default,
    };

    private void Add(bool model, List<ChatPart> parts)
    {
        foreach (ChatPart part in parts)
        {
            if (!Says(part))
                continue;
            if (Turns.Count == 0 || Turns[^1].Model != model)
                Turns.Add(new GeminiContent(model));
            Turns[^1].Parts.Add(part);
        }
    }

    /// <summary>Whether anything of a part is sent. Reasoning without Google's own signature never is: not as a thought, not as text.</summary>
    private static bool Says(ChatPart part) => part switch
    {
        TextPart text => !text.Text.IsEmpty || text.Proof is { Origin: ProofOrigin.Google },
        RefusalPart refusal => !refusal.Text.IsEmpty,
        ReasoningPart reasoning => reasoning.Proof is { Origin: ProofOrigin.Google, Kind: not ProofKind.Redacted },
        _ => true,
    };

    private void Complete()
    {
        for (int i = 0; i < Turns.Count; i++)
        {
            bool calls = Turns[i].Model && Turns[i].Parts.Exists(part => part is ToolCallPart);

            // A call must follow a user's turn, and its results must follow it.
            if (i == 0 && calls)
                Turns.Insert(i++, Filler());
            if (calls && i + 1 == Turns.Count)
                Turns.Add(new GeminiContent(false));
        }

        if (Turns.Count == 0)
            Turns.Add(Filler());
    }

    /// <summary>The least that a user can say: Google refuses a conversation of instructions alone, and an empty text.</summary>
    private static GeminiContent Filler() => new(false) { Parts = { new TextPart(new WireText("."u8.ToArray()), new Place(-1, -1)) } };
}

/// <summary>One turn.</summary>
/// <param name="model">Whether the model speaks.</param>
internal sealed class GeminiContent(bool model)
{
    /// <summary>Whether the model speaks.</summary>
    public bool Model { get; } = model;

    /// <summary>What is said. Empty only where results must follow that nobody gave.</summary>
    public List<ChatPart> Parts { get; } = [];
}
