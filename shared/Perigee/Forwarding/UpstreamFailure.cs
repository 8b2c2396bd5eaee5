using Perigee.Providers;
using Perigee.Wire;

namespace Perigee.Forwarding;

/// <summary>Turns what can go wrong on the way to a provider into a <see cref="GatewayError"/> that names no address and no key.</summary>
internal static class UpstreamFailure
{
    // The decoder of Brotli has no exception of its own for bytes that are none: the assembly that throws it is what tells.
    private const string BrotliDecoder = "System.IO.Compression.Brotli";

    /// <summary>The error of an exception, or null where it is a fault of our own that must not be taken for the provider's.</summary>
    /// <param name="failure">What was thrown.</param>
    /// <param name="exchange">Tells whether the client is gone or has sent too much.</param>
    /// <param name="provider">Whom it was asked of.</param>
    /// <param name="patience">Whose patience it was, with which limits.</param>
    /// <param name="timeouts">Those limits.</param>
    public static GatewayError? Of(Exception failure, Exchange exchange, Provider provider, Patience patience, TimeoutOptions timeouts)
    {
        if (exchange.Gone.IsCancellationRequested)
            return new GatewayError(ErrorKind.ClientGone, "The client went away before the answer was complete.");
        if (exchange.Upload is { TooLarge: true })
            return UploadTooLarge(exchange);
        if (exchange.Upload is { Fault: { } fault })
            return fault;
        for (Exception? inner = failure; inner is not null; inner = inner.InnerException)
        {
            if (inner is AddressRefusedException)
            {
                return new GatewayError(ErrorKind.ProviderFailed,
                    $"Provider '{provider.Name}' resolves to an address outside its network '{provider.Network.ToString().ToLowerInvariant()}': "
                    + $"check 'providers.{provider.Name}.baseUrl' and '.network'.");
            }

            if (inner is ConnectTimeoutException)
                return new GatewayError(ErrorKind.ProviderTimeout, $"Provider '{provider.Name}' could not be reached in time.");
        }

        switch (patience.Overrun)
        {
            case PatienceLimit.Idle:
                return new GatewayError(ErrorKind.ProviderTimeout, $"Provider '{provider.Name}' was silent for {timeouts.Idle.TotalSeconds:0.###} s.");
            case PatienceLimit.FirstToken:
                return new GatewayError(ErrorKind.ProviderTimeout, $"Provider '{provider.Name}' gave no content within {timeouts.FirstToken.TotalSeconds:0.###} s.");
            case PatienceLimit.Total:
                return new GatewayError(ErrorKind.ProviderTimeout, $"Provider '{provider.Name}' did not end its answer within {timeouts.Total.TotalSeconds:0.###} s.");
            default:
                break;
        }

        return failure switch
        {
            HttpRequestException { HttpRequestError: var why } => new GatewayError(ErrorKind.ProviderFailed,
                $"Provider '{provider.Name}' could not be reached{(why == HttpRequestError.Unknown ? "" : $" ({why})")}."),
            IOException => new GatewayError(ErrorKind.ProviderFailed, $"Provider '{provider.Name}' broke the connection before its answer was complete."),
            InvalidDataException or InvalidOperationException { Source: BrotliDecoder } => new GatewayError(ErrorKind.ProviderFailed, $"Provider '{provider.Name}' sent an answer that cannot be decompressed."),
            _ => null,
        };
    }

    /// <summary>The error of a stream or body that ended before its closing event.</summary>
    public static GatewayError Cut(Provider provider) => new(ErrorKind.ProviderFailed,
        $"Provider '{provider.Name}' ended its answer before it was complete.");

    /// <summary>The error of an answer whose provider says itself that it broke off.</summary>
    public static GatewayError BrokeOff(Provider provider) => new(ErrorKind.ProviderFailed, $"Provider '{provider.Name}' broke its answer off.");

    /// <summary>The error of an answer that holds an error where its content should be.</summary>
    public static GatewayError InAnswer(Provider provider, Exchange exchange, AnswerFacts facts)
    {
        string said = KeyMask.Mask(facts.ErrorMessage ?? "an error", provider.Key);
        (int status, string? code) = ErrorWords.Of(facts.ErrorStatus, said, facts.ErrorCode is { } word ? [word] : []);
        string message = $"Provider '{provider.Name}' reported: {said}";
        return status == 0
            ? new GatewayError(ErrorKind.ProviderFailed, message) { Code = code }
            : new GatewayError(ErrorKind.ProviderRefused, message) { Status = StatusFor(exchange, status), Code = code };
    }

    /// <summary>529 is Anthropic's word for overloaded: to everyone else's clients it is 503.</summary>
    public static int StatusFor(Exchange exchange, int status) => status == 529 && exchange.Operation.Speaks != DialectFamily.Anthropic ? 503 : status;

    private static GatewayError UploadTooLarge(Exchange exchange) => new(ErrorKind.BodyTooLarge,
        $"The body is larger than the {exchange.Options.Limits.UploadBytes} bytes that this gateway takes: send less, or have its owner raise 'limits.uploadBytes'.");
}
