using System.Collections.Concurrent;
using System.Text.Json;
using Perigee.Caching.Near;
using Perigee.Caching.Replay;
using Perigee.Caching.Semantic;
using Perigee.Caching.Store;
using Perigee.Embedding;

namespace Perigee.Caching.Asking;

/// <summary>
/// The tiers beyond the exact one, as the cache step sees them: whether they may answer, what is near a question, and the check of what they
/// answered. Whatever fails in here is a miss.
/// </summary>
internal sealed class MeaningTiers(AnswerCache cache, NearSync sync, ShadowCheck shadow, IOwnCalls calls, TimeProvider time) : ICacheReport, IAsyncDisposable
{
    /// <summary>The scope of all: an operator's stop of every semantic hit.</summary>
    public const string Everything = "*";

    private const long BytesWatched = 8 * 1024 * 1024;

    /// <summary>On whose behalf vectors and verdicts are asked for: they are the gateway's own doing, not a caller's.</summary>
    private static readonly Caller Gateway = new("gateway", "gateway", "gateway", null);

    private readonly ConcurrentDictionary<NearOptions, NearLookup> _lookups = new();

    /// <summary>Where the tier only watches: which wording was answered last under a folded key.</summary>
    private readonly ByteCache<string, string> _watched = new(BytesWatched, time);

    /// <inheritdoc/>
    public string Section => "semantic";

    /// <summary>The scope under which hits are checked and can be stopped.</summary>
    public static string ScopeOf(string tenant, string part) => part.Length == 0 ? tenant : $"{tenant}/{part}";

    /// <summary>Whether an answer to other words may be replayed.</summary>
    public bool Allows(Exchange exchange, CacheOptions policy, CacheWish wish) =>
        wish.Semantic && !policy.Semantic.Observe && shadow.Allows(Everything) && shadow.Allows(ScopeOf(exchange.Caller!.Tenant, wish.Namespace));

    /// <summary>Looks for an answer to a question that is near, or notes what would have been one.</summary>
    public ValueTask<MeaningFound> FindAsync(Exchange exchange, CacheOptions policy, CacheWish wish, CacheQuestion question)
    {
        if (!wish.Semantic)
            return default;
        string scope = ScopeOf(exchange.Caller!.Tenant, wish.Namespace);
        if (policy.Semantic.Observe)
        {
            if (question.Refusal is { } refusal)
                shadow.CountRefused(scope, refusal);
            else if (question.FoldedRow is { } row && _watched.Find($"{question.Key.Partition}|{row}") is { } other && other != question.Hash)
                return Watched(scope, "equivalent", "same", null);
        }

        return policy.Semantic.Near is { } near && question.Text is not null ? FindNearAsync(exchange, policy, near, wish, question, scope) : default;
    }

    /// <summary>An answer to other words was replayed: a share of them is checked.</summary>
    public void Replayed(Exchange exchange, CacheOptions policy, CacheQuestion question, CachedAnswer answer)
    {
        if (!shadow.Draws(policy.Semantic.Shadow) || AnswerText.Of(answer.Body.Span, answer.Form) is not { Length: > 0 } given)
            return;
        AnswerForm form = Replayer.FormOf(exchange);
        string path = exchange.Http.Request.Path.Value ?? "";
        if (form.Dialect == "gemini")
        {
            // Whole: a path says more of the form than can be repeated here.
            path = path.Replace(":streamGenerateContent", ":generateContent", StringComparison.Ordinal);
            form = form with { Stream = false, AsArray = false };
        }

        OwnCall call = new(path, exchange.Body.ToArray(), exchange.Caller!, "shadow") { Headers = HeadersOf(exchange) };
        string partition = question.Key.Partition, row = question.Key.Row;
        shadow.Check(new ShadowCase(
            ScopeOf(exchange.Caller!.Tenant, question.Scope.Namespace), given,
            async cancel => await calls.AskAsync(call, cancel) is { Complete: true } fresh ? AnswerText.Of(fresh.Body.Span, form) : null,
            () => Remove(policy, partition, row, answer),
            policy.Semantic.Shadow.MostErrorPercent)
        {
            Judge = policy.Semantic.Shadow.Judge is { } judge ? (cached, fresh, cancel) => Judge.SameAnswerAsync(calls, judge, Gateway, cached, fresh, cancel) : null,
        });
    }

    /// <summary>An answer was kept: its question can be found from now on.</summary>
    public void Kept(CacheOptions policy, CacheWish wish, CacheQuestion question, CachedAnswer answer)
    {
        if (!wish.Semantic || question.Text is null || question.Context is null)
            return;
        if (policy.Semantic.Observe)
            _watched.Put($"{question.Key.Partition}|{question.FoldedRow}", question.Hash, 256, answer.Expires);
        if (policy.Semantic.Near is not { } near || !FoldedText.TryFold(question.Text, RulesOf(policy), out FoldedText? folded, out _))
            return;
        LookupOf(near).Keep(
            question.Key.Partition, question.Key.Row, Convert.FromHexString(question.Context), question.Text, folded.ToFeatures(), answer.Expires, policy.Semantic.KeepText);
    }

    /// <summary>An operator stops semantic hits of a scope, or lets them be served again.</summary>
    /// <returns>False where the other instances could not be told.</returns>
    public ValueTask<bool> DecideAsync(string scope, bool stop, CancellationToken cancel) =>
        stop ? shadow.KillAsync(scope, cancel) : shadow.ResumeAsync(scope, cancel);

