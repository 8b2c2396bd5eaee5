using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary>Finds out who asks, or refuses.</summary>
internal sealed class CallerMiddleware(RequestDelegate next, CallerPolicy policy, KeyLookup keys)
{
    private static readonly Caller Open = Caller.Open(requestsPerMinute: null);

    public Task InvokeAsync(HttpContext http)
    {
        Exchange exchange = Exchange.Of(http);
        StringValues sent = http.Request.Headers.Authorization;
        string? header = sent.Count == 1 ? sent[0] : null;
        RememberedKey? remembered = header is null ? null : RememberedKey.Of(http);
        if (remembered is null || !remembered.TryGet(header!, out KeyHash hash))
        {
            string? key = PresentedKey.Of(http.Request, out bool inHeader);
            if (key is null || !key.StartsWith(KeyText.Prefix, StringComparison.Ordinal))
                return WithoutKeyAsync(exchange, http, key);
            if (!KeyText.MayBe(key))
                return JudgeAsync(exchange, http, KeyFinding.Unknown);
            hash = KeyText.Hash(key);
            if (inHeader)
                remembered?.Set(header!, hash);
        }

        ValueTask<KeyFinding> finding;
        try
        {
            finding = keys.FindAsync(hash, http.RequestAborted);
        }
        catch (StorageException)
        {
            return RefuseStorageAsync(exchange);
        }

        return finding.IsCompletedSuccessfully ? JudgeAsync(exchange, http, finding.Result) : WaitAsync(exchange, http, finding);
    }

    private async Task WaitAsync(Exchange exchange, HttpContext http, ValueTask<KeyFinding> finding)
    {
        KeyFinding found;
        try
        {
            found = await finding;
        }
        catch (StorageException)
        {
            await RefuseStorageAsync(exchange);
            return;
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            exchange.Fail(new GatewayError(ErrorKind.ClientGone, "The client went away."));
            return;
        }

        await JudgeAsync(exchange, http, found);
    }

    private Task JudgeAsync(Exchange exchange, HttpContext http, KeyFinding found)
    {
        if (found.Caller is { } caller)
        {
            exchange.Caller = caller;
            return GoOnAsync(exchange, http);
        }

        if (found == KeyFinding.Busy)
        {
            return exchange.RefuseAsync(new GatewayError(
                ErrorKind.Unavailable, "Many unknown API keys were tried just now: try again in a moment.", RetryAfter: TimeSpan.FromSeconds(1))).AsTask();
        }

        if (policy.IsOpen)
            return WithoutKeyAsync(exchange, http, key: null);
        return exchange.RefuseAsync(Unauthenticated(
            found == KeyFinding.Revoked ? "This API key was revoked."
            : found == KeyFinding.Expired ? "This API key has expired."
            : "This API key is not known here.")).AsTask();
    }

    private Task WithoutKeyAsync(Exchange exchange, HttpContext http, string? key)
    {
        if (!policy.IsOpen)
        {
            return exchange.RefuseAsync(Unauthenticated(key is null
                ? "No API key was sent: send 'Authorization: Bearer pk-...'."
                : "What was sent is no API key of this gateway: those begin with 'pk-'. Providers' own keys belong into the gateway's settings.")).AsTask();
        }

        if (BrowserGuard.CheckCall(http.Request) is { } error)
            return exchange.RefuseAsync(error).AsTask();
        exchange.Caller = Open;
        return GoOnAsync(exchange, http);
    }

    /// <summary>Only who may ask at all is told what is wrong with the body.</summary>
    private Task GoOnAsync(Exchange exchange, HttpContext http) =>
        exchange.Fault is { } fault ? exchange.RefuseAsync(fault).AsTask() : next(http);

    private GatewayError Unauthenticated(string message) => new(
        ErrorKind.Unauthenticated,
        policy.HasAdminKey
            ? message + " Keys are made with POST /manage/v1/keys."
            : message + " To make keys, PERIGEE_ADMIN_KEY must be set in the gateway's settings; then POST /manage/v1/keys.");

    private static Task RefuseStorageAsync(Exchange exchange) => exchange.RefuseAsync(new GatewayError(
        ErrorKind.StorageDown, "The gateway's storage does not answer, so the API key cannot be checked.", RetryAfter: TimeSpan.FromSeconds(2))).AsTask();
}
