using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Perigee.Routing.Health;
using Perigee.Routing.Policies;

namespace Perigee.Routing;

/// <summary>
/// The answer to <c>x-perigee-explain</c>: what would be tried, in what order and why, and what would not. Nobody is called, no probe's place is
/// taken, and nothing in it is a secret: no keys, no addresses.
/// </summary>
internal sealed class Explanation(TargetStates states)
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes it.</summary>
    /// <param name="exchange">The exchange with its plan.</param>
    /// <param name="draft">What the plan was made of; null where an id alone decided.</param>
    public async Task GiveAsync(Exchange exchange, PlanDraft? draft)
    {
        ArrayBufferWriter<byte> body = new(2048);
        using (Utf8JsonWriter json = new(body, Options))
            Write(json, exchange.Plan!, draft, exchange);
        HttpResponse response = exchange.Http.Response;
        response.Headers[HeaderNames.Explain] = "1";
        response.Headers.CacheControl = "no-store";
        response.ContentType = "application/json";
        response.ContentLength = body.WrittenCount;
        exchange.BytesOut += body.WrittenCount;
        await response.BodyWriter.WriteAsync(body.WrittenMemory, exchange.Http.RequestAborted);
    }

    private void Write(Utf8JsonWriter json, RoutePlan plan, PlanDraft? draft, Exchange exchange)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "perigee.decision"u8);
        json.WriteString("operation"u8, exchange.Operation.Name);
        json.WriteString("model"u8, exchange.Model);
        json.WriteString("route"u8, plan.Route.Length > 0 ? plan.Route : null);
        json.WriteString("policy"u8, draft?.Policy);
        json.WriteString("chosen"u8, plan.Chosen);
        json.WriteBoolean("fallback"u8, plan.MayFallBack);
        Targets(json, "targets"u8, plan.Targets, draft?.Request);
        Targets(json, "onContextWindow"u8, plan.OnContextWindow, draft?.Request);
        Targets(json, "onContentPolicy"u8, plan.OnContentPolicy, draft?.Request);
        json.WriteStartArray("skipped"u8);
        foreach (SkippedTarget skipped in plan.Skipped)
        {
            json.WriteStartObject();
            json.WriteString("target"u8, skipped.Name);
            json.WriteString("reason"u8, skipped.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (draft is not null)
            Needs(json, draft.Request.Needs);
        Patience(json, plan);
        json.WriteStartArray("ownFields"u8);
        foreach (string field in plan.OwnFields.Order(StringComparer.Ordinal))
            json.WriteStringValue(field);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Money is in dollars.</summary>
    private void Targets(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<Target> targets, RouteRequest? request)
    {
        json.WriteStartArray(name);
        foreach (Target target in targets)
        {
            TargetState state = states.Of(target);
            json.WriteStartObject();
            json.WriteString("target"u8, target.Name);
            Price(json, target, request);
            json.WriteString("breaker"u8, state.Breaker switch
            {
                BreakerState.Open => "open"u8,
                BreakerState.HalfOpen => "half-open"u8,
                _ => "closed"u8,
            });
            if (state.Breaker != BreakerState.Closed)
            {
                json.WriteString("openUntil"u8, state.OpenUntil);
                json.WriteString("why"u8, state.Why);
            }

            json.WriteNumber("inFlight"u8, state.InFlight);
            Number(json, "ttftMs"u8, state.Ttft?.TotalMilliseconds);
            Number(json, "tokensPerSecond"u8, state.TokensPerSecond);
            Number(json, "headroom"u8, state.Headroom);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Price(Utf8JsonWriter json, Target target, RouteRequest? request)
    {
        if (target.Known?.Price is not { } price || request is null)
        {
            json.WriteNull("price"u8);
            json.WriteNull("estimatedCost"u8);
            return;
        }

        Catalog.PriceRates rates = price.At(request.At).Rates;
        json.WriteStartObject("price"u8);
        json.WriteNumber("inputPerMillion"u8, rates.Input / 1_000_000m);
        json.WriteNumber("outputPerMillion"u8, rates.Output / 1_000_000m);
        json.WriteEndObject();
        json.WriteNumber("estimatedCost"u8, price.Cost(new() { Input = request.Needs.Tokens, Output = request.Needs.LikelyOutput }, request.At)!.Value / 1_000_000_000_000m);
    }

    private static void Needs(Utf8JsonWriter json, RequestNeeds needs)
    {
        json.WriteStartObject("needs"u8);
        json.WriteNumber("tokens"u8, needs.Tokens);
        Number(json, "maxOutput"u8, needs.MaxOutput);
        json.WriteBoolean("stream"u8, needs.Stream);
        json.WriteStartArray("abilities"u8);
        foreach (string word in needs.Words())
            json.WriteStringValue(word);
        json.WriteEndArray();
        json.WriteBoolean("serverTools"u8, needs.ServerTools);
        json.WriteBoolean("kept"u8, needs.Kept);
        json.WriteEndObject();
    }

    private static void Patience(Utf8JsonWriter json, RoutePlan plan)
    {
        json.WriteStartObject("timeouts"u8);
        json.WriteNumber("connectSeconds"u8, plan.Timeouts.Connect.TotalSeconds);
        json.WriteNumber("firstTokenSeconds"u8, plan.Timeouts.FirstToken.TotalSeconds);
        json.WriteNumber("idleSeconds"u8, plan.Timeouts.Idle.TotalSeconds);
        json.WriteNumber("totalSeconds"u8, plan.Timeouts.Total.TotalSeconds);
        json.WriteNumber("holdSeconds"u8, plan.Timeouts.Hold.TotalSeconds);
        json.WriteEndObject();
        json.WriteStartObject("retries"u8);
        json.WriteNumber("max"u8, plan.Retries.Most);
        json.WriteNumber("baseMilliseconds"u8, plan.Retries.Base.TotalMilliseconds);
        json.WriteNumber("waitMilliseconds"u8, plan.Retries.LongestWait.TotalMilliseconds);
        json.WriteNumber("lastWaitMilliseconds"u8, plan.Retries.LongestLastWait.TotalMilliseconds);
        json.WriteNumber("budgetPercent"u8, plan.Retries.BudgetPercent);
        json.WriteEndObject();
        if (plan.Hedge is not { } hedge)
        {
            json.WriteNull("hedge"u8);
            return;
        }

        json.WriteStartObject("hedge"u8);
        json.WriteNumber("percent"u8, hedge.Percent);
        json.WriteNumber("afterMilliseconds"u8, hedge.After.TotalMilliseconds);
        json.WriteEndObject();
    }

    private static void Number(Utf8JsonWriter json, ReadOnlySpan<byte> name, double? value)
    {
        if (value is { } number)
            json.WriteNumber(name, Math.Round(number, 12));
        else
            json.WriteNull(name);
    }
}
