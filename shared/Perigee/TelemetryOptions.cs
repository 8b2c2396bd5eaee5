namespace Perigee;

/// <summary>Traces and metrics: what is sent where. Exporters are made at the start; only <see cref="TraceContext"/> follows a changed file.</summary>
internal sealed record TelemetryOptions
{
    /// <summary>Whether providers are sent <c>traceparent</c> and <c>tracestate</c>.</summary>
    public bool TraceContext { get; init; } = true;

    /// <summary>Of the traces that begin here, the share that is recorded; null leaves it to OTEL_TRACES_SAMPLER. Callers' own decisions hold.</summary>
    public double? SampleRatio { get; init; }

    /// <summary>Where to send by OTLP, or null.</summary>
    public OtlpOptions? Otlp { get; init; }

    /// <summary>Whether Azure Monitor is sent to where its connection string is known.</summary>
    public bool AzureMonitor { get; init; } = true;

    /// <summary>Whether Azure Monitor takes an Entra token of the app's identity instead of the connection string's key alone.</summary>
    public bool AzureMonitorIdentity { get; init; }

    /// <summary>Whether <c>/metrics</c> answers Prometheus.</summary>
    public bool Prometheus { get; init; }
}

/// <summary>Sending by OTLP.</summary>
internal sealed record OtlpOptions
{
    /// <summary>The collector's address without <c>/v1/traces</c>; null where only the variables of one signal name it.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Whether over gRPC; else protobuf over HTTP. Null leaves it to OTEL_EXPORTER_OTLP_PROTOCOL.</summary>
    public bool? Grpc { get; init; }

    /// <summary>Whether spans are sent.</summary>
    public bool Traces { get; init; } = true;

    /// <summary>Whether metrics are sent.</summary>
    public bool Metrics { get; init; } = true;

    /// <summary>Whether the process's own log is sent.</summary>
    public bool Logs { get; init; } = true;
}
