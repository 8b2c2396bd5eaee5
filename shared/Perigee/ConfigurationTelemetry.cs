namespace Perigee;

/// <summary>Reads the section <c>telemetry</c> of perigee.json and OpenTelemetry's own variables, which win.</summary>
/// <param name="environment">Looks up an environment variable or app setting.</param>
/// <param name="flag">A flag of the file that a variable of ours overrides.</param>
internal sealed class ConfigurationTelemetry(Func<string, string?> environment, Func<ConfigurationSection, string, string, bool?> flag)
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private static readonly string[] SignalEndpoints =
    [
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    ];

    /// <summary>Reads the section.</summary>
    public TelemetryOptions Read(ConfigurationSection section)
    {
        TelemetryOptions defaults = new();
        TelemetryOptions telemetry = new()
        {
            TraceContext = flag(section, "traceContext", "PERIGEE_TRACE_CONTEXT") ?? defaults.TraceContext,
            SampleRatio = section.Fraction("sampleRatio", 0, 1),
            Otlp = ReadOtlp(section.Section("otlp")),
            AzureMonitor = flag(section, "azureMonitor", "PERIGEE_AZURE_MONITOR") ?? defaults.AzureMonitor,
            AzureMonitorIdentity = flag(section, "azureMonitorIdentity", "PERIGEE_AZURE_MONITOR_IDENTITY") ?? defaults.AzureMonitorIdentity,
            Prometheus = flag(section, "prometheus", "PERIGEE_PROMETHEUS") ?? defaults.Prometheus,
        };
        section.Close();
        return telemetry;
    }

    private OtlpOptions? ReadOtlp(ConfigurationSection section)
    {
        string? written = section.Text("endpoint");
        int? protocol = section.Choice("protocol", "grpc", "http/protobuf");
        OtlpOptions defaults = new();
        OtlpOptions otlp = defaults with
        {
            Grpc = Variable("OTEL_EXPORTER_OTLP_PROTOCOL") is null && protocol is { } chosen ? chosen == 0 : null,
            Traces = section.Flag("traces") ?? defaults.Traces,
            Metrics = section.Flag("metrics") ?? defaults.Metrics,
            Logs = section.Flag("logs") ?? defaults.Logs,
        };
        bool given = section.IsGiven;
        section.Close();
        if (Variable("OTEL_SDK_DISABLED") is { } off && off.Equals("true", StringComparison.OrdinalIgnoreCase))
            return null;
        Uri? address = null;
        string? endpoint = Variable(Endpoint) ?? written;
        if (endpoint is not null && (!Uri.TryCreate(endpoint, UriKind.Absolute, out address) || address.Scheme is not ("http" or "https") || address.UserInfo.Length > 0))
            section.Fault("endpoint", $"(or {Endpoint}) has to be an http or https address without a user, such as http://localhost:4318.");
        if (address is not null)
            return otlp with { Endpoint = address };
        if (SignalEndpoints.Any(name => Variable(name) is not null))
            return otlp;
        if (given && endpoint is null)
            section.Fault("endpoint", $"is missing: name the collector, here or in {Endpoint}.");
        return null;
    }

    private string? Variable(string name) => environment(name) is { Length: > 0 } value ? value : null;
}
