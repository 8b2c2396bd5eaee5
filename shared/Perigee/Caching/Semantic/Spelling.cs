namespace Perigee.Caching.Semantic;

/// <summary>
/// British spellings made American by rule, for words that are not known. Both spellings of a word come out alike, and no two words do: an ending is touched only
/// where a word is so long that nothing else is spelled like it.
/// </summary>
internal static class Spelling
{
    /// <summary>The longest word that is looked at.</summary>
    public const int Longest = 32;

    private const int LeastEnding = 7;

    /// <summary>Parts of words, each with what stands for it wherever it begins a word.</summary>
    private static readonly (string British, string American)[] s_beginnings =
    [
        ("colour", "color"), ("favour", "favor"), ("flavour", "flavor"), ("honour", "honor"), ("humour", "humor"), ("labour", "labor"), ("neighbour", "neighbor"), ("behaviour", "behavior"),
        ("harbour", "harbor"), ("rumour", "rumor"), ("tumour", "tumor"), ("vapour", "vapor"), ("armour", "armor"), ("saviour", "savior"), ("endeavour", "endeavor"), ("parlour", "parlor"),
        ("savour", "savor"), ("splendour", "splendor"), ("vigour", "vigor"), ("rigour", "rigor"), ("glamour", "glamor"), ("clamour", "clamor"), ("candour", "candor"), ("fervour", "fervor"),
        ("mould", "mold"), ("moult", "molt"), ("smoulder", "smolder"), ("plough", "plow"), ("orthopaed", "orthoped"), ("paediat", "pediat"), ("mediaeval", "medieval"), ("gynaec", "gynec"),
        ("haemo", "hemo"), ("haema", "hema"), ("anaesth", "anesth"), ("anaemi", "anemi"), ("archaeo", "archeo"), ("palaeo", "paleo"), ("leukaemi", "leukemi"), ("oesoph", "esoph"), ("oestro", "estro"), ("oedema", "edema"),
        ("foetus", "fetus"), ("foetal", "fetal"), ("diarrhoea", "diarrhea"), ("manoeuv", "maneuv"), ("encyclopaed", "encyclopedi"), ("sulph", "sulf"), ("aluminium", "aluminum"), ("defence", "defense"), ("offence", "offense"),
        ("pretence", "pretense"), ("sceptic", "skeptic"), ("cheque", "check"), ("theatre", "theater"), ("centre", "center"), ("fibre", "fiber"), ("spectre", "specter"), ("lustre", "luster"), ("meagre", "meager"),
        ("sombre", "somber"), ("sabre", "saber"), ("aeroplane", "airplane"), ("yoghurt", "yogurt"), ("doughnut", "donut"), ("wilful", "willful"), ("skilful", "skillful"), ("fulfilment", "fulfillment"),
        ("enrolment", "enrollment"), ("instalment", "installment"), ("jewellery", "jewelry"), ("moustache", "mustache"), ("pyjama", "pajama"), ("marvellous", "marvelous"), ("woollen", "woolen"), ("counsellor", "counselor"),
        ("traveller", "traveler"), ("analogue", "analog"), ("catalogue", "catalog"), ("dialogue", "dialog"), ("judgement", "judgment"), ("acknowledgement", "acknowledgment"), ("abridgement", "abridgment"),
        ("liquorice", "licorice"), ("omelette", "omelet"), ("artefact", "artifact"), ("ageing", "aging"), ("cosy", "cozy"),
    ];

    /// <summary>Endings of longer words.</summary>
    private static readonly (string British, string American)[] s_endings =
    [
        ("isation", "ization"), ("isations", "izations"), ("isational", "izational"), ("ise", "ize"), ("ised", "ized"), ("ises", "izes"), ("ising", "izing"), ("iser", "izer"), ("isers", "izers"), ("isable", "izable"),
        ("lyse", "lyze"), ("lysed", "lyzed"), ("lyser", "lyzer"), ("lysers", "lyzers"), ("lysing", "lyzing"), ("elled", "eled"), ("elling", "eling"), ("eller", "eler"), ("ellers", "elers"),
        ("aemia", "emia"), ("aemic", "emic"), ("metre", "meter"), ("metres", "meters"), ("litre", "liter"), ("litres", "liters"),
    ];

    /// <summary>Writes a word as an American would.</summary>
    /// <param name="lower">The word, in lower case.</param>
    /// <param name="american">Takes it.</param>
    /// <returns>Its length, or 0 where it is spelled alike.</returns>
    public static int Americanize(ReadOnlySpan<char> lower, Span<char> american)
    {
        if (lower.Length is < 4 or > Longest)
            return 0;
        foreach ((string british, string other) in s_beginnings)
        {
            if (lower[0] != british[0] || !lower.StartsWith(british, StringComparison.Ordinal))
                continue;
            other.CopyTo(american);
            ReadOnlySpan<char> rest = lower[british.Length..];
            if (british == "encyclopaed" && rest.StartsWith("i", StringComparison.Ordinal))
                rest = rest[1..];
            rest.CopyTo(american[other.Length..]);
            return other.Length + rest.Length;
        }

        if (lower.Length < LeastEnding)
            return 0;
        foreach ((string british, string other) in s_endings)
        {
            if (!lower.EndsWith(british, StringComparison.Ordinal))
                continue;
            int kept = lower.Length - british.Length;
            lower[..kept].CopyTo(american);
            other.CopyTo(american[kept..]);
            return kept + other.Length;
        }

        return 0;
    }
}
