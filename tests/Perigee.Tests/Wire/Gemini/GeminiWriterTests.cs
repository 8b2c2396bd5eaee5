using System.Buffers;
using System.Text;
using System.Text.Json;
using Perigee.Wire;
using Perigee.Wire.Gemini;

namespace Perigee.Tests.Wire.Gemini;

public sealed class GeminiWriterTests
{
    private static readonly ProofSeal Seal = new("secret"u8.ToArray(), "tenant");

    private const string Names = ",\"modelVersion\":\"m\",\"responseId\":\"r\"}";

    [Fact]
    public void A_stream_says_text_at_once_and_its_end_with_the_last_chunk()
    {
        Assert.Equal(
            Event("""{"candidates":[{"content":{"parts":[{"text":"Hm","thought":true}],"role":"model"},"index":0}]""")
            + Event("""{"candidates":[{"content":{"parts":[{"text":"","thought":true,"thoughtSignature":"c2ln"}],"role":"model"},"index":0}]""")
            + Event("""{"candidates":[{"content":{"parts":[{"text":"H\u00e4\n"}],"role":"model"},"index":0}]""")
            + Event("""{"candidates":[{"content":{"parts":[{"text":"b"}],"role":"model"},"index":1}]""")
            + Event("""{"candidates":[{"content":{"parts":[{"functionCall":{"id":"c1","name":"my tool","args":{"a":"x y"}},"thoughtSignature":"Y2FsbA=="}],"role":"model"},"index":0}]""")
            + Event("""{"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP","index":0},{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"MAX_TOKENS","index":1}],"usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":5,"thoughtsTokenCount":7,"toolUsePromptTokenCount":2,"totalTokenCount":24}"""),
            Write(Shape(stream: true), Say));

        static string Event(string json) => "data: " + json + Names + "\r\n\r\n";
    }

