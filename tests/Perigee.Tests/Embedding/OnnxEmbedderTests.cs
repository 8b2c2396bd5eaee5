using Perigee.Embedding;

namespace Perigee.Tests.Embedding;

public sealed class OnnxEmbedderTests : IDisposable
{
    private static readonly string[] Words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "green", "##ish", "apple", "[MASK]"];

    /// <summary>Marks add nothing to a sum; each word has its own direction.</summary>
    private static readonly float[][] Vectors =
        [[0, 0, 0, 9], [0, 0, 0, 5], [0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 2, 0], [0, 0, 1, 0], [0, 0, 0, 7]];

    private readonly string _folder = Directory.CreateTempSubdirectory("perigee-onnx-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false, true)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public async Task Encoder_gives_the_mean_of_its_tokens_at_length_one(bool pooled, bool types)
    {
        using OnnxEmbedder embedder = Make(OnnxFile.Write(Vectors, pooled, types: types));
        Assert.Equal(0, embedder.Dimensions);
        Assert.True(await embedder.PrepareAsync(default));
        Assert.Equal(4, embedder.Dimensions);
        float[] vector = new float[4];
        Assert.True(await embedder.EmbedAsync("Red greenish", vector, default));
        Assert.Equal([1 / MathF.Sqrt(6), 1 / MathF.Sqrt(6), 2 / MathF.Sqrt(6), 0], vector.Select(static value => value), static (a, b) => MathF.Abs(a - b) < 1e-5f);
    }

    [Fact]
    public async Task Long_texts_are_cut_and_empty_ones_have_no_vector()
    {
        using OnnxEmbedder embedder = Make(OnnxFile.Write(Vectors, pooled: false));
        float[] vector = new float[4];
        Assert.False(await embedder.EmbedAsync(" ", vector, default));
        Assert.True(await embedder.EmbedAsync(string.Concat(Enumerable.Repeat("red ", OnnxModel.MostTokens)) + "green", vector, default));
        Assert.Equal(0, vector[1]);
        Assert.Equal(1, vector[0]);
    }

    [Fact]
    public async Task Who_is_gone_does_not_wait()
    {
        using OnnxEmbedder embedder = Make(OnnxFile.Write(Vectors, pooled: false));
        await embedder.PrepareAsync(default);
        using CancellationTokenSource gone = new();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => embedder.EmbedAsync("red", new float[4], gone.Token).AsTask());
    }

    [Fact]
    public void Version_is_that_of_the_files()
    {
        using OnnxEmbedder one = Make(OnnxFile.Write(Vectors, pooled: false), "a");
        using OnnxEmbedder same = Make(OnnxFile.Write(Vectors, pooled: false), "b");
        using OnnxEmbedder other = Make(OnnxFile.Write(Vectors, pooled: true), "c");
        Assert.Equal(one.Version, same.Version);
        Assert.NotEqual(one.Version, other.Version);
        Assert.Matches("^[a-z0-9-]+$", one.Version);
    }

    [Fact]
    public void Right_files_have_no_fault() => Assert.Null(OnnxEmbedder.Check(Model(OnnxFile.Write(Vectors, pooled: true)), Vocabulary(Words)));

    [Fact]
    public void Faults_of_the_files_are_said_clearly()
    {
        string model = Model(OnnxFile.Write(Vectors, pooled: true));
        string vocabulary = Vocabulary(Words);
        Assert.Contains("There is no file", OnnxEmbedder.Check(model + "x", vocabulary), StringComparison.Ordinal);
        Assert.Contains("There is no file", OnnxEmbedder.Check(model, vocabulary + "x"), StringComparison.Ordinal);
        Assert.NotNull(OnnxEmbedder.Check(null, vocabulary));
        Assert.NotNull(OnnxEmbedder.Check(model, ""));
        Assert.Contains("it has no [SEP]", OnnxEmbedder.Check(model, Vocabulary(["[PAD]", "[UNK]", "[CLS]", "red"], "short")), StringComparison.Ordinal);
        Assert.Contains("is not a sentence encoder", OnnxEmbedder.Check(Model("<html>Not found</html>"u8.ToArray()), vocabulary), StringComparison.Ordinal);
        Assert.Contains("it takes 'pixels'", OnnxEmbedder.Check(Model(OnnxFile.Write(Vectors, true, "pixels")), vocabulary), StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_that_is_gone_when_it_is_needed_is_no_vector()
    {
        using OnnxEmbedder embedder = new(Path.Combine(_folder, "none"), Vocabulary(Words));
        Assert.False(await embedder.PrepareAsync(default));
        Assert.False(await embedder.EmbedAsync("red", new float[4], default));
        Assert.Equal(0, embedder.Dimensions);
        Assert.StartsWith("onnx1-", embedder.Version, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Vocabulary_that_is_larger_than_the_model_is_no_vector()
    {
        using OnnxEmbedder embedder = new(Model(OnnxFile.Write(Vectors, pooled: true)), Vocabulary([.. Words, "pear"]));
        Assert.True(await embedder.EmbedAsync("red", new float[4], default));
        Assert.False(await embedder.EmbedAsync("pear", new float[4], default));
    }

    private OnnxEmbedder Make(byte[] model, string name = "model") => new(Model(model, name), Vocabulary(Words));

    private string Model(byte[] model, string name = "model")
    {
        string path = Path.Combine(_folder, name + ".onnx");
        File.WriteAllBytes(path, model);
        return path;
    }

    private string Vocabulary(string[] words, string name = "vocab")
    {
        string path = Path.Combine(_folder, name + ".txt");
        File.WriteAllLines(path, words);
        return path;
    }
}
