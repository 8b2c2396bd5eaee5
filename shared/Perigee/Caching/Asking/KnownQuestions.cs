using Perigee.Caching.Replay;
using Perigee.Caching.Store;

namespace Perigee.Caching.Asking;

/// <summary>
/// Bodies that were asked before, byte for byte, with where their answers lie and how they look in the form that was asked for: the same
/// question again needs neither a canonical form nor a rendering. An answer is never taken from here, only compared with what the tiers hold.
/// </summary>
internal sealed class KnownQuestions(IGatewayOptions options, TimeProvider time)
{
    private const int LargestBody = 32 * 1024;
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    /// <summary>A quarter of what answers may take.</summary>
    private readonly ByteCache<RawQuestion, KnownQuestion> _known = new(Math.Max(1, options.Current.Cache.MemoryBytes / 4), time);

    /// <summary>What is known of a body, or null.</summary>
    public KnownQuestion? Find(in RawQuestion raw) => raw.Body.Length > LargestBody ? null : _known.Find(raw);

    /// <summary>Notes a body whose answer was found.</summary>
    public void Note(in RawQuestion raw, KnownQuestion known)
    {
        if (raw.Body.Length > LargestBody)
            return;
        long bytes = raw.Body.Length + 512 + (known.Rendered.Body.Equals(known.Answer.Body) ? 0 : known.Rendered.Body.Length);
        _known.Put(raw with { Body = raw.Body.ToArray() }, known, bytes, time.GetUtcNow() + Kept);
    }
}

/// <summary>What was found for a body.</summary>
/// <param name="Question">The question.</param>
/// <param name="Answer">The entry that answered it.</param>
/// <param name="Rendered">Its bytes in the form asked for.</param>
/// <param name="Receipt">How it was found.</param>
internal sealed record KnownQuestion(CacheQuestion Question, CachedAnswer Answer, RenderedAnswer Rendered, CacheReceipt Receipt);

/// <summary>A request as it came: everything that decides on its key, compared byte for byte, so that no hash has to be trusted.</summary>
internal readonly record struct RawQuestion
{
    /// <summary>The snapshot of the configuration that it was read under.</summary>
    public required GatewayOptions Options { get; init; }

    /// <summary>What was asked for.</summary>
    public required Operation Operation { get; init; }

    /// <summary>The tenant.</summary>
    public required string Tenant { get; init; }

    /// <summary>The part of its cache.</summary>
    public required string Namespace { get; init; }

    /// <summary>The model, which the path may name.</summary>
    public required string Model { get; init; }

    /// <summary>The headers that decide on the key, one after another.</summary>
    public required string Headers { get; init; }

    /// <summary>Stream, array, strict, and whether other wordings will do.</summary>
    public required int Shape { get; init; }

    /// <summary>The body.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Takes it from an exchange.</summary>
    public static RawQuestion Of(Exchange exchange, CacheWish wish)
    {
        Microsoft.AspNetCore.Http.IHeaderDictionary headers = exchange.Http.Request.Headers;
        string quality = headers[HeaderNames.Quality].ToString(), metadata = headers[HeaderNames.Metadata].ToString(), betas = headers["anthropic-beta"].ToString();
        string own = exchange.Caller!.Quality ?? "";
        return new RawQuestion
        {
            Options = exchange.Options,
            Operation = exchange.Operation,
            Tenant = exchange.Caller.Tenant,
            Namespace = wish.Namespace,
            Model = exchange.Model ?? "",
            Headers = quality.Length + metadata.Length + betas.Length + own.Length == 0 ? "" : $"{own}\n{quality}\n{metadata}\n{betas}",
            Shape = (exchange.Stream ? 1 : 0) | (exchange.AsArray ? 2 : 0) | (exchange.Strict ? 4 : 0) | (wish.Semantic ? 8 : 0),
            Body = exchange.Body,
        };
    }

    /// <inheritdoc/>
    public bool Equals(RawQuestion other) => Shape == other.Shape && ReferenceEquals(Options, other.Options) && ReferenceEquals(Operation, other.Operation)
        && Body.Span.SequenceEqual(other.Body.Span) && Tenant == other.Tenant && Namespace == other.Namespace && Model == other.Model && Headers == other.Headers;

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(Shape);
        hash.Add(Tenant);
        hash.AddBytes(Body.Span);
        return hash.ToHashCode();
    }
}
