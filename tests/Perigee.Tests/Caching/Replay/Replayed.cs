using System.Text;
using Perigee.Caching;
using Perigee.Caching.Replay;
using Perigee.Tests.Wire.Proving;
using Perigee.Tests.Wire.Proving.Grammar;
using Perigee.Wire;

namespace Perigee.Tests.Caching.Replay;

/// <summary>What must hold of an answer that was given in another form.</summary>
internal static class Replayed
{
    /// <returns>Null, or the first thing that is wrong.</returns>
    public static string? Fault(CachedAnswer kept, Told source, RenderedAnswer rendered, AnswerForm asked)
    {
        string text = Encoding.UTF8.GetString(rendered.Body.Span);
        return (Grammar(kept, source, rendered.Body.Span, asked) ?? Differs(kept, source, rendered.Body.Span, asked)) is { } fault ? $"{fault}\n{text[..Math.Min(text.Length, 3000)]}" : null;
    }

    private static string? Grammar(CachedAnswer kept, Told source, ReadOnlySpan<byte> bytes, AnswerForm asked)
    {
        // Streams of the dialect itself keep their provider's own habits.
        if (kept.Form.Dialect == asked.Dialect && kept.Form.Stream && asked.Stream)
            return null;
        if (!asked.Stream)
            return Json.TryParse(Encoding.UTF8.GetString(bytes)) is { } body ? WholeGrammar.Fault(asked.Dialect, body) : "no JSON";
        bool usageDue = asked.Usage && (kept.Usage ?? source.LastUsage) is not null;
        return StreamGrammar.Check(asked.Dialect, bytes, usageDue, asked.AsArray) is { Faults: [string fault, ..] } ? "grammar: " + fault : null;
    }

    private static string? Differs(CachedAnswer kept, Told source, ReadOnlySpan<byte> bytes, AnswerForm asked)
    {
        Told again = Dialects.Tell(asked.Dialect, bytes, Cassette.FramingOf(asked));
        TokenUsage? was = source.LastUsage ?? kept.Usage;
        bool silent = asked is { Dialect: Dialects.OpenAi, Stream: true, Usage: false };
        if (silent && again.LastUsage is not null && source.LastUsage is not null && kept.Form.Dialect != asked.Dialect)
            return "usage that was not asked for";
        if (!silent && was is { } due && (again.LastUsage is not { } now || now.Input != due.Input || now.Output != due.Output))
            return $"usage {was} became {again.LastUsage}";

        // Tokens are compared above: here the source may have said none, while the entry knew them.
        if (Same.Differs(source, again, kept.Form.Dialect, asked.Dialect) is { } difference && !difference.StartsWith("usage", StringComparison.Ordinal) && !difference.StartsWith("cached", StringComparison.Ordinal) && !difference.StartsWith("reasoning tokens", StringComparison.Ordinal))
            return difference;
        foreach ((int number, ToldChoice choice) in source.Choices)
        {
            ToldChoice other = again.Choices[number];
            if (Urls(choice) is var urls && urls != Urls(other))
                return $"citations {urls} became {Urls(other)}";
            if (choice.Logprobs != other.Logprobs)
                return $"{choice.Logprobs} logprobs became {other.Logprobs}";
            if (Media(choice) is var media && media != Media(other))
                return $"media {media} became {Media(other)}";
        }

        return null;
    }

    private static string Urls(ToldChoice choice) => string.Join(' ', choice.Citations.Select(c => c.Split('|') is var parts ? $"{parts[0]} {parts[1]}" : "").Distinct().Order(StringComparer.Ordinal));

    private static string Media(ToldChoice choice) => string.Join(' ', choice.Blocks.Where(b => b.Kind == BlockKind.Media).Select(b => $"{b.Name} {b.Value}"));
}
