using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Logs.Tail;
using Perigee.Tests.Failover;

namespace Perigee.Tests.Logs;

/// <summary>
/// The whole pipeline with everything on: questions, streamed answers and errors come in two pieces, cut at every place within what was planted,
/// and none of it is in any blob, table row, line, span, metric or error.
/// </summary>
public sealed class PipelineCanaryTests
{
    private const string All = "\"content\":\"on\",\"logs\":{\"bodies\":100,\"headers\":[\"x-planted\"],\"flushSeconds\":1},\"telemetry\":{\"prometheus\":true}";

    [Fact]
    public async Task Wherever_it_is_cut_none_of_it_is_written()
    {
        using CanarySinks sinks = new();
        await using InProcess gateway = await InProcess.StartAsync($"{All},\"cache\":{{\"enabled\":false}}", sinks);
        StringBuilder seen = new();
        LogTail records = gateway.Rig.Services.GetRequiredService<LogTail>();
        using LogTail.TailReader tail = records.Join(null)!;
        int asked = 0;
        for (int i = 0; i < Planted.Values.Count; i++)
        {
            string planted = Planted.Values[i].Text, text = JsonEncodedText.Encode(planted).Value;
            string question = $$"""{"model":"openaix/m","stream":true,"messages":[{"role":"user","content":"I am {{text}} and so on"}],"user":"{{text}}"}""";
            string answer = Tongue.OpenAi.Opening + Tongue.OpenAi.Piece($"You are {planted}, I hear.") + Tongue.OpenAi.Finish + Tongue.OpenAi.Closing;
            string error = Tongue.OpenAi.Error(400, $"Who is {planted}?");

            // Every place within it, of some values; every fifth, another one each time, of the others.
            int step = i % 25 == 0 ? 1 : 5;
            for (int place = i % step; place <= Encoding.UTF8.GetByteCount(text); place += step, asked++)
            {
                bool fails = asked % 3 == 0;
                if (fails)
                    gateway.Provider.Say(400, error, split: At(error, text, planted) + place);
                else
                    gateway.Provider.Say(200, answer, "text/event-stream", At(answer, text, planted) + place);
                InProcess.Told told = await gateway.AskAsync("/v1/chat/completions", question, At(question, text, planted) + place, ("x-planted", planted), ("User-Agent", planted),
                    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), ("tracestate", "v=" + planted), ("baggage", "v=" + planted));
                Assert.Equal(fails ? 400 : 200, told.Status);
                if (fails)
                    Assert.Empty(CanarySinks.In("error", told.Body));
                while (tail.Records.TryRead(out ExchangeRecord? record))
                    seen.Append(Encoding.UTF8.GetString(records.LineOf(record).Span)).Append('\n');
            }
        }

