namespace Perigee.Benchmarks.Semantic;

/// <summary>Pairs of questions that differ in one thing that changes the answer: none of them may be served.</summary>
internal static class MinimalPairs
{
    /// <summary>Pairs of each class.</summary>
    public const int EachClass = 100;

    /// <summary>Pairs that a template may give to a class: 3% of it.</summary>
    public const int EachTemplate = 3;

    /// <summary>Class and key of the slot, over the general templates.</summary>
    private static readonly (string Class, string Key)[] General =
    [
        ("numbers", "num"), ("number words", "word"), ("dates", "date"), ("times", "time"), ("units", "unit"), ("currencies", "cur"), ("names", "name"), ("negation", "neg"),
        ("antonyms", "ant"), ("comparatives", "comp"), ("A-to-B swaps", "swap"), ("question type", "qtype"), ("person", "poss"), ("modal", "modal"), ("tense", "tense"),
        ("quantifier", "quant"), ("and/or", "andor"), ("preposition", "prep"), ("quoted span", "quote"), ("list order", "list"), ("acronyms", "acro"), ("symbols", "sym"),
        ("added word", "restrict"), ("role reversal", "role"),
    ];

    /// <summary>Makes all of them.</summary>
    /// <param name="dice">Seeded: the same seed gives the same pairs.</param>
    public static List<Pair> Make(Random dice)
    {
        List<Pair> pairs = [];
        foreach ((string named, string key) in General)
            pairs.AddRange(OfClass(named, key, TemplateFiles.General, dice));
        pairs.AddRange(OfClass("code and versions", "code", TemplateFiles.Code, dice));
        pairs.AddRange(OfClass("case homographs", "case", TemplateFiles.Case, dice));
        pairs.AddRange(OfClass("earlier turns", "history", TemplateFiles.History, dice));
        pairs.AddRange(Wrapped("language of the answer", "lang", dice));
        pairs.AddRange(Wrapped("format of the answer", "format", dice));
        pairs.AddRange(Wrapped("length of the answer", "length", dice));
        return pairs;
    }

    private static List<Pair> OfClass(string named, string key, IEnumerable<Template> templates, Random dice)
    {
        Template[] able = [.. templates.Where(template => template.Has(key))];
        List<Pair> pairs = [];
        HashSet<string> known = [];
        for (int round = 0; round < EachTemplate && pairs.Count < EachClass; round++)
        {
            dice.Shuffle(able);
            foreach (Template template in able.TakeWhile(_ => pairs.Count < EachClass))
                Add(pairs, known, named, $"template:{template.Id}", template.Domain, () => template.Render(key, "", dice), dice);
        }

        return pairs;
    }

    /// <summary>A wish about the answer goes with any question: a template here is a wrapper around a base.</summary>
    private static List<Pair> Wrapped(string named, string key, Random dice)
    {
        Template[] wrappers = [.. TemplateFiles.Wrappers.Where(wrapper => wrapper.Has(key))];
        Template[] bases = [.. TemplateFiles.Bases];
        List<Pair> pairs = [];
        HashSet<string> known = [];
        dice.Shuffle(bases);
        for (int at = 0; pairs.Count < EachClass; at++)
        {
            Template wrapper = wrappers[at % wrappers.Length];
            Template within = bases[at % bases.Length];
            string text = within.Render("", "", dice).A;
            Add(pairs, known, named, $"template:{wrapper.Id}+{within.Id}", within.Domain, () => wrapper.Render(key, text, dice), dice);
        }

        return pairs;
    }

    private static void Add(List<Pair> pairs, HashSet<string> known, string named, string source, string domain, Func<(string A, string B)> render, Random dice)
    {
        for (int attempt = 0; attempt < 20; attempt++)
        {
            (string a, string b) = render();
            int style = named == "earlier turns" ? -1 : Style.Draw(dice);
            Ask one = Split(a, style);
            Ask other = Split(b, style);
            if (a == b || !known.Add(one.Whole + "\n" + other.Whole))
                continue;
            pairs.Add(new(one, other, false, named, source, domain) { MeaningA = Split(a, -1).Whole, MeaningB = Split(b, -1).Whole });
            return;
        }
    }

    private static Ask Split(string text, int style)
    {
        string[] turns = text.Split(" >> ");
        return new(Style.Wear(style, turns[^1]), turns[..^1]);
    }
}
