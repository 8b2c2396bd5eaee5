namespace Perigee.Wire.Gemini;

/// <summary>
/// The wish for reasoning as <c>thinkingConfig</c>: a budget of tokens for Gemini 2.5, a level for Gemini 3. The numbers are those of Google's
/// own mapping of <c>reasoning_effort</c>, rounded to powers of two where it names ranges.
/// </summary>
internal static class GeminiThinking
{
    private static readonly string[] Ranks = ["minimal", "low", "medium", "high", "xhigh", "max"];

    /// <summary>The least that a model thinks with which cannot stop thinking (Gemini 2.5 Pro).</summary>
    private const long LeastBudget = 128;

    /// <summary>Below this a lowered budget is no thinking any more.</summary>
    private const long UsefulBudget = 1024;

    /// <summary>Writes the member, or nothing; or says why it cannot be.</summary>
    public static GatewayError? Write(ChatQuestion question, Translation translation, JsonPen pen)
    {
        if (question.Reasoning is not { } ask)
            return null;
        ModelTraits traits = translation.Traits;
        bool own = question.Dialect == "gemini" && traits.Reasoning is not (ReasoningStyle.ThinkingBudget or ReasoningStyle.ThinkingLevel);
        bool byLevel = traits.Reasoning == ReasoningStyle.ThinkingLevel || (own && ask.Effort is not null);
        bool byBudget = traits.Reasoning == ReasoningStyle.ThinkingBudget || (own && ask.Effort is null);
        bool asked = ask.Effort is not null || ask.Budget is not null || ask.Adaptive;
        if (!byLevel && !byBudget)
            return asked || ask.Shown == true ? translation.Drop(ask.Field, Loss.Hint, "The model does not take a wish for reasoning.") : null;

        if (ask.Off && !traits.ReasoningCanBeOff && translation.Drop(ask.Field, Loss.Hint, "The model cannot stop reasoning; it is asked for the least.") is { } error)
            return error;
        string? level = byLevel ? Level(ask, traits) : null;
        long? budget = byBudget ? Budget(ask, traits) : null;
        if (budget > 0 && question.Dialect != "gemini" && Cap(question) is { } cap && budget >= cap)
            budget = cap > UsefulBudget ? cap - 1 : traits.ReasoningCanBeOff ? 0 : LeastBudget;

        // Whoever asks for reasoning in other dialects is shown it unless he says otherwise; Google shows none unless asked.
        bool shown = !ask.Off && budget != 0 && (ask.Shown ?? asked);
        if (level is null && budget is null && !shown)
            return null;
        pen.Name("thinkingConfig"u8).Object();
        if (shown)
            pen.Name("includeThoughts"u8).Bool(true);
        if (budget is { } tokens)
            pen.Name("thinkingBudget"u8).Number(tokens);
        if (level is not null)
            pen.Name("thinkingLevel"u8).Plain(level);
        pen.EndObject();
        return null;
    }

    private static long? Budget(ReasoningAsk ask, ModelTraits traits)
    {
        long least = traits.ReasoningCanBeOff ? 0 : LeastBudget;
        long most = traits.ReasoningCanBeOff ? 24_576 : 32_768;
        if (ask.Off)
            return least;
        if (ask.Budget is { } budget)
            return Math.Clamp(budget, least, most);
        if (ask.Effort is null)
            return ask.Adaptive ? -1 : null;
        return ask.Effort switch { "minimal" => 512, "low" => 2048, "medium" => 8192, "high" => 24_576, _ => most };
    }

    private static string? Level(ReasoningAsk ask, ModelTraits traits)
    {
        int rank = ask.Off ? 0
            : ask.Effort is { } effort ? Math.Max(0, Array.IndexOf(Ranks, effort))
            : ask.Budget is { } budget ? budget < 1280 ? 0 : budget < 5120 ? 1 : budget < 16_384 ? 2 : 3
            : -1;
        if (rank < 0)
            return null;

        // Between two levels the stronger one, as Google itself maps "medium" where a model knows low and high only.
        int best = -1;
        for (int i = 0; i < 4; i++)
        {
            if ((traits.Efforts.Count == 0 || traits.Efforts.Contains(Ranks[i])) && (best < 0 || Math.Abs(i - rank) <= Math.Abs(best - rank)))
                best = i;
        }

        return Ranks[best < 0 ? Math.Min(rank, 3) : best].ToUpperInvariant();
    }

    private static long? Cap(ChatQuestion question) =>
        question.Find(Parameter.MaxOutput) is { } max && System.Buffers.Text.Utf8Parser.TryParse(max.Json.Span, out long tokens, out _) ? tokens : null;
}
