using System.Globalization;
using System.Text;
using Perigee.Embedding;

namespace Perigee.Caching.Near;

/// <summary>Whether two answers say the same.</summary>
internal enum Agreement
{
    /// <summary>Their words do not tell.</summary>
    Undecided,

    /// <summary>They do.</summary>
    Agree,

    /// <summary>They do not.</summary>
    Disagree,
}

/// <summary>
/// Compares two answers by their words. A model says the same thing in many ways, so most pairs of long answers stay undecided; what is
/// decided should be right.
/// </summary>
internal static class AnswersAgree
{
    /// <summary>Up to so many words an answer is a bare fact: another fact is another answer.</summary>
    private const int ShortWords = 40;

    private const int FewWords = 6;
    private const int MostCharacters = 20_000;
    private const double NearlySame = 0.9;

    private static readonly HashSet<string> Yes = ["yes", "yeah", "yep", "true", "correct", "right", "indeed", "certainly", "absolutely"];
    private static readonly HashSet<string> No = ["no", "nope", "false", "incorrect", "wrong"];

    private static readonly HashSet<string> Negations =
    [
        "not", "no", "never", "none", "nothing", "nobody", "neither", "nor", "cannot", "without", "cant", "dont", "doesnt", "didnt", "isnt", "arent",
        "wasnt", "werent", "wont", "wouldnt", "shouldnt", "couldnt", "hasnt", "havent", "hadnt", "mustnt", "false", "incorrect", "unable", "impossible",
    ];

    /// <summary>Words that say nothing by themselves. Small words that turn a sentence round (up, less, before) are not among them.</summary>
    private static readonly HashSet<string> Fillers =
    [
        "a", "an", "the", "is", "are", "was", "were", "be", "been", "being", "am", "it", "its", "this", "that", "these", "those", "there", "here",
        "of", "in", "on", "at", "to", "by", "for", "with", "as", "and", "or", "which", "who", "what", "has", "have", "had", "does", "do", "did",
        "i", "you", "your", "we", "our", "they", "their", "he", "she", "his", "her", "can", "will", "would", "so", "also", "just", "called", "known",
    ];

    /// <summary>Compares.</summary>
    public static Agreement Compare(string cached, string fresh)
    {
        if (cached.Length > MostCharacters || fresh.Length > MostCharacters)
            return string.Equals(cached, fresh, StringComparison.Ordinal) ? Agreement.Agree : Agreement.Undecided;
        List<string> left = Words(cached);
        List<string> right = Words(fresh);
        if (left.Count == 0 || right.Count == 0)
            return Agreement.Undecided;
        if (left.SequenceEqual(right))
            return Agreement.Agree;

        int sides = Side(left) * Side(right);
        if (sides < 0)
            return Agreement.Disagree;
        HashSet<string> leftNumbers = [.. left.Where(IsNumber)];
        HashSet<string> rightNumbers = [.. right.Where(IsNumber)];
        bool sameNumbers = leftNumbers.SetEquals(rightNumbers);
        bool areShort = left.Count <= ShortWords && right.Count <= ShortWords;

        // A short answer that names other numbers is another answer; one that names more of them may only say more.
        if (!sameNumbers && areShort && leftNumbers.Count > 0 && rightNumbers.Count > 0 && !leftNumbers.Overlaps(rightNumbers))
            return Agreement.Disagree;
        if (Side(left) != Side(right) || left.Exists(Negations.Contains) != right.Exists(Negations.Contains))
            return Agreement.Undecided;

        // Small words turn a sentence round: up for down, before for after.
        if (!left.Where(Turns).ToHashSet().SetEquals(right.Where(Turns)))
            return Agreement.Undecided;

        HashSet<string> leftContent = [.. left.Where(static word => !IsFiller(word))];
        HashSet<string> rightContent = [.. right.Where(static word => !IsFiller(word))];
        (HashSet<string> fewer, HashSet<string> more) = leftContent.Count <= rightContent.Count ? (leftContent, rightContent) : (rightContent, leftContent);
        if (fewer.Count == 0)
            return sides > 0 && sameNumbers && areShort ? Agreement.Agree : Agreement.Undecided;
        if (fewer.Count <= FewWords && areShort)
        {
            if (sameNumbers && fewer.IsSubsetOf(more))
                return Agreement.Agree;
            if (!fewer.Overlaps(more) && more.Count <= FewWords && !Resemble(fewer, more))
                return Agreement.Disagree;
        }

        return sameNumbers && Cosine(cached, fresh) >= NearlySame && Shared(fewer, more) >= NearlySame ? Agreement.Agree : Agreement.Undecided;
    }

    /// <summary>Lower-case words and numbers; apostrophes, marks and signs fall away, so that layout does not matter.</summary>
    private static List<string> Words(string text)
    {
        List<string> words = [];
        StringBuilder word = new();
        for (int i = 0; i <= text.Length; i++)
        {
            char c = i < text.Length ? text[i] : ' ';
            bool inNumber = word.Length > 0 && char.IsAsciiDigit(word[^1]) && i + 1 < text.Length && char.IsAsciiDigit(text[i + 1]);
            if (char.IsLetterOrDigit(c))
            {
                word.Append(char.ToLowerInvariant(c));
            }
            else if (c == '.' && inNumber)
            {
                word.Append(c);
            }
            else if (c is '-' or '\u2212' && word.Length == 0 && i + 1 < text.Length && char.IsAsciiDigit(text[i + 1]) && (i == 0 || char.IsWhiteSpace(text[i - 1])))
            {
                word.Append('-');
            }
            else if (c is not ('\'' or '\u2019') && !(c == ',' && inNumber) && word.Length > 0)
            {
                words.Add(Plain(word.ToString()));
                word.Clear();
            }
        }

        return words;
    }

    /// <summary>Numbers in one way of writing: 5, 5.0 and 05 are the same.</summary>
    private static string Plain(string word) => IsNumber(word) && decimal.TryParse(word, NumberStyles.Number, CultureInfo.InvariantCulture, out decimal number)
        ? number.ToString("0.############################", CultureInfo.InvariantCulture) : word;

    private static bool IsNumber(string word) => word.Any(char.IsAsciiDigit);

    private static bool IsFiller(string word) => Fillers.Contains(word) || Yes.Contains(word) || No.Contains(word);

    /// <summary>1 for yes, -1 for no, 0 where the answer does not begin with either.</summary>
    private static int Side(List<string> words) => Yes.Contains(words[0]) ? 1 : No.Contains(words[0]) ? -1 : 0;

    private static bool Turns(string word) => !IsFiller(word) && !Negations.Contains(word) && CommonWords.Has(HashedEmbedder.Hash(word));

    private static double Shared(HashSet<string> fewer, HashSet<string> more) => fewer.Count(more.Contains) / (double)more.Count;

    /// <summary>Whether two small sets of words may be the same in another spelling or inflection.</summary>
    private static bool Resemble(HashSet<string> fewer, HashSet<string> more) => Cosine(string.Join(' ', fewer), string.Join(' ', more)) > 0.2;

    private static double Cosine(string one, string other)
    {
        float[] left = new float[HashedEmbedder.Size];
        float[] right = new float[HashedEmbedder.Size];
        if (!HashedEmbedder.Embed(one, left) || !HashedEmbedder.Embed(other, right))
            return 0;
        double sum = 0;
        for (int i = 0; i < left.Length; i++)
            sum += left[i] * right[i];
        return sum;
    }
}
