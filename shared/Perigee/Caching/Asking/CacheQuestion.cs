using System.Security.Cryptography;
using System.Text;
using Perigee.Caching.Keys;
using Perigee.Caching.Semantic;
using Perigee.Caching.Store;
using Perigee.Wire;

namespace Perigee.Caching.Asking;

/// <summary>One question as the cache sees it: where its answer lies, and what may be matched by meaning.</summary>
internal sealed class CacheQuestion
{
    private CacheQuestion(CacheKey key, string hash, CacheScope scope)
    {
        (Key, Hash, Scope) = (key, hash, scope);
    }

    /// <summary>Where the answer lies. Questions that fold to the same lie in one place.</summary>
    public CacheKey Key { get; }

    /// <summary>The canonical question's own hash: which wording an entry answered.</summary>
    public string Hash { get; }

    /// <summary>The scope, by name.</summary>
    public CacheScope Scope { get; }

    /// <summary>Why it stays exact, for the header; null where it was folded, or nobody asked for more than exact.</summary>
    public string? Refusal { get; private init; }

    /// <summary>The text that was folded, or null.</summary>
    public string? Text { get; private init; }

    /// <summary>The hash of everything but that text: only questions with the same are ever compared.</summary>
    public string? Context { get; private init; }

    /// <summary>The row of all questions that fold to the same, or null. Where the tier only watches it is not <see cref="Key"/>'s.</summary>
    public string? FoldedRow { get; private init; }

    /// <summary>Reads it off the body.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="wish">What it may have of the cache.</param>
    /// <param name="policy">The operator's word.</param>
    /// <param name="bucket">Which of several answers, from 0.</param>
    public static CacheQuestion Of(Exchange exchange, CacheWish wish, CacheOptions policy, int bucket)
    {
        string part = Part(wish, bucket);
        CacheScope scope = CacheKey.ScopeOf(exchange, wish.Namespace);
        string partition = CacheKey.PartitionOf(exchange, part);
        JsonIndex question = exchange.Question!;
        JsonIndex? rest = wish.Ignored is { Count: > 0 } ignored ? Members.Without(question, ignored) : null;
        try
        {
            bool semantic = wish.Semantic && exchange.Operation.Asks == Asks.Conversation;
            QuestionParts parts = QuestionKey.Read(exchange.Operation, rest ?? question, semantic);
            if (!semantic)
                return new CacheQuestion(new CacheKey(partition, parts.Hash), parts.Hash, scope);
            string? refusal = Refuse(parts, policy.Semantic);
            Span<byte> folded = stackalloc byte[SHA256.HashSizeInBytes];
            FoldRules rules = new(policy.Semantic.Deictic, policy.Semantic.TimeDependent);
            if (refusal is null && !FoldKey.TryKey(parts.LastText!, rules, folded, out FoldRefusal why))
                refusal = Word(why);
            if (refusal is not null)
                return new CacheQuestion(new CacheKey(partition, parts.Hash), parts.Hash, scope) { Refusal = refusal };
            string row = FoldedRowOf(parts.Scope!, folded);
            return new CacheQuestion(new CacheKey(partition, policy.Semantic.Observe ? parts.Hash : row), parts.Hash, scope)
            {
                Text = parts.LastText,
                Context = parts.Scope,
                FoldedRow = row,
            };
        }
        finally
        {
            rest?.Dispose();
        }
    }

    /// <summary>The part of the tenant's cache that a request means: its namespace, which of several answers, and what it left out of the key.</summary>
    public static string Part(CacheWish wish, int bucket)
    {
        if (wish is { Buckets: 1, Ignored: null })
            return wish.Namespace;
        string part = $"{wish.Namespace}\u0001{bucket}";
        return wish.Ignored is { Count: > 0 } ignored ? $"{part}\u0001{string.Join(',', ignored.Order(StringComparer.Ordinal))}" : part;
    }

    private static string? Refuse(in QuestionParts parts, SemanticOptions options)
    {
        if (parts.HasTools && !options.Tools)
            return "tools";
        if (parts.HasMedia && !options.Media)
            return "media";
        if (parts.Multiple)
            return "choices";
        if (parts.Temperature > options.MostTemperature)
            return "temperature";
        return parts.LastText is null || parts.Scope is null ? "no-text" : null;
    }

    private static string Word(FoldRefusal why) => why switch
    {
        FoldRefusal.TooLong => "too-long",
        FoldRefusal.NotEnglish => "not-english",
        FoldRefusal.Deictic => "deictic",
        FoldRefusal.TimeDependent => "time-dependent",
        FoldRefusal.Structured => "structured",
        _ => "empty",
    };

    private static string FoldedRowOf(string context, ReadOnlySpan<byte> folded)
    {
        Span<byte> both = stackalloc byte[256];
        int length = Encoding.ASCII.GetBytes(context, both);
        folded.CopyTo(both[length..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(both[..(length + folded.Length)], hash);
        return "e" + Convert.ToHexStringLower(hash);
    }
}
