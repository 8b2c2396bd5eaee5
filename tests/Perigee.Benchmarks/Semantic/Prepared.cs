using System.Numerics;
using Perigee.Embedding;

namespace Perigee.Benchmarks.Semantic;

/// <summary>Questions folded and embedded once, however often they are compared.</summary>
internal sealed class Prepared
{
    private readonly Dictionary<string, Folded> _folded = [];
    private readonly Dictionary<string, float[]?> _vectors = [];

    private Prepared(ITextEmbedder? embedder) => Embedder = embedder;

    /// <summary>What made the vectors; null where only the key is asked.</summary>
    public ITextEmbedder? Embedder { get; }

    /// <summary>Folds all texts of the pairs, and embeds them where there is an embedder.</summary>
    public static async Task<Prepared> MakeAsync(IEnumerable<Pair> pairs, ITextEmbedder? embedder)
    {
        Prepared prepared = new(embedder);
        if (embedder is not null && !await embedder.PrepareAsync(CancellationToken.None))
            throw new InvalidOperationException($"{embedder.Version} makes no vectors.");
        foreach (string text in pairs.SelectMany(pair => new[] { pair.A.Text, pair.B.Text }).Distinct())
        {
            prepared._folded[text] = SemanticTiers.Fold(text);
            if (embedder is null)
                continue;
            float[] vector = new float[embedder.Dimensions];
            prepared._vectors[text] = await embedder.EmbedAsync(text, vector, CancellationToken.None) ? vector : null;
        }

        return prepared;
    }

    /// <summary>The text as it was folded.</summary>
    public Folded Fold(Ask ask) => _folded[ask.Text];

    /// <summary>The vector of the text, if there is one.</summary>
    public float[]? Vector(Ask ask) => _vectors[ask.Text];

    /// <summary>The row of the key tier: the earlier turns and the folded text. Null where the question stays exact.</summary>
    public string? Row(Ask ask) => Fold(ask).Key is { } key ? ask.Scope + "\u001f" + key : null;

    /// <summary>The cosine of two texts; -1 where one has no vector.</summary>
    public double Cosine(Ask one, Ask other) => Vector(one) is { } left && Vector(other) is { } right ? Cosine(left, right) : -1;

    /// <summary>The cosine of two vectors of length 1.</summary>
    public static double Cosine(float[] left, float[] right)
    {
        Vector<float> sum = Vector<float>.Zero;
        int at = 0;
        for (; at <= left.Length - Vector<float>.Count; at += Vector<float>.Count)
            sum += new Vector<float>(left, at) * new Vector<float>(right, at);
        float dot = System.Numerics.Vector.Sum(sum);
        for (; at < left.Length; at++)
            dot += left[at] * right[at];
        return dot;
    }
}
