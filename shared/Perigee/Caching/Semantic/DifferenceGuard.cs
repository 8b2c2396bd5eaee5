using System.Collections.Frozen;

namespace Perigee.Caching.Semantic;

/// <summary>
/// Says whether an answer to one question answers another that was found near it. The units of both are walked together: all of them must be
/// the same, in the same order, but for synonyms, slips of the pen, an article where there is more to go by, one word that rarely narrows a
/// question, and a few ways to begin.
/// </summary>
internal static class DifferenceGuard
{
    private const int LeastForArticles = 3;

    private static readonly ulong s_how = UnitWriter.Hash("how");
    private static readonly ulong s_what = UnitWriter.Hash("what");
    private static readonly ulong s_is = UnitWriter.Hash("is");
    private static readonly ulong s_to = UnitWriter.Hash("to");
    private static readonly ulong s_i = UnitWriter.Hash("i");
    private static readonly ulong s_can = UnitWriter.Hash("can");
    private static readonly ulong s_the = UnitWriter.Hash("the");
    private static readonly ulong s_of = UnitWriter.Hash("of");

    private static readonly ulong s_big = UnitWriter.Hash("big");

    private static readonly FrozenSet<ulong> s_freeSynonyms = Hashes("buy start improve use build reduce happen allow forbid understand employ car kid tv fridge couch teen rabbit garbage bicycle airplane lawyer expensive mom dad grandma grandpa huge quickly typically");

    private static readonly FrozenSet<ulong> s_bigNames = Hashes("data bang brother apple intestine ben mac bird foot endian o five four deal shot screen cheese sky hadron print ten language cap toe game sur bend sister tech pharma oil business bad easy lebowski short");

    /// <summary>Compares two questions.</summary>
    /// <param name="asked">The one that is asked.</param>
    /// <param name="kept">The one that was answered.</param>
    public static GuardVerdict Compare(FoldedText asked, FoldedText kept)
    {
        if (asked.Key.SequenceEqual(kept.Key))
            return new GuardVerdict(true, "same");
        ReadOnlySpan<GuardUnit> a = asked.Units, k = kept.Units;
        Begin(ref a, ref k);
        bool articles = Contents(a) >= LeastForArticles && Contents(k) >= LeastForArticles;
        bool added = false;
        int i = 0, j = 0;
        while (i < a.Length || j < k.Length)
        {
            if (i < a.Length && j < k.Length && Same(a[i], k[j]) && (a[i].Text == k[j].Text || MayStandFor(a, i, k, j)))
            {
                i++;
                j++;
            }
            else if (i < a.Length && MayFallAway(a[i], articles, ref added))
            {
                i++;
            }
            else if (j < k.Length && MayFallAway(k[j], articles, ref added))
            {
                j++;
            }
            else
            {
                return new GuardVerdict(false, Difference(a, i, k, j));
            }
        }

        return new GuardVerdict(true, "same");
    }

    private static bool Same(in GuardUnit one, in GuardUnit other)
    {
        const Marks Written = Marks.Capital | Marks.Acronym | Marks.AnyCase | Marks.Exact;
        if ((one.Marks & Written) != (other.Marks & Written))
            return false;
        if (one.Kind == other.Kind && one.Text == other.Text)
            return true;
        bool words = one.Kind is UnitKind.Word or UnitKind.Term && other.Kind is UnitKind.Word or UnitKind.Term;
        return words && one.Sense == other.Sense;
    }

    /// <summary>
    /// Whether a synonym says the same here: of most only where no other word follows that it may be one thing with (hard drive, smart phone, error bars), of verbs
    /// that have no other sense anywhere, and of "big" but for what is known by that name. A slip of the pen is none.
    /// </summary>
    private static bool MayStandFor(ReadOnlySpan<GuardUnit> asked, int i, ReadOnlySpan<GuardUnit> kept, int j)
    {
        if (asked[i].Kind != UnitKind.Word || kept[j].Kind != UnitKind.Word || s_freeSynonyms.Contains(asked[i].Sense))
            return true;
        if (i + 1 == asked.Length || j + 1 == kept.Length)
            return i + 1 == asked.Length && j + 1 == kept.Length;
        ref readonly GuardUnit next = ref asked[i + 1];
        if (next.Kind is not (UnitKind.Word or UnitKind.Term) || (next.Marks & Marks.Function) != 0)
            return true;
        return asked[i].Sense == s_big && !s_bigNames.Contains(next.Text);
    }

