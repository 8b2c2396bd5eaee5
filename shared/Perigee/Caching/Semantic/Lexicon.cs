using System.Collections.Frozen;
using System.Numerics;

namespace Perigee.Caching.Semantic;

/// <summary>
/// The words that the folding knows, in all the forms that it may take for one another. What is not here is a name or a term: it stands as it
/// is written, but for its case. A change of these lists changes keys: <see cref="Folding.Version"/> goes up with it.
/// </summary>
internal static partial class Lexicon
{
    /// <summary>Shorter words have too many neighbours to guess which one was meant.</summary>
    private const int LeastCorrected = 5;

    /// <summary>The same where one letter may stand for another.</summary>
    private const int LeastSubstituted = 8;

    private static readonly FrozenDictionary<string, Lexeme> s_words;
    private static readonly FrozenDictionary<string, Lexeme>.AlternateLookup<ReadOnlySpan<char>> s_lookup;
    private static readonly FrozenDictionary<string, Lexeme[]>.AlternateLookup<ReadOnlySpan<char>> s_contractions;
    private static readonly Lexeme[][] s_neighbours;
    private static readonly uint[][] s_letters;

    static Lexicon()
    {
        Builder builder = new();
        builder.AddClosedClasses();
        builder.AddOpenClasses();
        builder.AddSpellings();
        s_words = builder.Words.ToFrozenDictionary(StringComparer.Ordinal);
        s_lookup = s_words.GetAlternateLookup<ReadOnlySpan<char>>();
        Dictionary<string, Lexeme[]> contractions = new(StringComparer.Ordinal);
        foreach ((string text, string stands) in Pairs(Contractions))
            contractions[text] = [.. stands.Split('+').Select(word => s_words[word])];
        s_contractions = contractions.ToFrozenDictionary(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        s_neighbours = new Lexeme[26 * LengthSpan][];
        s_letters = new uint[26 * LengthSpan][];
        foreach (IGrouping<int, Lexeme> group in s_words.Values.Where(word => Bucket(word.Text) >= 0).Distinct().GroupBy(word => Bucket(word.Text)))
        {
            s_neighbours[group.Key] = [.. group.OrderBy(word => word.Text, StringComparer.Ordinal)];
            s_letters[group.Key] = [.. s_neighbours[group.Key].Select(word => Letters(word.Text))];
        }
    }

    private const int LengthSpan = 32;

    /// <summary>The word, or null for one that is not known.</summary>
    /// <param name="lower">In lower case.</param>
    public static Lexeme? Find(ReadOnlySpan<char> lower) => s_lookup.TryGetValue(lower, out Lexeme? word) ? word : null;

    /// <summary>A word that is known to be here.</summary>
    public static Lexeme Get(string lower) => s_words[lower];

    /// <summary>What a contraction without its apostrophe stands for.</summary>
    public static bool TryContraction(ReadOnlySpan<char> lower, out Lexeme[] stands) => s_contractions.TryGetValue(lower, out stands!);

    /// <summary>
    /// The known word that an unknown one was meant to be: the only one that a single slip inside it makes of it, and never of its first letter (a
    /// slip there is most often another word: <c>synchronous</c>, <c>asynchronous</c>).
    /// </summary>
    /// <param name="lower">A word of letters a to z that is not known.</param>
    /// <param name="wide">
    /// Whether one letter for another and one too many count, too: many a word differs from its neighbour by that. Else two swapped, one missing
    /// or one doubled.
    /// </param>
    public static Lexeme? Correct(ReadOnlySpan<char> lower, bool wide)
    {
        if (Bucket(lower) < 0)
            return null;
        Lexeme? found = null;
        uint letters = Letters(lower);
        for (int length = lower.Length - 1; length <= lower.Length + 1; length++)
        {
            if (length < LeastCorrected || s_neighbours[((lower[0] - 'a') * LengthSpan) + length] is not { } group)
                continue;
            uint[] masks = s_letters[((lower[0] - 'a') * LengthSpan) + length];
            for (int i = 0; i < masks.Length; i++)
            {
                // A slip changes two letters at most: most words fall out here.
                if (BitOperations.PopCount(masks[i] ^ letters) > 2)
                    continue;
                Lexeme word = group[i];
                if (!IsSlip(lower, word.Text, wide))
                    continue;
                if (found is not null && found.Stem != word.Stem)
                    return null;
                found ??= word;
            }
        }

        return found;
    }

    private static uint Letters(ReadOnlySpan<char> lower)
    {
        uint letters = 0;
        foreach (char c in lower)
            letters |= 1u << (c - 'a');
        return letters;
    }

    private static int Bucket(ReadOnlySpan<char> lower) =>
        lower.Length is >= LeastCorrected and < LengthSpan - 1 && !lower.ContainsAnyExceptInRange('a', 'z') ? ((lower[0] - 'a') * LengthSpan) + lower.Length : -1;

    private static bool IsSlip(ReadOnlySpan<char> typed, ReadOnlySpan<char> meant, bool wide)
    {
        int same = typed.CommonPrefixLength(meant);
        if (same == 0)
            return false;
        ReadOnlySpan<char> a = typed[same..], b = meant[same..];
        if (a.Length == b.Length)
        {
            if (a.Length >= 2 && a[0] == b[1] && a[1] == b[0] && a[2..].SequenceEqual(b[2..]))
                return true;
            return wide && typed.Length >= LeastSubstituted && a.Length > 1 && a[1..].SequenceEqual(b[1..]);
        }

        // A last letter more or less is an ending: a plural, a feminine, another part of speech.
        if (a.Length > b.Length)
            return b.Length > 0 && a[1..].SequenceEqual(b) && (wide ? typed.Length > LeastSubstituted : a[0] == typed[same - 1]);
        return a.Length > 0 && typed.Length > LeastCorrected && a.SequenceEqual(b[1..]);
    }

    private static IEnumerable<(string Left, string Right)> Pairs(string list)
    {
        foreach (string pair in list.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            yield return (pair[..equals], pair[(equals + 1)..]);
        }
    }

    private static string[] Split(string list) => list.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
