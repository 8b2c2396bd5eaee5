using System.Security.Cryptography;
using Perigee.Caching.Near;
using Perigee.Embedding;

namespace Perigee.Tests.Embedding;

public sealed class HashedEmbedderTests
{
    [Fact]
    public async Task Vectors_have_length_one_and_equal_texts_equal_vectors()
    {
        HashedEmbedder embedder = new();
        float[] first = new float[embedder.Dimensions];
        float[] second = new float[embedder.Dimensions];
        Assert.True(await embedder.EmbedAsync("What is the boiling point of water at 2,000 m?", first, default));
        Assert.True(await embedder.EmbedAsync("What is the boiling point of water at 2,000 m?", second, default));
        Assert.Equal(first, second);
        Assert.Equal(1, first.Sum(static value => (double)value * value), 1e-5);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   \n")]
    [InlineData("?! ...")]
    public void Text_without_words_has_no_vector(string text) => Assert.False(HashedEmbedder.Embed(text, new float[HashedEmbedder.Size]));

    [Theory]
    [InlineData("how do i reverse a string in python", "How can I reverse a string in Python?")]
    [InlineData("What's the capital of Australia?", "hello, please tell me the capital of australia. thanks!")]
    [InlineData("explain photosynthesis to a child", "Explain photosyntesis to a child")]
    [InlineData("list the planets of the solar system", "Listing the planets in the solar system")]
    public void Repeats_are_over_the_threshold(string one, string other)
    {
        float similarity = Similarity(one, other);
        Assert.True(similarity > new HashedEmbedder().Threshold, $"{similarity}");
    }

    [Theory]
    [InlineData("how do i reverse a string in python", "what is the tallest mountain in europe")]
    [InlineData("What's the capital of Australia?", "What's the weather like on Jupiter?")]
    [InlineData("can you please tell me how to do this", "would you show us when they should have that")]
    public void Other_questions_are_under_it(string one, string other)
    {
        float similarity = Similarity(one, other);
        Assert.True(similarity < new HashedEmbedder().Threshold, $"{similarity}");
    }

    [Fact]
    public void Shared_rare_words_weigh_more_than_shared_common_ones()
    {
        const string Asked = "what is the mitochondrion for";
        Assert.True(Similarity(Asked, "mitochondrion") > Similarity(Asked, "what is the for"));
    }

    [Fact]
    public void Case_punctuation_and_apostrophes_do_not_matter() =>
        Assert.Equal(1, Similarity("WHAT'S Ohm’s law?", "whats ohms, LAW"), 1e-5);

    [Fact]
    public void Long_texts_of_any_script_have_a_vector()
    {
        float[] vector = new float[HashedEmbedder.Size];
        Assert.True(HashedEmbedder.Embed(new string('x', 100_000), vector));
        Assert.True(HashedEmbedder.Embed(string.Concat(Enumerable.Range(0, 60_000).Select(static i => $"{(char)(i % 40_000)}{i} ")), vector));
        Assert.True(HashedEmbedder.Embed("Почему небо голубое? 空はなぜ青いのですか", vector));
    }

    /// <summary>Vectors are compared with those that other instances made: whoever changes how they are made changes the version.</summary>
    [Fact]
    public void Version_words1_means_these_vectors()
    {
        float[] vector = new float[HashedEmbedder.Size];
        HashedEmbedder.Embed("Which of the 3 Brontë sisters wrote 'Wuthering Heights', and why?", vector);
        sbyte[] small = new sbyte[SmallVector.Stride(vector.Length)];
        SmallVector.Round(vector, small);
        Assert.Equal("words1", new HashedEmbedder().Version);
        Assert.Equal("24a37ed95b110001", Convert.ToHexStringLower(SHA256.HashData(SmallVector.Bytes(small)))[..16]);
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        float[] vector = new float[HashedEmbedder.Size];
        string text = string.Join(' ', Enumerable.Range(0, 100).Select(static i => $"word{i}"));
        HashedEmbedder.Embed(text, vector);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            HashedEmbedder.Embed(text, vector);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100);
    }

    private static float Similarity(string one, string other)
    {
        float[] first = new float[HashedEmbedder.Size];
        float[] second = new float[HashedEmbedder.Size];
        Assert.True(HashedEmbedder.Embed(one, first));
        Assert.True(HashedEmbedder.Embed(other, second));
        return first.Zip(second, static (a, b) => a * b).Sum();
    }
}
