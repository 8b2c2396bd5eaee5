using System.Buffers;
using System.Text;
using Perigee.Wire;
using Perigee.Wire.Anthropic;

namespace Perigee.Tests.Wire.Anthropic;

public sealed class AnthropicReaderTests
{
    private const string Open = """{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],"usage":{"input_tokens":9,"cache_read_input_tokens":4,"cache_creation_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":2,"ephemeral_1h_input_tokens":5},"output_tokens":1}}}""";
    private const string Close = """
        {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":12}}
        {"type":"message_stop"}
        """;

    [Fact]
    public void Text_is_said_as_it_comes_padding_pings_and_unknown_events_are_passed_over()
    {
        string said = Said.Stream($$$"""
            {{{Open}}}
            {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}
            {"type": "ping"}
            {"type":"something_new","index":0,"delta":{"type":"text_delta","text":"no"}}
            {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"He said \"a\\b\" \u00e4 "}   }
            {"delta":{"text":"sorted","type":"text_delta"},"index":0,"type":"content_block_delta"}
            {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}}
            {"type":"content_block_stop","index":0}
            {{{Close}}}
            """, out List<EventNature> natures);
        Assert.Equal("""
            begin msg_1 claude-x
            usage 9+4+2+5 > 1+0
            text He said \"a\\b\" \u00e4 
            text sorted
            usage 9+4+2+5 > 12+0
            finish Stop end_turn
            end
            """, said);
        Assert.Equal("Silent Silent Silent Silent Content Content Silent Silent Content End", string.Join(' ', natures));
    }

    [Fact]
    public void Reasoning_is_signed_or_ends_and_hidden_reasoning_is_a_proof()
    {
        const string Expected = """
            begin msg_1 claude-x
            reasoning Let me
            proof Anthropic Signature c2ln
            proof Anthropic Signature YWxvbmU=
            reasoning bare
            reasoning end
            proof Anthropic Redacted ZGF0YQ==
            text Hi
            finish Stop end_turn
            end
            """;
        Assert.Equal(Expected, Said.Stream("""
            {"type":"message_start","message":{"id":"msg_1","model":"claude-x"}}
            {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}
            {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me"}}
            {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}
            {"type":"content_block_stop","index":0}
            {"type":"content_block_start","index":1,"content_block":{"type":"thinking","thinking":"","signature":""}}
            {"type":"content_block_delta","index":1,"delta":{"type":"signature_delta","signature":"YWxvbmU="}}
            {"type":"content_block_stop","index":1}
            {"type":"content_block_start","index":2,"content_block":{"type":"thinking","thinking":"bare"}}
            {"type":"content_block_stop","index":2}
            {"type":"content_block_start","index":3,"content_block":{"type":"redacted_thinking","data":"ZGF0YQ=="}}
            {"type":"content_block_stop","index":3}
            {"type":"content_block_start","index":4,"content_block":{"type":"text","text":"Hi"}}
            {"type":"content_block_stop","index":4}
            {"type":"message_delta","delta":{"stop_reason":"end_turn"}}
            {"type":"message_stop"}
            """));
        Assert.Equal(Expected, Said.Whole("""
            {"stop_reason":"end_turn","content":[{"type":"thinking","thinking":"Let me","signature":"c2ln"},{"signature":"YWxvbmU=","thinking":"","type":"thinking"},
            {"type":"thinking","thinking":"bare"},{"type":"redacted_thinking","data":"ZGF0YQ=="},{"type":"text","text":"Hi","citations":null}],"model":"claude-x","id":"msg_1","type":"message"}
            """));
    }

