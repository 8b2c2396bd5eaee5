using System.Collections.Frozen;

namespace Perigee.Caching.Semantic;

/// <summary>Finds what a question does not say itself: what it points at, and the time it is asked.</summary>
internal static class Pointing
{
    private static readonly FrozenSet<string> s_offices = FrozenSet.Create(
        "president", "minister", "ceo", "cfo", "cto", "king", "queen", "pope", "chancellor", "champion", "mayor", "governor", "leader", "chairman", "owner", "captain", "coach", "manager", "secretary", "monarch", "prince", "head", "holder", "richest", "premier", "senator", "boss");

    private static readonly FrozenSet<string> s_spans = FrozenSet.Create(
        "year", "week", "month", "day", "night", "morning", "afternoon", "evening", "season", "weekend", "quarter", "century", "decade", "election", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday");

    private static readonly FrozenSet<string> s_written = FrozenSet.Create(
        "text", "message", "answer", "question", "response", "paragraph", "conversation", "chat", "code", "example", "sentence", "document", "file", "article", "passage", "table", "image", "list", "snippet", "reply", "prompt");

    private static readonly FrozenSet<string> s_relativeAfter = FrozenSet.Create("so", "such", "all", "now", "everything", "something", "anything", "nothing", "someone", "anyone", "everyone", "than", "given", "provided");

    /// <summary>Whether it points at something outside itself.</summary>
    /// <param name="tokens">What is left of the question.</param>
    public static bool IsDeictic(ReadOnlySpan<Token> tokens)
    {
        int contents = 0;
        bool named = false;
        for (int i = 0; i < tokens.Length; i++)
        {
            ref readonly Token token = ref tokens[i];
            if (token.Kind is TokenKind.Quote or TokenKind.Code or TokenKind.Verbatim || (token.Kind == TokenKind.Word && token.Word is null))
                named = true;
            if (token.Kind != TokenKind.Word || token.Word is not { } word)
            {
                contents += token.Kind == TokenKind.Word ? 1 : 0;
                continue;
            }

            string? next = i + 1 < tokens.Length && tokens[i + 1].Word is { } after ? after.Stem : null;
            Lexeme? before = i > 0 ? tokens[i - 1].Word : null;
            bool last = i + 1 == tokens.Length || tokens[i + 1].IsBreak;
            switch (word.Text)
            {
                case "this" or "these" or "those" or "here" or "aforementioned" or "attached":
                    return true;
                case "following" when before is not null && before.Is(WordKinds.Article | WordKinds.Pronoun) || last:
                    return true;
                case "above" or "below" when last || (before is not null && before.Is(WordKinds.Article)) || (next is not null && s_written.Contains(next)):
                    return true;
                case "previous" or "earlier" or "last" or "preceding" or "first" or "second" or "same" or "other" or "your" or "my" when next is not null && s_written.Contains(next)
                    && (word.Text is "previous" or "earlier" or "preceding" || (word.Text is "last" or "same" or "other") || (word.Text is "your" && next is "answer" or "response" or "message" or "reply")):
                    return true;
                case "that" when IsPointer(tokens, i, before, last) && !(before is { Stem: "mean" } && !last && i > 1 && tokens[i - 2].Is("it")):
                    return true;
                case "it" or "its" or "itself" when !named && contents < 1 && !IsFormal(tokens, i):
                    return true;
                case "there" when last && contents < 2 && before is not null && !before.Is(WordKinds.Auxiliary):
                    return true;
                case "again" when last:
                    return true;
            }

            if (word.Is(WordKinds.Anaphor) && word.Text is not ("it" or "its" or "itself") && !IsOwner(tokens, i) && !named && contents < 2)
                return true;
            if (word.Text is "it" or "its" && before is not null && before.Is(WordKinds.Request) && contents < 2)
                return true;
            if (!word.Is(WordKinds.Function) && (i > 1 || !word.Is(WordKinds.Request)))
            {
                contents++;
                named |= word.Is(WordKinds.Name);
            }
        }

        return false;
    }

    /// <summary>Whether its answer depends on when it is asked.</summary>
    public static bool IsTimely(ReadOnlySpan<Token> tokens)
    {
        bool present = false, asksWho = false, hasOffice = false, dated = false, age = false;
        for (int i = 0; i < tokens.Length; i++)
        {
            ref readonly Token token = ref tokens[i];
            dated |= token.Kind == TokenKind.Number && token.Length == 4;
            if (token.Word is not { } word || token.Kind != TokenKind.Word)
                continue;
            string? next = i + 1 < tokens.Length && tokens[i + 1].Word is { } after ? after.Stem : null;
            string? before = i > 0 && tokens[i - 1].Word is { } previous ? previous.Stem : null;
            if (word.Is(WordKinds.Timely) && !(word.Text is "price" or "prices" && next is "elasticity" or "discrimination" or "index" or "level"))
                return true;
            switch (word.Text)
            {
                case "current" when before is not ("electric" or "electrical" or "alternating" or "direct" or "ocean" or "alternate" or "of" or "and" or "induced") && next is not ("flow" or "density" or "divider" or "in" or "through" or "and" or "source") && next is not null:
                case "this" or "last" or "next" or "past" or "coming" when next is not null && s_spans.Contains(next) && !(word.Text is "next" && before is "the" && next is "day" or "morning" or "night"):
                case "at" when next is "moment" || (i + 2 < tokens.Length && tokens[i + 1].Is("the") && tokens[i + 2].Is("moment")):
                case "so" when next is "far":
                case "as" when next is "of":
                case "score" or "scores" when before is "the" or "match" or "game" or "football" or "cricket" or "final":
                case "stock" when next is null or "market" or "value":
                case "exchange" when next is "rate":
                case "time" or "day" or "date" or "year" or "month" when before is "what" && next is "is" && (i + 2 >= tokens.Length || tokens[i + 2].Is("it")):
                case "still" or "yet" when before is "is" || (before is not null && i == tokens.Length - 1):
                case "alive":
                case "up" when next is "to" && i + 2 < tokens.Length && tokens[i + 2].Is("date"):
                    return true;
            }

            asksWho |= i <= 1 && word.Text is "who" or "whose" or "name" or "what";
            present |= word.Stem is "is";
            hasOffice |= asksWho && s_offices.Contains(word.Stem) && (word.Text is not "head" || next is "of");
            age |= word.Text is "old" && before is "how" && next is "is";
            if (word.Stem is "cost" && i > 0 && HasHowMuch(tokens[..i]))
                return true;
        }

        return (!dated && asksWho && tokens.Length > 0 && tokens[0].Is("who") && present && hasOffice) || age;
    }

    /// <summary>"his cover letter": somebody's, whoever it is. The word stays in the key, and so do the earlier turns.</summary>
    private static bool IsOwner(ReadOnlySpan<Token> tokens, int at) =>
        tokens[at].Word!.Text is "his" or "her" or "their" && at + 1 < tokens.Length && tokens[at + 1].Kind == TokenKind.Word && !tokens[at + 1].Is(WordKinds.Function);

    private static bool HasHowMuch(ReadOnlySpan<Token> tokens)
    {
        for (int i = 0; i + 1 < tokens.Length; i++)
        {
            if (tokens[i].Is("how") && tokens[i + 1].Is("much"))
                return true;
        }

        return false;
    }

    /// <summary>"explain that", "that function": not "a function that returns", "know that".</summary>
    private static bool IsPointer(ReadOnlySpan<Token> tokens, int at, Lexeme? before, bool last)
    {
        if (last || at == 0 || tokens[at - 1].IsBreak)
            return true;
        if (before is null)
            return false;
        if (s_relativeAfter.Contains(before.Text))
            return false;
        if (before.Is(WordKinds.Number) || before.Text is "one" or "thing" or "things")
            return false;
        if (before.Is(WordKinds.Function))
            return true;
        return before.Is(WordKinds.Request) && !before.Is(WordKinds.Noun) && before.Text is not ("prove" or "show" or "say" or "think" or "imagine" or "pretend" or "assess" or "predict" or "argue" or "state" or "suggest");
    }

    /// <summary>An "it" that stands for nothing: "is it safe to", "how long does it take", "what is it like".</summary>
    private static bool IsFormal(ReadOnlySpan<Token> tokens, int at)
    {
        if (at + 1 < tokens.Length && tokens[at + 1].Word is { } next && next.Stem is "take" or "cost" or "rain" or "snow" or "like" or "mean" or "matter" or "feel")
            return next.Stem is not "mean" || (at + 2 < tokens.Length && (tokens[at + 2].Is("to") || tokens[at + 2].Is("that") || tokens[at + 2].Is("when") || tokens[at + 2].Is("if")));
        bool be = (at > 0 && tokens[at - 1].Word is { Stem: "is" or "was" or "be" or "make" }) || (at + 1 < tokens.Length && tokens[at + 1].Word is { Stem: "is" or "was" or "would" });
        if (!be)
            return false;
        for (int i = at + 1; i < tokens.Length && !tokens[i].IsBreak; i++)
        {
            if (tokens[i].Is("to") || tokens[i].Is("that") || tokens[i].Is("for") || tokens[i].Is("when") || tokens[i].Is("if"))
                return true;
        }

        return false;
    }
}
