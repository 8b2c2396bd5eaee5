using Microsoft.AspNetCore.Http;
using Perigee.Providers;
using Perigee.Routing.Policies;
using Perigee.Storage;

namespace Perigee.Routing;

/// <summary>Finds where the request can be served: by its model, or by the provider that made the id that it names.</summary>
internal sealed class RoutingMiddleware(RequestDelegate next, RoutePlanner planner, Origins origins)
{
    public Task InvokeAsync(HttpContext http)
    {
        Exchange exchange = http.Features.Get<Exchange>()!;
        if (exchange.Operation.TargetBy != TargetBy.Model || NamesAnswerBefore(exchange, out _))
            return FindAsync(exchange);

        // The common way: no state machine, and no allocation where the name was seen before but for the list of one.
        if (FindByModel(exchange) is { } error)
            return exchange.RefuseAsync(error).AsTask();
        return next(http);
    }

    private async Task FindAsync(Exchange exchange)
    {
        GatewayError? error;
        try
        {
            error = exchange.Operation.TargetBy switch
            {
                TargetBy.Model => await FindByAnswerBeforeAsync(exchange),
                TargetBy.PathId => await FindByIdAsync(exchange, exchange.Http.Request.RouteValues["id"] as string ?? "", null),
                TargetBy.BodyId when Text(exchange, "input_file_id"u8) is { } id => await FindByIdAsync(exchange, id, "input_file_id"),
                _ => FindByChoice(exchange),
            };
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

        if (error is null)
            await next(exchange.Http);
        else
            await exchange.RefuseAsync(error);
    }

    private GatewayError? FindByModel(Exchange exchange)
    {
        if (string.IsNullOrEmpty(exchange.Model))
            return new GatewayError(ErrorKind.BadRequest, "'model' is missing: name one as provider/model; GET /v1/models lists them.", "model");
        if (exchange.Options.Routes.TryGetValue(exchange.Model, out Route? route))
        {
            PlanDraft? draft = planner.Draft(route, new RouteRequest(exchange), out GatewayError? fault);
            exchange.Plan = draft is null ? null : planner.Finish(draft);
            return fault;
        }

        planner.TryPlain(exchange.Model, exchange.Options, out RoutePlan? plan, out GatewayError? error);
        exchange.Plan = plan;
        return error;
    }

    // A stored answer lives with the provider that gave it: the next turn can only go there.
    private async ValueTask<GatewayError?> FindByAnswerBeforeAsync(Exchange exchange)
    {
        if (FindByModel(exchange) is { } error)
            return error;
        NamesAnswerBefore(exchange, out string? id);
        string? maker = await origins.FindAsync(exchange.Caller!.Tenant, id!, exchange.Http.RequestAborted);
        if (maker is null)
            return exchange.Caller.IsOpen ? null : Unknown("previous_response_id");
        return maker == exchange.Plan!.Targets[0].Provider.Name
            ? null
            : new GatewayError(ErrorKind.BadRequest,
                $"'previous_response_id' names a response of the provider '{maker}', but 'model' is served by '{exchange.Plan!.Targets[0].Provider.Name}'. "
                + $"Use a model of '{maker}', or send the conversation in 'input'.", "previous_response_id");
    }

    private async ValueTask<GatewayError?> FindByIdAsync(Exchange exchange, string id, string? field)
    {
        string? maker = await origins.FindAsync(exchange.Caller!.Tenant, id, exchange.Http.RequestAborted);
        if (maker is null)
            return exchange.Caller.IsOpen ? FindByChoice(exchange) : Unknown(field);
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

    private static bool NamesAnswerBefore(Exchange exchange, out string? id)
    {
        id = exchange.Operation.MakesId ? Text(exchange, "previous_response_id"u8) : null;
        return id is not null;
    }

    private static string? Text(Exchange exchange, ReadOnlySpan<byte> field) =>
        exchange.Question is { } question && question.TryGetTopLevelString(field, out string? value) && value.Length > 0 ? value : null;

    private static GatewayError Unknown(string? field) => new(ErrorKind.NotFound,
        field is null ? "No object of this id was made with this key's tenant." : $"'{field}' names nothing that was made with this key's tenant.", field);
}
