namespace Perigee.Wire.OpenAiChat;

/// <summary>Says how much to think, in the way that the target wants to be asked.</summary>
internal sealed class OpenAiReasoningWriter(ChatQuestion question, Translation translation, JsonOut json)
{
    private ModelTraits Traits => translation.Traits;

    /// <summary>Writes it; the error says why it cannot be asked.</summary>
    public GatewayError? Write()
    {
        // Without a depth there is only the wish to see or not to see the reasoning, which the answer's writer serves.
        if (question.Reasoning is not { } ask || (!ask.Off && !ask.Adaptive && ask.Effort is null && ask.Budget is null))
            return null;
        if (ask.Off && !Traits.ReasoningCanBeOff)
            return OffWhereItCannotBe(ask);
        return Traits.Reasoning switch
        {
            ReasoningStyle.Effort when !Refuses("reasoning_effort") => Effort(ask),
            ReasoningStyle.Object when !Refuses("reasoning") => Object(ask),
            ReasoningStyle.Switch when !Refuses("thinking") => Switch(ask),
            ReasoningStyle.EnableThinking when !Refuses("enable_thinking") => Enable(ask),
            _ => translation.Drop(ask.Field, ask.Off ? Loss.None : Loss.Hint, "The model takes no wish for reasoning."),
        };
    }

    private bool Refuses(string member) => Traits.Refuses.Contains(member);

    private string? EffortOf(ReasoningAsk ask) =>
        ask.Effort ?? (ask.Budget is { } budget ? OpenAiEffort.OfBudget(budget, question.Dialect) : null);

    private GatewayError? OffWhereItCannotBe(ReasoningAsk ask)
    {
        if (Traits.Reasoning == ReasoningStyle.Effort && Traits.Efforts.Count > 0 && !Refuses("reasoning_effort"))
            json.Name("reasoning_effort"u8).Plain(OpenAiEffort.Nearest("none", Traits.Efforts));
        return translation.Drop(ask.Field, Loss.Hint, "The model's reasoning cannot be switched off.");
    }

    private GatewayError? Effort(ReasoningAsk ask)
    {
        if (ask.Off)
        {
            // To a server whose words are not known, "none" is as likely an error as a wish: most models without this member do not reason.
            if (Traits.Efforts.Count == 0)
                return translation.Drop(ask.Field, Loss.Hint, "It is not known whether the model's reasoning can be switched off.");
            bool known = Traits.Efforts.Contains("none");
            json.Name("reasoning_effort"u8).Plain(known ? "none" : OpenAiEffort.Nearest("none", Traits.Efforts));
            return known ? null : translation.Drop(ask.Field, Loss.Hint, "The model's reasoning cannot be switched off.");
        }

        if (EffortOf(ask) is { } effort)
            json.Name("reasoning_effort"u8).Plain(OpenAiEffort.Nearest(effort, Traits.Efforts));
        return null;
    }

    private GatewayError? Object(ReasoningAsk ask)
    {
        json.Name("reasoning"u8).Object();
        if (ask.Off)
            json.Name("enabled"u8).Bool(false);
        else if (ask.Budget is { } budget)
            json.Name("max_tokens"u8).Number(budget);
        else if (ask.Effort is { } effort)
            json.Name("effort"u8).Plain(Traits.Efforts.Count == 0 ? effort : OpenAiEffort.Nearest(effort, Traits.Efforts));
        else
            json.Name("enabled"u8).Bool(true);
        json.EndObject();
        return null;
    }

    private GatewayError? Switch(ReasoningAsk ask)
    {
        json.Name("thinking"u8).Object();
        json.Name("type"u8).Text(ask.Off ? "disabled"u8 : "enabled"u8);
        json.EndObject();
        return null;
    }

    private GatewayError? Enable(ReasoningAsk ask)
    {
        json.Name("enable_thinking"u8).Bool(!ask.Off);
        if (!ask.Off && (ask.Budget ?? (ask.Effort is { } effort ? OpenAiEffort.ToBudget(effort) : null)) is { } budget)
            json.Name("thinking_budget"u8).Number(budget);
        return null;
    }
}
