using System.Text;
using Perigee.Wire;

namespace Perigee.Tests.Wire.Proving;

/// <summary>Every recorded question: read, written again in its own dialect, and asked in the others.</summary>
public sealed class CorpusQuestionTests(ITestOutputHelper output)
{
    public static TheoryData<string> Each => [.. Dialects.Names];

    public static TheoryData<string, string> Ways => [.. from a in Dialects.Names from b in Dialects.Names where a != b select (a, b)];

    [Theory]
    [MemberData(nameof(Each))]
    public void Every_recorded_question_is_read_and_keeps_its_meaning_in_its_own_dialect(string dialect)
    {
        Assert.SkipUnless(Corpus.IsHere, Corpus.Absent);
        Disagreements question = new($"question:{dialect}");
        int refused = 0;
        foreach (Recorded recorded in Questions(dialect))
        {
            try
            {
                if (Again(recorded, ref refused) is { } why)
                    question.Disagree(recorded.Name, why);
                else
                    question.Agree();
            }
            catch (Exception e)
            {
                question.Disagree(recorded.Name, $"{e.GetType().Name} {e.Message} {e.StackTrace?.Split('\n').FirstOrDefault()}");
            }
        }

        output.WriteLine($"{dialect}: {question.Agreed} read and kept, {refused} of them refused by name; {question.Disagreed} disagree as listed");
        question.AssertReviewed();
        Assert.True(question.Agreed > 700);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Every_recorded_question_is_asked_elsewhere_or_refused_by_name(string from, string to)
    {
        Assert.SkipUnless(Corpus.IsHere, Corpus.Absent);
        Disagreements asked = new($"ask:{from}:{to}");
        int written = 0, refused = 0;
        Dictionary<string, int> reasons = [];
        foreach (Recorded recorded in Questions(from))
        {
            try
            {
                if (Elsewhere(recorded, to, out string? refusal) is { } why)
                {
                    asked.Disagree(recorded.Name, why);
                    continue;
                }

                asked.Agree();
                written += refusal is null ? 1 : 0;
                refused += refusal is null ? 0 : 1;
                if (refusal is not null)
                    reasons[refusal] = reasons.GetValueOrDefault(refusal) + 1;
            }
            catch (Exception e)
            {
                asked.Disagree(recorded.Name, $"{e.GetType().Name} {e.Message} {e.StackTrace?.Split('\n').FirstOrDefault()}");
            }
        }

        output.WriteLine($"{from} to {to}: {written} written, {refused} refused by name; {asked.Disagreed} disagree as listed");
        foreach ((string reason, int count) in reasons.OrderByDescending(r => r.Value))
            output.WriteLine($"  {count,4} {reason}");
        asked.AssertReviewed();
        Assert.True(written > 500, $"{written}");
    }

    private static IEnumerable<Recorded> Questions(string dialect) => Recorded.All.Where(r => r.Dialect == dialect && r.Question is not null);

    private static (ChatQuestion?, GatewayError?) Read(Recorded recorded) =>
        Dialects.Read(recorded.Dialect, recorded.Question!, recorded.Dialect == Dialects.Gemini ? recorded.AsksStream : null);

    private static string? Again(Recorded recorded, ref int refused)
    {
        (ChatQuestion? question, GatewayError? error) = Read(recorded);
        if (question is null)
        {
            // What the provider itself refused may be refused here, and what is its own (a tool that it runs) by name.
            if (error!.Param is { Length: > 0 } && (recorded.Status == 400 || error.Message.Contains("translated", StringComparison.Ordinal)))
            {
                refused++;
                return null;
            }

            return $"not read: {error?.Param}: {error?.Message}";
        }

        (byte[]? written, error, Translation translation) = Dialects.Write(recorded.Dialect, question, Widest(recorded.Dialect, question), model: Model(recorded));
        if (written is null)
        {
            // Nobody asks for this way but this test: within a dialect a question passes as it is. What is a provider's own is refused by name.
            if (error!.Param is { Length: > 0 } && (question.ServerTools.Any(t => t.Kind == ServerToolKind.Other) || error.Code == "unsupported_parameter"))
            {
                refused++;
                return null;
            }

            return $"not written: {error?.Param}: {error?.Message}";
        }

        (ChatQuestion? again, error) = Dialects.Read(recorded.Dialect, written, recorded.Dialect == Dialects.Gemini ? recorded.AsksStream : null);
        if (again is null)
            return $"not read again: {error?.Param}: {error?.Message} in {Encoding.UTF8.GetString(written)}";
        string was = Asked.Describe(question, translation.Dropped), now = Asked.Describe(again, translation.Dropped);
        return was == now ? null : FirstDifference(was, now);
    }

    private static string? Elsewhere(Recorded recorded, string to, out string? refusal)
    {
        refusal = null;
        (ChatQuestion? question, GatewayError? error) = Read(recorded);
        if (question is null)
        {
            refusal = "(not read: " + error!.Param + ")";
            return error.Param is { Length: > 0 } && error.Kind == ErrorKind.BadRequest ? null : $"refused without a name: {error.Message}";
        }

        (byte[]? written, error, Translation translation) = Dialects.Write(to, question);
        if (written is null)
        {
            refusal = System.Text.RegularExpressions.Regex.Replace(error!.Param ?? "", @"\[\d+\]", "[]");
            return error.Param is { Length: > 0 } && error.Kind == ErrorKind.BadRequest && error.Message.Contains(error.Param, StringComparison.Ordinal) ? null : $"refused without a name: {error.Param}: {error.Message}";
        }

        if (translation.Dropped.Any(string.IsNullOrEmpty))
            return "something nameless was dropped";
        (ChatQuestion? again, error) = Dialects.Read(to, written, to == Dialects.Gemini ? question.Stream : null);
        if (again is null)
            return $"{to} does not read what was written for it: {error?.Param}: {error?.Message} in {Short(Encoding.UTF8.GetString(written))}";
        if (again.Stream != question.Stream)
            return "the wish for a stream is lost";
        return Asked.Lost(question, again) is { } lost ? $"lost: {lost} in {Short(Encoding.UTF8.GetString(written))}" : null;
    }

    /// <summary>Traits with which a dialect can say all that it read.</summary>
    private static ModelTraits Widest(string dialect, ChatQuestion question) => dialect switch
    {
        Dialects.OpenAi => new ModelTraits
        {
            DeveloperRole = true,
            ReasoningHistory = ReasoningHistory.Details,
            CacheMarks = true,
            FetchesDocuments = true,
        },
        Dialects.Anthropic => Dialects.UsualTraits(dialect) with
        {
            MiddleSystem = true,
            RootUnions = true,
            Reasoning = question.Reasoning is { Budget: not null } ? ReasoningStyle.Budget : ReasoningStyle.Adaptive,
        },
        _ => Dialects.UsualTraits(dialect) with { Reasoning = question.Reasoning is { Budget: not null } ? ReasoningStyle.ThinkingBudget : ReasoningStyle.ThinkingLevel, FetchesDocuments = true },
    };

    private static string Model(Recorded recorded) => Json.Text(Json.TryParse(Encoding.UTF8.GetString(recorded.Question!)), "model") ?? "m";

    private static string FirstDifference(string was, string now)
    {
        string[] before = was.Split('\n'), after = now.Split('\n');
        for (int i = 0; i < Math.Max(before.Length, after.Length); i++)
        {
            string a = i < before.Length ? before[i] : "(nothing)", b = i < after.Length ? after[i] : "(nothing)";
            if (a != b)
                return $"{Short(a)} became {Short(b)}";
        }

        return "nothing";
    }

    private static string Short(string text) => text.Length > 300 ? $"{text[..200]}...{text[^100..]}" : text;
}
