using System.Buffers;
using Perigee.Wire;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Tests.Wire.OpenAiChat;

public sealed class OpenAiChatWriterTests
{
    private const string Head = """data: {"id":"chatcmpl-0123","object":"chat.completion.chunk","created":7,"model":"claude","choices":[""";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Stream_opens_each_choice_once_and_states_usage_only_if_asked(bool usage)
    {
        string tail = usage ? "],\"usage\":null}" : "]}";
        List<string> expected =
        [
            Head + """{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}""" + tail,
            Head + """{"index":0,"delta":{"content":"Hi\n"},"logprobs":null,"finish_reason":null}""" + tail,
            Head + """{"index":0,"delta":{"content":"\u4e16"},"logprobs":null,"finish_reason":null}""" + tail,
            Head + """{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop","stop_sequence":"END"}""" + tail,
        ];
        if (usage)
        {
            expected.Add(Head + """],"usage":{"prompt_tokens":22,"completion_tokens":9,"total_tokens":31,"prompt_tokens_details":{"cached_tokens":5,"cache_write_tokens":7,"audio_tokens":1},"completion_tokens_details":{"reasoning_tokens":4,"audio_tokens":0}}}""");
        }

        expected.Add("data: [DONE]");
        Assert.Equal(string.Join("\n\n", expected) + "\n\n", Heard.Written(true, w =>
        {
            w.Begin("msg_1"u8, "claude"u8);
            Assert.False(w.Shown);
            w.Text(0, default);
            w.Usage(new TokenUsage(1, 0, 0, 1, 0));
            Assert.False(w.Shown);
            w.Text(0, new JsonText("Hi\\n"u8));
            Assert.True(w.Shown);
            w.Text(0, new JsonText("\\u4e16"u8));
            w.Finish(0, new Ending(FinishReason.StopSequence) { Word = Heard.Of("stop_sequence"), Sequence = Heard.Of("END") });
            w.Usage(new TokenUsage(10, 5, 3, 5, 4) { InputCacheWriteHour = 4, InputAudio = 1 });
            w.End();
            w.End();
        }, usage: usage));
    }

    [Fact]
    public void Stream_of_calls_gives_id_and_name_once_and_arguments_always() => Assert.Equal("""
        {"role":"assistant","content":null,"refusal":null}
        {"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"my.tool","arguments":""}}]}
        {"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}]}
        {"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":1}"}}]}
        {"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}
        {} tool_calls
        """, Deltas(w =>
        {
            w.ToolCall(0, 0, Heard.Of("a"), Heard.Of("my_tool"));
            w.ToolCall(0, 1, Heard.Of("b"), Heard.Of("g"));
            w.ToolArguments(0, 0, Heard.Of("{\"x\":1}"));
            w.ToolEnd(0, 0);
            w.Finish(0, new Ending(FinishReason.Stop));
        }, names: new() { ["my_tool"] = "my.tool" }));

    [Fact]
    public void Reasoning_goes_out_twice_and_its_proof_once() => Assert.Equal("""
        {"role":"assistant","content":"","refusal":null}
        {"reasoning_content":"a","reasoning_details":[{"type":"reasoning.text","text":"a","index":0}]}
        {"reasoning_content":"b","reasoning_details":[{"type":"reasoning.text","text":"b","index":0}]}
        {"reasoning_details":[{"type":"reasoning.text","text":"","signature":"S","format":"anthropic-claude-v1","index":0}]}
        {"reasoning_details":[{"type":"reasoning.encrypted","data":"R","format":"anthropic-claude-v1","index":1}]}
        {"reasoning_content":"c","reasoning_details":[{"type":"reasoning.text","text":"c","index":2}]}
        {"reasoning_details":[{"type":"reasoning.encrypted","data":"G","id":"a","format":"google-gemini-v1","index":3}]}
        {"content":"d"}
        {} length
        """, Deltas(SayReasoning));