    /// <inheritdoc/>
    public ValueTask WriteAsync(Utf8JsonWriter json, CacheFilter filter, CancellationToken cancel)
    {
        json.WritePropertyName("checked"u8);
        shadow.WriteReport(json);
        json.WritePropertyName("near"u8);
        sync.WriteReport(json);
        return default;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (NearLookup lookup in _lookups.Values)
            await lookup.DisposeAsync();
    }

    private static FoldRules RulesOf(CacheOptions policy) => new(policy.Semantic.Deictic, policy.Semantic.TimeDependent);

    private async ValueTask<MeaningFound> FindNearAsync(
        Exchange exchange, CacheOptions policy, NearOptions near, CacheWish wish, CacheQuestion question, string scope)
    {
        if (!FoldedText.TryFold(question.Text, RulesOf(policy), out FoldedText? folded, out _))
            return default;
        NearLookup lookup = LookupOf(near);
        double threshold = Math.Max(lookup.Threshold, wish.Threshold ?? 0);
        NearFound? found = await lookup.FindAsync(
            question.Key.Partition, Convert.FromHexString(question.Context!), question.Text!, folded.ToFeatures(), threshold, exchange.Http.RequestAborted);
        if (found is null)
            return default;
        CacheReceipt receipt = new() { Verdict = found.Verdict.Word, Similarity = found.Similarity };
        if (!found.Hit)
        {
            if (policy.Semantic.Observe)
                shadow.CountRefused(scope, found.Verdict.Word);
            return new MeaningFound(null, receipt);
        }

        CacheKey key = new(question.Key.Partition, found.Id);
        CachedAnswer? answer = cache.FindInMemory(key) ?? await cache.FindInTableAsync(key, policy.LookupBudget, exchange.Http.RequestAborted);
        if (answer is null)
        {
            lookup.Drop(key.Partition, key.Row);
            return default;
        }

        if (wish.MostAge is { } most && time.GetUtcNow() - answer.StoredAt > most)
            return default;
        if (policy.Semantic.Observe)
            return await Watched(scope, "near", found.Verdict.Word, found.Similarity);
        if (!Allows(exchange, policy, wish))
            return default;
        return new MeaningFound(answer, receipt with
        {
            Tier = "near",
            Key = answer.Id,
            Source = answer.Source,
            Saved = answer.Usage,
            SavedPicoDollars = answer.PicoDollars,
        });
    }

    private ValueTask<MeaningFound> Watched(string scope, string tier, string verdict, double? similarity)
    {
        shadow.CountWouldHit(scope, tier);
        return new(new MeaningFound(null, new CacheReceipt { Tier = tier, Verdict = verdict, Similarity = similarity, Observed = true }));
    }

    private NearLookup LookupOf(NearOptions options) => _lookups.GetOrAdd(options, static (options, tiers) =>
    {
        ITextEmbedder embedder = options.Embedder switch
        {
            "provider" => new ProviderEmbedder(options.Model!, async (body, cancel) =>
                await tiers.Calls.AskAsync(new OwnCall("/v1/embeddings", body, Gateway, "embedding"), cancel) is { Status: 200 } answer ? answer.Body : null),
            "onnx" => new OnnxEmbedder(options.ModelPath!, options.VocabularyPath!),
            _ => new HashedEmbedder(),
        };
        NearVerifier? verifier = options.Verifier is { } judge ? (asked, kept, cancel) => Judge.SameQuestionAsync(tiers.Calls, judge, Gateway, asked, kept, cancel) : null;
        return new NearLookup(options, embedder, tiers.Sync, Guard, verifier, tiers.Time);
    }, (Calls: calls, Sync: sync, Time: time));

    private static GuardVerdict Guard(ReadOnlyMemory<byte> asked, ReadOnlyMemory<byte> kept) =>
        FoldedText.FromFeatures(asked.Span) is { } one && FoldedText.FromFeatures(kept.Span) is { } other
            ? DifferenceGuard.Compare(one, other)
            : new GuardVerdict(false, "unreadable");

    private void Remove(CacheOptions policy, string partition, string row, CachedAnswer answer)
    {
        if (policy.Semantic.Near is { } near)
            LookupOf(near).Forget(partition, row);
        _ = RemoveAsync(answer.Id);
    }

    private async Task RemoveAsync(string id)
    {
        try
        {
            await cache.InvalidateAsync(new CacheInvalidation(Key: id), CancellationToken.None);
        }
        catch (Storage.StorageException)
        {
            // This instance has forgotten it; the others could not be told, and check for themselves.
        }
    }

    private static Dictionary<string, string>? HeadersOf(Exchange exchange)
    {
        Dictionary<string, string>? headers = null;
        foreach (string name in (ReadOnlySpan<string>)[HeaderNames.Quality, HeaderNames.Metadata, HeaderNames.Strict, "anthropic-beta", "anthropic-version"])
        {
            if (exchange.Http.Request.Headers[name] is { Count: > 0 } values)
                (headers ??= [])[name] = values.ToString();
        }

        return headers;
    }
}

/// <summary>What was found near a question.</summary>
/// <param name="Answer">The answer that will do, or null.</param>
/// <param name="Receipt">How it was found, or why nothing was; null where nothing was near.</param>
internal readonly record struct MeaningFound(CachedAnswer? Answer, CacheReceipt? Receipt);
