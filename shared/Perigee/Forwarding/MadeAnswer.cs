using System.Buffers;
using Perigee.Wire.Gemini;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Forwarding;

/// <summary>A small answer that is made anew: counts of tokens and vectors in another dialect, or a count that the gateway made itself.</summary>
/// <param name="exchange">The exchange.</param>
/// <param name="target">Whose answer it is.</param>
/// <param name="translated">How it was asked.</param>
/// <param name="facts">Takes what the answer says of itself.</param>
internal sealed class MadeAnswer(Exchange exchange, Target target, Translated translated, AnswerFacts facts) : IOpenAnswer
{
    private readonly PooledBuffer _output = new();

    /// <summary>The provider's body; null where the gateway counted itself.</summary>
    public Stream? Upstream { get; init; }

    /// <summary>The bytes that the provider says it has, or null.</summary>
    public long? Length { get; init; }

    /// <summary>Runs out when the provider is silent too long.</summary>
    public required Patience Patience { get; init; }

    /// <summary>Called when content is first seen.</summary>
    public Action? OnContent { get; init; }

    /// <inheritdoc/>
    public bool Content => true;

    /// <inheritdoc/>
    public bool Ended => true;

    /// <inheritdoc/>
    public long CountedTokens => 0;

    /// <inheritdoc/>
    public async ValueTask<GatewayError?> OpenAsync()
    {
        if (translated.Counted is { } counted)
        {
            Counts.Write(exchange.Operation.Speaks, counted, _output);
            return null;
        }

        (byte[] buffer, int length, bool whole) = await UpstreamBody.ReadAsync(Upstream!, Length, UpstreamBody.MostTranslatedBytes, Patience);
        try
        {
            return whole ? Make(buffer.AsMemory(0, length)) : UpstreamBody.TooLargeToTranslate(target.Provider);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<GatewayError?> GiveAsync(Action commit)
    {
        commit();
        if (translated.Counted is not null)
            exchange.Http.Response.Headers[HeaderNames.Estimated] = "true";
        ReadOnlyMemory<byte> bytes = _output.Written;
        exchange.Http.Response.ContentLength = bytes.Length;
        exchange.Copy?.Add(bytes.Span);
        exchange.BytesOut += bytes.Length;
        return (await exchange.Output.WriteAsync(bytes, exchange.Gone)).IsCanceled
            ? new GatewayError(ErrorKind.ClientGone, "The client went away before the answer was complete.")
            : null;
    }

    /// <inheritdoc/>
    public void Dispose() => _output.Dispose();

    private GatewayError? Make(ReadOnlyMemory<byte> body)
    {
        bool read = exchange.Operation.Asks == Asks.Count
            ? Counts.TryTranslate(target.Provider.Dialect, exchange.Operation.Speaks, body.Span, _output)
            : GeminiEmbeddings.WriteAnswer(body, translated.Many, _output) is null;
        if (!read)
            return new GatewayError(ErrorKind.ProviderFailed, $"Provider '{target.Provider.Name}' sent an answer that cannot be read.");
        if (exchange.Operation.Asks == Asks.Vectors)
            OpenAiChatDialect.Plain.Reader(facts).ReadWhole(body.Span);
        OnContent?.Invoke();
        return null;
    }
}
