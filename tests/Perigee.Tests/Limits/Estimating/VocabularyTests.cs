using System.Text;
using Perigee.Limits.Estimating;

namespace Perigee.Tests.Limits.Estimating;

public sealed class VocabularyTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("gpt-4o-mini", 100, false)]
    [InlineData("gpt-5.4", 100, false)]
    [InlineData("gpt-4.1", 100, false)]
    [InlineData("o3-mini", 100, false)]
    [InlineData("gpt-4-turbo", 100, true)]
    [InlineData("gpt-3.5-turbo", 100, true)]
    [InlineData("text-embedding-3-small", 100, true)]
    [InlineData("anthropic/claude-sonnet-4.5", 160, false)]
    [InlineData("anthropic.claude-3-haiku", 160, false)]
    [InlineData("gemini-2.5-pro", 125, false)]
    [InlineData("meta-llama/Llama-3.3-70B", 125, false)]
    public void A_model_has_the_vocabulary_of_its_family(string model, int percent, bool older)
    {
        Vocabulary words = Vocabulary.Of(model);
        Assert.Equal(percent, words.Percent);
        Assert.Equal(older, words == Vocabulary.Cl100k);
    }

    [Fact]
    public void Texts_count_as_OpenAI_counts_them()
    {
        Assert.Equal(2, Vocabulary.O200k.Count("hello world"));
        Assert.Equal(6, Vocabulary.Cl100k.Count("tiktoken is great!"));
    }

    [Fact]
    public void A_text_in_pieces_counts_at_least_what_it_counts_whole_and_hardly_more()
    {
        int seed = Environment.TickCount;
        Random dice = new(seed);
        string[] words = ["the", "Überraschung", "of", "42", "日本語", "foo_bar()", "\n", "😀", "and", "internationalization"];
        StringBuilder text = new();
        while (text.Length < 20_000)
            text.Append(words[dice.Next(words.Length)]).Append(' ');
        var whole = Microsoft.ML.Tokenizers.TiktokenTokenizer.CreateForEncoding("o200k_base");
        long exact = whole.CountTokens(text.ToString()), counted = Vocabulary.O200k.Count(text.ToString());
        output.WriteLine($"seed {seed}: {exact} whole, {counted} in pieces");
        Assert.InRange(counted, exact, exact + (text.Length / 256) + 1);
    }

    [Fact]
    public void A_word_without_an_end_costs_no_more_time_than_its_length()
    {
        // Merged whole it would be a thousand times the work: this would not end while anybody waits.
        string word = new('a', Vocabulary.MostCountedBytes);
        Assert.InRange(Vocabulary.O200k.Count(word), 1, word.Length);
    }
}
