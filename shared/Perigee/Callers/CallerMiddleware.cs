using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Perigee.Storage;

namespace Perigee.Callers;

/// <summary>Finds out who asks, or refuses.</summary>
internal sealed class CallerMiddleware(RequestDelegate next, CallerPolicy policy, KeyLookup keys, JwtCallers tokens, UserCallers users)
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
            return AdmitAsync(exchange, http, caller);
        if (found == KeyFinding.Busy)
            return exchange.RefuseAsync(new GatewayError(ErrorKind.Unavailable, found.Why!, RetryAfter: TimeSpan.FromSeconds(1))).AsTask();

        // Whose organisation is shut is not let in as nobody in particular.
        if (found.IsAbove)
            return exchange.RefuseAsync(new GatewayError(ErrorKind.Forbidden, found.Why!)).AsTask();
        return policy.IsOpen ? WithoutKeyAsync(exchange, http, key: null) : exchange.RefuseAsync(Unauthenticated(found.Why!)).AsTask();
    }

    private async Task ByTokenAsync(Exchange exchange, HttpContext http, string token)
    {
        (Caller? Caller, GatewayError? Error) found;
        try
        {
            found = await tokens.FindAsync(token, exchange.Options, http.RequestAborted);
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

        if (found.Caller is { } caller)
            await AdmitAsync(exchange, http, caller);
        else
            await exchange.RefuseAsync(found.Error!);
    }

    /// <summary>Lets a known caller on with what it may do, in the name of the end user who asks.</summary>
    private Task AdmitAsync(Exchange exchange, HttpContext http, Caller caller)
    {
        if (caller.UserLimits.Count > 0 || http.Request.Headers.ContainsKey(HeaderNames.User))
            caller = users.Of(caller, caller.User ?? EndUser.Of(exchange));
        exchange.Caller = caller;
        if (!caller.Scope.IsEverything && CallerGate.Check(exchange, caller) is { } refusal)
            return exchange.RefuseAsync(refusal).AsTask();
        if (caller.Defaults.Count > 0)
            DefaultMembers.Apply(exchange, caller.Defaults);
        return GoOnAsync(exchange, http);
    }

    private Task WithoutKeyAsync(Exchange exchange, HttpContext http, string? key)
    {
        if (JwtCallers.MayBe(PresentedKey.Token(http.Request.Headers), exchange.Options))
            return ByTokenAsync(exchange, http, PresentedKey.Token(http.Request.Headers)!);
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
