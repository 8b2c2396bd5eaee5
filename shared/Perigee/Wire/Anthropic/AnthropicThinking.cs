namespace Perigee.Wire.Anthropic;

/// <summary>How the wish to think is said.</summary>
internal enum ThinkingMode
{
    /// <summary>Not at all.</summary>
    Omitted,

    /// <summary><c>{"type":"disabled"}</c>.</summary>
    Disabled,

    /// <summary><c>{"type":"enabled","budget_tokens":n}</c>.</summary>
    Budget,

    /// <summary><c>{"type":"adaptive"}</c>.</summary>
    Adaptive,
}

/// <summary>How much to think, and how long the answer may be at most: the one depends on the other.</summary>
internal sealed record AnthropicThinking
{
    /// <summary>What every model of Anthropic's can give, where nothing is known of this one.</summary>
    private const long UsualOutput = 4096;

    /// <summary>Anthropic takes no smaller budget.</summary>
    private const long LeastBudget = 1024;

    private static readonly string[] UsualEfforts = ["low", "medium", "high", "max"];

    private static readonly (string Effort, long Budget)[] Scale =
        [("minimal", 1024), ("low", 2048), ("medium", 4096), ("high", 16384), ("xhigh", 32000), ("max", 32000)];

    /// <summary>How the wish is said.</summary>
    public ThinkingMode Mode { get; private init; }

    /// <summary>Tokens to think with.</summary>
    public long Budget { get; private init; }

    /// <summary><c>summarized</c>, <c>omitted</c>; or null.</summary>
    public string? Display { get; private init; }

    /// <summary>For <c>output_config.effort</c>, or null.</summary>
    public string? Effort { get; private init; }

    /// <summary>The most tokens of the answer.</summary>
    public long MaxTokens { get; private init; }

    /// <summary>Whether the model is asked to think.</summary>
    public bool On => Mode is ThinkingMode.Budget or ThinkingMode.Adaptive;

    /// <summary>Whether the client wants the model to think in a manner that allows of no forced tool.</summary>
    public static bool ForbidsForce(ChatQuestion question, ModelTraits traits) =>
        question.Reasoning is { Off: false } ask && traits.Reasoning is not (ReasoningStyle.None or ReasoningStyle.Adaptive) && Wishes(ask);

    /// <summary>Decides.</summary>
    /// <param name="question">The question.</param>
    /// <param name="translation">Whom it is for.</param>
    /// <param name="forced">Whether a tool is forced.</param>
    /// <param name="turns">The conversation as it will be sent.</param>
    /// <param name="thinking">What was decided.</param>
    public static GatewayError? Decide(ChatQuestion question, Translation translation, bool forced, AnthropicTurns turns, out AnthropicThinking thinking)
    {
        ModelTraits traits = translation.Traits;
        Setting? limit = question.Find(Parameter.MaxOutput);
        long? asked = null;
        thinking = new AnthropicThinking();
        if (limit is not null && !AnthropicSettings.IsNull(limit))
        {
            if (!AnthropicSettings.TryInteger(limit, out long most) || most < 1)
                return new GatewayError(ErrorKind.BadRequest, $"'{limit.Field}' must be an integer above 0.", limit.Field);
            asked = most;
        }

        thinking = new AnthropicThinking { MaxTokens = asked ?? traits.MaxOutput ?? UsualOutput };
        if (question.Reasoning is not { } ask)
            return null;
        if (ask.Off)
        {
            // Where nothing is said, a model of the older kind does not think anyway.
            if (traits.Reasoning == ReasoningStyle.None)
                return null;
            if (!traits.ReasoningCanBeOff)
                return translation.Drop(ask.Field, Loss.Hint, "The model always thinks.");
            thinking = thinking with { Mode = ThinkingMode.Disabled };
            return null;
        }

        if (!Wishes(ask))
            return null;
        if (traits.Reasoning == ReasoningStyle.None)
            return translation.Drop(ask.Field, Loss.Hint, "The model cannot think.");
        if (traits.Reasoning == ReasoningStyle.Adaptive)
            return Adaptive(ask, translation, turns, ref thinking);
        if (forced)
            return translation.Drop(ask.Field, Loss.Hint, "Anthropic's models do not think where a tool is forced.");
        if (turns.Prefill)
            return translation.Drop(ask.Field, Loss.Hint, "Anthropic's models do not think where their answer has been begun for them.");
        if (turns.LoopWithoutThinking)
            return translation.Drop(ask.Field, Loss.Hint, "The reasoning that led to the last tool call is not there, without which Anthropic's models do not think on.");
        long budget = Math.Max(LeastBudget, ask.Budget ?? BudgetOf(ask.Effort));

        // A limit of ours leaves room for the answer; one of the client's is never raised.
        long max = asked ?? traits.MaxOutput ?? budget + UsualOutput;
        budget = Math.Min(budget, max - 1);
        if (budget < LeastBudget)
            return translation.Drop(ask.Field, Loss.Hint, $"It needs {LeastBudget} tokens and more, which the answer's limit of {max} does not leave.");
        thinking = thinking with { Mode = ThinkingMode.Budget, Budget = budget, MaxTokens = max };
        return null;
    }

    private static GatewayError? Adaptive(ReasoningAsk ask, Translation translation, AnthropicTurns turns, ref AnthropicThinking thinking)
    {
        // Unlike a budget this goes with a forced tool, and needs no reasoning of the turn before (recorded of Opus 4.6).
        thinking = thinking with { Effort = EffortOf(ask, translation.Traits.Efforts) };
        if (turns.Prefill)
            return translation.Drop(ask.Field, Loss.Hint, "Anthropic's models do not think where their answer has been begun for them.");
        thinking = thinking with
        {
            Mode = ThinkingMode.Adaptive,
            Display = ask.Shown switch { true => "summarized", false => "omitted", null => null },
        };
        return null;
    }

    /// <summary>Whether it asks for thoughts: to hide them does not, to show them does.</summary>
    private static bool Wishes(ReasoningAsk ask) => ask.Adaptive || ask.Effort is not null || ask.Budget is not null || ask.Shown == true;

    private static long BudgetOf(string? effort)
    {
        foreach ((string name, long budget) in Scale)
        {
            if (name == effort)
                return budget;
        }

        // "As much as you think right", said to a model that must be given a number.
        return 8192;
    }

    private static string? EffortOf(ReasoningAsk ask, IReadOnlyList<string> known)
    {
        if (known.Count == 0)
            known = UsualEfforts;
        if (ask.Effort is null)
            return ask.Budget is { } budget ? known[Nearest(known.Count, at => Math.Abs(BudgetOf(known[at]) - budget))] : null;

        // A word that is on no scale is the model's own, if it is on its list.
        int wanted = Step(ask.Effort);
        if (wanted < 0)
            return known.Contains(ask.Effort) ? ask.Effort : null;
        return known[Nearest(known.Count, at => Math.Abs(Step(known[at]) - wanted))];
    }

    private static int Step(string effort) => Array.FindIndex(Scale, step => step.Effort == effort);

    /// <summary>The place with the least distance; of two, the first.</summary>
    private static int Nearest(int count, Func<int, long> distance)
    {
        int best = 0;
        for (int i = 1; i < count; i++)
        {
            if (distance(i) < distance(best))
                best = i;
        }

        return best;
    }
}
