using System.Text;
using System.Text.Json;
using Perigee.Wire;
using Perigee.Wire.Anthropic;

namespace Perigee.Tests.Wire.Anthropic;

public sealed class AnthropicWriterTests
{
    [Fact]
    public void A_stream_opens_with_its_first_content_and_tells_the_tokens_at_its_end()
    {
        string written = Said.Written(stream: true, writer =>
        {
            writer.Begin("chatcmpl-1"u8, "gpt-x"u8);
            Assert.False(writer.Shown);
            writer.Text(0, Said.Of("Hello \"you\""));
            Assert.True(writer.Shown);
            writer.Text(1, Said.Of("another choice"));
            writer.Finish(0, new Ending(FinishReason.Stop));
            writer.Usage(new TokenUsage(10, 3, 0, 5, 2) { InputCacheWriteHour = 4, WebSearches = 1 });
            writer.End();
        });
        Assert.Equal("""
            event: message_start
            data: {"type":"message_start","message":{"id":"msg_0123","type":"message","role":"assistant","model":"gpt-x","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}}

            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello \"you\""}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":0}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":10,"cache_creation_input_tokens":4,"cache_read_input_tokens":3,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":4},"output_tokens":7,"output_tokens_details":{"thinking_tokens":2},"server_tool_use":{"web_search_requests":1}}}

            event: message_stop
            data: {"type":"message_stop"}


            """, written);
    }