    [Fact]
    public void Calls_are_counted_without_holes_and_arguments_may_stand_in_either_place()
    {
        Assert.Equal("""
            begin msg_1 claude-x
            call 0 toolu_a weather
            arguments 0 {"city":
            arguments 0 "Köln"}
            call end 0
            call 1 toolu_b whole
            arguments 1 {"a": 1}
            call end 1
            call 2 toolu_seed_2 none
            call end 2
            finish ToolCalls tool_use
            end
            """, Said.Stream("""
            {"type":"message_start","message":{"id":"msg_1","model":"claude-x"}}
            {"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"srv","name":"web_search","input":{}}}
            {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"query\":\"x\"}"}}
            {"type":"content_block_stop","index":0}
            {"type":"content_block_start","index":1,"content_block":{"type":"web_search_tool_result","tool_use_id":"srv","content":[{"type":"web_search_result"}]}}
            {"type":"content_block_stop","index":1}
            {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_a","name":"weather","input":{}}}
            {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}
            {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"city\":"}}
            {"type":"content_block_delta","index":2,"delta":{"partial_json":"\"Köln\"}","type":"input_json_delta"}}
            {"type":"content_block_start","index":3,"content_block":{"type":"tool_use","id":"toolu_b","name":"whole","input":{"a": 1}}}
            {"type":"content_block_stop","index":3}
            {"type":"content_block_start","index":4,"content_block":{"type":"tool_use","name":"none","input":{ }}}
            {"type":"message_delta","delta":{"stop_reason":"tool_use"}}
            {"type":"message_stop"}
            """));
        Assert.Equal("""
            begin msg_1 claude-x
            call 0 toolu_a weather
            arguments 0 {"city": "K\"öln",
              "deep": {"x": [1.0]}}
            call end 0
            call 1 toolu_b none
            call end 1
            finish ToolCalls tool_use
            end
            """, Said.Whole("""
            {"id":"msg_1","model":"claude-x","content":[{"type":"server_tool_use","id":"s","name":"n","input":{"q":1}},{"type":"tool_use","id":"toolu_a","name":"weather","input":{"city": "K\"öln",
              "deep": {"x": [1.0]}}},{"type":"tool_use","id":"toolu_b","name":"none","input":{}}],"stop_reason":"tool_use"}
            """));
    }

    [Fact]
    public void Citations_span_their_block_in_code_points()
    {
        Assert.Equal("""
            begin msg_1 claude-x
            text Is 😀\ud83d\ude00. 
            text Said so.
            citation https://a.example/x 'A \"title\"' 'quoted' 7..15
            citation https://b.example '' '' 7..15
            finish Stop end_turn
            end
            """, Said.Stream("""
            {"type":"message_start","message":{"id":"msg_1","model":"claude-x"}}
            {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"Is 😀\ud83d\ude00. "}}
            {"type":"content_block_stop","index":0}
            {"type":"content_block_start","index":1,"content_block":{"type":"text","text":"","citations":[]}}
            {"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://a.example/x","title":"A \"title\"","cited_text":"quoted","encrypted_index":"e"}}}
            {"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"search_result_location","source":"https://b.example","title":null}}}
            {"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"char_location","document_index":0,"document_title":"d"}}}
            {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Said so."}}
            {"type":"content_block_stop","index":1}
            {"type":"message_delta","delta":{"stop_reason":"end_turn"}}
            {"type":"message_stop"}
            """));
    }

    [Fact]
    public void Closing_usage_overwrites_what_it_names_and_is_said_only_when_it_changed()
    {
        Assert.Equal("""
            begin msg_1 claude-x
            usage 9+4+2+5 > 1+0
            usage 11+4+2+5 > 20+10 3 searches
            finish Length max_tokens
            end
            """, Said.Stream($$$"""
            {{{Open}}}
            {"type":"message_start","message":{"id":"msg_2","model":"other","usage":{"input_tokens":77,"output_tokens":77} } }
            {"type":"message_delta","delta":{"stop_reason":null},"usage":null}
            {"type":"message_delta","delta":{"stop_reason":"max_tokens"},"usage":{"input_tokens":11,"cache_read_input_tokens":null,"output_tokens":30,"output_tokens_details":{"thinking_tokens":10},"server_tool_use":{"web_search_requests":3},"iterations":[{"input_tokens":99,"output_tokens":99}]}}
            {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":30}}
            {"type":"message_stop"}
            """));
    }

    [Theory]
    [InlineData("end_turn", "Stop")]
    [InlineData("tool_use", "ToolCalls")]
    [InlineData("max_tokens", "Length")]
    [InlineData("pause_turn", "Pause")]
    [InlineData("model_context_window_exceeded", "ContextFull")]
    [InlineData("compaction", "Other")]
    public void Every_reason_has_its_word(string word, string reason)
    {
        Assert.Contains($"finish {reason} {word}", Said.Stream("{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"" + word + "\"}}"), StringComparison.Ordinal);
        Assert.EndsWith($"finish {reason} {word}\nend", Said.Whole($$$"""{"content":[],"stop_reason":"{{{word}}}"}"""), StringComparison.Ordinal);
    }