        InProcess.Told metrics = await gateway.AskAsync("/metrics", null);
        InProcess.Told usage = await gateway.AskAsync("/manage/v1/usage", null);
        Assert.Equal(asked, gateway.Provider.Calls);
        List<JsonElement> lines = await gateway.Rig.StopAsync();
        Assert.Equal(asked, lines.Count(static line => line.GetProperty("kind").GetString() == "exchange"));
        Assert.Equal(2 * asked, lines.Count(static line => line.GetProperty("kind").GetString() == "body"));
        Assert.True(seen.Length > 1000, "the tail shows records");
        Assert.Contains("perigee", metrics.Body, StringComparison.Ordinal);
        List<string> leaks = sinks.Leaks(gateway.Rig, lines, ("tail", seen.ToString()), ("/metrics", metrics.Body), ("usage", usage.Body));
        Assert.True(leaks.Count == 0, string.Join('\n', leaks));
    }

    /// <summary>Streams of all dialects, in which the value comes in deltas; DELTA is replaced by a piece of it.</summary>
    public static TheoryData<string, string, string, string> Streams => new()
    {
        { "/v1/chat/completions", "", "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"DELTA\"}}]}\n\n", "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n" },
        { "/v1/chat/completions", "", "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"t\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"DELTA\"}}]}}]}\n\n", "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n" },
        { "/v1/responses", "", "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"item_id\":\"i\",\"output_index\":0,\"content_index\":0,\"delta\":\"DELTA\"}\n\n", "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"object\":\"response\",\"status\":\"completed\",\"output\":[]}}\n\n" },
        { "/v1/messages", "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],\"usage\":{\"input_tokens\":1,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n", "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"DELTA\"}}\n\n", "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":4}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n" },
        { "/v1beta/models/geminix/m:streamGenerateContent?alt=sse", "", "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"DELTA\"}],\"role\":\"model\"},\"index\":0}]}\n\n", "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"\"}],\"role\":\"model\"},\"finishReason\":\"STOP\",\"index\":0}]}\n\n" },
    };

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task What_comes_in_deltas_is_found_in_their_joined_text(string path, string opening, string delta, string closing)
    {
        await using InProcess gateway = await InProcess.StartAsync($"{All},\"cache\":{{\"enabled\":false}}");
        int place = 0;
        foreach ((string _, string planted, string telling) in Planted.Values)
        {
            // In deltas of three letters, as tokens are; what is before and behind it in the same ones.
            string[] pieces = [.. $"I see {planted}, and more.".Chunk(3).Select(static piece => JsonEncodedText.Encode(new string(piece)).Value)];
            string said = opening + string.Concat(pieces.Select(piece => delta.Replace("DELTA", piece, StringComparison.Ordinal))) + closing;
            gateway.Provider.Say(200, said, "text/event-stream", 1 + ((place += 17) % (said.Length - 1)));
            string question = path switch
            {
                "/v1/responses" => """{"model":"openaix/m","stream":true,"input":"hi"}""",
                "/v1/messages" => Tongue.Anthropic.Question("anthropicx/m", stream: true),
                "/v1/chat/completions" => Tongue.OpenAi.Question("openaix/m", stream: true),
                _ => Tongue.Gemini.Question("geminix/m", stream: true),
            };
            Assert.Equal(said, (await gateway.AskAsync(path, question)).Body);
        }

        List<JsonElement> lines = await gateway.Rig.StopAsync();
        string[] answers = [.. lines.Where(static line => line.GetProperty("kind").GetString() == "body" && line.GetProperty("part").GetString() == "answer").Select(static line => line.GetProperty("text").GetString()!)];
        Assert.Equal(Planted.Values.Count, answers.Length);
        string marker = delta[..delta.IndexOf("DELTA", StringComparison.Ordinal)];
        foreach (string answer in answers)
        {
            StringBuilder joined = new();
            for (int at = answer.IndexOf(marker, StringComparison.Ordinal); at >= 0; at = answer.IndexOf(marker, at + 1, StringComparison.Ordinal))
                joined.Append(answer[(at + marker.Length)..answer.IndexOf('"', at + marker.Length)]);
            Assert.Contains("I see", joined.ToString(), StringComparison.Ordinal);
            Assert.Contains("and more.", joined.ToString(), StringComparison.Ordinal);
            Assert.Empty(CanarySinks.In("joined", joined.ToString()));
        }
    }

    [Fact]
    public async Task With_the_cache_on_no_row_and_no_blob_of_it_holds_what_was_asked()
    {
        using CanarySinks sinks = new();
        await using InProcess gateway = await InProcess.StartAsync(
            All + ",\"cache\":{\"mode\":\"semantic\",\"semantic\":{\"near\":true}}", sinks);
        int kept = 0;
        foreach ((string _, string planted, string _) in Planted.Values)
        {
            string text = JsonEncodedText.Encode(planted).Value;
            foreach (string model in (string[])["openaix/m", "openaix/" + text])
            {
                string question = $$"""{"model":"{{model}}","stream":false,"temperature":0,"messages":[{"role":"system","content":"Known: {{text}}"},{"role":"user","content":"What is the best way to reach {{text}} in the evening?"}],"user":"{{text}}","metadata":{"{{text}}":"{{text}}"},"{{text}}":"{{text}}"}""";
                (string, string)[] headers =
                [
                    ("x-perigee-cache-namespace", planted), ("x-perigee-metadata", $"{{\"who\":\"{text}\"}}"), ("x-perigee-user", planted), ("x-perigee-session", planted),
                    ("anthropic-beta", planted), ("helicone-cache-ignore-keys", $"seed,{planted}"), ("User-Agent", planted),
                ];
                gateway.Provider.Headers.Clear();
                gateway.Provider.Headers.Add(("x-request-id", planted));
                gateway.Provider.Say(400, Tongue.OpenAi.Error(400, $"Not for {planted}."));
                Assert.Empty(CanarySinks.In("error", (await gateway.AskAsync("/v1/chat/completions", question, 0, headers)).Body));
                gateway.Provider.Say(200, Tongue.OpenAi.Whole("In the evening."), $"application/json; of={planted}");
                InProcess.Told first = await gateway.AskAsync("/v1/chat/completions", question, 0, headers);
                InProcess.Told second = await gateway.AskAsync("/v1/chat/completions", question, 0, headers);
                if (first.Headers.Contains("x-perigee-cache: miss", StringComparison.Ordinal) && second.Headers.Contains("x-perigee-cache: hit", StringComparison.Ordinal))
                    kept++;
            }
        }

        Assert.True(kept > Planted.Values.Count, $"{kept} answers were replayed");
        List<JsonElement> lines = await gateway.Rig.StopAsync();
        Assert.Contains(Directory.EnumerateFiles(gateway.Rig.Folder, "*", SearchOption.AllDirectories), static file => new FileInfo(file).Length > 0);
        List<string> leaks = sinks.Leaks(gateway.Rig, lines);
        Assert.True(leaks.Count == 0, string.Join('\n', leaks));
    }

    [Fact]
    public async Task Breakers_of_models_that_clients_make_up_stand_in_no_table()
    {
        using CanarySinks sinks = new();
        await using InProcess gateway = await InProcess.StartAsync($"{All},\"cache\":{{\"enabled\":false}}", sinks, failures: 1);
        gateway.Provider.Say(500, Tongue.OpenAi.Error(500, "No."));
        foreach (string model in Planted.Values.Select(static one => one.Text))
            await gateway.AskAsync("/v1/chat/completions", Tongue.OpenAi.Question("openaix/" + model, stream: false));
        Assert.True(gateway.Provider.Calls > 200, $"{gateway.Provider.Calls} calls");
        List<JsonElement> lines = await gateway.Rig.StopAsync();
        List<string> leaks = sinks.Leaks(gateway.Rig, lines);
        Assert.True(leaks.Count == 0, string.Join('\n', leaks));
    }

    // A few bytes before the value: that much of what comes in the first piece.
    private static int At(string text, string escaped, string plain)
    {
        int at = text.IndexOf(escaped, StringComparison.Ordinal);
        return Math.Max(1, Encoding.UTF8.GetByteCount(text[..(at < 0 ? text.IndexOf(plain, StringComparison.Ordinal) : at)]));
    }
}
