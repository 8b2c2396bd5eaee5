namespace Perigee.Wire.Anthropic;

/// <summary>One message as it will be sent.</summary>
/// <param name="Role">System, User or Assistant.</param>
/// <param name="Place">Where the first of it stood.</param>
internal sealed record AnthropicDraft(Role Role, Place Place)
{
    /// <summary>What is said.</summary>
    public List<ChatPart> Parts { get; init; } = [];

    /// <summary>Whether the model's reasoning stands at its beginning.</summary>
    public bool LedByThinking => Parts.Count > 0 && Parts[0] is ReasoningPart;
}

/// <summary>
/// A conversation in the order that Anthropic takes: instructions apart, user and assistant in turn, the user first, every call answered in the
/// very next message, nothing empty. Parts are moved and joined, never reworded.
/// </summary>
internal sealed class AnthropicTurns
{
    private readonly ChatQuestion _question;
    private readonly Translation _translation;
    private readonly AnthropicToolPlan _plan;

    private AnthropicTurns(ChatQuestion question, Translation translation, AnthropicToolPlan plan)
    {
        _question = question;
        _translation = translation;
        _plan = plan;
    }

    /// <summary>The instructions at the head.</summary>
    public List<TextPart> System { get; } = [];

    /// <summary>The messages.</summary>
    public List<AnthropicDraft> Drafts { get; } = [];

    /// <summary>Whether the last message is the beginning of the model's answer.</summary>
    public bool Prefill => Drafts.Count > 0 && Drafts[^1].Role == Role.Assistant;

    /// <summary>Whether the model is amid a row of tool calls that its reasoning did not lead to, or that was lost.</summary>
    public bool LoopWithoutThinking { get; private set; }

    /// <summary>Puts a conversation in order.</summary>
    public static GatewayError? Arrange(ChatQuestion question, Translation translation, AnthropicToolPlan plan, out AnthropicTurns turns)
    {
        turns = new AnthropicTurns(question, translation, plan);
        return turns.Take() ?? turns.Settle();
    }

    private GatewayError? Take()
    {
        bool begun = false;
        foreach (ChatTurn turn in _question.Turns)
        {
            if (!turn.Name.IsEmpty && _translation.Drop($"{turn.Place.In(_question.Dialect)}.name", Loss.Hint, "Anthropic Messages has no names of speakers.") is { } name)
                return name;
            bool instruction = turn.Role is Role.System or Role.Developer;
            begun |= !instruction;
            GatewayError? error = instruction ? Instruction(turn, begun) : turn.Role == Role.Assistant ? Assistant(turn) : User(turn);
            if (error is not null)
                return error;
        }

        if (_plan.JsonInWords)
            System.Add(new TextPart(WireText.Of("Answer with one JSON object and nothing else: no words around it, no code fence."), new Place(-1, -1)));
        return null;
    }

    private GatewayError? Instruction(ChatTurn turn, bool begun)
    {
        foreach (ChatPart part in turn.Parts)
        {
            if (part is not TextPart text)
                return _translation.Drop(part.Place.In(_question.Dialect), Loss.Contract, "Instructions hold nothing but text in Anthropic Messages.");
            if (AnthropicTexts.IsBlank(text.Text))
                continue;
            text = text with { Proof = null };
            if (!begun)
                System.Add(text);
            else if (_translation.Traits.MiddleSystem)
                Draft(Role.System, turn.Place).Parts.Add(text);
            else
                Draft(Role.User, turn.Place).Parts.Add(text with { Text = AnthropicTexts.Join("<system>\\n"u8.ToArray(), text.Text.Escaped, "\\n</system>"u8.ToArray()) });
        }

        return null;
    }

    private GatewayError? User(ChatTurn turn)
    {
        // A message of which nothing is left still tells that the user spoke: settled at the end.
        List<ChatPart> parts = Draft(Role.User, turn.Place).Parts;
        foreach (ChatPart part in turn.Parts)
        {
            GatewayError? error = part switch
            {
                ToolResultPart result => Result(result, parts),
                ToolCallPart call => AsText(AnthropicHistory.Call(call), parts),
                ReasoningPart => null,
                _ => Plain(part, parts),
            };
            if (error is not null)
                return error;
        }

        return null;
    }

