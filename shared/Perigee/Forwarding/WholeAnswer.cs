using System.Buffers;
using Perigee.Wire;

namespace Perigee.Forwarding;

/// <summary>A JSON answer in the client's own dialect: read whole, looked at, and passed on in its own bytes.</summary>
/// <param name="exchange">The exchange.</param>
/// <param name="target">Whose answer it is.</param>
/// <param name="upstream">The provider's body.</param>
/// <param name="length">The bytes that the provider says it has, or null.</param>
/// <param name="facts">Takes what the answer says of itself.</param>
/// <param name="patience">Runs out when the provider is silent too long.</param>
internal sealed class WholeAnswer(Exchange exchange, Target target, Stream upstream, long? length, AnswerFacts facts, Patience patience) : IOpenAnswer
{
    /// <summary>Up to this size a whole answer is looked at for emptiness: what is larger says something.</summary>
    private const int MostEmptyBytes = 4096;

    private byte[]? _buffer;
    private ReadOnlyMemory<byte> _bytes;
    private RawAnswer? _raw;

    /// <summary>Called when content is first seen.</summary>
    public Action? OnContent { get; init; }

    /// <summary>Remembers what the provider keeps by id; or null.</summary>
    public AnswerIds? Ids { get; init; }

    /// <summary>What has to be done with the bytes before the client has them: it may give others in their place.</summary>
    public required Func<ReadOnlyMemory<byte>, ValueTask<ReadOnlyMemory<byte>>> BeforeGiving { get; init; }

    /// <inheritdoc/>
    public bool Content { get; private set; }

    /// <inheritdoc/>
    public bool Ended => _raw is null || _raw.Ended;

    /// <inheritdoc/>
    public long CountedTokens => 0;

    /// <inheritdoc/>
    public async ValueTask<GatewayError?> OpenAsync()
    {
        (_buffer, int read, bool whole) = await UpstreamBody.ReadAsync(upstream, length, UpstreamBody.MostInspectedBytes, patience);
        patience.Content();
        OnContent?.Invoke();
        if (!whole)
        {
            _raw = new RawAnswer(exchange, upstream, patience);
            _raw.Begin(_buffer, read);
            _buffer = null;
            Content = true;
            return null;
        }

        _bytes = _buffer.AsMemory(0, read);
        if (exchange.Dialect.Reader(facts).ReadWhole(_bytes.Span) == EventNature.Error)
            return UpstreamFailure.InAnswer(target.Provider, exchange, facts);
        Content = read > MostEmptyBytes || exchange.Operation.Asks != Asks.Conversation || Says(_bytes.Span);
        return null;
    }

    /// <inheritdoc/>
    public async ValueTask<GatewayError?> GiveAsync(Action commit)
    {
        if (_raw is not null)
            return await _raw.GiveAsync(commit);
        ReadOnlyMemory<byte> bytes = await BeforeGiving(_bytes);

        // An answer may tell of a failure beside its content.
        if (facts.Errors > 0)
            bytes = ErrorFrame.Members(bytes, target.Provider.Key, exchange.Errors);
        Ids?.Look(bytes.Span);
        commit();
        exchange.Http.Response.ContentLength = bytes.Length;
        exchange.Copy?.Add(bytes.Span);
        exchange.BytesOut += bytes.Length;
        return (await exchange.Output.WriteAsync(bytes, exchange.Gone)).IsCanceled
            ? new GatewayError(ErrorKind.ClientGone, "The client went away before the answer was complete.")
            : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _raw?.Dispose();
        if (_buffer is { } buffer)
            ArrayPool<byte>.Shared.Return(buffer);
        _buffer = null;
    }

    private bool Says(ReadOnlySpan<byte> bytes)
    {
        ContentWatch watch = new();
        exchange.Dialect.Reader(watch).ReadWhole(bytes);
        return watch.Any;
    }
}
