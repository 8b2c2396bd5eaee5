using System.Globalization;
using OpenTelemetry.Trace;

namespace Perigee.Telemetry.Export;

/// <summary>
/// Which traces are recorded. It is said here and not left to the SDK, because exporters bring samplers of their own: Azure Monitor's takes five
/// traces a second and does not ask what the caller has decided.
/// </summary>
internal static class Sampling
{
    private const string Variable = "OTEL_TRACES_SAMPLER";

    /// <summary>The sampler, or null where OTEL_TRACES_SAMPLER names one of Azure Monitor's own (<c>microsoft.*</c>), which its exporter makes.</summary>
    /// <param name="options">The configuration; its ratio goes before the variables.</param>
    /// <param name="environment">Looks up an environment variable.</param>
    public static Sampler? Of(TelemetryOptions options, Func<string, string?> environment)
    {
        if (options.SampleRatio is { } ratio)
            return new ParentBasedSampler(new TraceIdRatioBasedSampler(ratio));
        string name = environment(Variable)?.Trim().ToLowerInvariant() ?? "";
        return name switch
        {
            "always_on" => new AlwaysOnSampler(),
            "always_off" => new AlwaysOffSampler(),
            "traceidratio" => new TraceIdRatioBasedSampler(Ratio()),
            "parentbased_always_off" => new ParentBasedSampler(new AlwaysOffSampler()),
            "parentbased_traceidratio" => new ParentBasedSampler(new TraceIdRatioBasedSampler(Ratio())),
            _ when name.StartsWith("microsoft.", StringComparison.Ordinal) => null,
            _ => new ParentBasedSampler(new AlwaysOnSampler()),
        };

        double Ratio() => double.TryParse(environment(Variable + "_ARG"), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double share) && share is >= 0 and <= 1 ? share : 1;
    }
}
