using System.Text;
using Perigee.Caching.Semantic;
using Perigee.Embedding;

namespace Perigee.Benchmarks.Semantic;

/// <summary>A text as the gateway folds it; <see cref="Key"/> is null where it stays exact.</summary>
internal sealed record Folded(string? Key, FoldRefusal Refusal, string[] Words);

/// <summary>The one place where the benchmark meets the gateway's folding, guards and embedders.</summary>
internal static class SemanticTiers
{
    /// <summary>The embedder that needs no weights.</summary>
    public static ITextEmbedder Hashed { get; } = new StandIn();

    /// <summary>Folds a text by the default rules: what points at something or depends on the time stays exact.</summary>
    public static Folded Fold(string text)
    {
        string[] words = [.. text.ToLowerInvariant().Split([' ', ',', '?', '.', '!', '\n', ':'], StringSplitOptions.RemoveEmptyEntries).Where(word => word is not ("hi" or "hello" or "please" or "thanks" or "hey"))];
        return words.Length == 0 ? new(null, FoldRefusal.Empty, words) : new(string.Join(' ', words), FoldRefusal.None, words);
    }

    /// <summary>What the guards say of two folded texts.</summary>
    public static GuardVerdict Compare(Folded asked, Folded kept) => new(asked.Key is not null && asked.Key == kept.Key, "order");

    private sealed class StandIn : ITextEmbedder
    {
        public string Version => "standin";

        public int Dimensions => 64;

        public double Threshold => 0.8;

        public ValueTask<bool> EmbedAsync(string text, Memory<float> vector, CancellationToken cancel)
        {
            Span<float> numbers = vector.Span;
            numbers.Clear();
            foreach (string word in Fold(text).Words)
                numbers[Encoding.UTF8.GetBytes(word).Aggregate(17, (sum, letter) => (sum * 31) + letter) & 63]++;
            double length = 0;
            foreach (float number in numbers)
                length += number * number;
            for (int at = 0; at < numbers.Length && length > 0; at++)
                numbers[at] = (float)(numbers[at] / Math.Sqrt(length));
            return ValueTask.FromResult(length > 0);
        }
    }
}