    private GatewayError? Assistant(ChatTurn turn)
    {
        List<ChatPart> parts = [];
        foreach (ChatPart part in turn.Parts)
        {
            GatewayError? error = part switch
            {
                // Reasoning of others is nothing to Anthropic, and must not become text: it would read as said.
                ReasoningPart reasoning => Keep(reasoning, parts),
                ToolCallPart call when _plan.Any => Add(call with { Proof = null }, parts),
                ToolCallPart call => Untooled(AnthropicHistory.Call(call), parts),
                ToolResultPart result => Result(result, Draft(Role.User, turn.Place).Parts),
                MediaPart media => _translation.Drop(media.Place.In(_question.Dialect), Loss.Contract, "Messages of the assistant's hold no files in Anthropic Messages."),
                _ => Plain(part, parts),
            };
            if (error is not null)
                return error;
        }

        if (!parts.Exists(part => part is not ReasoningPart))
            return null;
        List<ChatPart> all = Draft(Role.Assistant, turn.Place).Parts;
        all.AddRange(parts.Where(part => part is ReasoningPart));
        all.AddRange(parts.Where(part => part is not ReasoningPart));
        return null;
    }

    private GatewayError? Keep(ReasoningPart part, List<ChatPart> parts)
    {
        if (part.Proof is { Origin: ProofOrigin.Anthropic, Kind: ProofKind.Signature or ProofKind.Redacted } && _translation.Traits.Reasoning != ReasoningStyle.None)
            parts.Add(part);
        return null;
    }

    private GatewayError? Plain(ChatPart part, List<ChatPart> parts)
    {
        switch (part)
        {
            case TextPart text:
                return AsText(text.Proof is null ? text : text with { Proof = null }, parts);
            case RefusalPart refusal:
                return AsText(new TextPart(refusal.Text, refusal.Place) { Mark = refusal.Mark }, parts);
            case MediaPart media:
                if (AnthropicMedia.Check(ref media, _translation, _question.Dialect) is { } error)
                    return error;
                if (media.Source != MediaSource.Text || !AnthropicTexts.IsBlank(media.Value))
                    parts.Add(media);
                return null;
            default:
                return _translation.Drop(part.Place.In(_question.Dialect), Loss.Contract, "Anthropic Messages has no such content.");
        }
    }

    private GatewayError? Result(ToolResultPart result, List<ChatPart> parts)
    {
        List<ChatPart> inner = [];
        CacheMark? mark = result.Mark;
        foreach (ChatPart part in result.Parts)
        {
            mark ??= part.Mark;
            if (Plain(part.Mark is null ? part : part with { Mark = null }, inner) is { } error)
                return error;
        }

        result = new ToolResultPart(result.CallId, inner, result.Place) { Name = result.Name, IsError = result.IsError, Mark = mark };
        if (_plan.Any)
            return Add(result, parts);
        foreach (ChatPart part in AnthropicHistory.Result(result))
            parts.Add(part);
        return _translation.Drop("tools", Loss.Hint, AnthropicHistory.WhyText);
    }

    private GatewayError? Untooled(TextPart text, List<ChatPart> parts)
    {
        parts.Add(text);
        return _translation.Drop("tools", Loss.Hint, AnthropicHistory.WhyText);
    }

    private static GatewayError? AsText(TextPart text, List<ChatPart> parts)
    {
        if (!AnthropicTexts.IsBlank(text.Text))
            parts.Add(text);
        return null;
    }

    private static GatewayError? Add(ChatPart part, List<ChatPart> parts)
    {
        parts.Add(part);
        return null;
    }

    /// <summary>The message that this speaker is in the middle of, or a new one.</summary>
    private AnthropicDraft Draft(Role role, Place place)
    {
        if (Drafts.Count == 0 || Drafts[^1].Role != role)
            Drafts.Add(new AnthropicDraft(role, place));
        return Drafts[^1];
    }

    private GatewayError? Settle()
    {
        if (_plan.Any)
            AnthropicPairs.Match(Drafts);
        if (Drafts.Count == 0 || Drafts[0].Role != Role.User)
            Drafts.Insert(0, new AnthropicDraft(Role.User, new Place(-1, -1)));
        foreach (AnthropicDraft draft in Drafts)
        {
            if (draft.Parts.Count == 0)
                draft.Parts.Add(new TextPart(WireText.Of("."), draft.Place));
        }

        if (Prefill && Begun() is { } error)
            return error;
        int last = Drafts.FindLastIndex(draft => draft.Role == Role.Assistant);
        LoopWithoutThinking = last >= 0 && Drafts[last].Parts.Exists(part => part is ToolCallPart) && !Drafts[last].LedByThinking;
        return null;
    }

    /// <summary>The last message is the assistant's.</summary>
    private GatewayError? Begun()
    {
        AnthropicDraft draft = Drafts[^1];
        if (!_translation.Traits.Prefill)
        {
            return _translation.Drop(draft.Place.In(_question.Dialect), Loss.Contract,
                "The model does not go on with an answer that was begun for it: the last message must be the user's.");
        }

        if (draft.Parts[^1] is TextPart text)
            draft.Parts[^1] = text with { Text = AnthropicTexts.TrimEnd(text.Text) };
        return null;
    }
}
