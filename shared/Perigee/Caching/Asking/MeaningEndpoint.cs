using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace Perigee.Caching.Asking;

/// <summary>POST <c>/manage/v1/cache:semantic</c>: an operator stops semantic hits of a tenant, of one of its namespaces or of all, or lets them be served again.</summary>
internal sealed class MeaningEndpoint(MeaningTiers tiers)
{
    /// <summary>Decides.</summary>
    public async Task DecideAsync(HttpContext http)
    {
        (MeaningDecision? wish, GatewayError? error) = await ManageJson.ReadAsync(http, MeaningJson.Default.MeaningDecision);
        error ??= Check(wish!);
        if (error is not null)
        {
            await ManageJson.RefuseAsync(http, error);
            return;
        }

        string scope = wish!.All == true ? MeaningTiers.Everything : MeaningTiers.ScopeOf(wish.Tenant!, wish.Namespace ?? "");
        if (!await tiers.DecideAsync(scope, wish.Stopped!.Value, http.RequestAborted))
        {
            await ManageJson.RefuseAsync(http, new GatewayError(ErrorKind.StorageDown, "The storage did not take it: other instances do not know. Try again."));
            return;
        }

        ArrayBufferWriter<byte> body = new(128);
        await using (Utf8JsonWriter json = new(body))
        {
            json.WriteStartObject();
            json.WriteString("object"u8, "cache.semantic");
            json.WriteString("scope"u8, scope);
            json.WriteBoolean("stopped"u8, wish.Stopped.Value);
            json.WriteEndObject();
        }

        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.BodyWriter.WriteAsync(body.WrittenMemory, http.RequestAborted);
    }

    private static GatewayError? Check(MeaningDecision wish)
    {
        if (wish.Unknown is { Count: > 0 } unknown)
            return new GatewayError(ErrorKind.BadRequest, "Unknown member: a decision has 'stopped', and 'tenant' with or without 'namespace', or 'all'.", unknown.Keys.First());
        if (wish.Stopped is null)
            return new GatewayError(ErrorKind.BadRequest, "'stopped' is needed: true stops semantic hits, false lets them be served again.", "stopped");
        return (wish.All == true) == (wish.Tenant is { Length: > 0 })
            ? new GatewayError(ErrorKind.BadRequest, "'tenant' or 'all' is needed, one of both.", "tenant")
            : null;
    }
}

/// <summary>The body of POST /manage/v1/cache:semantic.</summary>
internal sealed record MeaningDecision
{
    public bool? Stopped { get; set; }

    public string? Tenant { get; set; }

    public string? Namespace { get; set; }

    public bool? All { get; set; }

    /// <summary>Members that there are not.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>The JSON of it.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, AllowDuplicateProperties = false, NumberHandling = JsonNumberHandling.Strict, PropertyNameCaseInsensitive = false)]
[JsonSerializable(typeof(MeaningDecision))]
internal sealed partial class MeaningJson : JsonSerializerContext;
