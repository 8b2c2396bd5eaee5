namespace Perigee.Tests.Wire.OpenAiChat;

/// <summary>Tool calls in every form in which speakers of this dialect were seen to send them.</summary>
public sealed class OpenAiCallTests
{
    [Fact]
    public void Pieces_of_a_call_are_told_as_they_come() => Assert.Equal("""
        call 0 call_1 get
        arguments 0 {"ci
        arguments 0 ty":"}"}
        call end 0
        """, Heard.Deltas(
        """{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"get","arguments":""}}]}""",
        """{"tool_calls":[{"index":0,"function":{"arguments":"{\"ci"}}]}""",
        """{"tool_calls":[{"index":0,"function":{"arguments":"ty\":\"}\"}"}}]}""",
        """{"tool_calls":[{"index":0,"function":{"arguments":""}}]}"""));

    [Fact]
    public void A_call_ends_when_the_next_begins_and_its_JSON_is_complete() => Assert.Equal("""
        call 0 a f
        arguments 0 {"x":1}
        call end 0
        call 1 b g
        arguments 1 {}
        call end 1
        """, Heard.Deltas(
        """{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]}""",
        """{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}]}"""));

    [Fact]
    public void Interleaved_calls_lose_no_piece() => Assert.Equal("""
        call 0 a f
        call 1 b g
        arguments 0 {"x":
        arguments 1 {"y":
        arguments 0 1}
        arguments 1 2}
        call end 0
        call end 1
        """, Heard.Deltas(
        """{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":""}},{"index":1,"id":"b","function":{"name":"g","arguments":""}}]}""",
        """{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}}]}""",
        """{"tool_calls":[{"index":1,"function":{"arguments":"{\"y\":"}}]}""",
        """{"tool_calls":[{"index":0,"function":{"arguments":"1}"}},{"index":1,"function":{"arguments":"2}"}}]}"""));

    [Fact]
    public void Names_and_ids_may_be_repeated_null_or_empty() => Assert.Equal("""
        call 0 a f
        arguments 0 {"x"
        arguments 0 :1}
        call end 0
        """, Heard.Deltas(
        """{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":null}}]}""",
        """{"tool_calls":[{"index":0,"id":null,"type":null,"function":{"name":null,"arguments":"{\"x\""}}]}""",
        """{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":":1}"}}]}""",
        """{"tool_calls":[{"index":0,"id":"","function":{"name":"","arguments":""}}],"content":null}"""));

    [Fact]
    public void A_name_that_comes_late_is_waited_for() => Assert.Equal("""
        call 0 a f
        arguments 0 {"x":
        arguments 0 1}
        call end 0
        """, Heard.Deltas(
        """{"tool_calls":[{"index":3,"id":"a","function":{"arguments":"{\"x\":"}}]}""",
        """{"tool_calls":[{"index":3,"function":{"name":"f","arguments":"1}"}}]}"""));

    [Fact]
    public void Without_index_a_new_id_is_a_new_call() => Assert.Equal("""
        call 0 a f
        arguments 0 {}
        call end 0
        call 1 b f
        arguments 1 {"x":
        arguments 1 2}
        call end 1
        """, Heard.Deltas(
        """{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]}""",
        """{"tool_calls":[{"id":"b","function":{"name":"f","arguments":"{\"x\":"}}]}""",
        """{"tool_calls":[{"function":{"arguments":"2}"}}]}"""));

    [Fact]
    public void Calls_that_all_have_index_0_or_no_id_are_told_apart() => Assert.Equal("""
        call 0 call_seed_0 f
        arguments 0 {"x":1}
        call end 0
        call 1 call_seed_1 f
        arguments 1 {"x":2}
        call end 1
        call 2 c g
        arguments 2 {}
        call end 2
        """, Heard.Deltas(
        """{"tool_calls":[{"index":0,"id":"","function":{"name":"f","arguments":"{\"x\":1}"}}]}""",
        """{"tool_calls":[{"index":0,"id":"","function":{"name":"f","arguments":"{\"x\":2}"}}]}""",
        """{"tool_calls":[{"index":0,"id":"c","function":{"name":"g","arguments":"{}"}}]}"""));

    [Theory]
    [InlineData("""{"tool_calls":[{"id":"","function":{"name":"f","arguments":{"x":"\n"}}}]}""")]
    [InlineData("""{"function_call":{"arguments":"{\"x\":\"\\n\"}","name":"f"}}""")]
    public void Objects_and_the_old_form_are_calls(string message)
    {
        const string Expected = """
            call 0 call_seed_0 f
            arguments 0 {"x":"\n"}
            call end 0
            """;
        Assert.Equal(Expected, Heard.Deltas(message));
        Assert.Equal(Expected, Heard.Message(message));
    }

    [Fact]
    public void The_old_form_comes_in_pieces_too() => Assert.Equal("""
        call 0 call_seed_0 f
        arguments 0 {"x":
        arguments 0 1}
        call end 0
        """, Heard.Deltas("""{"function_call":{"name":"f","arguments":""}}""", """{"function_call":{"arguments":"{\"x\":"}}""", """{"function_call":{"arguments":"1}"}}"""));

    [Fact]
    public void Googles_signature_stands_before_its_call()
    {
        const string Expected = """
            proof Google OnCall SIG of a
            call 0 a f
            arguments 0 {}
            call end 0
            call 1 b g
            call end 1
            """;
        string calls = """[{"id":"a","extra_content":{"google":{"thought_signature":"SIG"}},"function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g"}}]""";
        Assert.Equal(Expected, Heard.Deltas($$"""{"tool_calls":{{calls}}}"""));
        Assert.Equal(Expected, Heard.Message($$"""{"tool_calls":{{calls}}}"""));
    }

    [Fact]
    public void OpenRouters_proofs_of_several_calls_go_each_before_its_own() => Assert.Equal("""
        proof Google OnCall S1 of a
        call 0 a f
        arguments 0 {}
        call end 0
        proof Google OnCall S2 of b
        call 1 b g
        arguments 1 {}
        call end 1
        """, Heard.Deltas("""
            {"reasoning_details":[{"type":"reasoning.encrypted","data":"S2","id":"b","format":"google-gemini-v1","index":1},{"type":"reasoning.encrypted","data":"S1","id":"a","format":"google-gemini-v1","index":0}],
             "tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}},{"index":1,"id":"b","function":{"name":"g","arguments":"{}"}}]}
            """.ReplaceLineEndings("")));
}
