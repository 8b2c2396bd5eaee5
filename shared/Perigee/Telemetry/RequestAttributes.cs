using System.Buffers.Text;
using System.Diagnostics;
using System.Text.Json;
using Perigee.Providers;
using Perigee.Wire;

namespace Perigee.Telemetry;

/// <summary>What a question asks of a model besides its content, as <c>gen_ai.request.*</c>: looked up in the body's index.</summary>
internal static class RequestAttributes
{
    private const int MostStops = 8;
    private const int LongestStop = 64;

    /// <summary>Writes them.</summary>
    /// <param name="span">The call's span.</param>
    /// <param name="exchange">The exchange.</param>
    /// <param name="provider">Who is asked.</param>
    /// <param name="text">Redacts and cuts a text of the client's.</param>
    public static void Write(Activity span, Exchange exchange, Provider provider, Func<string, string> text)
    {
        if (exchange.Stream)
            span.SetTag("gen_ai.request.stream", true);
        if (Semantics.OutputOf(exchange.Operation.Name) is { } output)
            span.SetTag("gen_ai.output.type", output);
        if (provider.Kind == "openai" && provider.Dialect == DialectFamily.OpenAi && exchange.Operation.Name is "chat" or "responses")
            span.SetTag("openai.api.type", exchange.Operation.Name == "chat" ? "chat_completions" : "responses");
        if (exchange.Question is not { } question)
            return;
        bool embeds = exchange.Operation.Asks == Asks.Vectors;
        ReadOnlySpan<JsonIndex.Token> tokens = question.Tokens;
        for (int i = 1; i < tokens.Length; i = tokens[i + 1].Next)
        {
            if (exchange.Operation.Speaks == DialectFamily.Gemini && question.NameIs(tokens[i], "generationConfig"u8) && tokens[i + 1].Type == JsonTokenType.StartObject)
            {
                for (int j = i + 2; j < tokens[i + 1].Next; j = tokens[j + 1].Next)
                    WriteOne(span, question, j, embeds, text);
            }
            else
            {
                WriteOne(span, question, i, embeds, text);
            }
        }
    }

