using Microsoft.AspNetCore.Http;
using Perigee.Providers;
using Perigee.Routing.Policies;
using Perigee.Storage;

namespace Perigee.Routing;

/// <summary>Finds where the request can be served: by its model, or by the provider that made the id that it names.</summary>
internal sealed class RoutingMiddleware(RequestDelegate next, RoutePlanner planner, PlanDrafter drafter, Affinity affinity, Origins origins, Explanation explanation)
{
    public Task InvokeAsync(HttpContext http)
    {
        Exchange exchange = Exchange.Of(http);
        if (exchange.Operation.TargetBy != TargetBy.Model)
            return FindAsync(exchange, null);

        // The common way: no state machine, and no allocation where the name was seen before.
        List<KeptId>? ids = KeptIds.Find(exchange);
        if (ids is null && exchange.Model is { Length: > 0 } model && !PlanDrafter.IsChoice(model, exchange.Options)
            && RequestHeaders.IsPlain(http.Request.Headers) && WishReader.FieldsOf(exchange.Question).Count == 0)
        {
            if (!planner.TryPlain(model, exchange.Options, out RoutePlan? plan, out GatewayError? error))
                return exchange.RefuseAsync(error!).AsTask();
            if (!exchange.MayUse(plan.Targets[0].Name))
                return exchange.RefuseAsync(exchange.Caller!.Scope.Forbids(plan.Targets[0].Name)).AsTask();
            exchange.Plan = plan;
            return next(http);
        }

        return FindAsync(exchange, ids);
    }

    private async Task FindAsync(Exchange exchange, List<KeptId>? ids)
    {
        if (RequestHeaders.Read(exchange.Http.Request.Headers, out GatewayError? error) is not { } headers)
        {
            await exchange.RefuseAsync(error!);
            return;
        }

        PlanDraft? draft = null;
        try
        {
            if (exchange.Operation.TargetBy == TargetBy.Model)
                (draft, error) = await FindByModelAsync(exchange, headers, ids);
            else
                error = await FindWithoutModelAsync(exchange);
        }
        catch (StorageException)
        {
            error = new GatewayError(ErrorKind.StorageDown,
                "The gateway cannot look up which provider made this id: its storage does not answer.", RetryAfter: TimeSpan.FromSeconds(1));
        }
        catch (OperationCanceledException) when (exchange.Http.RequestAborted.IsCancellationRequested)
        {
            error = new GatewayError(ErrorKind.ClientGone, "The client went away.");
        }

        if (error is not null)
            await exchange.RefuseAsync(error);
        else if (headers.Explain)
            await explanation.GiveAsync(exchange, draft);
        else
            await next(exchange.Http);
    }

    private async ValueTask<GatewayError?> FindWithoutModelAsync(Exchange exchange)
    {
        if (await FindProviderAsync(exchange) is { } error)
            return error;
        CallerScope? scope = exchange.Purpose is null ? exchange.Caller?.Scope : null;
        string provider = exchange.Plan!.Targets[0].Provider.Name;

        // What models a batch runs stands in a file that the gateway does not see.
        return scope is null || scope.AllowsProvider(provider, anyModel: exchange.Operation.Name == "batches.create") ? null : scope.Forbids(provider + "/*");
    }

    private async ValueTask<GatewayError?> FindProviderAsync(Exchange exchange) => exchange.Operation.TargetBy switch
    {
        TargetBy.PathId => await FindByIdAsync(exchange, exchange.Http.Request.RouteValues["id"] as string ?? "", null),
        TargetBy.BodyId when Text(exchange, "input_file_id"u8) is { } id => await FindByIdAsync(exchange, id, "input_file_id"),
        _ => FindByChoice(exchange),
    };

    private async ValueTask<(PlanDraft? Draft, GatewayError? Error)> FindByModelAsync(Exchange exchange, RequestHeaders headers, List<KeptId>? ids)
    {
        RouteRequest request = headers.Metadata is { } metadata ? new(exchange) { Metadata = metadata } : new(exchange);
        if (drafter.Draft(request, WishReader.FieldsOf(exchange.Question), out GatewayError? error) is not { } draft)
            return (null, error);
        draft.MayFallBack &= !headers.NoFallback;
        if (ids is not null && await affinity.RestrictAsync(draft, ids) is { } conflict)
            return (null, conflict);
        exchange.Plan = planner.Finish(draft, calling: !headers.Explain);
        return (draft, null);
    }

    private async ValueTask<GatewayError?> FindByIdAsync(Exchange exchange, string id, string? field)
    {
        // In a provider's path they would be another path, with the gateway's key: no id is called so.
        if (field is null && Uri.UnescapeDataString(id) is "." or "..")
            return Affinity.Unknown(field);
        string? maker = await origins.FindAsync(exchange.Caller!.Tenant, id, exchange.Http.RequestAborted);
        if (maker is null)
            return exchange.Caller.IsOpen ? FindByChoice(exchange) : Affinity.Unknown(field);
        if (!exchange.Options.Providers.TryGetValue(maker, out Provider? provider))
        {
            return new GatewayError(ErrorKind.Conflict, $"The provider '{maker}', which made this id, is off"
                + (exchange.Options.Off.TryGetValue(maker, out string? how) ? $"; to turn it on, {how}." : " or no longer configured."), field);
        }

        exchange.Plan = Only(exchange, new Target(provider, ""));
        return null;
    }

    private static GatewayError? FindByChoice(Exchange exchange)
    {
        string chosen = exchange.Http.Request.Headers[HeaderNames.Provider].ToString().Trim();
        Provider? provider;
        if (chosen.Length > 0)
        {
            if (!exchange.Options.Providers.TryGetValue(chosen, out provider))
            {
                return new GatewayError(ErrorKind.BadRequest, exchange.Options.Off.TryGetValue(chosen, out string? how)
                    ? $"The provider in '{HeaderNames.Provider}' is off; to turn it on, {how}."
                    : $"The provider in '{HeaderNames.Provider}' is not known. On are: {string.Join(", ", exchange.Options.Providers.Keys.Order(StringComparer.Ordinal))}.");
            }

            if (provider.BuiltIn)
                return new GatewayError(ErrorKind.BadRequest, $"The provider '{provider.Name}' in '{HeaderNames.Provider}' keeps nothing: name another.");
        }
        else
        {
            provider = exchange.Options.Providers.Values.Where(one => one.KeepsFiles).MinBy(one => one.Order);
            if (provider is null)
            {
                return new GatewayError(ErrorKind.BadRequest,
                    $"No provider that keeps files is on: turn one on (set OPENAI_API_KEY, for instance) or name one in '{HeaderNames.Provider}'.");
            }
        }

        exchange.Plan = Only(exchange, new Target(provider, ""));
        return null;
    }

    private static RoutePlan Only(Exchange exchange, Target target) =>
        new() { Targets = [target], Timeouts = exchange.Options.Timeouts, Retries = exchange.Options.Retries };

    private static string? Text(Exchange exchange, ReadOnlySpan<byte> field) =>
        exchange.Question is { } question && question.TryGetTopLevelString(field, out string? value) && value.Length > 0 ? value : null;
}
