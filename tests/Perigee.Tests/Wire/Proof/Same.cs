using Perigee.Wire;

namespace Perigee.Tests.Wire.Proving;

/// <summary>Whether two answers say the same, as far as a dialect has words for it.</summary>
internal static class Same
{
    /// <summary>Compares what was said with what is read of it again in a target's dialect.</summary>
    /// <returns>Null, or the first difference.</returns>
    public static string? Differs(Told source, Told again, string from, string to)
    {
        if (source.ErrorMessage is not null)
            return again.ErrorMessage == source.ErrorMessage ? null : $"error {source.ErrorMessage} became {again.ErrorMessage}";
        if (!again.Complete || !again.Ended)
            return $"not complete: {again.Summary()}";
        if (again.Faults.Count > 0)
            return "broken promise: " + again.Faults[0];

        // Anthropic's answers have one choice.
        foreach ((int number, ToldChoice choice) in source.Choices)
        {
            if (number > 0 && to == Dialects.Anthropic)
                continue;
            if (Differs(choice, again.Choices.GetValueOrDefault(number) ?? new ToldChoice(), from, to) is { } difference)
                return $"choice {number}: {difference}";
        }

        TokenUsage was = source.LastUsage ?? default, now = again.LastUsage ?? default;
        if (was.Input != now.Input || was.Output != now.Output)
            return $"usage {was} became {now}";
        if (was.InputCacheRead != now.InputCacheRead)
            return $"cached {was} became {now}";
        return from == to && was.OutputReasoning != now.OutputReasoning ? $"reasoning tokens {was} became {now}" : null;
    }

    private static string? Differs(ToldChoice was, ToldChoice now, string from, string to)
    {
        // Only OpenAI has a place for refusals; there the explanation of Anthropic's is put.
        string said = was.Text + was.Refusal, read = now.Text + (was.Refusal.Length > 0 ? now.Refusal : "");
        if (said != read && !(was.Blocks.Any(b => b.Kind == BlockKind.Media) && read.StartsWith(said, StringComparison.Ordinal)))
            return $"text {Short(said)} became {Short(read)}";
        if (was.Reasoning.Replace("\n", "", StringComparison.Ordinal) != now.Reasoning.Replace("\n", "", StringComparison.Ordinal))
            return $"reasoning {Short(was.Reasoning)} became {Short(now.Reasoning)}";
        if (Calls(was) is var calls && calls != Calls(now))
            return $"calls {Short(calls)} became {Short(Calls(now))}";
        if (from == to && from != Dialects.OpenAi && Proofs(was) is var proofs && proofs != Proofs(now))
            return $"proofs {Short(proofs)} became {Short(Proofs(now))}";
        if (was.Proofs.Any() && !now.Proofs.Any())
            return "its proofs are lost";
        FinishReason due = Due(was, to);
        if (due != now.Finish && !(was.Finish is FinishReason.ContentFilter or FinishReason.Refusal && now.Finish is FinishReason.ContentFilter or FinishReason.Refusal))
            return $"finish {was.Finish} became {now.Finish}";
        return from == to && was.Sequence != now.Sequence && to == Dialects.Anthropic ? $"stop sequence {was.Sequence} became {now.Sequence}" : null;
    }

    /// <summary>Section 11.1 of the reference.</summary>
    private static FinishReason Due(ToldChoice was, string to)
    {
        bool calls = was.Calls.Count > 0;
        FinishReason reason = (was.Finish, to) switch
        {
            (FinishReason.Length, _) => FinishReason.Length,
            (FinishReason.ContextFull, Dialects.Anthropic) => FinishReason.ContextFull,
            (FinishReason.ContextFull, _) => FinishReason.Length,
            (FinishReason.StopSequence, Dialects.Anthropic) => FinishReason.StopSequence,
            (FinishReason.Pause, Dialects.Anthropic) => FinishReason.Pause,
            (FinishReason.MalformedCall, Dialects.Gemini) => FinishReason.MalformedCall,
            (FinishReason.Other or FinishReason.Error, Dialects.Gemini) => FinishReason.Other,
            (FinishReason.ContentFilter or FinishReason.Refusal, _) => FinishReason.ContentFilter,
            _ => FinishReason.Stop,
        };
        return reason == FinishReason.Stop && calls ? FinishReason.ToolCalls : reason;
    }

    private static string Calls(ToldChoice choice) => string.Join(" ", choice.Calls.Select(c => $"{c.Name} {Arguments(c)}"));

    /// <summary>What is no object is wrapped where an object is due.</summary>
    private static string Arguments(Block call)
    {
        string text = call.Arguments;
        return Json.TryParse(text) is { ValueKind: System.Text.Json.JsonValueKind.Object } element
            ? Json.Text(element, "_raw") is { } raw && element.EnumerateObject().Count() == 1 ? Json.Canonical(raw) ?? raw : text
            : text;
    }

    private static string Proofs(ToldChoice choice) => string.Join(" ", choice.Proofs.Select(p => $"{p.Origin} {p.ProofKind} {p.Value}"));

    private static string Short(string text) => text.Length > 200 ? $"{text[..100]}...{text[^100..]}" : text;
}
