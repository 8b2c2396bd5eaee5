using System.Diagnostics;

namespace Perigee.Telemetry;

/// <summary>Begins spans: one of the exchange, one of every call to a provider. Where nobody listens there are none, and nothing is paid.</summary>
internal static class Spans
{
    /// <summary>The name by which listeners ask for them.</summary>
    public const string SourceName = "Perigee";

    /// <summary>The source.</summary>
    public static ActivitySource Source { get; } = new(new ActivitySourceOptions(SourceName) { Version = Welcome.Version, TelemetrySchemaUrl = Semantics.SchemaUrl });

    /// <summary>Begins the span of an exchange, as HTTP servers do.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="caller">Who called, or the default: then the trace begins here.</param>
    /// <returns>Null where no listener wants it.</returns>
    public static Activity? BeginExchange(Exchange exchange, in ActivityContext caller)
    {
        string route = exchange.Operation.Pattern;
        KeyValuePair<string, object?>[] tags =
        [
            new("http.request.method", exchange.Http.Request.Method),
            new("http.route", route),
            new("url.scheme", exchange.Http.Request.Scheme),
        ];

        // What the gateway asks for itself has no client, and belongs to what it asks it for.
        ActivityKind kind = exchange.Purpose is null ? ActivityKind.Server : ActivityKind.Internal;

        // A trace that begins here begins with this span: ASP.NET Core has begun one of its own where anything is logged, which nobody records, and
        // samplers would take that for the caller's decision.
        Activity? around = Activity.Current;
        if (kind == ActivityKind.Server && caller == default)
            Activity.Current = null;
        Activity? span = Source.StartActivity($"{exchange.Http.Request.Method} {route}", kind, caller, tags, links: null, exchange.StartedAt);
        if (span is null)
            Activity.Current = around;
        return span;
    }

    /// <summary>Begins the span of a call to a provider. Its attributes are written at the exchange's end, but for those that samplers look at.</summary>
    public static Activity? BeginCall(Exchange exchange, Target target)
    {
        if (exchange.Trace?.Span is not { } parent)
            return null;
        Endpoints provider = Endpoints.Of(target.Provider);
        string operation = Semantics.Operation(exchange.Operation.Name, target.Provider.Dialect);
        KeyValuePair<string, object?>[] tags =
        [
            new("gen_ai.operation.name", operation),
            new("gen_ai.provider.name", provider.Provider),
            new("server.address", provider.Address),
            new("server.port", provider.Port),
        ];

        // The calls of a hedge run side by side: none is the surroundings of the other.
        Activity? around = Activity.Current;
        Activity? span = Source.StartActivity(operation, ActivityKind.Client, parent.Context, tags);
        Activity.Current = around;
        return span;
    }
}
