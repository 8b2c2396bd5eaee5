using System.Diagnostics;

namespace Perigee.Tests.Telemetry;

/// <summary>
/// The conventions' lists, restated from v1.41.1 (docs/gen-ai/gen-ai-spans.md, openai.md, gen-ai-metrics.md; docs/http/http-spans.md): what a span
/// or a metric may bear, of which type, and what it must. Whatever is not listed has to be ours (<c>perigee.</c>).
/// </summary>
internal static class Convention
{
    public enum Level
    {
        Required,
        Conditional,
        Recommended,
        OptIn,
    }

    public static Dictionary<string, (Type Type, Level Level)> ClientSpan { get; } = new()
    {
        ["gen_ai.operation.name"] = (typeof(string), Level.Required),
        ["gen_ai.provider.name"] = (typeof(string), Level.Required),
        ["error.type"] = (typeof(string), Level.Conditional),
        ["gen_ai.conversation.id"] = (typeof(string), Level.Conditional),
        ["gen_ai.output.type"] = (typeof(string), Level.Conditional),
        ["gen_ai.request.choice.count"] = (typeof(long), Level.Conditional),
        ["gen_ai.request.model"] = (typeof(string), Level.Conditional),
        ["gen_ai.request.seed"] = (typeof(long), Level.Conditional),
        ["gen_ai.request.stream"] = (typeof(bool), Level.Conditional),
        ["server.port"] = (typeof(int), Level.Conditional),
        ["gen_ai.request.frequency_penalty"] = (typeof(double), Level.Recommended),
        ["gen_ai.request.max_tokens"] = (typeof(long), Level.Recommended),
        ["gen_ai.request.presence_penalty"] = (typeof(double), Level.Recommended),
        ["gen_ai.request.stop_sequences"] = (typeof(string[]), Level.Recommended),
        ["gen_ai.request.temperature"] = (typeof(double), Level.Recommended),
        ["gen_ai.request.top_k"] = (typeof(double), Level.Recommended),
        ["gen_ai.request.top_p"] = (typeof(double), Level.Recommended),
        ["gen_ai.response.finish_reasons"] = (typeof(string[]), Level.Recommended),
        ["gen_ai.response.id"] = (typeof(string), Level.Recommended),
        ["gen_ai.response.model"] = (typeof(string), Level.Recommended),
        ["gen_ai.response.time_to_first_chunk"] = (typeof(double), Level.Recommended),
        ["gen_ai.usage.cache_creation.input_tokens"] = (typeof(long), Level.Recommended),
        ["gen_ai.usage.cache_read.input_tokens"] = (typeof(long), Level.Recommended),
        ["gen_ai.usage.input_tokens"] = (typeof(long), Level.Recommended),
        ["gen_ai.usage.output_tokens"] = (typeof(long), Level.Recommended),
        ["gen_ai.usage.reasoning.output_tokens"] = (typeof(long), Level.Recommended),
        ["server.address"] = (typeof(string), Level.Recommended),
        ["gen_ai.embeddings.dimension.count"] = (typeof(long), Level.Recommended),
        ["gen_ai.request.encoding_formats"] = (typeof(string[]), Level.Recommended),
        ["openai.api.type"] = (typeof(string), Level.Recommended),
        ["gen_ai.system_instructions"] = (typeof(string), Level.OptIn),
        ["gen_ai.input.messages"] = (typeof(string), Level.OptIn),
        ["gen_ai.output.messages"] = (typeof(string), Level.OptIn),

        // Of HTTP's own client spans: the call is one.
        ["http.response.status_code"] = (typeof(int), Level.Conditional),
    };