    private static bool MayFallAway(in GuardUnit unit, bool articles, ref bool added)
    {
        if (unit.Kind == UnitKind.Article)
            return articles && unit.Text == s_the;
        if (added || unit.Kind != UnitKind.Word || (unit.Marks & Marks.Harmless) == 0)
            return false;
        added = true;
        return true;
    }

    /// <summary>"how to", "how do I", "how can I"; "what is the capital of", "capital of".</summary>
    private static void Begin(ref ReadOnlySpan<GuardUnit> asked, ref ReadOnlySpan<GuardUnit> kept)
    {
        int a = HowTo(asked), k = HowTo(kept);
        if (a > 0 && k > 0)
        {
            asked = asked[a..];
            kept = kept[k..];
            return;
        }

        a = WhatIs(asked);
        k = WhatIs(kept);
        if (a > 0 && k == 0 && IsOf(kept))
            asked = asked[a..];
        else if (k > 0 && a == 0 && IsOf(asked))
            kept = kept[k..];
    }

    private static int HowTo(ReadOnlySpan<GuardUnit> units)
    {
        if (units.Length < 3 || units[0].Text != s_how)
            return 0;
        if (units[1].Text == s_to && IsVerb(units[2]))
            return 2;
        if (units[1].Text == s_i && IsVerb(units[2]))
            return 2;
        return units.Length > 3 && units[1].Text == s_can && units[2].Text == s_i && IsVerb(units[3]) ? 3 : 0;
    }

    private static bool IsVerb(in GuardUnit unit) => (unit.Marks & Marks.Verb) != 0;

    private static int WhatIs(ReadOnlySpan<GuardUnit> units) => units.Length > 2 && units[0].Text == s_what && units[1].Text == s_is ? 2 : 0;

    /// <summary>A thing and what it is of, with nothing before: "capital of France".</summary>
    private static bool IsOf(ReadOnlySpan<GuardUnit> units)
    {
        int at = units.Length > 0 && units[0].Text == s_the ? 1 : 0;
        for (int words = 0; at < units.Length && words < 3; at++, words++)
        {
            if (units[at].Text == s_of)
                return words > 0;
            if (units[at].Kind is not (UnitKind.Word or UnitKind.Term) || (units[at].Marks & (Marks.Function | Marks.Verb)) != 0)
                return false;
        }

        return false;
    }

    private static int Contents(ReadOnlySpan<GuardUnit> units)
    {
        int count = 0;
        foreach (ref readonly GuardUnit unit in units)
            count += unit.Kind is not (UnitKind.Comma or UnitKind.Break or UnitKind.Article) && (unit.Marks & Marks.Function) == 0 ? 1 : 0;
        return count;
    }

    /// <summary>A word for the first difference.</summary>
    private static string Difference(ReadOnlySpan<GuardUnit> asked, int i, ReadOnlySpan<GuardUnit> kept, int j)
    {
        if (i >= asked.Length || j >= kept.Length)
            return Name(i < asked.Length ? asked[i] : kept[j], "added");
        ref readonly GuardUnit a = ref asked[i];
        ref readonly GuardUnit k = ref kept[j];
        if ((a.Marks & Marks.Negation) != (k.Marks & Marks.Negation))
            return "negation";
        if (i == 0 && j == 0)
            return "question";
        foreach (ref readonly GuardUnit later in asked[(i + 1)..])
        {
            if (later.Sense == k.Sense && Contents(asked) == Contents(kept))
                return "order";
        }

        return Name(a.Kind > k.Kind && a.Kind != UnitKind.Article ? a : k, "word");
    }

    private static string Name(in GuardUnit unit, string other) => unit.Kind switch
    {
        UnitKind.Number => "number",
        UnitKind.Quote or UnitKind.Code => "quote",
        UnitKind.Verbatim => "identifier",
        UnitKind.Symbol => "symbol",
        UnitKind.Term => "entity",
        UnitKind.Possessive => "possession",
        UnitKind.Break or UnitKind.Question => "sentence",
        UnitKind.Comma => "punctuation",
        UnitKind.Article => "article",
        _ when (unit.Marks & Marks.Negation) != 0 => "negation",
        _ when (unit.Marks & (Marks.Capital | Marks.Acronym | Marks.AnyCase)) != 0 => "case",
        _ when (unit.Marks & Marks.Function) != 0 => "function",
        _ => other,
    };

    private static FrozenSet<ulong> Hashes(string words) => words.Split(' ').Select(word => UnitWriter.Hash(word)).ToFrozenSet();
}
