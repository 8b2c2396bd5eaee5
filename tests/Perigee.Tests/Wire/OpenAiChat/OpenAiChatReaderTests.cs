using System.Text;
using Perigee.Wire;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Tests.Wire.OpenAiChat;

public sealed class OpenAiChatReaderTests
{
    [Fact]
    public void Stream_is_told_verb_by_verb_with_its_end_after_its_usage() => Assert.Equal("""
        begin chatcmpl-1 gpt
        text Hello\n
        text \u4e16
        usage 6+3+1 > 2+4
        finish Length length
        end
        """, Heard.Stream("""
        {"id":"","object":"","model":"","choices":[],"prompt_filter_results":[]}
        {"id":"chatcmpl-1","model":"gpt","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}],"usage":null}
        {"id":"chatcmpl-1","model":"gpt","choices":[{"finish_reason":null,"delta":{"content":"Hello\n","role":null,"tool_calls":null},"index":0}]}
        {"id":"chatcmpl-1","choices":[{"index":0,"content_filter_offsets":{}}]}
        this is no JSON
        {"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"\u4e16"}}]}
        {"id":"chatcmpl-1","choices":[{"index":0,"delta":{},"finish_reason":"length"}]}
        {"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":10,"completion_tokens":6,"total_tokens":16,"prompt_tokens_details":{"cached_tokens":3,"cache_write_tokens":1},"completion_tokens_details":{"reasoning_tokens":4}}}
        [DONE]
        """));