    public static Dictionary<string, (Type Type, Level Level)> ServerSpan { get; } = new()
    {
        ["http.request.method"] = (typeof(string), Level.Required),
        ["url.path"] = (typeof(string), Level.Required),
        ["url.scheme"] = (typeof(string), Level.Required),
        ["error.type"] = (typeof(string), Level.Conditional),
        ["http.response.status_code"] = (typeof(int), Level.Conditional),
        ["http.route"] = (typeof(string), Level.Conditional),
        ["server.port"] = (typeof(int), Level.Conditional),
        ["network.protocol.version"] = (typeof(string), Level.Recommended),
        ["server.address"] = (typeof(string), Level.Recommended),
        ["user_agent.original"] = (typeof(string), Level.Recommended),
        ["gen_ai.operation.name"] = (typeof(string), Level.Recommended),
        ["gen_ai.request.model"] = (typeof(string), Level.Recommended),
        ["gen_ai.request.stream"] = (typeof(bool), Level.Recommended),
        ["gen_ai.response.model"] = (typeof(string), Level.Recommended),

        // Where no call was made: a replay.
        ["gen_ai.system_instructions"] = (typeof(string), Level.OptIn),
        ["gen_ai.input.messages"] = (typeof(string), Level.OptIn),
        ["gen_ai.output.messages"] = (typeof(string), Level.OptIn),
    };

    private static readonly Dictionary<string, Level> CallTags = new()
    {
        ["gen_ai.operation.name"] = Level.Required,
        ["gen_ai.provider.name"] = Level.Required,
        ["gen_ai.request.model"] = Level.Conditional,
        ["server.port"] = Level.Conditional,
        ["gen_ai.response.model"] = Level.Recommended,
        ["server.address"] = Level.Recommended,
    };

    private static readonly double[] Seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

    /// <summary>Unit, boundaries and tags of the metrics.</summary>
    public static Dictionary<string, (string Unit, double[] Bounds, Dictionary<string, Level> Tags)> Metrics { get; } = new()
    {
        ["gen_ai.client.operation.duration"] = ("s", Seconds, With("error.type", Level.Conditional)),
        ["gen_ai.client.token.usage"] = ("{token}", [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864], With("gen_ai.token.type", Level.Required)),
        ["gen_ai.client.operation.time_to_first_chunk"] = ("s", Seconds, CallTags),
        ["gen_ai.server.request.duration"] = ("s", Seconds, With("error.type", Level.Conditional)),
        ["gen_ai.server.time_per_output_token"] = ("s", [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5], CallTags),
        ["gen_ai.server.time_to_first_token"] = ("s", [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0], CallTags),
    };

    /// <summary>Holds a span to its list.</summary>
    public static void Check(Activity span)
    {
        Dictionary<string, (Type Type, Level Level)> list = span.Kind == ActivityKind.Client ? ClientSpan : ServerSpan;
        Dictionary<string, object?> tags = span.TagObjects.ToDictionary();
        foreach ((string name, object? value) in tags)
        {
            if (name.StartsWith("perigee.", StringComparison.Ordinal))
                continue;
            Assert.True(list.TryGetValue(name, out (Type Type, Level Level) entry), $"'{span.DisplayName}' bears {name}, which no list has.");
            Assert.True(value?.GetType() == entry.Type, $"{name} of '{span.DisplayName}' is a {value?.GetType().Name}; {entry.Type.Name} is due.");
        }

        foreach ((string name, _) in list.Where(static entry => entry.Value.Level == Level.Required))
            Assert.True(tags.ContainsKey(name), $"'{span.DisplayName}' lacks {name}.");
        if (tags.ContainsKey("server.address") && span.Kind == ActivityKind.Client)
            Assert.Contains("server.port", tags.Keys);
        if (span.Kind == ActivityKind.Client)
            Assert.Equal(tags.TryGetValue("gen_ai.request.model", out object? model) ? $"{tags["gen_ai.operation.name"]} {model}" : tags["gen_ai.operation.name"], span.DisplayName);
        else
            Assert.Equal($"{tags["http.request.method"]} {tags["http.route"]}", span.DisplayName);
    }

    private static Dictionary<string, Level> With(string name, Level level) => new(CallTags) { [name] = level };
}
