namespace Perigee.Benchmarks.Semantic;

/// <summary>Slips of the fingers: two letters swapped, one doubled, one missing, in a word of at least five letters, never its first letter and never in a name.</summary>
internal static class Typo
{
    /// <summary>The text with one slip, or as it is where no word may have one.</summary>
    public static string Make(string text, Random dice)
    {
        string[] words = text.Split(' ');
        int[] able = [.. Enumerable.Range(0, words.Length).Where(at => Letters(words[at]) >= 5)];
        if (able.Length == 0)
            return text;
        int chosen = able[dice.Next(able.Length)];
        words[chosen] = Slip(words[chosen], Letters(words[chosen]), dice);
        return string.Join(' ', words);
    }

    private static string Slip(string word, int letters, Random dice)
    {
        for (int attempt = 0; attempt < 20; attempt++)
        {
            int at = dice.Next(1, letters - 1);
            string slipped = dice.Next(3) switch
            {
                0 => word[..at] + word[at + 1] + word[at] + word[(at + 2)..],
                1 => word[..at] + word[at] + word[at..],
                _ => word[..at] + word[(at + 1)..],
            };
            if (slipped != word)
                return slipped;
        }

        return word;
    }

    /// <summary>Small letters that the word begins with; none where others follow than punctuation.</summary>
    private static int Letters(string word)
    {
        int letters = word.TakeWhile(char.IsAsciiLetterLower).Count();
        return !word[letters..].All(char.IsPunctuation) ? 0 : letters;
    }
}