    private static void WriteOne(Activity span, JsonIndex question, int at, bool embeds, Func<string, string> text)
    {
        JsonIndex.Token name = question.Tokens[at];
        if (name.Escaped || name.Length > 26)
            return;
        ReadOnlySpan<byte> raw = question.Raw(name)[1..^1];
        switch (raw.Length)
        {
            case 1 when raw.SequenceEqual("n"u8):
            case 14 when raw.SequenceEqual("candidateCount"u8):
                if (Whole(question, at + 1) is { } choices and not 1)
                    span.SetTag("gen_ai.request.choice.count", choices);
                break;
            case 10 when raw.SequenceEqual("max_tokens"u8):
            case 21 when raw.SequenceEqual("max_completion_tokens"u8):
            case 17 when raw.SequenceEqual("max_output_tokens"u8):
            case 15 when raw.SequenceEqual("maxOutputTokens"u8):
                Tag(span, "gen_ai.request.max_tokens", Whole(question, at + 1));
                break;
            case 11 when raw.SequenceEqual("temperature"u8):
                Tag(span, "gen_ai.request.temperature", Number(question, at + 1));
                break;
            case 5 when raw.SequenceEqual("top_p"u8):
            case 4 when raw.SequenceEqual("topP"u8):
                Tag(span, "gen_ai.request.top_p", Number(question, at + 1));
                break;
            case 5 when raw.SequenceEqual("top_k"u8):
            case 4 when raw.SequenceEqual("topK"u8):
                Tag(span, "gen_ai.request.top_k", Number(question, at + 1));
                break;
            case 4 when raw.SequenceEqual("seed"u8):
                Tag(span, "gen_ai.request.seed", Whole(question, at + 1));
                break;
            case 17 when raw.SequenceEqual("frequency_penalty"u8):
            case 16 when raw.SequenceEqual("frequencyPenalty"u8):
                Tag(span, "gen_ai.request.frequency_penalty", Number(question, at + 1));
                break;
            case 16 when raw.SequenceEqual("presence_penalty"u8):
            case 15 when raw.SequenceEqual("presencePenalty"u8):
                Tag(span, "gen_ai.request.presence_penalty", Number(question, at + 1));
                break;
            case 4 when raw.SequenceEqual("stop"u8):
            case 14 when raw.SequenceEqual("stop_sequences"u8):
            case 13 when raw.SequenceEqual("stopSequences"u8):
                WriteStops(span, question, at + 1, text);
                break;
            case 15 when raw.SequenceEqual("response_format"u8):
                WriteFormat(span, question, at + 1);
                break;
            case 16 when raw.SequenceEqual("responseMimeType"u8):
                if (question.Tokens[at + 1].Type == JsonTokenType.String)
                    span.SetTag("gen_ai.output.type", question.Raw(question.Tokens[at + 1]).SequenceEqual("\"application/json\""u8) ? "json" : "text");
                break;
            case 12 when raw.SequenceEqual("conversation"u8):
                if (question.Tokens[at + 1].Type == JsonTokenType.String)
                    span.SetTag("gen_ai.conversation.id", text(question.Text(question.Tokens[at + 1])));
                break;
            case 10 when embeds && raw.SequenceEqual("dimensions"u8):
            case 20 when embeds && raw.SequenceEqual("outputDimensionality"u8):
                Tag(span, "gen_ai.embeddings.dimension.count", Whole(question, at + 1));
                break;
            case 15 when embeds && raw.SequenceEqual("encoding_format"u8):
                if (question.Tokens[at + 1].Type == JsonTokenType.String)
                    span.SetTag("gen_ai.request.encoding_formats", (string[])[text(question.Text(question.Tokens[at + 1]))]);
                break;
            default:
                break;
        }
    }

    private static void WriteStops(Activity span, JsonIndex question, int at, Func<string, string> text)
    {
        List<string> stops = [];
        JsonIndex.Token value = question.Tokens[at];
        if (value.Type == JsonTokenType.String)
            stops.Add(Cut(question.Text(value)));
        for (int i = at + 1; value.Type == JsonTokenType.StartArray && i < value.Next && stops.Count < MostStops; i = question.Tokens[i].Next)
        {
            if (question.Tokens[i].Type == JsonTokenType.String)
                stops.Add(Cut(question.Text(question.Tokens[i])));
        }

        if (stops.Count > 0)
            span.SetTag("gen_ai.request.stop_sequences", stops.ToArray());

        string Cut(string stop) => text(ForeignText.Cut(stop, LongestStop)!);
    }

    private static void WriteFormat(Activity span, JsonIndex question, int at)
    {
        JsonIndex.Token format = question.Tokens[at];
        for (int i = at + 1; format.Type == JsonTokenType.StartObject && i < format.Next; i = question.Tokens[i + 1].Next)
        {
            if (question.NameIs(question.Tokens[i], "type"u8))
                span.SetTag("gen_ai.output.type", question.Raw(question.Tokens[i + 1]).StartsWith("\"json"u8) ? "json" : "text");
        }
    }

    private static long? Whole(JsonIndex question, int at) =>
        question.Tokens[at].Type == JsonTokenType.Number && Utf8Parser.TryParse(question.Raw(question.Tokens[at]), out long value, out int used) && used == question.Tokens[at].Length ? value : null;

    private static double? Number(JsonIndex question, int at) =>
        question.Tokens[at].Type == JsonTokenType.Number && Utf8Parser.TryParse(question.Raw(question.Tokens[at]), out double value, out int used)
            && used == question.Tokens[at].Length && double.IsFinite(value) ? value : null;

    private static void Tag<T>(Activity span, string name, T? value)
        where T : struct
    {
        if (value is { } known)
            span.SetTag(name, known);
    }
}
