using System.Net;

namespace Perigee.Callers;

/// <summary>Holds a caller to what it may use: dialect, address and name here, before anything is counted, replayed or asked; each target when routing plans.</summary>
internal static class CallerGate
{
    /// <summary>Why this request is refused, or null.</summary>
    public static GatewayError? Check(Exchange exchange, Caller caller)
    {
        CallerScope scope = caller.Scope;
        string word = ClientDialect.WordOf(exchange.Operation);
        if (!scope.AllowsDialect(word))
        {
            return new GatewayError(ErrorKind.Forbidden, scope.Dialects!.Count == 0
                ? "This key may speak no dialect: what its organisation, its team and it allow have none in common."
                : $"This key may not speak {word}. Allowed are: {string.Join(", ", scope.Dialects)}.")
            { Code = "dialect_not_allowed" };
        }

        // The host in front of an isolated worker says whom it serves, and the worker has taken that over; nobody else is believed.
        IPAddress? address = exchange.Http.Connection.RemoteIpAddress;
        if (!scope.AllowsAddress(address))
        {
            return new GatewayError(ErrorKind.Forbidden, $"This key may not be used from {(address is null ? "an address that is not known" : address)}. "
                + $"Allowed are: {string.Join("; and of these only: ", scope.Networks.Select(static level => string.Join(", ", level.Take(ModelScope.MostShown))))}.")
            { Code = "address_not_allowed", QuotesNobody = true };
        }

        return exchange.Model is { Length: > 0 } model && !scope.AllowsName(model, ChoiceNames.Are(model, exchange.Options))
            ? scope.Forbids(model)
            : null;
    }
}
