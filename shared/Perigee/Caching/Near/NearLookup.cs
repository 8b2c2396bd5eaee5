using System.Buffers;
using System.Threading.Channels;
using Perigee.Caching.Semantic;
using Perigee.Embedding;

namespace Perigee.Caching.Near;

/// <summary>
/// The tier <c>near</c>: the nearest questions of the same namespace and scope by their vectors, of which the first that the guards (and the
/// verifier, where there is one) take for the same is a hit. Whatever fails or is late is a miss.
/// </summary>
internal sealed class NearLookup : IAsyncDisposable
{
    private const int MostWaiting = 1024;
    private const int Makers = 2;
    private const int MemoSize = 512;
    private static readonly TimeSpan KeepPatience = TimeSpan.FromSeconds(20);

    private readonly NearOptions _options;
    private readonly ITextEmbedder _embedder;
    private readonly NearSync _sync;
    private readonly NearGuard _guard;
    private readonly NearVerifier? _verifier;
    private readonly TimeProvider _time;

    /// <summary>Vectors that cost a call or a run, by text: whoever misses keeps the same text a moment later.</summary>
    private readonly Memo?[] _memo = new Memo?[MemoSize];

    private readonly Channel<Waiting> _waiting;
    private readonly Task[] _makers;
    private long _notKept;

