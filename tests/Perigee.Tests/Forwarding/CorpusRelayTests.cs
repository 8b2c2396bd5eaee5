using System.Text;
using System.Text.Json;
using Perigee.Wire;
using Perigee.Wire.OpenAiChat;
using Perigee.Wire.OpenAiResponses;

namespace Perigee.Tests.Forwarding;

/// <summary>Every recorded stream and answer of OpenAI's dialects goes through the relay and the readers.</summary>
public sealed class CorpusRelayTests(ITestOutputHelper output)
{
    private const int Seed = 20261123;

    [Theory]
    [InlineData("openai-chat")]
    [InlineData("openai-completions")]
    [InlineData("openai-responses")]
    public async Task Recorded_streams_pass_byte_for_byte(string dialect)
    {
        Assert.SkipUnless(Corpus.IsHere, Corpus.Absent);
        output.WriteLine($"seed {Seed}");
        Random random = new(Seed);
        int whole = 0, failed = 0;
        List<string> faults = [];
        foreach (JsonElement exchange in Corpus.Exchanges(e => Is(e, dialect) && e.GetProperty("stream").GetBoolean() && e.GetProperty("framing").GetString() == "sse"))
        {
            string? text = Body(exchange);
            if (text is null || exchange.GetProperty("response").GetProperty("status").GetInt32() != 200)
                continue;
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            Func<int>[] cuts = bytes.Length > 60_000 ? [() => bytes.Length] : [() => bytes.Length, () => 1, () => random.Next(1, 200)];
            string? first = null;
            foreach (Func<int> cut in cuts)
            {
                (GatewayError? error, string sent, Exchange seen) = await StreamRelayTests.RunAsync(bytes, cut, dialect: Dialect(dialect), operation: Operation(dialect));
                string result = $"{error?.Kind} {seen.Answer.Finish} {seen.Answer.Usage} {seen.Answer.Id}";
                first ??= result;
                if (result != first)
                    faults.Add($"{Name(exchange)}: cut changes the result: {first} / {result}");
                if (error is null && sent != text)
                    faults.Add($"{Name(exchange)}: bytes differ");
                if (error is not null && !text.StartsWith(sent.TrimEnd(), StringComparison.Ordinal))
                    faults.Add($"{Name(exchange)}: not a prefix");
            }

            if (first!.StartsWith(' '))
                whole++;
            else
            {
                failed++;
                output.WriteLine($"{Name(exchange)}: {first}; ends {JsonSerializer.Serialize(text[^Math.Min(160, text.Length)..])}");
            }
        }

        output.WriteLine($"{dialect}: {whole} complete, {failed} broken off or errors");
        Assert.Empty(faults);
        Assert.True(whole > failed * 9, $"{whole} complete, {failed} not");
    }

    [Theory]
    [InlineData("openai-chat")]
    [InlineData("openai-completions")]
    [InlineData("openai-responses")]
    public void Recorded_answers_are_read_whole_with_their_usage(string dialect)
    {
        Assert.SkipUnless(Corpus.IsHere, Corpus.Absent);
        int read = 0, usages = 0;
        List<string> faults = [];
        foreach (JsonElement exchange in Corpus.Exchanges(e => Is(e, dialect) && !e.GetProperty("stream").GetBoolean() && e.GetProperty("framing").GetString() == "json"))
        {
            if (Body(exchange) is not { } text || exchange.GetProperty("response").GetProperty("status").GetInt32() != 200)
                continue;
            AnswerFacts facts = new();
            EventNature nature = Dialect(dialect).Reader(facts).ReadWhole(Encoding.UTF8.GetBytes(text));
            JsonElement root = JsonDocument.Parse(text).RootElement;
            bool isError = root.ValueKind != JsonValueKind.Object || (root.TryGetProperty("error", out JsonElement error) && error.ValueKind == JsonValueKind.Object && !root.TryGetProperty("object", out _));
            bool noChoices = dialect != "openai-responses" && !isError && (!root.TryGetProperty("choices", out JsonElement choices) || choices.ValueKind != JsonValueKind.Array || choices.GetArrayLength() == 0);
            if ((nature == EventNature.Error) != (isError || noChoices))
                faults.Add($"{Name(exchange)}: read as {nature}: {facts.ErrorMessage}");
            if (!isError && root.TryGetProperty("usage", out JsonElement usage) && usage.ValueKind == JsonValueKind.Object && Total(usage) is { } total)
            {
                usages++;
                if (facts.Usage is not { } seen || (seen.Input + seen.Output != total))
                    faults.Add($"{Name(exchange)}: usage {facts.Usage} but total {total}");
            }

            read++;
        }

        output.WriteLine($"{dialect}: {read} read, {usages} usages");
        foreach (string fault in faults)
            output.WriteLine(fault);
        Assert.True(read > 20);

        // Providers that state a total which is not the sum of its parts are on record; more than a few would be a fault of the reader.
        Assert.True(faults.Count <= read / 100, string.Join('\n', faults.Take(20)));
    }

    private static long? Total(JsonElement usage) =>
        usage.TryGetProperty("total_tokens", out JsonElement total) && total.ValueKind == JsonValueKind.Number ? total.GetInt64() : null;

    private static bool Is(JsonElement exchange, string dialect) => exchange.GetProperty("dialect").GetString() == dialect;

    private static string Name(JsonElement exchange) => exchange.GetProperty("file").GetString()!;

    private static string? Body(JsonElement exchange) =>
        exchange.GetProperty("response").TryGetProperty("body", out JsonElement body)
            ? body.ValueKind == JsonValueKind.String ? body.GetString() : body.GetRawText()
            : null;

    private static IDialect Dialect(string name) => name == "openai-responses" ? OpenAiResponsesDialect.Instance : OpenAiChatDialect.Chat;

    private static string Operation(string dialect) => dialect switch { "openai-chat" => "chat", "openai-completions" => "completions", _ => "responses" };
}
