using System.Text.Json;
using Microsoft.ML.Tokenizers;
using Perigee.Wire;

namespace Perigee.Forwarding;

/// <summary>
/// Counts the tokens of a question for providers that do not: every string value of the body by OpenAI's o200k vocabulary, three for
/// each message and its closing. Pictures and files count as their providers bill at least (85). An estimate: families differ by up to a fifth.
/// </summary>
internal static class TokenCount
{
    private const int PerMessage = 3;
    private const int PerFile = 85;

    // A text this long without a space is data, not words.
    private const int LongestWord = 4096;

    private static readonly Lazy<TiktokenTokenizer> Words = new(static () => TiktokenTokenizer.CreateForEncoding("o200k_base"));

    /// <summary>The tokens of a question.</summary>
    public static long Of(JsonIndex question)
    {
        long total = PerMessage;
        ReadOnlySpan<JsonIndex.Token> tokens = question.Tokens;
        for (int i = 0; i < tokens.Length; i++)
        {
            ref readonly JsonIndex.Token token = ref tokens[i];
            if (token.Type == JsonTokenType.PropertyName && question.NameIs(token, "role"u8))
                total += PerMessage;
            else if (token.Type == JsonTokenType.String)
                total += IsData(question.Raw(token)) ? PerFile : Words.Value.CountTokens(question.Text(token));
        }

        return total;
    }

    private static bool IsData(ReadOnlySpan<byte> text) => text.Length > LongestWord && text[..LongestWord].IndexOf((byte)' ') < 0;
}