    public NearLookup(NearOptions options, ITextEmbedder embedder, NearSync sync, NearGuard guard, NearVerifier? verifier, TimeProvider time)
    {
        (_options, _embedder, _sync, _guard, _verifier, _time) = (options, embedder, sync, guard, verifier, time);
        _waiting = Channel.CreateBounded<Waiting>(
            new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest }, _ => Interlocked.Increment(ref _notKept));
        _makers = embedder is HashedEmbedder ? [] : [.. Enumerable.Range(0, Makers).Select(_ => Task.Run(MakeAsync))];
    }

    /// <summary>The least cosine of a candidate where a request says nothing stricter.</summary>
    public double Threshold => _options.Threshold ?? _embedder.Threshold;

    /// <summary>Entries that were not kept because they had no vector.</summary>
    public long NotKept => Interlocked.Read(ref _notKept);

    /// <summary>Looks for a question that is the same in other words.</summary>
    /// <param name="namespace">The partition under which answers are kept.</param>
    /// <param name="scopeHash">The hash of everything in the question but its last words: it must be equal.</param>
    /// <param name="text">The last words.</param>
    /// <param name="asked">Their features.</param>
    /// <param name="threshold">The least cosine; lower than <see cref="Threshold"/> counts as that.</param>
    /// <param name="cancel">The client is gone.</param>
    /// <returns>A hit; or what was nearest and refused, see <see cref="NearFound.Hit"/>; or null.</returns>
    public ValueTask<NearFound?> FindAsync(
        string @namespace, ReadOnlyMemory<byte> scopeHash, string text, ReadOnlyMemory<byte> asked, double threshold, CancellationToken cancel)
    {
        long started = _time.GetTimestamp();
        NearSpace space = _sync.Open(@namespace, _embedder, _options.MostEntries);
        if (!space.Loaded || space.Index is not { } index)
            return default;
        Question question = new(ScopeHash.Of(scopeHash.Span), text, asked, Math.Max(threshold, Threshold), started);
        if (_embedder is not HashedEmbedder)
            return new ValueTask<NearFound?>(FindLaterAsync(index, question, cancel));
        float[] vector = ArrayPool<float>.Shared.Rent(_embedder.Dimensions);
        try
        {
            return HashedEmbedder.Embed(text, vector) ? FindAsync(index, question, vector.AsSpan(0, _embedder.Dimensions), cancel) : default;
        }
        finally
        {
            ArrayPool<float>.Shared.Return(vector);
        }
    }

    /// <summary>Keeps a question whose answer was kept: here at once (or as soon as there is a vector), for other instances soon.</summary>
    /// <param name="namespace">The partition under which the answer is kept.</param>
    /// <param name="id">The row.</param>
    /// <param name="scopeHash">The hash of everything in the question but its last words.</param>
    /// <param name="text">The last words.</param>
    /// <param name="features">Their features.</param>
    /// <param name="expires">From when the answer is no longer replayed.</param>
    /// <param name="keepText">Whether the words are kept, too.</param>
    public void Keep(
        string @namespace, string id, ReadOnlyMemory<byte> scopeHash, string text, ReadOnlyMemory<byte> features, DateTimeOffset expires, bool keepText)
    {
        NearSpace space = _sync.Open(@namespace, _embedder, _options.MostEntries);
        NearEntry entry = new(id, ScopeHash.Of(scopeHash.Span), features, expires, keepText ? text : null) { At = _time.GetUtcNow().UtcTicks };
        if (_embedder is not HashedEmbedder)
        {
            _waiting.Writer.TryWrite(new Waiting(space, entry, text));
            return;
        }

        float[] vector = ArrayPool<float>.Shared.Rent(_embedder.Dimensions);
        Span<float> made = vector.AsSpan(0, _embedder.Dimensions);
        if (HashedEmbedder.Embed(text, made))
            Keep(space, entry, made);
        else
            Interlocked.Increment(ref _notKept);
        ArrayPool<float>.Shared.Return(vector);
    }

    /// <summary>Takes an entry out here only: its answer was not found, which other instances may know better (or the storage does not answer).</summary>
    public void Drop(string @namespace, string id) => _sync.Open(@namespace, _embedder, _options.MostEntries).Index?.Remove(id);

    /// <summary>Takes an entry out, here and soon for other instances: its answer was removed, or was wrong.</summary>
    public void Forget(string @namespace, string id) => _sync.Remove(@namespace, id);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await Task.WhenAll(_makers);
    }

    /// <summary>With vectors that others make: they get a limit, and nobody waits past it even where they ignore it.</summary>
    private async Task<NearFound?> FindLaterAsync(NearIndex index, Question question, CancellationToken cancel)
    {
        using CancellationTokenSource limit = new(_options.Budget, _time);
        using CancellationTokenRegistration gone = cancel.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), limit);
        try
        {
            return await VectorAsync(question.Text, limit.Token).WaitAsync(limit.Token) is { } vector
                ? await FindAsync(index, question, vector, cancel) : null;
        }
        catch (Exception e) when (e is OperationCanceledException || !cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    private ValueTask<NearFound?> FindAsync(NearIndex index, Question question, ReadOnlySpan<float> vector, CancellationToken cancel)
    {
        sbyte[] small = ArrayPool<sbyte>.Shared.Rent(index.Stride);
        Span<sbyte> rounded = small.AsSpan(0, index.Stride);
        float scale = vector.Length <= rounded.Length ? SmallVector.Round(vector, rounded) : 0;
        int count = index.Search(
            rounded, scale, question.Scope, Skeletons.Of(question.Features.Span), question.Threshold, out NearCandidates found, out NearCandidate? farther);
        ArrayPool<sbyte>.Shared.Return(small);
        ReadOnlySpan<NearCandidate> candidates = ((ReadOnlySpan<NearCandidate>)found)[..count];

        NearFound? refused = null;
        foreach (NearCandidate candidate in candidates)
        {
            if (_time.GetElapsedTime(question.Started) > _options.Budget)
                return new(refused);
            GuardVerdict verdict = Compare(question.Features, candidate.Entry.Features);
            if (verdict.Same)
            {
                index.Use(candidate.Entry.Id);
                if (_verifier is null)
                    return new(Found(candidate, verdict));
                return candidate.Entry.Text is { } kept
                    ? new ValueTask<NearFound?>(VerifyAsync(candidate, question, kept, cancel))
                    : new(Found(candidate, new GuardVerdict(true, "unverified")));
            }

            refused ??= Found(candidate, verdict);
        }

        // One of another skeleton cannot pass: what is told is why.
        if (farther is { } told && (refused is null || told.Similarity > refused.Similarity) && Compare(question.Features, told.Entry.Features) is { Same: false } why)
            refused = Found(told, why);
        return new(refused);
    }

    private GuardVerdict Compare(ReadOnlyMemory<byte> asked, ReadOnlyMemory<byte> kept)
    {
        try
        {
            return _guard(asked, kept);
        }
        catch (Exception)
        {
            // Features that came from storage may be anything.
            return new GuardVerdict(false, "damaged");
        }
    }

    /// <summary>Only the nearest that passed the guards is asked about: a second question would cost as much as an answer.</summary>
    private async Task<NearFound?> VerifyAsync(NearCandidate candidate, Question question, string kept, CancellationToken cancel)
    {
        TimeSpan left = _options.Budget - _time.GetElapsedTime(question.Started);
        if (left <= TimeSpan.Zero)
            return Found(candidate, new GuardVerdict(false, "late"));
        using CancellationTokenSource limit = new(left, _time);
        using CancellationTokenRegistration gone = cancel.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), limit);
        try
        {
            return Found(candidate, await _verifier!(question.Text, kept, limit.Token).AsTask().WaitAsync(limit.Token) switch
            {
                true => new GuardVerdict(true, "verified"),
                false => new GuardVerdict(false, "verifier"),
                null => new GuardVerdict(false, "verifier-failed"),
            });
        }
        catch (OperationCanceledException)
        {
            return Found(candidate, new GuardVerdict(false, "late"));
        }
        catch (Exception)
        {
            return Found(candidate, new GuardVerdict(false, "verifier-failed"));
        }
    }

    private static NearFound Found(NearCandidate candidate, GuardVerdict verdict) =>
        new(candidate.Entry.Id, Math.Min(1, candidate.Similarity), verdict, candidate.Entry.Features) { Text = candidate.Entry.Text };

    private void Keep(NearSpace space, NearEntry entry, ReadOnlySpan<float> vector)
    {
        sbyte[] small = new sbyte[SmallVector.Stride(vector.Length)];
        if (SmallVector.Round(vector, small) > 0)
            _sync.Keep(space, new NearDelta(entry, small));
    }

    private async Task<float[]?> VectorAsync(string text, CancellationToken cancel)
    {
        int place = (text.GetHashCode(StringComparison.Ordinal) & int.MaxValue) % MemoSize;
        if (Volatile.Read(ref _memo[place]) is { } memo && memo.Text == text)
            return memo.Vector;
        float[] vector = new float[_embedder.Dimensions];
        if (vector.Length == 0 || !await _embedder.EmbedAsync(text, vector, cancel))
            return null;
        Volatile.Write(ref _memo[place], new Memo(text, vector));
        return vector;
    }

    private async Task MakeAsync()
    {
        await foreach (Waiting waiting in _waiting.Reader.ReadAllAsync())
        {
            try
            {
                using CancellationTokenSource patience = new(KeepPatience, _time);
                if (await VectorAsync(waiting.Text, patience.Token).WaitAsync(patience.Token) is { } vector)
                {
                    Keep(waiting.Space, waiting.Entry, vector);
                    continue;
                }
            }
            catch (Exception)
            {
                // Without a vector the entry is found by its own words only.
            }

            Interlocked.Increment(ref _notKept);
        }
    }

    private sealed record Memo(string Text, float[] Vector);

    private sealed record Waiting(NearSpace Space, NearEntry Entry, string Text);

    private readonly record struct Question(ScopeHash Scope, string Text, ReadOnlyMemory<byte> Features, double Threshold, long Started);
}
