using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Perigee.Tests.Failover;

namespace Perigee.Tests.Logs;

/// <summary>Everything that a gateway writes, while it runs: its process log, its metrics, its spans, and in the end its blobs and tables.</summary>
internal sealed class CanarySinks : IDisposable
{
    private const int MostOfASink = 4;

    private readonly ConcurrentQueue<string> _log = new();
    private readonly ConcurrentDictionary<string, byte> _metrics = new();
    private readonly ConcurrentQueue<string> _spans = new();
    private readonly MeterListener _meters = new() { InstrumentPublished = static (instrument, self) => self.EnableMeasurementEvents(instrument) };
    private readonly ActivityListener _traces;

    public CanarySinks()
    {
        _meters.SetMeasurementEventCallback<long>((_, _, tags, _) => Note(tags));
        _meters.SetMeasurementEventCallback<double>((_, _, tags, _) => Note(tags));
        _meters.SetMeasurementEventCallback<int>((_, _, tags, _) => Note(tags));
        _meters.Start();
        _traces = new()
        {
            ShouldListenTo = static source => source.Name == "Perigee",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span => _spans.Enqueue($"{span.DisplayName} {span.StatusDescription} {span.TraceStateString} {string.Join(' ', span.Baggage.Select(static one => $"{one.Key}={one.Value}"))} "
                + string.Join(' ', span.TagObjects.Select(static tag => $"{tag.Key}={Text(tag.Value)}"))
                + string.Join(' ', span.Events.SelectMany(static one => one.Tags).Select(static tag => $"{tag.Key}={Text(tag.Value)}"))),
        };
        ActivitySource.AddActivityListener(_traces);
    }

    public int Spans => _spans.Count;

    /// <summary>Has a gateway write its process log here.</summary>
    public void Attach(WebApplicationBuilder builder)
    {
        // As the app has it (functions/Launch.cs): the framework's own lines hold addresses with their queries.
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning);
        builder.Services.AddSingleton<ILoggerProvider>(new KeptLog(_log));
    }

    /// <summary>What of the planted values is found in what a gateway wrote that has been stopped.</summary>
    /// <param name="rig">The gateway.</param>
    /// <param name="lines">Its log's lines.</param>
    /// <param name="more">Further texts, by name.</param>
    public List<string> Leaks(GatewayRig rig, IEnumerable<JsonElement> lines, params (string Where, string Text)[] more)
    {
        (string Where, string Text)[] texts =
        [
            ("blobs", string.Join('\n', lines.Select(static line => line.GetRawText()))), ("process log", string.Join('\n', _log)),
            ("metrics", string.Join('\n', _metrics.Keys)), ("spans", string.Join('\n', _spans)), .. more,
        ];
        List<string> leaks = [.. texts.SelectMany(static one => In(one.Where, one.Text).Take(MostOfASink))];
        foreach (string file in Directory.EnumerateFiles(rig.Folder, "*", SearchOption.AllDirectories).Where(static file => !file.EndsWith("perigee.json", StringComparison.Ordinal)))
        {
            byte[] content = File.ReadAllBytes(file);
            leaks.AddRange(In(Path.GetFileName(file), Encoding.Latin1.GetString(content)).Take(MostOfASink));
            for (int from = 0; from < Math.Min(2, content.Length); from++)
                leaks.AddRange(In(Path.GetFileName(file) + " (UTF-16)", Encoding.Unicode.GetString(content.AsSpan(from))).Take(MostOfASink));
        }

        return leaks;
    }

    /// <summary>What of the planted values is found in a text.</summary>
    public static IEnumerable<string> In(string where, string text)
    {
        foreach ((string kind, string planted, string telling) in Planted.Values)
        {
            int at = text.IndexOf(telling, StringComparison.Ordinal);
            if (at >= 0)
                yield return $"{kind} {planted} in {where}: ...{text[Math.Max(0, at - 80)..Math.Min(text.Length, at + telling.Length + 40)].ReplaceLineEndings(" ")}";
        }
    }

    public void Dispose()
    {
        _meters.Dispose();
        _traces.Dispose();
    }

    private static string Text(object? value) => value is string[] many ? string.Join(' ', many) : value?.ToString() ?? "";

    private void Note(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (KeyValuePair<string, object?> tag in tags)
            _metrics.TryAdd($"{tag.Key}={tag.Value}", 0);
    }
}
