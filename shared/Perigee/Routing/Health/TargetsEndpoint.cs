using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Perigee.Routing.Health;

/// <summary>What this instance knows of the targets, for the operator: <c>/manage/v1/health/targets</c>.</summary>
internal sealed class TargetsEndpoint(TargetStates states, GatewayHost host)
{
    private const string Verb = ":close";

    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>GET: every target that was met.</summary>
    public Task ListAsync(HttpContext http) => AnswerAsync(http, json =>
    {
        json.WriteString("object"u8, "list");
        json.WriteString("region"u8, host.Region);
        json.WriteString("instance"u8, host.Instance);
        json.WriteStartArray("data"u8);
        foreach (TargetState state in states.All.OrderBy(static state => state.Name, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            Write(json, state);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    /// <summary>POST with <c>:close</c> behind the name: closes its breaker, here and in the other instances.</summary>
    public Task CloseAsync(HttpContext http)
    {
        string name = Uri.UnescapeDataString(http.Request.RouteValues["name"] as string ?? "");
        if (!name.EndsWith(Verb, StringComparison.Ordinal))
            return ManageJson.RefuseAsync(http, new GatewayError(ErrorKind.NotFound, "A target takes one action: POST /manage/v1/health/targets/{provider}/{model}:close."));
        if (states.Find(name[..^Verb.Length]) is not { } state)
            return ManageJson.RefuseAsync(http, new GatewayError(ErrorKind.NotFound, "This instance has met no target of that name; GET /manage/v1/health/targets lists those that it has."));
        state.Close();
        return AnswerAsync(http, json => Write(json, state));
    }

    private static void Write(Utf8JsonWriter json, TargetState state)
    {
        BreakerState breaker = state.Breaker;
        json.WriteString("target"u8, state.Name);
        json.WriteString("state"u8, breaker switch
        {
            BreakerState.Open => "open"u8,
            BreakerState.HalfOpen => "half-open"u8,
            _ => "closed"u8,
        });
        if (breaker == BreakerState.Closed)
            json.WriteNull("openUntil"u8);
        else
            json.WriteString("openUntil"u8, state.OpenUntil);
        json.WriteString("why"u8, state.Why);
        json.WriteNumber("inFlight"u8, state.InFlight);
        Write(json, "ttftMs", state.Ttft?.TotalMilliseconds);
        Write(json, "ttftP95Ms", state.SlowTtft?.TotalMilliseconds);
        Write(json, "tokensPerSecond", state.TokensPerSecond);
        Write(json, "headroom", state.Headroom);
    }

    private static void Write(Utf8JsonWriter json, string name, double? number)
    {
        if (number is { } known)
            json.WriteNumber(name, Math.Round(known, 3));
        else
            json.WriteNull(name);
    }

    private static async Task AnswerAsync(HttpContext http, Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> body = new(1024);
        using (Utf8JsonWriter json = new(body, Options))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.WrittenCount;
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.BodyWriter.WriteAsync(body.WrittenMemory);
    }
}
