namespace Perigee.Benchmarks.Semantic;

/// <summary>The same question once more, with other manners, letters or endings: all of these should be served.</summary>
internal static class Repeats
{
    /// <summary>Pairs of each class.</summary>
    public const int EachClass = 90;

    private static readonly string[] Greetings =
    [
        "Hi, {0}", "Hello! {0}", "Hey there, {0}", "Good morning. {0}", "Dear assistant, {0}", "Hi there! {0}", "hello {0}", "Good evening, {0}", "Greetings! {0}", "Hey {0}",
        "Hello, I hope you are well. {0}", "Hi everyone, {0}", "Good afternoon! {0}", "hiya, {0}",
    ];

    private static readonly string[] Courtesies =
    [
        "Please answer: {0}", "Could you please tell me: {0}", "{0} Thanks!", "{0} Thank you in advance.", "I would like to know: {0}", "Can you help me? {0}", "{0} please",
        "Would you mind telling me: {0}", "Please, {0}", "{0} Thank you very much!", "Can you please tell me {0}", "I'd like to ask: {0}", "Kindly tell me: {0}", "{0} Thx",
        "{0} I'd appreciate your help.", "If you don't mind, {0}",
    ];

    private static readonly string[] Fillers =
    [
        "So, {0}", "Um, {0}", "Just wondering, {0}", "Quick question: {0}", "I was wondering, {0}", "Okay, {0}", "Well, {0}", "By the way, {0}", "Ok so {0}", "I mean, {0}",
        "I have a question. {0}", "Hmm, {0}", "Anyway, {0}", "Alright, {0}", "I'm curious, {0}", "Here is my question: {0}",
    ];

    /// <summary>Slots where case, symbols or letters carry the meaning: prompts with them are no ground for folding.</summary>
    private static readonly string[] Exact = ["acro", "sym", "quote", "list"];

    private static readonly (string Class, Func<string, Random, string> Change)[] Changes =
    [
        ("greeting", (text, dice) => Framed(Greetings, text, dice)),
        ("politeness", (text, dice) => Framed(Courtesies, text, dice)),
        ("filler", (text, dice) => Framed(Fillers, text, dice)),
        ("case", Recased),
        ("typo", Typo.Make),
        ("contraction", Contractions.Make),
        ("punctuation", Repunctuated),
    ];

    /// <summary>Makes all of them.</summary>
    /// <param name="dice">Seeded: the same seed gives the same pairs.</param>
    public static List<Pair> Make(Random dice)
    {
        Template[] plain = [.. TemplateFiles.Bases, .. TemplateFiles.General.Where(template => template.Id.StartsWith("templates-short", StringComparison.Ordinal) && !Exact.Any(template.Has))];
        List<Pair> pairs = [];
        foreach ((string named, Func<string, Random, string> change) in Changes)
            pairs.AddRange(OfClass(named, "", plain, change, dice));
        pairs.AddRange(OfClass("inflection", "infl", TemplateFiles.Bases, (text, _) => text, dice));
        pairs.AddRange(OfClass("US and UK spelling", "uk", TemplateFiles.Bases, (text, _) => text, dice));
        pairs.AddRange(OfClass("combined", "", plain, Combined, dice));
        return pairs;
    }

    /// <summary>A text as somebody else would type it.</summary>
    public static string Again(string text, Random dice) => Combined(text, dice);

    private static List<Pair> OfClass(string named, string key, Template[] templates, Func<string, Random, string> change, Random dice)
    {
        Template[] able = [.. templates.Where(template => key.Length == 0 || template.Has(key))];
        List<Pair> pairs = [];
        HashSet<string> known = [];
        for (int round = 0; round < 8 && pairs.Count < EachClass; round++)
        {
            dice.Shuffle(able);
            foreach (Template template in able.TakeWhile(_ => pairs.Count < EachClass))
            {
                (string a, string b) = template.Render(key, "", dice);
                int style = round == 0 || named is "case" or "punctuation" ? -1 : Style.Draw(dice);
                (Ask one, Ask other) = (new(Style.Wear(style, a), []), new(change(Style.Wear(style, b), dice), []));
                if (one.Text == other.Text || !known.Add(one.Text + "\n" + other.Text))
                    continue;
                pairs.Add(new(one, other, true, named, $"repeat:{template.Id}", template.Domain) { MeaningA = new Ask(a, []).Whole, MeaningB = new Ask(b, []).Whole });
            }
        }

        return pairs;
    }

    private static string Framed(string[] frames, string text, Random dice)
    {
        string frame = frames[dice.Next(frames.Length)];
        return Style.Put(frame, frame.StartsWith("{0}", StringComparison.Ordinal) || dice.Next(3) == 0 ? text : Uncapitalized(text));
    }

    /// <summary>A question word or a verb at the beginning; never a name.</summary>
    private static string Uncapitalized(string text) =>
        text.Length > 1 && char.IsAsciiLetterUpper(text[0]) && char.IsAsciiLetterLower(text[1]) ? char.ToLowerInvariant(text[0]) + text[1..] : text;

    private static string Recased(string text, Random dice) => dice.Next(4) switch
    {
        0 => text.ToUpperInvariant(),
        1 => Uncapitalized(text),
        _ => text.ToLowerInvariant(),
    };

    private static string Repunctuated(string text, Random dice)
    {
        string bare = text.TrimEnd('?', '.', '!');
        return dice.Next(8) switch
        {
            0 => bare,
            1 => bare + "??",
            2 => bare + " ?",
            3 => text.Replace(" ", "  ", StringComparison.Ordinal),
            4 => "  " + text + "\n",
            5 => bare + "...",
            6 => bare.Replace(",", "", StringComparison.Ordinal),
            _ => text + "!",
        };
    }

    /// <summary>Two or three at once, one in four with a typo.</summary>
    private static string Combined(string text, Random dice)
    {
        string combined = dice.Next(4) == 0 ? Typo.Make(text, dice) : text;
        combined = dice.Next(2) == 0 ? Contractions.Make(combined, dice) : combined;
        combined = dice.Next(2) == 0 ? Repunctuated(combined.Trim(), dice).Trim() : combined;
        combined = Framed(dice.Next(2) == 0 ? Greetings : Fillers, combined, dice);
        combined = dice.Next(2) == 0 ? Framed(Courtesies, combined, dice) : combined;
        return dice.Next(3) == 0 ? combined.ToLowerInvariant() : combined;
    }
}