    [Fact]
    public void Without_events_a_stream_is_one_array()
    {
        string written = Write(Shape(stream: true, array: true), Say);
        Assert.StartsWith("[{\"candidates\"", written, StringComparison.Ordinal);
        Assert.EndsWith("}]", written, StringComparison.Ordinal);
        Assert.Contains("},\r\n{", written, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(written);
        Assert.Equal(6, document.RootElement.GetArrayLength());
    }

    [Fact]
    public void A_whole_answer_joins_its_pieces() =>
        Assert.Equal(
            """{"candidates":[{"content":{"parts":[{"text":"Hm","thought":true,"thoughtSignature":"c2ln"},{"text":"H\u00e4\n"},"""
            + """{"functionCall":{"id":"c1","name":"my tool","args":{"a":"x y"}},"thoughtSignature":"Y2FsbA=="}],"role":"model"},"finishReason":"STOP","index":0},"""
            + """{"content":{"parts":[{"text":"b"}],"role":"model"},"finishReason":"MAX_TOKENS","index":1}],"""
            + "\"" + """usageMetadata":{"promptTokenCount":10,"cachedContentTokenCount":4,"candidatesTokenCount":5,"thoughtsTokenCount":7,"toolUsePromptTokenCount":2,"totalTokenCount":24}"""
            + Names,
            Write(Shape(stream: false), Say));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Foreign_proofs_come_back_from_the_client_as_they_were(bool stream)
    {
        string written = Write(Shape(stream), writer =>
        {
            writer.Begin("r"u8, "m"u8);
            writer.Reasoning(0, new JsonText("Let me "u8));
            writer.Reasoning(0, new JsonText("see"u8));
            writer.Proof(0, new Proof(ProofOrigin.Anthropic, ProofKind.Signature, new JsonText("EqQB+/=="u8)));
            writer.Proof(0, new Proof(ProofOrigin.Anthropic, ProofKind.Redacted, new JsonText("hidden"u8)));
            writer.Text(0, new JsonText("Hi"u8));
            writer.Finish(0, new Ending(FinishReason.Stop));
            writer.End();
        });
        List<string> parts = [];
        foreach (string json in stream ? written.Split("data: ", StringSplitOptions.RemoveEmptyEntries) : [written])
        {
            using JsonDocument document = JsonDocument.Parse(json);
            foreach (JsonElement part in document.RootElement.GetProperty("candidates")[0].GetProperty("content").GetProperty("parts").EnumerateArray())
                parts.Add(part.GetRawText());
        }

        ChatQuestion question = GeminiQuestionReaderTests.Read($$"""{"contents":[{"parts":[{"text":"x"}]},{"role":"model","parts":[{{string.Join(',', parts)}}]}]}""");
        ReasoningPart[] reasoning = [.. question.Turns[1].Parts.OfType<ReasoningPart>()];
        Assert.Equal(["Let me see", ""], reasoning.Select(part => part.Text.Decode()));
        Assert.Equal([ProofKind.Signature, ProofKind.Redacted], reasoning.Select(part => part.Proof!.Kind));
        Assert.All(reasoning, part => Assert.Equal(ProofOrigin.Anthropic, part.Proof!.Origin));
        Assert.Equal("EqQB+/==", reasoning[0].Proof!.Data.Decode());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Reasoning_that_nobody_asked_for_is_not_shown_but_its_proof_is_carried(bool stream)
    {
        string written = Write(Shape(stream, reasoning: false), Say);
        Assert.DoesNotContain("Hm", written, StringComparison.Ordinal);
        Assert.Contains("""{"text":"","thought":true,"thoughtSignature":"c2ln"}""", written, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "{}")]
    [InlineData("""{\n  \"a\" : \"b\\n\" }""", """{"a":"b\n"}""")]
    [InlineData("""{\"a\":""", """{"_raw":"{\"a\":"}""")]
    [InlineData("""[1]""", """{"_raw":"[1]"}""")]
    public void Arguments_are_an_object_whatever_the_model_wrote(string fragment, string expected)
    {
        string written = Write(Shape(stream: true), writer =>
        {
            writer.Begin("r"u8, "m"u8);
            writer.ToolCall(0, 0, new JsonText("c"u8), new JsonText("f"u8));
            for (int i = 0; i < fragment.Length; i++)
                writer.ToolArguments(0, 0, new JsonText(Encoding.UTF8.GetBytes(fragment.Substring(i, 1))));
            writer.Finish(0, new Ending(FinishReason.ToolCalls));
            writer.End();
        });
        Assert.Contains($$$"""{"functionCall":{"id":"c","name":"f","args":{{{expected}}}}}""", written, StringComparison.Ordinal);
        Assert.Equal(2, written.Split('\n').Length / 2);
    }

    [Theory]
    [InlineData(FinishReason.Stop, "", "STOP")]
    [InlineData(FinishReason.StopSequence, "stop_sequence", "STOP")]
    [InlineData(FinishReason.ContextFull, "", "MAX_TOKENS")]
    [InlineData(FinishReason.Pause, "", "STOP")]
    [InlineData(FinishReason.ContentFilter, "content_filter", "SAFETY")]
    [InlineData(FinishReason.ContentFilter, "RECITATION", "RECITATION")]
    [InlineData(FinishReason.Refusal, "refusal", "SAFETY")]
    [InlineData(FinishReason.MalformedCall, "", "MALFORMED_FUNCTION_CALL")]
    [InlineData(FinishReason.Error, "", "OTHER")]
    internal void Reasons_have_Googles_words(FinishReason reason, string word, string expected) =>
        Assert.Contains($"\"finishReason\":\"{expected}\",\"index\"", Write(Shape(stream: false), writer =>
        {
            writer.Begin("r"u8, "m"u8);
            writer.Text(0, new JsonText("x"u8));
            writer.Finish(0, new Ending(reason) { Word = new JsonText(Encoding.ASCII.GetBytes(word)) });
            writer.End();
        }), StringComparison.Ordinal);

    [Fact]
    public void What_is_withheld_has_no_content_and_a_refusal_has_its_words()
    {
        Assert.Equal("""{"candidates":[{"finishReason":"SAFETY","finishMessage":"No.","index":0}]""" + Names, Write(Shape(stream: false), writer =>
        {
            writer.Begin("r"u8, "m"u8);
            writer.Finish(0, new Ending(FinishReason.Refusal) { Explanation = new JsonText("No."u8) });
            writer.End();
        }));
        Assert.Equal("""{"candidates":[{"content":{"parts":[{"text":"I can't."}],"role":"model"},"finishReason":"SAFETY","index":0}]""" + Names, Write(Shape(stream: false), writer =>
        {
            writer.Begin("r"u8, "m"u8);
            writer.Refusal(0, new JsonText("I can't."u8));
            writer.Finish(0, new Ending(FinishReason.Stop));
            writer.End();
        }));
    }

    [Fact]
    public void Sources_files_and_probabilities_stand_where_Google_has_them()
    {
        string written = Write(Shape(stream: false), writer =>
        {
            writer.Begin("r"u8, "m"u8);
            writer.Text(0, new JsonText("Äb\\ud83d\\ude00"u8));
            writer.Citation(0, new Citation(new JsonText("https://a"u8)) { Title = new JsonText("A"u8), Start = 1, End = 3 });
            writer.Citation(0, new Citation(new JsonText("https://b"u8)));
            writer.Citation(0, new Citation(new JsonText("https://a"u8)) { Start = 0, End = 1 });
            writer.Media(0, new JsonText("audio/wav"u8), new JsonText("AAAA"u8), new JsonText("ah"u8));
            writer.Logprobs(0, """[{"token":"a","logprob":-1,"bytes":[97],"top_logprobs":[{"token":"b","logprob":-2.5}]}]"""u8);
            writer.Logprobs(0, """[{"token":"c","logprob":0}]"""u8);
            writer.Finish(0, new Ending(FinishReason.Stop));
            writer.End();
        });
        Assert.Equal(
            """{"candidates":[{"content":{"parts":[{"text":"Äb\ud83d\ude00"},{"inlineData":{"mimeType":"audio/wav","data":"AAAA"}},{"text":"ah"}],"role":"model"},"""
            + "\"" + """finishReason":"STOP","index":0,"groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://a","title":"A"}},{"web":{"uri":"https://b"}}],"""
            + "\"" + """groundingSupports":[{"segment":{"startIndex":2,"endIndex":7},"groundingChunkIndices":[0]},{"segment":{"startIndex":0,"endIndex":2},"groundingChunkIndices":[0]}]},"""
            + "\"" + """logprobsResult":{"chosenCandidates":[{"token":"a","logProbability":-1},{"token":"c","logProbability":0}],"""
            + "\"" + """topCandidates":[{"candidates":[{"token":"b","logProbability":-2.5}]},{"candidates":[]}]}}]""" + Names,
            written);
    }

    [Fact]
    public void Nothing_follows_an_error_and_names_are_made_where_none_came()
    {
        ArrayBufferWriter<byte> output = new();
        using IAnswerWriter writer = GeminiDialect.Instance.Writer(output, Shape(stream: true));
        Assert.False(writer.Shown);
        writer.Begin([], []);
        Assert.Equal(0, output.WrittenCount);
        writer.Text(0, new JsonText("x"u8));
        Assert.True(writer.Shown);
        Assert.EndsWith(",\"modelVersion\":\"asked\",\"responseId\":\"id\"}\r\n\r\n", Encoding.UTF8.GetString(output.WrittenSpan), StringComparison.Ordinal);
        int length = output.WrittenCount;
        writer.Error(new JsonText("m"u8), default, 0);
        writer.Text(0, new JsonText("x"u8));
        writer.Finish(0, new Ending(FinishReason.Stop));
        writer.End();
        Assert.Equal(length, output.WrittenCount);
    }

    [Fact]
    public void Text_costs_no_memory()
    {
        ArrayBufferWriter<byte> output = new(1 << 20);
        using IAnswerWriter writer = GeminiDialect.Instance.Writer(output, Shape(stream: true));
        writer.Begin("r"u8, "m"u8);
        writer.Text(0, new JsonText("Hallo Welt"u8));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            writer.Text(0, new JsonText("Hallo Welt"u8));
            writer.Reasoning(0, new JsonText("Hallo Welt"u8));
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static void Say(IAnswerWriter writer)
    {
        writer.Begin("r"u8, "m"u8);
        writer.Reasoning(0, new JsonText("Hm"u8));
        writer.Proof(0, new Proof(ProofOrigin.Google, ProofKind.Signature, new JsonText("c2ln"u8)));
        writer.Text(0, new JsonText("H\\u00e4\\n"u8));
        writer.Text(1, new JsonText("b"u8));
        writer.Proof(0, new Proof(ProofOrigin.Google, ProofKind.OnCall, new JsonText("Y2FsbA=="u8)) { CallId = new JsonText("c1"u8) });
        writer.ToolCall(0, 0, new JsonText("c1"u8), new JsonText("my_tool"u8));
        writer.ToolArguments(0, 0, new JsonText("{ \\\"a\\\":"u8));
        writer.ToolArguments(0, 0, new JsonText("\\\"x y\\\"}"u8));
        writer.ToolEnd(0, 0);
        writer.Finish(0, new Ending(FinishReason.ToolCalls));
        writer.Finish(1, new Ending(FinishReason.Length));
        writer.Usage(new TokenUsage(8, 4, 0, 5, 7) { InputTools = 2 });
        writer.End();
    }

    private static AnswerShape Shape(bool stream, bool array = false, bool reasoning = true) => new()
    {
        Stream = stream,
        AsArray = array,
        ShowsReasoning = reasoning,
        Id = "id",
        Model = "asked",
        Seal = Seal,
        ToolNames = new Dictionary<string, string> { ["my_tool"] = "my tool" },
    };

    private static string Write(AnswerShape shape, Action<IAnswerWriter> say)
    {
        ArrayBufferWriter<byte> output = new();
        using IAnswerWriter writer = GeminiDialect.Instance.Writer(output, shape);
        say(writer);
        Assert.True(writer.Shown);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
