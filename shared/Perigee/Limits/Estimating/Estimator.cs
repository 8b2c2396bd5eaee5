using Perigee.Catalog;

namespace Perigee.Limits.Estimating;

/// <summary>Estimates what a request may take: its question by the vocabulary of its models, its answer by what it asks for, the price by the dearest target that it may reach.</summary>
internal sealed class Estimator(ReachedTargets reached, OutputHistory history)
{
    /// <summary>Taken for the longest answer of a model whose own the catalogue does not know.</summary>
    public const long UnknownLongest = 32_768;

    /// <summary>Taken for an answer's length where neither the question, the key's past nor the catalogue says less.</summary>
    public const long UsualOutput = 4096;

    // The frame of a message or tool, as OpenAI's models count it, and what comes with a question unseen: measured on recorded ones.
    private const int PerFrame = 4;
    private const int PerQuestion = 15;
    private const int ForTools = 100;
    private const int ForToolsOfClaude = 600;
    private const int ForSchemaOfClaude = 170;

    // The most that is billed for a picture; of one small model for the same price a picture as of its large sister, in tokens.
    private const long PerPicture = 1_600;
    private const long PerPictureOfMini = 37_000;

    /// <summary>Estimates a request.</summary>
    /// <param name="exchange">The request.</param>
    /// <param name="at">When it is: prices change.</param>
    public Estimate Of(Exchange exchange, DateTimeOffset at)
    {
        if (!Spending.IsBilled(exchange.Operation))
            return new Estimate(0, 0, 1);
        QuestionSize size = QuestionSize.Of(exchange);
        IReadOnlyList<Target> targets = reached.Of(exchange);
        long input = InputOf(size, targets);
        (long output, long? longest) = OutputOf(exchange, size, targets);
        bool open = size.MaxOutput is null && exchange.Operation.Asks == Asks.Conversation;
        string? unpriced = Spending.IsUnknown(exchange.Operation) ? "a batch of questions" : null;
        List<PriceRates> rates = new(targets.Count);
        foreach (Target target in targets)
        {
            if (AnswerCost.PriceOf(target)?.RatesOf(input, AnswerCost.ServiceOf(size.Tier), at) is { } known)
                rates.Add(known);
            else
                unpriced ??= target.Name;
        }

        return new Estimate(input, longest is { } most ? Math.Min(output, most) : output, size.Choices)
        {
            LeastOutput = size.LeastOutput,
            Open = open ? Math.Max(output, longest ?? UnknownLongest) : null,
            Rates = rates,
            Unpriced = unpriced,
        };
    }

    /// <summary>Learns from an answer that ended.</summary>
    public void Learn(Exchange exchange)
    {
        if (exchange is { Complete: true, Model: { Length: > 0 and <= 256 } model, Operation.Asks: Asks.Conversation or Asks.OwnThing } && exchange.Answer.Usage is { } usage)
            history.Note(exchange.Caller!.KeyId, model, usage.Output);
    }

    private static long InputOf(QuestionSize size, IReadOnlyList<Target> targets)
    {
        bool older = false, mini = false;
        int percent = 0;
        foreach (Target target in targets)
        {
            Vocabulary words = Vocabulary.Of(target.Model);
            older |= words == Vocabulary.Cl100k;
            mini |= target.Model.Contains("4o-mini", StringComparison.OrdinalIgnoreCase);
            percent = Math.Max(percent, words == Vocabulary.Cl100k ? 0 : words.Percent);
        }

        bool claude = percent == Vocabulary.Claude.Percent;
        long around = size.MediaTokens + ((mini ? PerPictureOfMini : PerPicture) * size.Pictures) + ((long)PerFrame * size.Frames) + PerQuestion
            + (!size.HasTools ? 0 : claude ? ForToolsOfClaude : ForTools) + (claude && size.HasSchema ? ForSchemaOfClaude : 0);
        long newer = percent > 0 || !older ? Count(size, Vocabulary.O200k) * Math.Max(percent, 100) / 100 : 0;
        return around + Math.Max(newer, older ? Count(size, Vocabulary.Cl100k) : 0);
    }

    private static long Count(QuestionSize size, Vocabulary words)
    {
        long tokens = 0, counted = 0;
        for (int i = 0; i < size.Texts; i++)
        {
            long bytes = size.Bytes(i), left = Math.Max(0, Vocabulary.MostCountedBytes - counted);
            counted += bytes;
            if (left == 0)
            {
                tokens += bytes;
                continue;
            }

            string text = size.Text(i);
            tokens += words.Count(text.AsSpan(0, (int)Math.Min(text.Length, left))) + Math.Max(0, bytes - left);
        }

        return tokens;
    }

    private (long Output, long? Longest) OutputOf(Exchange exchange, QuestionSize size, IReadOnlyList<Target> targets)
    {
        if (exchange.Operation.Asks == Asks.Vectors || exchange.Operation.Name is "moderations" or "rerank")
            return (0, null);
        long? longest = 0;
        foreach (Target target in targets)
            longest = longest is { } most && target.Known?.MaxOutput is { } own ? Math.Max(most, own) : null;
        longest = targets.Count == 0 ? null : longest;
        if (size.MaxOutput is { } asked)
            return (asked, longest);
        if (exchange.Model is { Length: > 0 } model && history.P95(exchange.Caller!.KeyId, model) is { } usual)
            return (usual, longest);
        return (UsualOutput, longest);
    }
}
