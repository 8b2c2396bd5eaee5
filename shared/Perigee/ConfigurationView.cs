using System.Text.Json;

namespace Perigee;

/// <summary>What <c>/manage/v1/config</c> shows of places that things are sent to: no secret, and of addresses nothing that may be one.</summary>
internal static class ConfigurationView
{
    private const int LongestSegment = 20;

    /// <summary>Writes <c>content</c>, <c>telemetry</c> and <c>webhooks</c>.</summary>
    public static void Write(Utf8JsonWriter json, GatewayOptions options)
    {
        json.WriteString("content"u8, options.ContentCapture ? "on"u8 : "off"u8);
        WriteTelemetry(json, options.Telemetry);
        json.WriteStartArray("webhooks"u8);
        foreach (WebhookOptions hook in options.Webhooks)
        {
            json.WriteStartObject();
            json.WriteString("url"u8, Shown(hook.Url));
            json.WriteStartArray("events"u8);
            foreach (string name in WebhookOptions.Known.Where(hook.Events.Contains))
                json.WriteStringValue(name);
            json.WriteEndArray();
            json.WriteStartArray("expiringDays"u8);
            foreach (int days in hook.ExpiringDays.OrderDescending())
                json.WriteNumberValue(days);
            json.WriteEndArray();
            json.WriteString("network"u8, hook.Network.ToString().ToLowerInvariant());
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>
    /// An address without user and query, and of its path the first segment alone, if that is short: what is behind it (or all of it) is a secret at
    /// some receivers.
    /// </summary>
    public static string Shown(Uri address)
    {
        string[] path = address.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        string place = $"{address.Scheme}://{address.Authority}/";
        return path.Length == 0 ? place : path[0].Length > LongestSegment ? place + "..." : path.Length == 1 ? place + path[0] : $"{place}{path[0]}/...";
    }

    private static void WriteTelemetry(Utf8JsonWriter json, TelemetryOptions telemetry)
    {
        json.WriteStartObject("telemetry"u8);
        json.WriteBoolean("traceContext"u8, telemetry.TraceContext);
        if (telemetry.SampleRatio is { } ratio)
            json.WriteNumber("sampleRatio"u8, ratio);
        else
            json.WriteNull("sampleRatio"u8);
        if (telemetry.Otlp is { } otlp)
        {
            json.WriteStartObject("otlp"u8);
            json.WriteString("endpoint"u8, otlp.Endpoint is { } endpoint ? Shown(endpoint) : null);
            json.WriteString("protocol"u8, otlp.Grpc switch { true => "grpc", false => "http/protobuf", null => null });
            json.WriteBoolean("traces"u8, otlp.Traces);
            json.WriteBoolean("metrics"u8, otlp.Metrics);
            json.WriteBoolean("logs"u8, otlp.Logs);
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("otlp"u8);
        }

        json.WriteBoolean("azureMonitor"u8, telemetry.AzureMonitor);
        json.WriteBoolean("azureMonitorIdentity"u8, telemetry.AzureMonitorIdentity);
        json.WriteBoolean("prometheus"u8, telemetry.Prometheus);
        json.WriteEndObject();
    }
}
