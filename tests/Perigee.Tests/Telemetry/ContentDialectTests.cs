using System.Diagnostics;
using System.Text.Json;
using Perigee.Tests.Failover;

namespace Perigee.Tests.Telemetry;

/// <summary>Questions and answers of every kind of call in spans: there with the switch on, redacted and bounded, and nowhere with it off.</summary>
[Collection(nameof(Alone))]
public sealed class ContentDialectTests
{
    private const string Secret = "sk-canary0AbCdEfGhIjKlMn";

    private const string ResponsesQuestion = """
        {"model":"a/m","stream":STREAM,"instructions":"Old-owl SECRET","input":[
          {"role":"developer","content":"be kind"},
          {"type":"message","role":"user","content":[{"type":"input_text","text":"grey-parrot SECRET"},{"type":"input_image","image_url":"data:image/png;base64,AAAA"}]},
          {"type":"reasoning","summary":[{"type":"summary_text","text":"so it goes"}],"encrypted_content":"opaque"},
          {"type":"function_call","call_id":"c1","name":"look","arguments":"{\"at\":\"SECRET\"}"},
          {"type":"function_call_output","call_id":"c1","output":"a fish"}]}
        """;

    private const string ResponsesAnswer = """
        {"id":"resp_1","object":"response","status":"completed","model":"m","output":[
          {"type":"reasoning","summary":[{"type":"summary_text","text":"deep-thought"}]},
          {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Blue-whale SECRET"}]},
          {"type":"function_call","call_id":"c2","name":"swim","arguments":"{\"to\":\"SECRET\"}"}],
         "usage":{"input_tokens":3,"output_tokens":4,"total_tokens":7}}
        """;

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(true, false)]
    public async Task Responses(bool stream, bool content)
    {
        string answer = ResponsesAnswer.ReplaceLineEndings("").Replace("SECRET", Secret, StringComparison.Ordinal);
        (Activity exchange, Activity call) = await AskAsync(content, "/v1/responses", ResponsesQuestion.Replace("STREAM", stream ? "true" : "false", StringComparison.Ordinal), talk => stream
            ? talk.EventsAsync(Event("response.created", """ "response":{"id":"resp_1","object":"response","status":"in_progress","model":"m","output":[]} """) + Event("response.output_text.delta", """ "delta":"Blue-whale" """)
                + Event("response.completed", $""" "response":{answer} """))
            : talk.SendAsync(200, answer));

        if (!content)
        {
            Nothing(exchange, call);
            return;
        }

        Assert.Equal("""[{"type":"text","content":"Old-owl [redacted]"}]""", call.GetTagItem("gen_ai.system_instructions"));
        Assert.Equal("""[{"role":"system","parts":[{"type":"text","content":"be kind"}]},{"role":"user","parts":[{"type":"text","content":"grey-parrot [redacted]"},{"type":"blob","modality":"image","mime_type":"","content":""}]},{"role":"assistant","parts":[{"type":"reasoning","content":"so it goes"}]},{"role":"assistant","parts":[{"type":"tool_call","id":"c1","name":"look","arguments":"{\"at\":\"[redacted]\"}"}]},{"role":"tool","parts":[{"type":"tool_call_response","id":"c1","response":"a fish"}]}]""", call.GetTagItem("gen_ai.input.messages"));
        Assert.Equal("""[{"role":"assistant","parts":[{"type":"reasoning","content":"deep-thought"},{"type":"text","content":"Blue-whale [redacted]"},{"type":"tool_call","id":"c2","name":"swim","arguments":"{\"to\":\"[redacted]\"}"}],"finish_reason":"tool_call"}]""", call.GetTagItem("gen_ai.output.messages"));
        Assert.Null(call.GetTagItem("perigee.content.cut"));
        Assert.DoesNotContain(exchange.TagObjects, static tag => tag.Key.Contains("messages", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Responses_whose_stream_breaks_off_are_shown_as_far_as_they_came()
    {
        (_, Activity call) = await AskAsync(true, "/v1/responses", """{"model":"a/m","stream":true,"input":"grey-parrot"}""", async talk =>
        {
            await talk.EventsAsync(Event("response.reasoning_summary_text.delta", """ "delta":"deep-thought" """) + Event("response.output_text.delta", """ "delta":"Blue-" """) + Event("response.output_text.delta", """ "delta":"whale" """)
                + Event("response.output_item.added", """ "output_index":2,"item":{"type":"function_call","call_id":"c2","name":"swim","arguments":""} """)
                + Event("response.function_call_arguments.delta", """ "output_index":2,"delta":"{\"to\"" """));
            await talk.ResetAsync();
        });
        Assert.Equal("""[{"role":"user","parts":[{"type":"text","content":"grey-parrot"}]}]""", call.GetTagItem("gen_ai.input.messages"));
        Assert.Equal("""[{"role":"assistant","parts":[{"type":"reasoning","content":"deep-thought"},{"type":"text","content":"Blue-whale"},{"type":"tool_call","id":"c2","name":"swim","arguments":"{\"to\""}],"finish_reason":"error"}]""", call.GetTagItem("gen_ai.output.messages"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Gemini_as_one_array(bool content)
    {
        Tongue tongue = Tongue.GeminiArray;
        (Activity exchange, Activity call) = await AskAsync(content, tongue.ClientPath("a/m", true),
            """{"systemInstruction":{"parts":[{"text":"Old-owl SECRET"}]},"contents":[{"role":"user","parts":[{"text":"grey-parrot SECRET"}]}]}""",
            talk => talk.EventsAsync(talk.Tongue.Opening + talk.Tongue.Piece("Blue-whale ") + talk.Tongue.Piece(Secret) + talk.Tongue.Finish + talk.Tongue.Closing));
        if (!content)
        {
            Nothing(exchange, call);
            return;
        }

        Assert.Equal("""[{"type":"text","content":"Old-owl [redacted]"}]""", call.GetTagItem("gen_ai.system_instructions"));
        Assert.Equal("""[{"role":"user","parts":[{"type":"text","content":"grey-parrot [redacted]"}]}]""", call.GetTagItem("gen_ai.input.messages"));
        Assert.Equal("""[{"role":"assistant","parts":[{"type":"text","content":"Blue-whale [redacted]"}],"finish_reason":"stop"}]""", call.GetTagItem("gen_ai.output.messages"));
    }

    [Theory]
    [InlineData("openai", true)]
    [InlineData("gemini", true)]
    [InlineData("gemini batch", true)]
    [InlineData("openai", false)]
    [InlineData("gemini", false)]
    public async Task Texts_that_vectors_are_made_of_but_not_the_vectors(string dialect, bool content)
    {
        (string path, string body, string shown) = dialect switch
        {
            "openai" => ("/v1/embeddings", """{"model":"a/m","input":["grey-parrot SECRET","Old-owl"]}""", """["grey-parrot [redacted]","Old-owl"]"""),
            "gemini" => ("/v1beta/models/a/m:embedContent", """{"content":{"parts":[{"text":"grey-parrot SECRET"}]}}""", """["grey-parrot [redacted]"]"""),
            _ => ("/v1beta/models/a/m:batchEmbedContents", """{"requests":[{"model":"models/a/m","content":{"parts":[{"text":"grey-parrot SECRET"}]}},{"model":"models/a/m","content":{"parts":[{"text":"Old-owl"}]}}]}""", """["grey-parrot [redacted]","Old-owl"]"""),
        };
        string vectors = string.Join(',', Enumerable.Range(0, dialect == "gemini" ? 1 : 2).Select(static i => $$"""{"object":"embedding","index":{{i}},"embedding":[0.125,0.25]}"""));
        (Activity exchange, Activity call) = await AskAsync(content, path, body, talk => talk.SendAsync(200, $$"""{"object":"list","model":"m","data":[{{vectors}}],"usage":{"prompt_tokens":3,"total_tokens":3} }"""));
        if (!content)
        {
            Nothing(exchange, call);
            return;
        }

        Assert.Equal(shown, call.GetTagItem("perigee.embeddings.input"));
        Assert.DoesNotContain(call.TagObjects, static tag => tag.Key.Contains("messages", StringComparison.Ordinal) || tag.Value?.ToString()?.Contains("0.125", StringComparison.Ordinal) == true);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task Completions(bool stream, bool content)
    {
        static string Chunk(string text, string finish) => $$"""data: {"id":"c1","object":"text_completion","created":1,"model":"m","choices":[{"index":0,"text":"{{text}}","finish_reason":{{finish}}}]}""" + "\n\n";
        (Activity exchange, Activity call) = await AskAsync(content, "/v1/completions", $$"""{"model":"a/m","stream":{{(stream ? "true" : "false")}},"prompt":"grey-parrot SECRET"}""", talk => stream
            ? talk.EventsAsync(Chunk("Blue-whale ", "null") + Chunk(Secret, "\"stop\"") + "data: [DONE]\n\n")
            : talk.SendAsync(200, $$"""{"id":"c1","object":"text_completion","created":1,"model":"m","choices":[{"index":0,"text":"Blue-whale {{Secret}}","finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7} }"""));
        if (!content)
        {
            Nothing(exchange, call);
            return;
        }

        Assert.Equal("""[{"role":"user","parts":[{"type":"text","content":"grey-parrot [redacted]"}]}]""", call.GetTagItem("gen_ai.input.messages"));
        Assert.Equal("""[{"role":"assistant","parts":[{"type":"text","content":"Blue-whale [redacted]"}],"finish_reason":"stop"}]""", call.GetTagItem("gen_ai.output.messages"));
    }

    [Fact]
    public async Task Anthropics_system_stands_apart()
    {
        (_, Activity call) = await AskAsync(true, "/v1/messages", """{"model":"a/m","max_tokens":9,"system":[{"type":"text","text":"Old-owl SECRET"}],"messages":[{"role":"user","content":"grey-parrot"}]}""", talk => talk.AnswerAsync());
        Assert.Equal("""[{"type":"text","content":"Old-owl [redacted]"}]""", call.GetTagItem("gen_ai.system_instructions"));
        Assert.Equal("""[{"role":"user","parts":[{"type":"text","content":"grey-parrot"}]}]""", call.GetTagItem("gen_ai.input.messages"));
    }

    [Theory]
    [InlineData("/v1/responses", """{"model":"a/m","instructions":"LONG","input":"LONG"}""")]
    [InlineData("/v1/completions", """{"model":"a/m","prompt":["LONG","LONG"]}""")]
    [InlineData("/v1/embeddings", """{"model":"a/m","input":["LONG","LONG"]}""")]
    public async Task All_of_it_is_bounded_and_said_to_be_cut(string path, string body)
    {
        (_, Activity call) = await AskAsync(true, path, body.Replace("LONG", string.Concat(Enumerable.Repeat("word ", 10_000)), StringComparison.Ordinal), talk => talk.SendAsync(200, """{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[1]},{"object":"embedding","index":1,"embedding":[1]}],"choices":[{"index":0,"text":"x","finish_reason":"stop"}]}"""));
        string[] shown = [.. call.TagObjects.Where(static tag => tag.Key is "gen_ai.system_instructions" or "gen_ai.input.messages" or "perigee.embeddings.input").Select(static tag => (string)tag.Value!)];
        Assert.NotEmpty(shown);
        Assert.All(shown, static text => Assert.InRange(text.Length, 16_000, 17_000));
        Assert.Equal(true, call.GetTagItem("perigee.content.cut"));
    }

    [Theory]
    [InlineData("""{"model":"a/m","input":"\ud800 grey-parrot"}""")]
    [InlineData("""{"model":"a/m","input":[{"role":"user","content":"x"},7,null,{"content":[null,{"type":5}]},{"type":"function_call"}]}""")]
    [InlineData("""{"model":"a/m","input":{"a":1},"instructions":[1]}""")]
    public async Task Odd_questions_are_shown_as_far_as_they_can_be_and_harm_nobody(string body)
    {
        (Activity exchange, Activity call) = await AskAsync(true, "/v1/responses", body, talk => talk.SendAsync(200, ResponsesAnswer.ReplaceLineEndings("")));
        Assert.Equal(200, exchange.GetTagItem("http.response.status_code"));
        Assert.NotNull(JsonDocument.Parse((string)call.GetTagItem("gen_ai.input.messages")!));
        Assert.Contains("Blue-whale", (string)call.GetTagItem("gen_ai.output.messages")!, StringComparison.Ordinal);
    }

    private static async Task<(Activity Exchange, Activity Call)> AskAsync(bool content, string path, string body, Func<Talk, Task> answer)
    {
        await using Traced traced = await Traced.StartAsync(more: content ? """ "content": "on", "retries": {"max": 0} """ : """ "retries": {"max": 0} """);
        traced.Scene.On("a", answer, path.Contains("stream", StringComparison.Ordinal) || body.Contains("\"stream\":true", StringComparison.Ordinal));
        (Activity exchange, List<Activity> calls) = await traced.OfAsync(scene => scene.PostAsync(path, body.Replace("SECRET", Secret, StringComparison.Ordinal)));
        return (exchange, Assert.Single(calls));
    }

    private static string Event(string type, string members) => $"event: {type}\ndata: {{\"type\":\"{type}\",{members}}}\n\n";

    private static void Nothing(params Activity[] spans)
    {
        foreach (Activity span in spans)
            Assert.DoesNotContain(span.TagObjects, static tag => System.Text.RegularExpressions.Regex.IsMatch($"{tag.Key}={tag.Value}", "(?i)whale|parrot|owl|thought|messages|instructions|embeddings.input"));
    }
}
