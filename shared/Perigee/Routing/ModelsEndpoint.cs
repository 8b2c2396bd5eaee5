using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Perigee.Catalog;

namespace Perigee.Routing;

/// <summary>GET /v1/models and /v1/models/{**id}, as OpenAI shapes them. Both stand behind begin, log and caller.</summary>
internal sealed class ModelsEndpoint(ModelResolver models)
{
    private KeptList? _list;

    /// <summary>Lists every name that a caller may use.</summary>
    public async Task ListAsync(HttpContext http)
    {
        Exchange exchange = http.Features.Get<Exchange>()!;
        KeptList? kept = _list;
        byte[] body = kept is not null && ReferenceEquals(kept.Options, exchange.Options) ? kept.Body : WriteList(exchange.Options);
        _list = new(exchange.Options, body);
        await SendAsync(exchange, body);
    }

    /// <summary>Shows one model by the route value <c>id</c>, which may hold slashes.</summary>
    public async Task FindAsync(HttpContext http)
    {
        Exchange exchange = http.Features.Get<Exchange>()!;

        // Routing leaves an escaped slash escaped, and SDKs escape it.
        string id = (http.Request.RouteValues["id"] as string ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        if (!models.TryResolve(id, exchange.Options, out Target? target, out GatewayError? error))
        {
            await exchange.RefuseAsync(error);
            return;
        }

        CatalogModel? model = models.KnownAs(target);
        bool known = model is not null || exchange.Options.Aliases.ContainsKey(id) || exchange.Options.ListedModels.Contains(target.ToString(), StringComparer.Ordinal);

        // Of a provider without any row in the catalogue nothing can be said against a name.
        if (!known && models.Names(exchange.Options).Any(name => name.Provider == target.Provider.Name && name.Aim is null))
        {
            await exchange.RefuseAsync(models.NotFound(id, exchange.Options));
            return;
        }

        ArrayBufferWriter<byte> buffer = new(256);
        using (Utf8JsonWriter json = new(buffer))
            Write(json, new(id, target.Provider.Name, model, exchange.Options.Aliases.GetValueOrDefault(id)));
        await SendAsync(exchange, buffer.WrittenMemory);
    }

    private byte[] WriteList(GatewayOptions options)
    {
        ArrayBufferWriter<byte> buffer = new(16 * 1024);
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteString("object"u8, "list"u8);
            json.WriteStartArray("data"u8);
            foreach (ModelName name in models.Names(options))
                Write(json, name);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, ModelName name)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, name.Id);
        json.WriteString("object"u8, "model"u8);

        // The clients' types want a number; the providers' dates are not the gateway's to tell.
        json.WriteNumber("created"u8, 0);
        json.WriteString("owned_by"u8, name.Provider);
        if (name.Model is { } model)
        {
            json.WriteString("kind"u8, model.Kind switch
            {
                ModelKind.Embedding => "embedding"u8,
                ModelKind.Image => "image"u8,
                ModelKind.Audio => "audio"u8,
                ModelKind.Moderation => "moderation"u8,
                ModelKind.Rerank => "rerank"u8,
                _ => "chat"u8,
            });
            if (model.Context is { } context)
                json.WriteNumber("context_window"u8, context);
        }

        if (name.Aim is not null)
            json.WriteString("alias_of"u8, name.Aim);
        json.WriteEndObject();
    }

    private static async Task SendAsync(Exchange exchange, ReadOnlyMemory<byte> body)
    {
        HttpResponse response = exchange.Http.Response;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        exchange.BytesOut += body.Length;
        await response.BodyWriter.WriteAsync(body, exchange.Http.RequestAborted);
        exchange.Complete = true;
    }

    private sealed record KeptList(GatewayOptions Options, byte[] Body);
}