    [Fact]
    public void Hidden_reasoning_still_carries_its_proofs() => Assert.Equal("""
        {"role":"assistant","content":"","refusal":null}
        {"reasoning_details":[{"type":"reasoning.text","text":"","signature":"S","format":"anthropic-claude-v1","index":0}]}
        {"reasoning_details":[{"type":"reasoning.encrypted","data":"R","format":"anthropic-claude-v1","index":1}]}
        {"reasoning_details":[{"type":"reasoning.encrypted","data":"G","id":"a","format":"google-gemini-v1","index":3}]}
        {"content":"d"}
        {} length
        """, Deltas(SayReasoning, shows: false));

    [Fact]
    public void The_rest_of_the_verbs_have_their_places_in_a_stream() => Assert.Equal("""
        {"role":"assistant","content":"","refusal":null}
        {"annotations":[{"type":"url_citation","url_citation":{"start_index":1,"end_index":2,"url":"https://a.example","title":"A","content":"q"}}]}
        {"annotations":[{"type":"url_citation","url_citation":{"start_index":0,"end_index":0,"url":"https://b.example","title":""}}]}
        {"images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="},"index":0}]}
        {"audio":{"id":"audio_0123","data":"AA==","transcript":"a"}}
        {} {"content":[{"token":"x"}],"refusal":null}
        {"refusal":"Policy."}
        {} content_filter refusal
        """, Deltas(w =>
        {
            SayRest(w);
            w.Finish(0, new Ending(FinishReason.Refusal) { Word = Heard.Of("refusal"), Explanation = Heard.Of("Policy.") });
        }));

    [Fact]
    public void Whole_answer_holds_everything_in_one_message() => Assert.Equal("""
        {"id":"chatcmpl-x","object":"chat.completion","created":7,"model":"asked-model","choices":[{"index":0,"message":{"role":"assistant","content":"d","reasoning_content":"abc","reasoning_details":[{"type":"reasoning.text","text":"ab","signature":"S","format":"anthropic-claude-v1","index":0},{"type":"reasoning.encrypted","data":"R","format":"anthropic-claude-v1","index":1},{"type":"reasoning.text","text":"c","index":2},{"type":"reasoning.encrypted","data":"G","id":"a","format":"google-gemini-v1","index":3}],"refusal":null},"logprobs":null,"finish_reason":"length"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"prompt_tokens_details":{"cached_tokens":0,"cache_write_tokens":0,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0}}}
        """, Heard.Written(false, w =>
        {
            w.Begin("chatcmpl-x"u8, []);
            SayReasoning(w);
            w.Usage(new TokenUsage(1, 0, 0, 2, 0));
            Assert.False(w.Shown);
            w.End();
            Assert.True(w.Shown);
        }));

    [Fact]
    public void Whole_calls_leave_the_content_null() => Assert.Equal("""
        {"index":0,"message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"b","type":"function","function":{"name":"g","arguments":"{\"x\":1}"}}]},"logprobs":null,"finish_reason":"tool_calls"}
        """, Choice(w =>
        {
            w.ToolCall(0, 0, Heard.Of("a"), Heard.Of("f"));
            w.ToolEnd(0, 0);
            w.ToolCall(0, 1, Heard.Of("b"), Heard.Of("g"));
            w.ToolArguments(0, 1, Heard.Of("{\"x\""));
            w.ToolArguments(0, 1, Heard.Of(":1}"));
            w.Finish(0, new Ending(FinishReason.MalformedCall));
        }));

