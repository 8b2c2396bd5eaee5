using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Perigee.Catalog;
using Perigee.Routing.Policies;
using Perigee.Wire;

namespace Perigee.Routing;

/// <summary>
/// GET /v1/models and /v1/models/{**id}, as OpenAI shapes them or, for a client that sends <c>anthropic-version</c>, as Anthropic does, and
/// the same under /v1beta as Gemini does. All stand behind begin, log and caller.
/// </summary>
internal sealed class ModelsEndpoint(ModelResolver models, TimeProvider clock)
{
    private readonly KeptList?[] _lists = new KeptList?[3];

    /// <summary>Lists every name that a caller may use.</summary>
    public async Task ListAsync(HttpContext http)
    {
        Exchange exchange = Exchange.Of(http);
        DialectFamily family = FamilyOf(exchange);
        KeptList? kept = _lists[(int)family];
        DateTimeOffset now = clock.GetUtcNow();
        if (exchange.Caller is { Scope: { Models.Count: > 0 } scope })
        {
            await SendAsync(exchange, WriteList(exchange.Options, family, now, scope));
            return;
        }

        // Prices change on a day.
        int day = DateOnly.FromDateTime(now.UtcDateTime).DayNumber;
        if (kept is null || kept.Day != day || !ReferenceEquals(kept.Options, exchange.Options))
            _lists[(int)family] = kept = new(exchange.Options, day, WriteList(exchange.Options, family, now));
        await SendAsync(exchange, kept.Body);
    }

    /// <summary>Shows one model by the route value <c>id</c>, which may hold slashes.</summary>
    public async Task FindAsync(HttpContext http)
    {
        Exchange exchange = Exchange.Of(http);

        // Routing leaves an escaped slash escaped, and SDKs escape it.
        string id = (http.Request.RouteValues["id"] as string ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        if (exchange.Caller is { Scope: { Models.Count: > 0 } scope } && !scope.AllowsName(id, ChoiceNames.Are(id, exchange.Options)))
        {
            await exchange.RefuseAsync(scope.Forbids(id));
            return;
        }

        if (exchange.Options.Routes.ContainsKey(id) || (AutoModels.IsAuto(id) && !exchange.Options.Aliases.ContainsKey(id)))
        {
            await SendAsync(exchange, WriteOne(new(id, "perigee", null, null), exchange));
            return;
        }

        if (!models.TryResolve(id, exchange.Options, out Target? target, out GatewayError? error))
        {
            await exchange.RefuseAsync(error);
            return;
        }

        if (!exchange.MayUse(target.Name))
        {
            await exchange.RefuseAsync(exchange.Caller!.Scope.Forbids(id));
            return;
        }

        CatalogModel? model = ModelResolver.KnownAs(target, exchange.Options);
        bool known = model is not null || exchange.Options.Aliases.ContainsKey(id) || exchange.Options.ListedModels.Contains(target.ToString(), StringComparer.Ordinal);

        // Of a provider without any row in the catalogue nothing can be said against a name.
        if (!known && models.Names(exchange.Options).Any(name => name.Provider == target.Provider.Name && name.Aim is null))
        {
            await exchange.RefuseAsync(models.NotFound(id, exchange.Options));
            return;
        }

        await SendAsync(exchange, WriteOne(new(id, target.Provider.Name, model, exchange.Options.Aliases.GetValueOrDefault(id)), exchange));
    }

    private ReadOnlyMemory<byte> WriteOne(ModelName name, Exchange exchange)
    {
        ArrayBufferWriter<byte> buffer = new(256);
        using (Utf8JsonWriter json = new(buffer))
            ModelShapes.Write(json, name, FamilyOf(exchange), clock.GetUtcNow());
        return buffer.WrittenMemory;
    }

    private byte[] WriteList(GatewayOptions options, DialectFamily family, DateTimeOffset now, CallerScope? scope = null)
    {
        ArrayBufferWriter<byte> buffer = new(16 * 1024);
        using (Utf8JsonWriter json = new(buffer))
            ModelShapes.WriteList(json, [.. models.Names(options).Where(name => scope is null || MayUse(name, options, scope))], family, now);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Of a route not whether a target is left: that is decided by each request.</summary>
    private bool MayUse(ModelName name, GatewayOptions options, CallerScope scope)
    {
        bool choice = ChoiceNames.Are(name.Id, options);
        return scope.AllowsName(name.Id, choice)
            && (choice && name.Aim is null || (models.TryResolve(name.Id, options, out Target? target, out _) && scope.AllowsModel(target.Name)));
    }

    private static DialectFamily FamilyOf(Exchange exchange) =>
        exchange.Operation.Speaks == DialectFamily.Gemini ? DialectFamily.Gemini
        : exchange.Http.Request.Headers.ContainsKey("anthropic-version") ? DialectFamily.Anthropic
        : DialectFamily.OpenAi;

    private static async Task SendAsync(Exchange exchange, ReadOnlyMemory<byte> body)
    {
        HttpResponse response = exchange.Http.Response;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        exchange.BytesOut += body.Length;
        await response.BodyWriter.WriteAsync(body, exchange.Http.RequestAborted);
        exchange.Complete = true;
    }

    private sealed record KeptList(GatewayOptions Options, int Day, byte[] Body);
}
