using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Perigee.Telemetry.Prometheus;

/// <summary>
/// <c>GET /metrics</c>: the text format that Prometheus scrapes, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/). It is written here and not by a package, as the package that OpenTelemetry
/// has for it has never left its trial versions.
/// </summary>
internal sealed class PrometheusEndpoint(PrometheusMeters meters)
{
    /// <summary>Answers a scrape.</summary>
    public async Task AnswerAsync(HttpContext http)
    {
        if (!meters.IsOn)
        {
            await ManageJson.RefuseAsync(http, new GatewayError(ErrorKind.NotFound, "There are no metrics here: set telemetry.prometheus in perigee.json (or PERIGEE_PROMETHEUS=on) and start again."));
            return;
        }

        byte[] body = Encoding.UTF8.GetBytes(Write(meters.Collect()));
        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        http.Response.ContentLength = body.Length;
        http.Response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsHead(http.Request.Method))
            await http.Response.BodyWriter.WriteAsync(body, http.RequestAborted);
    }

    /// <summary>The families as text.</summary>
    public static string Write(IEnumerable<PrometheusFamily> families)
    {
        StringBuilder text = new();

        // Of one name there is one family, wherever its measurements come from.
        foreach (IGrouping<string, PrometheusFamily> same in families.GroupBy(static family => family.Name))
        {
            PrometheusFamily first = same.First();
            PrometheusFamily.Series[] all = [.. same.SelectMany(static family => family.Snapshot())];
            if (all.Length == 0)
                continue;
            text.Append("# HELP ").Append(first.Name).Append(' ').Append(first.Help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
            text.Append("# TYPE ").Append(first.Name).Append(' ').Append(first.Type).Append('\n');
            foreach (PrometheusFamily.Series series in all)
            {
                if (first.Type == "histogram")
                    WriteHistogram(text, first, series);
                else
                    WriteLine(text, first.Name, series.Labels, null, series.Sum);
            }
        }

        return text.ToString();
    }

    private static void WriteHistogram(StringBuilder text, PrometheusFamily family, PrometheusFamily.Series series)
    {
        long sum = 0;
        for (int i = 0; i < series.Buckets.Length; i++)
        {
            sum += series.Buckets[i];
            WriteLine(text, family.Name + "_bucket", series.Labels, i < family.Bounds.Length ? Number(family.Bounds[i]) : "+Inf", sum);
        }

        WriteLine(text, family.Name + "_sum", series.Labels, null, series.Sum);
        WriteLine(text, family.Name + "_count", series.Labels, null, series.Count);
    }

    private static void WriteLine(StringBuilder text, string name, KeyValuePair<string, string>[] labels, string? bound, double value)
    {
        text.Append(name);
        if (labels.Length > 0 || bound is not null)
        {
            text.Append('{');
            bool first = true;
            foreach ((string label, string said) in labels)
            {
                text.Append(first ? "" : ",").Append(label).Append("=\"").Append(Escape(said)).Append('"');
                first = false;
            }

            if (bound is not null)
                text.Append(first ? "" : ",").Append("le=\"").Append(bound).Append('"');
            text.Append('}');
        }

        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Escape(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