    [Fact]
    public void The_rest_of_the_verbs_have_their_places_in_a_whole() => Assert.Equal("""
        {"index":0,"message":{"role":"assistant","content":null,"refusal":"Policy.","annotations":[{"type":"url_citation","url_citation":{"start_index":1,"end_index":2,"url":"https://a.example","title":"A","content":"q"}},{"type":"url_citation","url_citation":{"start_index":0,"end_index":0,"url":"https://b.example","title":""}}],"images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="},"index":0}],"audio":{"id":"audio_0123","data":"AA==","expires_at":7,"transcript":"a"}},"logprobs":{"content":[{"token":"x"}],"refusal":null},"finish_reason":"content_filter","native_finish_reason":"refusal"}
        """, Choice(w =>
        {
            SayRest(w);
            w.Finish(0, new Ending(FinishReason.Refusal) { Word = Heard.Of("refusal"), Explanation = Heard.Of("Policy.") });
        }));

    [Theory]
    [InlineData(FinishReason.Stop, "stop", "\"stop\"")]
    [InlineData(FinishReason.Length, "max_tokens", "\"length\"")]
    [InlineData(FinishReason.ContextFull, "model_context_window_exceeded", "\"length\",\"native_finish_reason\":\"model_context_window_exceeded\"")]
    [InlineData(FinishReason.ContentFilter, "SAFETY", "\"content_filter\",\"native_finish_reason\":\"SAFETY\"")]
    [InlineData(FinishReason.Pause, "pause_turn", "\"stop\",\"native_finish_reason\":\"pause_turn\"")]
    [InlineData(FinishReason.Other, "new", "\"stop\",\"native_finish_reason\":\"new\"")]
    [InlineData(FinishReason.MalformedCall, "", "\"stop\"")]
    [InlineData(FinishReason.None, "", "\"stop\"")]
    public void Reasons_become_OpenAIs_words(object reason, string word, string expected)
    {
        void Say(IAnswerWriter w)
        {
            w.Text(0, Heard.Of("x"));
            w.Finish(0, new Ending((FinishReason)reason) { Word = Heard.Of(word) });
            w.End();
        }

        Assert.Contains($"\"finish_reason\":{expected}}}", Heard.Written(true, Say), StringComparison.Ordinal);
        Assert.Contains($"\"finish_reason\":{expected}}}", Heard.Written(false, Say), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Nothing_follows_an_error(bool stream) => Assert.Equal("", Heard.Written(stream, w =>
    {
        w.Begin("a"u8, "b"u8);
        w.Error(default, default, 500);
        w.Text(0, Heard.Of("x"));
        w.ToolCall(0, 0, Heard.Of("a"), Heard.Of("f"));
        w.ToolEnd(0, 0);
        w.Proof(0, new Proof(ProofOrigin.Google, ProofKind.OnText, Heard.Of("s")));
        w.Finish(0, new Ending(FinishReason.Stop));
        w.End();
        Assert.False(w.Shown);
    }));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_written_is_read_again(bool stream)
    {
        string written = Heard.Written(stream, w =>
        {
            w.Begin("chatcmpl-1"u8, "m"u8);
            SayReasoning(w, finish: false);
            w.ToolCall(0, 0, Heard.Of("a"), Heard.Of("f"));
            w.ToolArguments(0, 0, Heard.Of("{}"));
            w.Finish(0, new Ending(FinishReason.ToolCalls));
            w.End();
        });
        string read = stream ? Heard.Stream(written.Replace("data: ", "", StringComparison.Ordinal)) : Heard.Whole(written);
        string[] lines = read.Split('\n');
        Assert.Equal("abc", string.Concat(lines.Where(l => l.StartsWith("reasoning ", StringComparison.Ordinal) && l != "reasoning end").Select(l => l[10..])));
        Assert.Equal(
            ["proof Anthropic Signature S", "proof Anthropic Redacted R", "text d", "proof Google OnCall G of a", "call 0 a f", "arguments 0 {}", "call end 0", "finish ToolCalls tool_calls", "end"],
            lines.Where(l => !l.StartsWith("reasoning", StringComparison.Ordinal) && !l.StartsWith("begin", StringComparison.Ordinal)));
    }

    [Fact]
    public void An_event_of_text_allocates_nothing_on_its_way_through()
    {
        Roll output = new();
        using IAnswerWriter writer = OpenAiChatDialect.Chat.Writer(output, Heard.Shape(stream: true, usage: true));
        IAnswerReader reader = OpenAiChatDialect.Chat.Reader(writer, "seed");
        byte[] chunk = "{\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" word\",\"reasoning\":\"so\"},\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}"u8.ToArray();
        for (int i = 0; i < 100; i++)
            reader.ReadEvent(default, chunk);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            reader.ReadEvent(default, chunk);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 1000, 0, 0);
    }

    private static void SayReasoning(IAnswerWriter w) => SayReasoning(w, finish: true);

    private static void SayReasoning(IAnswerWriter w, bool finish)
    {
        w.Reasoning(0, Heard.Of("a"));
        w.Reasoning(0, Heard.Of("b"));
        w.Proof(0, new Proof(ProofOrigin.Anthropic, ProofKind.Signature, Heard.Of("S")));
        w.Proof(0, new Proof(ProofOrigin.Anthropic, ProofKind.Redacted, Heard.Of("R")));
        w.Reasoning(0, Heard.Of("c"));
        w.ReasoningEnd(0);
        w.Proof(0, new Proof(ProofOrigin.Google, ProofKind.OnCall, Heard.Of("G")) { CallId = Heard.Of("a") });
        w.Text(0, Heard.Of("d"));
        if (finish)
            w.Finish(0, new Ending(FinishReason.Length));
    }

    private static void SayRest(IAnswerWriter w)
    {
        w.Citation(0, new Citation(Heard.Of("https://a.example")) { Title = Heard.Of("A"), Quoted = Heard.Of("q"), Start = 1, End = 2 });
        w.Citation(0, new Citation(Heard.Of("https://b.example")));
        w.Media(0, Heard.Of("image/png"), Heard.Of("AA=="), default);
        w.Media(0, Heard.Of("audio/wav"), Heard.Of("AA=="), Heard.Of("a"));
        w.Logprobs(0, "[{\"token\":\n\"x\"}]"u8);
    }

    /// <summary>The deltas of a stream, one a line, with what is beside them.</summary>
    private static string Deltas(Action<IAnswerWriter> say, bool shows = true, Dictionary<string, string>? names = null)
    {
        string written = Heard.Written(true, w => { w.Begin("m"u8, "claude"u8); say(w); w.End(); }, shows, names: names);
        List<string> deltas = [];
        foreach (string chunk in written.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).SkipLast(1))
        {
            using System.Text.Json.JsonDocument document = System.Text.Json.JsonDocument.Parse(chunk[6..]);
            System.Text.Json.JsonElement choice = document.RootElement.GetProperty("choices")[0];
            string line = choice.GetProperty("delta").GetRawText();
            foreach (string beside in (string[])["logprobs", "finish_reason", "native_finish_reason"])
            {
                if (choice.TryGetProperty(beside, out System.Text.Json.JsonElement value) && value.ValueKind != System.Text.Json.JsonValueKind.Null)
                    line += " " + (value.ValueKind == System.Text.Json.JsonValueKind.String ? value.GetString() : value.GetRawText());
            }

            deltas.Add(line);
        }

        return string.Join('\n', deltas);
    }

    private static string Choice(Action<IAnswerWriter> say)
    {
        string written = Heard.Written(false, w => { say(w); w.End(); });
        using System.Text.Json.JsonDocument document = System.Text.Json.JsonDocument.Parse(written);
        return document.RootElement.GetProperty("choices")[0].GetRawText().ReplaceLineEndings("");
    }

    /// <summary>A buffer that forgets.</summary>
    private sealed class Roll : IBufferWriter<byte>
    {
        private readonly byte[] _bytes = new byte[4096];

        public void Advance(int count)
        {
        }

        public Memory<byte> GetMemory(int sizeHint = 0) => _bytes;

        public Span<byte> GetSpan(int sizeHint = 0) => _bytes;
    }
}
