using System.Text;
using System.Text.Json;

namespace Perigee.Tests.Wire.Proving;

/// <summary>One recorded exchange of one of the three dialects.</summary>
/// <param name="Name"><c>source/file</c>.</param>
/// <param name="Dialect">Its dialect.</param>
/// <param name="Provider">Who answered.</param>
/// <param name="Question">The body of the question, or null where only the answer was kept.</param>
/// <param name="Answer">The answer's bytes, re-framed as events where the recording held bare ones; or null.</param>
/// <param name="Framing">How the answer is cut into events.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="AsksStream">Whether a stream was asked for.</param>
internal sealed record Recorded(string Name, string Dialect, string Provider, byte[]? Question, byte[]? Answer, Framing Framing, int Status, bool AsksStream)
{
    private static readonly Lazy<List<Recorded>> Loaded = new(Load);

    public static IReadOnlyList<Recorded> All => Loaded.Value;

    /// <summary>Answers that are meant to be answers.</summary>
    public static IEnumerable<Recorded> Answers => All.Where(r => r.Answer is not null && r.Status is >= 200 and < 300);

    private static List<Recorded> Load()
    {
        List<Recorded> all = [];
        foreach (JsonElement exchange in Corpus.Exchanges(e => Dialects.Names.Contains(e.GetProperty("dialect").GetString())))
        {
            JsonElement response = exchange.GetProperty("response");
            string framing = exchange.GetProperty("framing").GetString()!;
            string dialect = exchange.GetProperty("dialect").GetString()!;
            string blank = dialect == Dialects.Gemini ? "\r\n\r\n" : "\n\n";
            byte[]? answer = null;
            Framing kind = Framing.Whole;
            switch (framing)
            {
                case "json":
                    answer = Text(response, "body");
                    break;
                case "json-array":
                    answer = Text(response, "body");
                    kind = Framing.Array;
                    break;
                case "sse":
                    answer = Text(response, "body");
                    kind = Framing.Sse;
                    break;
                case "event-json-lines":
                    answer = Frames(Json.Text(response, "body")!.Split('\n').Where(l => l.Trim().Length > 0).Select(l => l.Trim()), dialect, blank);
                    kind = Framing.Sse;
                    break;
                case "event-array":
                    answer = Frames(Json.Items(response, "events").Select(e => e.GetRawText()), dialect, blank);
                    kind = Framing.Sse;
                    break;
            }

            JsonElement? request = Json.Get(exchange, "request");
            byte[]? question = Json.Get(request, "body") is { ValueKind: JsonValueKind.Object } ask ? Encoding.UTF8.GetBytes(ask.GetRawText()) : null;
            all.Add(new Recorded(
                exchange.GetProperty("file").GetString()!,
                dialect,
                exchange.GetProperty("provider").GetString() ?? "",
                question,
                answer,
                kind,
                (int)Json.Number(response, "status"),
                exchange.GetProperty("stream").GetBoolean()));
        }

        return all;
    }

    private static byte[]? Text(JsonElement response, string name) => Json.Get(response, name) is { } body
        ? Encoding.UTF8.GetBytes(body.ValueKind == JsonValueKind.String ? body.GetString()! : body.GetRawText())
        : null;

    /// <summary>Gives bare events the framing that was taken off: with OpenAI's closing mark, which is no event to the SDKs.</summary>
    private static byte[] Frames(IEnumerable<string> events, string dialect, string blank)
    {
        StringBuilder text = new();
        foreach (string e in events)
        {
            if (dialect == Dialects.Anthropic && Json.Text(Json.TryParse(e), "type") is { } type)
                text.Append("event: ").Append(type).Append('\n');
            text.Append("data: ").Append(e == "\"[DONE]\"" ? "[DONE]" : e.ReplaceLineEndings("")).Append(blank);
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