    [Fact]
    public void A_calls_first_piece_is_empty_as_anthropics_is()
    {
        string written = Said.Written(stream: true, writer =>
        {
            writer.ToolCall(0, 0, Said.Of("call_1"), Said.Of("f"));
            writer.ToolArguments(0, 0, Said.Of("{\"a\":1}"));
        });
        Assert.EndsWith("""
            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"call_1","name":"f","input":{}}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":""}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}


            """, written, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Interleaved_calls_become_blocks_one_after_another(bool stream)
    {
        Assert.Equal("""
            text Look: 
            call 0 call_1 first
            arguments 0 {"a":1,"b":2}
            call end 0
            call 1 call_2 second
            arguments 1 {"c":3}
            call end 1
            text And
            call 2 call_3 third
            call end 2
            finish ToolCalls tool_use
            """, Again(stream, writer =>
        {
            writer.Text(0, Said.Of("Look: "));
            writer.ToolCall(0, 0, Said.Of("call_1"), Said.Of("first"));
            writer.ToolArguments(0, 0, Said.Of("{\"a\":1,"));
            writer.ToolCall(0, 1, Said.Of("call_2"), Said.Of("second"));
            writer.ToolArguments(0, 1, Said.Of("{\"c\""));
            writer.Text(0, Said.Of("And"));
            writer.ToolArguments(0, 0, Said.Of("\"b\":2}"));
            writer.ToolArguments(0, 1, Said.Of(":3}"));
            writer.ToolCall(0, 2, Said.Of("call_3"), Said.Of("third"));
            writer.ToolEnd(0, 0);
            writer.Finish(0, new Ending(FinishReason.Stop));
        }));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Each_stretch_of_reasoning_is_a_block_with_its_own_proof(bool stream)
    {
        Proof google = new(ProofOrigin.Google, ProofKind.OnCall, new JsonText("Z29vZ2xl"u8)) { CallId = Said.Of("call_1") };
        string envelope = Encoding.ASCII.GetString(Said.Seal.Wrap(google));
        Assert.Equal($$"""
            reasoning one
            proof Anthropic Signature c2ln
            reasoning two
            reasoning end
            proof Anthropic Redacted aGlkZGVu
            reasoning three
            reasoning end
            proof Anthropic Signature {{envelope}}
            call 0 call_1 f
            call end 0
            proof Anthropic Signature YWxvbmU=
            text Hi
            finish ToolCalls tool_use
            """, Again(stream, Say));
        Assert.Equal($"""
            proof Anthropic Signature c2ln
            proof Anthropic Redacted aGlkZGVu
            proof Anthropic Signature {envelope}
            call 0 call_1 f
            call end 0
            proof Anthropic Signature YWxvbmU=
            text Hi
            finish ToolCalls tool_use
            """, Again(stream, Say, shows: false));

        static void Say(IAnswerWriter writer)
        {
            writer.Reasoning(0, Said.Of("one"));
            writer.Proof(0, new Proof(ProofOrigin.Anthropic, ProofKind.Signature, new JsonText("c2ln"u8)));
            writer.Reasoning(0, Said.Of("two"));
            writer.ReasoningEnd(0);
            writer.Proof(0, new Proof(ProofOrigin.Anthropic, ProofKind.Redacted, new JsonText("aGlkZGVu"u8)));
            writer.Reasoning(0, Said.Of("three"));
            writer.Proof(0, new Proof(ProofOrigin.Google, ProofKind.OnCall, new JsonText("Z29vZ2xl"u8)) { CallId = Said.Of("call_1") });
            writer.ToolCall(0, 0, Said.Of("call_1"), Said.Of("f"));
            writer.ToolEnd(0, 0);
            writer.Proof(0, new Proof(ProofOrigin.None, ProofKind.Signature, new JsonText("bm8="u8)));
            writer.Proof(0, new Proof(ProofOrigin.Anthropic, ProofKind.Signature, new JsonText("YWxvbmU="u8)));
            writer.Text(0, Said.Of("Hi"));
            writer.Finish(0, new Ending(FinishReason.ToolCalls));
        }
    }

    [Theory]
    [InlineData("", "{}")]
    [InlineData("""{"a": [1.0, "ä\n"]}""", """{"a": [1.0, "ä\n"]}""")]
    [InlineData("""{"a": """, """{"_raw":"{\"a\": "}""")]
    [InlineData("[1]", """{"_raw":"[1]"}""")]
    public void A_whole_answers_input_is_an_object_whatever_the_model_wrote(string arguments, string input)
    {
        string body = Said.Written(stream: false, writer =>
        {
            writer.ToolCall(0, 0, Said.Of("call_1"), Said.Of("f"));
            writer.ToolArguments(0, 0, Said.Of(arguments));
            writer.Finish(0, new Ending(FinishReason.ToolCalls));
            writer.End();
        });
        Assert.Equal($$$"""{"id":"msg_0123","type":"message","role":"assistant","model":"asked-model","content":[{"type":"tool_use","id":"call_1","name":"f","input":{{{input}}}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0}}""", body);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Names_come_back_and_ids_take_a_form_that_clients_may_send_again(bool stream)
    {
        string said = Again(stream, writer =>
        {
            writer.ToolCall(0, 0, Said.Of("call 1|x"), Said.Of("my_tool"));
            writer.ToolEnd(0, 0);
            writer.Finish(0, new Ending(FinishReason.ToolCalls));
        }, names: new() { ["my_tool"] = "my.tool" });
        Assert.StartsWith($"call 0 {AnthropicIds.Of("call 1|x"u8)} my.tool\n", said, StringComparison.Ordinal);
        Assert.Matches("^toolu_[0-9a-f]{24}$", AnthropicIds.Of("call 1|x"u8));
        Assert.Equal(AnthropicIds.Of("a/b"u8), AnthropicIds.Of("a\\/b"u8));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Citations_stand_at_their_text_and_what_cannot_be_said_is_told_in_words(bool stream)
    {
        Assert.Equal("""
            text One.
            text [image/png]
            text Spoken.
            citation https://a.example 'T' 'q' 0..22
            citation https://b.example '' '' 0..22
            finish Stop end_turn
            """.Replace("text One.\ntext [image/png]\ntext Spoken.", stream ? "text One.\ntext [image/png]\ntext Spoken." : "text One.[image/png]Spoken.", StringComparison.Ordinal),
            Again(stream, writer =>
        {
            writer.Citation(0, new Citation(Said.Of("https://a.example")) { Title = Said.Of("T"), Quoted = Said.Of("q") });
            writer.Text(0, Said.Of("One."));
            writer.Citation(0, new Citation(Said.Of("https://b.example")));
            writer.Media(0, Said.Of("image/png"), Said.Of("AAAA"), default);
            writer.Media(0, Said.Of("audio/mpeg"), Said.Of("AAAA"), Said.Of("Spoken."));
            writer.Logprobs(0, "[]"u8);
            writer.Finish(0, new Ending(FinishReason.Stop));
        }));
    }

    [Theory]
    [InlineData("Stop", false, "end_turn")]
    [InlineData("None", false, "end_turn")]
    [InlineData("Other", false, "end_turn")]
    [InlineData("ToolCalls", false, "end_turn")]
    [InlineData("MalformedCall", true, "tool_use")]
    [InlineData("Other", true, "tool_use")]
    [InlineData("Length", true, "max_tokens")]
    [InlineData("ContextFull", false, "model_context_window_exceeded")]
    [InlineData("Pause", false, "pause_turn")]
    [InlineData("ContentFilter", false, "refusal")]
    [InlineData("Refusal", false, "refusal")]
    public void Every_reason_has_its_word(string reason, bool call, string word)
    {
        foreach (bool stream in (ReadOnlySpan<bool>)[true, false])
        {
            string said = Again(stream, writer =>
            {
                if (call)
                    writer.ToolCall(0, 0, Said.Of("c"), Said.Of("f"));
                writer.Finish(0, new Ending(Enum.Parse<FinishReason>(reason)));
            });
            Assert.EndsWith(" " + word, said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Refusals_and_stop_sequences_tell_more()
    {
        string refused = Said.Written(stream: false, writer =>
        {
            writer.Refusal(0, Said.Of("I won't."));
            writer.Finish(0, new Ending(FinishReason.Stop) { Explanation = Said.Of("Policy") });
            writer.End();
        });
        Assert.Contains("""[{"type":"text","text":"I won't."}],"stop_reason":"refusal","stop_sequence":null,"stop_details":{"type":"refusal","category":null,"explanation":"Policy"}""", refused, StringComparison.Ordinal);
        string stopped = Said.Written(stream: false, writer =>
        {
            writer.Finish(0, new Ending(FinishReason.StopSequence) { Sequence = Said.Of("END") });
            writer.End();
        });
        Assert.Contains("""[],"stop_reason":"stop_sequence","stop_sequence":"END",""", stopped, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_is_written_after_an_error_and_an_empty_answer_is_whole()
    {
        string written = Said.Written(stream: true, writer =>
        {
            writer.Begin(default, default);
            writer.Error(Said.Of("x"), default, 0);
            writer.Text(0, Said.Of("late"));
            writer.End();
        });
        Assert.Empty(written);
        Assert.Equal("finish Stop end_turn", Again(stream: true, _ => { }));
    }

    /// <summary>Only what stands between two blocks of a stream may stand there; then what the client's own SDK would understand.</summary>
    private static string Again(bool stream, Action<IAnswerWriter> say, bool shows = true, Dictionary<string, string>? names = null)
    {
        string written = Said.Written(stream, writer =>
        {
            writer.Begin("msg_9"u8, "m"u8);
            say(writer);
            writer.End();
        }, shows, names);
        string said = stream ? Said.Stream(Events(written)) : Said.Whole(written);
        List<string> lines = [.. said.Split('\n')];
        Assert.Equal("begin msg_9 m", lines[0]);
        Assert.Equal("end", lines[^1]);
        lines.RemoveAll(line => line is "begin msg_9 m" or "end" || line.StartsWith("usage", StringComparison.Ordinal));
        return string.Join('\n', Joined(lines));
    }

    private static string Events(string sse)
    {
        List<string> data = [];
        int open = -1, next = 0;
        foreach (string block in sse.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            string[] lines = block.Split('\n');
            Assert.Equal(2, lines.Length);
            using JsonDocument json = JsonDocument.Parse(lines[1]["data: ".Length..]);
            string type = json.RootElement.GetProperty("type").GetString()!;
            Assert.Equal("event: " + type, lines[0]);
            if (type == "content_block_start")
            {
                Assert.Equal(-1, open);
                open = json.RootElement.GetProperty("index").GetInt32();
                Assert.Equal(next++, open);
            }
            else if (type.StartsWith("content_block", StringComparison.Ordinal))
            {
                Assert.Equal(open, json.RootElement.GetProperty("index").GetInt32());
                open = type == "content_block_stop" ? -1 : open;
            }
            else
            {
                Assert.Equal(-1, open);
            }

            data.Add(lines[1]["data: ".Length..]);
        }

        return string.Join('\n', data);
    }

    /// <summary>Pieces of the same arguments as one.</summary>
    private static List<string> Joined(List<string> lines)
    {
        List<string> joined = [];
        foreach (string line in lines)
        {
            string head = line.StartsWith("arguments", StringComparison.Ordinal) ? line[..12] : "\n";
            if (joined.Count > 0 && joined[^1].StartsWith(head, StringComparison.Ordinal))
                joined[^1] += line[head.Length..];
            else
                joined.Add(line);
        }

        return joined;
    }
}
