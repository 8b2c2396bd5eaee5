using Microsoft.ML.Tokenizers;

namespace Perigee.Limits.Estimating;

/// <summary>
/// How a family of models cuts texts into tokens, as far as a published vocabulary tells. Where a family's own is not published, OpenAI's
/// o200k counts, times a factor that makes the outcome more than what the family really counts in nearly all texts.
/// </summary>
internal sealed class Vocabulary
{
    /// <summary>Texts are counted exactly up to this many bytes of a question, about 250,000 tokens; what is more counts a token a byte, which no vocabulary exceeds.</summary>
    public const int MostCountedBytes = 1024 * 1024;

    // A word without an end would be merged in quadratic time: pieces of this length bound that, and cost at most one token each.
    private const int LongestPiece = 512;

    private static readonly Lazy<TiktokenTokenizer> Newer = new(static () => TiktokenTokenizer.CreateForEncoding("o200k_base"));
    private static readonly Lazy<TiktokenTokenizer> Older = new(static () => TiktokenTokenizer.CreateForEncoding("cl100k_base"));

    private readonly Lazy<TiktokenTokenizer> _words;

    private Vocabulary(Lazy<TiktokenTokenizer> words, int percent) => (_words, Percent) = (words, percent);

    /// <summary>OpenAI's models since GPT-4o.</summary>
    public static Vocabulary O200k { get; } = new(Newer, 100);

    /// <summary>OpenAI's models before, embeddings above all.</summary>
    public static Vocabulary Cl100k { get; } = new(Older, 100);

    /// <summary>Claude: about a fifth more, its newest vocabulary up to three fifths.</summary>
    public static Vocabulary Claude { get; } = new(Newer, 160);

    /// <summary>Everything else, Gemini, Llama, Mistral, Qwen and DeepSeek among it.</summary>
    public static Vocabulary Other { get; } = new(Newer, 125);

    /// <summary>The factor, in percent.</summary>
    public int Percent { get; }

    /// <summary>The vocabulary of a model by its name, whoever serves it.</summary>
    public static Vocabulary Of(string model)
    {
        ReadOnlySpan<char> name = model.AsSpan(model.LastIndexOf('/') + 1);
        if (name.Contains("claude", StringComparison.OrdinalIgnoreCase))
            return Claude;
        if (Begins(name, "gpt-3.5") || Begins(name, "gpt-35") || Begins(name, "text-embedding-") || Begins(name, "davinci-") || Begins(name, "babbage-")
            || (Begins(name, "gpt-4") && !Begins(name, "gpt-4o") && !Begins(name, "gpt-4.")))
        {
            return Cl100k;
        }

        return Begins(name, "gpt-") || Begins(name, "chatgpt-") || Begins(name, "o1") || Begins(name, "o3") || Begins(name, "o4") || Begins(name, "codex-") ? O200k : Other;
    }

    /// <summary>The tokens of a text.</summary>
    public long Count(ReadOnlySpan<char> text)
    {
        long tokens = 0;
        while (text.Length > LongestPiece)
        {
            // Words stay whole where they can: a cut before a blank is none to the vocabulary.
            int at = text[..LongestPiece].LastIndexOf(' ');
            at = at > LongestPiece / 2 ? at : char.IsHighSurrogate(text[LongestPiece - 1]) ? LongestPiece - 1 : LongestPiece;
            tokens += _words.Value.CountTokens(text[..at]);
            text = text[at..];
        }

        return tokens + (text.IsEmpty ? 0 : _words.Value.CountTokens(text));
    }

    private static bool Begins(ReadOnlySpan<char> name, string with) => name.StartsWith(with, StringComparison.OrdinalIgnoreCase);
}