    [Theory]
    [InlineData("stop", "Stop")]
    [InlineData("eos", "Stop")]
    [InlineData("length", "Length")]
    [InlineData("model_length", "Length")]
    [InlineData("content_filter", "ContentFilter")]
    [InlineData("error", "Error")]
    [InlineData("insufficient_system_resource", "Error")]
    [InlineData("something_new", "Other")]
    public void Words_for_the_end_keep_their_meaning_and_themselves(string word, string reason)
    {
        string body = """{"id":"c","model":"m","choices":[{"index":0,"KIND":{"content":"x"},"finish_reason":"WORD"}]}""".Replace("WORD", word, StringComparison.Ordinal);
        string expected = $"begin c m\ntext x\nfinish {reason} {word}\nend";
        Assert.Equal(expected, Heard.Stream(body.Replace("KIND", "delta", StringComparison.Ordinal)));
        Assert.Equal(expected, Heard.Whole(body.Replace("KIND", "message", StringComparison.Ordinal)));
        Assert.Contains($"finish {reason}", Heard.Whole(body.Replace("KIND", "message", StringComparison.Ordinal), listens: false), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_closing_mark_a_finished_stream_is_whole_and_an_unfinished_one_is_not()
    {
        Assert.EndsWith("\nend", Heard.Stream("""{"id":"c","choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]}"""), StringComparison.Ordinal);
        Assert.EndsWith("\ntext x", Heard.Stream("""{"id":"c","choices":[{"delta":{"content":"x"},"finish_reason":""}]}"""), StringComparison.Ordinal);
        Assert.EndsWith("\n1: text y", Heard.Stream("""
            {"id":"c","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"},{"delta":{"content":"y"},"index":1}]}
            """), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}""", "5+0+0 > 2+0")]
    [InlineData("""{"choices":[{"index":0,"delta":{}}],"x_groq":{"id":"r","usage":{"prompt_tokens":5,"completion_tokens":2}}}""", "5+0+0 > 2+0")]
    [InlineData("""{"choices":[{"index":0,"delta":{},"usage":{"prompt_tokens":5,"completion_tokens":2,"cached_tokens":4}}]}""", "1+4+0 > 2+0")]
    [InlineData("""{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":1}}""", "1+4+0 > 2+0")]
    [InlineData("""{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":16,"completion_tokens_details":{"reasoning_tokens":9}}}""", "5+0+0 > 2+9")]
    [InlineData("""{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":11,"total_tokens":16,"reasoning_tokens":9}}""", "5+0+0 > 2+9")]
    public void Usage_is_found_wherever_it_sits(string chunk, string usage) => Assert.Contains($"usage {usage}\n", Heard.Stream("""
        {"id":"c","choices":[{"index":0,"delta":{"content":"x"}}]}
        CHUNK
        {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}
        [DONE]
        """.Replace("CHUNK", chunk, StringComparison.Ordinal)), StringComparison.Ordinal);

    [Fact]
    public void Usage_splits_are_told_apart()
    {
        System.Text.Json.Utf8JsonReader reader = new("""
            {"prompt_tokens":9,"prompt_tokens_details":{"audio_tokens":1,"image_tokens":2},"completion_tokens":8,"completion_tokens_details":{"audio_tokens":3,"image_tokens":4},"server_tool_use":{"web_search_requests":5}}
            """u8);
        reader.Read();
        Assert.True(OpenAiUsage.TryRead(ref reader, out TokenUsage usage));
        Assert.Equal(new TokenUsage(9, 0, 0, 8, 0) { InputAudio = 1, InputImage = 2, OutputAudio = 3, OutputImage = 4, WebSearches = 5 }, usage);
    }

    [Theory]
    [InlineData("""{"error":{"message":"slow","type":"x","code":429}}""", "429 x: slow")]
    [InlineData("""{"error":{"message":"slow","code":"503"}}""", "503 : slow")]
    [InlineData("""{"error":{"message":"slow","type":"rate_limit_error","code":"rate_limit_exceeded"}}""", "429 rate_limit_exceeded: slow")]
    [InlineData("""{"error":{"message":"no","type":"invalid_request_error","code":"context_length_exceeded"}}""", "400 context_length_exceeded: no")]
    [InlineData("""{"error":{"message":"no","type":"server_error","code":null}}""", "500 server_error: no")]
    [InlineData("""{"error":{"message":"no","code":"overloaded"}}""", "503 overloaded: no")]
    [InlineData("""{"error":{"message":"no","type":"e","status_code":400,"code":"tool_use_failed"}}""", "400 tool_use_failed: no")]
    [InlineData("""{"error":"out \"of\" memory"}""", "0 : out \"of\" memory")]
    [InlineData("""{"code":"invalid-argument","error":"text"}""", "0 invalid-argument: text")]
    [InlineData("""[{"error":{"code":404,"message":"gone","status":"NOT_FOUND"}}]""", "404 : gone")]
    [InlineData("""{"id":"c","error":{"message":"late"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}""", "0 : late")]
    public void Errors_in_answers_keep_status_and_word(string json, string error)
    {
        foreach (bool stream in (bool[])[true, false])
        {
            List<EventNature> natures = [];
            string said = stream ? Heard.Stream(json + "\n[DONE]", out natures) : Heard.Whole(json);
            Assert.EndsWith($"error {error}", said, StringComparison.Ordinal);
            if (stream)
                Assert.Equal(EventNature.Error, natures[0]);
        }
    }

    [Theory]
    [InlineData("""{"object":"error","message":"no such model","type":"invalid_model","code":"1500","raw_status_code":400}""", "400 invalid_model: no such model")]
    [InlineData("""{"detail":"Unauthorized"}""", "0 : Unauthorized")]
    [InlineData("""{"id":"c","model":"m","choices":null}""", "0 : The provider's answer holds no choices.")]
    [InlineData("<html>", "0 : The provider's answer is not valid JSON.")]
    public void Whole_bodies_that_are_no_answers_are_errors(string body, string error) => Assert.EndsWith($"error {error}", Heard.Whole(body), StringComparison.Ordinal);

    [Fact]
    public void Whole_message_is_told_reasoning_first_and_calls_last_however_its_members_stand() => Assert.Equal("""
        begin chatcmpl-9 gpt
        reasoning Think
        text Let me
        citation https://a.example 'A' 'words' 3..6
        media image/png iVBORw0K 
        call 0 call_1 get
        arguments 0 {"x":1}
        call end 0
        call 1 call_2 go
        logprobs [{"token":"L","logprob":-0.1}]
        call end 1
        usage 1+0+0 > 2+0
        finish ToolCalls stop
        end
        """,
        Heard.Whole("""
        {"choices":[{"finish_reason":"stop","logprobs":{"content":[{"token":"L","logprob":-0.1}]},"message":{
          "tool_calls":[{"id":"call_1","type":"function","function":{"name":"get","arguments":"{\"x\":1}"}},{"id":"call_2","type":"function","function":{"arguments":"","name":"go"}}],
          "images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0K"}}],
          "annotations":[{"type":"url_citation","url_citation":{"url":"https://a.example","title":"A","content":"words","start_index":3,"end_index":6}}],
          "content":"Let me","reasoning_content":"Think","role":"assistant"},"index":0}],
         "usage":{"prompt_tokens":1,"completion_tokens":2},"model":"gpt","id":"chatcmpl-9"}
        """));

    [Fact]
    public void Refusal_is_an_end_of_its_own()
    {
        const string Expected = "begin c m\nrefusal I will not.\nfinish Refusal stop\nend";
        Assert.Equal(Expected, Heard.Whole("""{"id":"c","model":"m","choices":[{"index":0,"message":{"content":null,"refusal":"I will not."},"finish_reason":"stop"}]}"""));
        Assert.Equal(Expected, Heard.Stream("""{"id":"c","model":"m","choices":[{"index":0,"delta":{"refusal":"I will not."},"finish_reason":"stop"}]}"""));
    }

    [Fact]
    public void Choices_are_told_apart_and_each_finishes_once() => Assert.Equal("""
        begin c m
        1: text b
        text a
        finish Stop stop
        1: finish Length length
        end
        """, Heard.Stream("""
        {"id":"c","model":"m","choices":[{"delta":{"content":"b"},"index":1}]}
        {"id":"c","model":"m","choices":[{"delta":{"content":"a"},"finish_reason":"stop","index":0}]}
        {"id":"c","model":"m","choices":[{"delta":{},"finish_reason":"length","index":1},{"delta":{},"finish_reason":"stop","index":0}]}
        [DONE]
        """));

    [Fact]
    public void Sources_beside_the_choices_are_told_once_at_the_end() => Assert.Equal("""
        begin c m
        text a
        text b
        citation https://one.example 'One' '' -1..-1
        finish Stop stop
        end
        """, Heard.Stream("""
        {"id":"c","model":"m","citations":["https://one.example"],"search_results":[{"title":"One","url":"https://one.example"}],"choices":[{"index":0,"message":{"content":"a"},"delta":{"content":"a"}}]}
        {"id":"c","model":"m","citations":["https://one.example"],"search_results":[{"title":"One","url":"https://one.example"}],"choices":[{"index":0,"message":{"content":"ab"},"delta":{"content":"b"},"finish_reason":"stop"}]}
        """));

    [Fact]
    public void Sound_is_told_in_pieces_and_whole()
    {
        Assert.Equal("media audio/pcm  Hel\nmedia audio/pcm UklGRg== ", Heard.Deltas("""{"audio":{"id":"a","transcript":"Hel"}}""", """{"audio":{"data":"UklGRg=="}}""", """{"audio":{"expires_at":5}}"""));
        Assert.Equal("media audio/wav UklGRg== Hello", Heard.Message("""{"content":null,"audio":{"id":"a","data":"UklGRg==","transcript":"Hello","expires_at":5}}"""));
    }

    [Fact]
    public void Legacy_completions_and_servers_without_names_are_read_too()
    {
        Assert.Equal("begin cmpl-1 m\ntext Hi\nfinish Stop stop\nend", Heard.Whole("""{"id":"cmpl-1","object":"text_completion","model":"m","choices":[{"text":"Hi","index":0,"finish_reason":"stop"}]}"""));
        Assert.Equal("begin  \ntext Hi\nfinish Stop stop\nend", Heard.Stream("""{"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}"""));
    }

    [Fact]
    public void A_meter_hears_what_it_needs_and_no_content() => Assert.Equal("""
        begin c m
        finish ToolCalls stop
        usage 1+0+0 > 1+0
        end
        """, Heard.Stream("""
        {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"x"}}]}
        {"id":"c","model":"m","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"i","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}
        [DONE]
        """, out _, listens: false));

    [Theory]
    [InlineData("""{"id":"c","choices":[{"index":0,"delta":{"content":""")]
    [InlineData("""{"id":"c","choices":[{"index":0,"delta":{"content":"}""")]
    [InlineData("""{"id":"c","\ud800":1,"choices":[{"index":0,"delta":{"\udc00":"x","content":"\ud800"}}]}""")]
    [InlineData("""{"id":7,"model":{},"choices":[1,null,{"index":-4,"delta":[],"message":3,"finish_reason":{},"logprobs":[]},{"index":999999999,"delta":{"content":"x"},"finish_reason":"stop"}],"usage":[],"error":[]}""")]
    [InlineData("""{"choices":[{"delta":{"content":[1,{"type":2},{"thinking":[3]},{"image_url":5}],"tool_calls":[1,{},{"function":[]},{"id":"","function":{"name":{},"arguments":[]}}],"reasoning_details":[1,{"text":[]}],"annotations":[{}],"images":[2],"audio":[],"function_call":{"name":1}}}]}""")]
    [InlineData("""[[]]""")]
    [InlineData("""[]""")]
    [InlineData("\"x\"")]
    public void Nothing_that_a_provider_sends_throws(string json)
    {
        foreach (bool listens in (bool[])[true, false])
        {
            IAnswerReader reader = OpenAiChatDialect.Chat.Reader(new Heard(listens), "seed");
            reader.ReadEvent(default, Encoding.UTF8.GetBytes("""{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"x"}}]}"""));
            reader.ReadEvent(default, Encoding.UTF8.GetBytes(json));
            reader.Close();
            OpenAiChatDialect.Chat.Reader(new Heard(listens), "seed").ReadWhole(Encoding.UTF8.GetBytes(json));
        }
    }
}
