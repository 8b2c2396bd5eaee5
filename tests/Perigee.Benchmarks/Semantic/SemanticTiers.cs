using Perigee.Caching.Semantic;
using Perigee.Embedding;

namespace Perigee.Benchmarks.Semantic;

/// <summary>A text as the gateway folds it.</summary>
/// <param name="Key">The folded key in hex; null where the text stays exact.</param>
/// <param name="Refusal">Why it does.</param>
/// <param name="Text">What the guards look at.</param>
internal sealed record Folded(string? Key, FoldRefusal Refusal, FoldedText? Text);

/// <summary>The one place where the benchmark meets the gateway's folding, guards and embedders.</summary>
internal static class SemanticTiers
{
    private static readonly HttpClient Http = new();

    /// <summary>The embedder that needs no weights.</summary>
    public static ITextEmbedder Hashed { get; } = new HashedEmbedder();

    /// <summary>Folds a text by the default rules: what points at something or depends on the time stays exact.</summary>
    public static Folded Fold(string text) =>
        FoldedText.TryFold(text, default, out FoldedText? folded, out FoldRefusal refusal)
            ? new(Convert.ToHexString(folded.Key), FoldRefusal.None, folded)
            : new(null, refusal, null);

    /// <summary>What the guards say of two folded texts.</summary>
    public static GuardVerdict Compare(Folded asked, Folded kept) =>
        asked.Text is { } one && kept.Text is { } other ? DifferenceGuard.Compare(one, other) : new(false, "exact");

    /// <summary>An encoder's file that the reader supplies.</summary>
    public static ITextEmbedder Onnx(string path, string vocabularyPath) => new OnnxEmbedder(path, vocabularyPath);

    /// <summary>A model of a provider that speaks OpenAI's embeddings.</summary>
    /// <param name="url">The address that takes the request, <c>.../v1/embeddings</c>.</param>
    /// <param name="model">The model.</param>
    /// <param name="key">The bearer key, if it wants one.</param>
    public static ITextEmbedder Provider(Uri url, string model, string? key) => new ProviderEmbedder(model, (body, cancel) => AskAsync(url, key, body, cancel));

    private static async ValueTask<ReadOnlyMemory<byte>?> AskAsync(Uri url, string? key, ReadOnlyMemory<byte> body, CancellationToken cancel)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, url) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.Authorization = key is null ? null : new("Bearer", key);
        try
        {
            using HttpResponseMessage answer = await Http.SendAsync(request, cancel);
            return answer.IsSuccessStatusCode ? await answer.Content.ReadAsByteArrayAsync(cancel) : null;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
