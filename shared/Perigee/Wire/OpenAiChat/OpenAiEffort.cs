namespace Perigee.Wire.OpenAiChat;

/// <summary>Efforts of reasoning, weakest first, and the budgets of tokens that other dialects have in their place.</summary>
internal static class OpenAiEffort
{
    /// <summary>What servers take whose list is not known: OpenAI's first three words.</summary>
    private static readonly string[] Usual = ["low", "medium", "high"];

    private static readonly string[] Ranks = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

    /// <summary>Budgets in Anthropic's habit: the middle of what each effort is given there.</summary>
    private static readonly (string Effort, long Budget)[] AnthropicBudgets = [("low", 1536), ("medium", 4096), ("high", 12288), ("xhigh", 32000)];

    /// <summary>Budgets in Google's habit.</summary>
    private static readonly (string Effort, long Budget)[] GoogleBudgets = [("minimal", 512), ("low", 2048), ("medium", 8192), ("high", 24576)];

    /// <summary>The nearest effort that the model knows; of two equally near the weaker, which costs less.</summary>
    public static string Nearest(string effort, IReadOnlyList<string> known)
    {
        int wanted = Array.IndexOf(Ranks, effort);
        string best = effort;
        int distance = int.MaxValue;
        foreach (string one in known.Count == 0 ? Usual : known)
        {
            int rank = Array.IndexOf(Ranks, one);
            if (rank <= 0 || Math.Abs(rank - wanted) >= distance)
                continue;
            best = one;
            distance = Math.Abs(rank - wanted);
        }

        return best;
    }

    /// <summary>The effort that a budget comes nearest to.</summary>
    /// <param name="budget">Tokens.</param>
    /// <param name="dialect">Whose habit it is.</param>
    public static string OfBudget(long budget, string dialect) =>
        (dialect == "gemini" ? GoogleBudgets : AnthropicBudgets).MinBy(e => Math.Abs(e.Budget - budget)).Effort;

    /// <summary>The budget that an effort stands for, where only budgets are taken.</summary>
    public static long ToBudget(string effort) => effort switch
    {
        "minimal" => 512,
        "low" => 2048,
        "medium" => 8192,
        "high" => 24576,
        _ => 32000,
    };
}