    [Fact]
    public void Stop_sequences_and_refusals_tell_more()
    {
        Assert.Contains("finish StopSequence stop_sequence at END", Said.Whole("""{"content":[],"stop_sequence":"END","stop_reason":"stop_sequence"}"""), StringComparison.Ordinal);
        Assert.Contains("finish Refusal refusal: No.", Said.Stream(
            """{"type":"message_delta","delta":{"stop_reason":"refusal","stop_details":{"type":"refusal","category":null,"explanation":"No."}}}"""), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_message_stop_ends_a_stream_and_nothing_follows_it()
    {
        const string Cut = """
            {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hel"}}
            {"type":"message_delta","delta":{"stop_reason":"end_turn"}}
            """;
        Assert.DoesNotContain("end", Said.Stream(Cut).Split('\n'));
        Assert.Equal("begin  \ntext Hel\nfinish Stop end_turn\nend",
            Said.Stream(Cut + "\n{\"type\":\"message_stop\"}\n{\"type\":\"message_stop\"}\n{\"type\":\"error\",\"error\":{}}"));
        Assert.Equal("begin  \nfinish Other \nend", Said.Stream("""{"type":"message_stop"}"""));
    }

    [Fact]
    public void Blocks_that_were_never_opened_or_closed_are_forgiven()
    {
        Assert.Equal("""
            begin  
            text a
            reasoning b
            reasoning end
            call 0 t f
            arguments 0 {}
            call end 0
            text c
            finish Stop end_turn
            end
            """, Said.Stream("""
            {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}
            {"type":"content_block_delta","index":1,"delta":{"type":"thinking_delta","thinking":"b"}}
            {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}
            {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{}"}}
            {"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"c"}}
            {"type":"content_block_delta","index":9,"delta":{"type":"input_json_delta","partial_json":"lost"}}
            {"type":"message_delta","delta":{"stop_reason":"end_turn"}}
            {"type":"message_stop"}
            """));
    }

    [Theory]
    [InlineData("overloaded_error", 529)]
    [InlineData("rate_limit_error", 429)]
    [InlineData("api_error", 500)]
    [InlineData("new_error", 0)]
    public void Errors_are_said_with_the_status_of_their_word(string word, int status)
    {
        string json = $$$"""{"type":"error","error":{"type":"{{{word}}}","message":"It \"broke\""},"request_id":"r"}""";
        Assert.Equal($"error {status} {word}: It \"broke\"", Said.Stream(json + "\n" + Close));
        Assert.Equal($"error {status} {word}: It \"broke\"", Said.Whole(json));
    }

    [Theory]
    [InlineData("""{"completion":"Hi","stop_reason":"stop"}""")]
    [InlineData("""{"content":"Hi"}""")]
    [InlineData("[]")]
    [InlineData("<html>")]
    [InlineData("")]
    public void A_whole_answer_without_content_is_an_error(string body) => Assert.StartsWith("error 0 : ", Said.Whole(body), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"bad \q escape"}}""")]
    [InlineData("""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"cut""")]
    [InlineData("""{"type":"content_block_start","index":"x","content_block":[]}""")]
    [InlineData("""{"type":"message_delta","delta":7,"usage":"x"}""")]
    [InlineData("""{"type":7}""")]
    [InlineData("null")]
    public void Broken_events_are_passed_over(string line) => Assert.Equal("text x", Said.Stream(line + """

        {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"x"}}
        """).Split('\n')[^1]);

    [Fact]
    public void A_meter_hears_no_content_and_neither_it_nor_a_relay_costs_bytes()
    {
        string said = Said.Stream($$$"""
            {{{Open}}}
            {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"x","signature":"y"}}
            {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t","name":"f","input":{"a":1} } }
            {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"x"}}
            {{{Close}}}
            """, out List<EventNature> natures, listens: false);
        Assert.Equal("begin msg_1 claude-x\nusage 9+4+2+5 > 1+0\nusage 9+4+2+5 > 12+0\nfinish Stop end_turn\nend", said);
        Assert.Equal("Silent Content Content Content Content End", string.Join(' ', natures));

        byte[] delta = """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello \n"}     }"""u8.ToArray();
        AnthropicReader meter = new AnthropicReader(new Said(listens: false), "0");
        meter.ReadEvent(default, Encoding.UTF8.GetBytes(Open));
        meter.ReadEvent(default, delta);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            meter.ReadEvent(default, delta);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        ArrayBufferWriter<byte> output = new(1 << 20);
        using AnthropicWriter writer = new(output, new AnswerShape { Stream = true, Id = "1", Model = "m", Seal = Said.Seal });
        AnthropicReader relay = new(writer, "0");
        for (int i = 0; i < 3; i++)
            relay.ReadEvent(default, delta);
        before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            relay.ReadEvent(default, delta);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
