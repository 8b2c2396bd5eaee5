using System.Buffers;
using System.IO.Pipelines;

namespace Perigee.Forwarding;

/// <summary>
/// Bytes that nobody looks at: audio, files, and JSON too large to be looked at. The first piece is read before anything is shown: a provider
/// that dies right behind its headers can still be left for another.
/// </summary>
/// <param name="exchange">The exchange.</param>
/// <param name="upstream">The provider's body.</param>
/// <param name="patience">Runs out when the provider is silent too long.</param>
internal sealed class RawAnswer(Exchange exchange, Stream upstream, Patience patience) : IOpenAnswer
{
    private byte[]? _first;
    private int _length;

    /// <summary>The length that the provider stated, where it is that of the bytes that are passed on.</summary>
    public long? Length { get; init; }

    /// <summary>Called when content is first seen.</summary>
    public Action? OnContent { get; init; }

    /// <inheritdoc/>
    public bool Content { get; private set; }

    /// <inheritdoc/>
    public bool Ended { get; private set; }

    /// <inheritdoc/>
    public long CountedTokens => 0;

    /// <summary>Takes over what was read of it already.</summary>
    public void Begin(byte[] buffer, int length) => (_first, _length, Content) = (buffer, length, true);

    /// <inheritdoc/>
    public async ValueTask<GatewayError?> OpenAsync()
    {
        if (_first is not null)
            return null;
        _first = ArrayPool<byte>.Shared.Rent(16 * 1024);
        patience.Restart();
        _length = await upstream.ReadAsync(_first, patience.Token);
        Ended = _length == 0;
        Content = !Ended;
        if (Content)
        {
            patience.Content();
            OnContent?.Invoke();
        }

        return null;
    }

    /// <inheritdoc/>
    public async ValueTask<GatewayError?> GiveAsync(Action commit)
    {
        commit();
        if (Length is { } stated)
            exchange.Http.Response.ContentLength = stated;
        PipeWriter client = exchange.Output;
        if (_length > 0)
        {
            client.Write(_first.AsSpan(0, _length));
            exchange.Copy?.Add(_first.AsSpan(0, _length));
            exchange.BytesOut += _length;
        }

        while (!Ended)
        {
            await client.FlushAsync(exchange.Gone);
            patience.Restart();
            Memory<byte> piece = client.GetMemory(16 * 1024);
            int count = await upstream.ReadAsync(piece, patience.Token);
            Ended = count == 0;
            exchange.Copy?.Add(piece.Span[..count]);
            client.Advance(count);
            exchange.BytesOut += count;
        }

        await client.FlushAsync(exchange.Gone);
        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_first is { } first)
            ArrayPool<byte>.Shared.Return(first);
        _first = null;
    }
}
