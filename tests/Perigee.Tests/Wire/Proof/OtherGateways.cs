using System.Text;
using System.Text.Json;

namespace Perigee.Tests.Wire.Proving;

/// <summary>One translation as another gateway makes it: what it was given and what it made of it. An opinion, not a standard.</summary>
internal sealed record OtherGolden
{
    /// <summary>Another gateway: the folder of its goldens.</summary>
    public required string Gateway { get; init; }

    public required string Name { get; init; }

    /// <summary>The client's dialect.</summary>
    public required string From { get; init; }

    /// <summary>The provider's dialect.</summary>
    public required string To { get; init; }

    /// <summary>The client's question.</summary>
    public required string Question { get; init; }

    /// <summary>The question as they write it for the provider, or null where they do not say.</summary>
    public string? Asked { get; init; }

    /// <summary>Why they say that the question cannot be asked there, or null.</summary>
    public string? CannotAsk { get; init; }

    /// <summary>The provider's whole answer, or null.</summary>
    public string? Upstream { get; init; }

    /// <summary>That answer as they write it for the client.</summary>
    public string? Answered { get; init; }

    /// <summary>The provider's stream, or null.</summary>
    public string? UpstreamStream { get; init; }

    /// <summary>That stream as they write it for the client.</summary>
    public string? AnsweredStream { get; init; }

    /// <summary>Whether the question asks for a stream (Gemini says it in the path).</summary>
    public bool Streams { get; init; }

    /// <summary>Whether there is anything to compare: some hold an error alone.</summary>
    public bool Compares => Asked is not null || CannotAsk is not null || (Upstream is not null && Answered is not null) || (UpstreamStream is not null && AnsweredStream is not null);

    /// <summary>Braintrust's Lingua: one file a case, and a list of what it cannot map.</summary>
    public static IEnumerable<OtherGolden> Lingua()
    {
        Dictionary<string, string> names = new() { ["chat-completions"] = Dialects.OpenAi, ["anthropic"] = Dialects.Anthropic, ["google"] = Dialects.Gemini };
        JsonElement refused = Json.Parse(File.ReadAllText(Corpus.Path("goldens", "lingua", "cannot_map.json")));
        foreach (string file in Directory.EnumerateFiles(Corpus.Path("goldens", "lingua"), "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            JsonElement golden = Json.Parse(File.ReadAllText(file));
            string[] pair = (Json.Text(golden, "pair") ?? "").Split(" -> ");
            if (pair.Length != 2 || !names.TryGetValue(pair[0], out string? from) || !names.TryGetValue(pair[1], out string? to))
                continue;
            string name = Json.Text(golden, "case")!;
            string? cannot = Json.Text(refused, $"{pair[0]}_to_{pair[1]}", name);
            yield return new OtherGolden
            {
                Gateway = "lingua",
                Name = $"{pair[0]}_to_{pair[1]}/{name}",
                From = from,
                To = to,
                Question = Json.Get(golden, "source_request")!.Value.GetRawText(),
                Asked = cannot is null ? Json.Get(golden, "expected_request")?.GetRawText() : null,
                CannotAsk = cannot,
                Upstream = Json.Get(golden, "upstream_response")?.GetRawText(),
                Answered = Json.Get(golden, "expected_response")?.GetRawText(),
                UpstreamStream = Json.Get(golden, "upstream_stream_events") is { ValueKind: JsonValueKind.Array } events ? Framed(events, to) : null,
                AnsweredStream = Json.Text(golden, "expected_stream"),
                Streams = Json.Get(golden, "source_request", "stream") is { ValueKind: JsonValueKind.True },
            };
        }
    }

    /// <summary>Envoy AI Gateway: a table of its data plane's tests, of which those are taken that cross two of our dialects.</summary>
    public static IEnumerable<OtherGolden> Envoy()
    {
        Dictionary<string, string> backends = new() { ["openai"] = Dialects.OpenAi, ["azure-openai"] = Dialects.OpenAi, ["anthropic"] = Dialects.Anthropic, ["gcp-anthropicai"] = Dialects.Anthropic, ["aws-anthropic"] = Dialects.Anthropic, ["gcp-vertexai"] = Dialects.Gemini };
        Dictionary<string, string> paths = new() { ["/v1/chat/completions"] = Dialects.OpenAi, ["/anthropic/v1/messages"] = Dialects.Anthropic };
        foreach (string file in Directory.EnumerateFiles(Corpus.Path("goldens", "envoy-ai-gateway"), "*.json").Order(StringComparer.Ordinal))
        {
            JsonElement golden = Json.Parse(File.ReadAllText(file));
            if (!paths.TryGetValue(Json.Text(golden, "path") ?? "", out string? from) || !backends.TryGetValue(Json.Text(golden, "backend") ?? "", out string? to) || from == to)
                continue;
            bool sse = Json.Text(golden, "responseType") == "sse";
            // Errors are no answers of a dialect: what becomes of them is the relay's, by the status.
            bool error = Json.Get(golden, "expStatus") is { ValueKind: JsonValueKind.Number } status && status.GetInt32() != 200;
            string? upstream = error ? null : Json.Text(golden, "responseBody"), answered = Json.Text(golden, "expResponseBody");
            if (sse && upstream?.StartsWith('{') == true)
                upstream = string.Concat(upstream.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => $"data: {line}\n\n"));
            yield return new OtherGolden
            {
                Gateway = "envoy-ai-gateway",
                Name = Path.GetFileNameWithoutExtension(file),
                From = from,
                To = to,
                Question = Json.Text(golden, "requestBody")!,
                Asked = Json.Text(golden, "expRequestBody"),
                Upstream = sse ? null : upstream,
                Answered = sse ? null : answered,
                UpstreamStream = sse ? upstream : null,
                AnsweredStream = sse ? answered : null,
                Streams = sse,
            };
        }
    }

    private static string Framed(JsonElement events, string dialect)
    {
        StringBuilder sse = new();
        foreach (JsonElement each in events.EnumerateArray())
        {
            if (dialect == Dialects.Anthropic)
                sse.Append("event: ").Append(Json.Text(each, "type")).Append('\n');
            sse.Append("data: ").Append(JsonSerializer.Serialize(each)).Append("\n\n");
        }

        return dialect == Dialects.OpenAi ? sse.Append("data: [DONE]\n\n").ToString() : sse.ToString();
    }
}
