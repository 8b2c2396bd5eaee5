namespace Perigee.Tests.Wire.OpenAiChat;

public sealed class OpenAiReasoningTests
{
    [Theory]
    [InlineData("""{"content":"b","reasoning_content":"a"}""")]
    [InlineData("""{"content":"b","reasoning":"a"}""")]
    [InlineData("""{"content":"b","reasoning":"a","reasoning_content":"a"}""")]
    [InlineData("""{"content":"b","reasoning":"a","reasoning_details":[{"type":"reasoning.text","text":"a","index":0,"format":null}]}""")]
    [InlineData("""{"content":"b","reasoning_details":[{"type":"reasoning.summary","summary":"a"}]}""")]
    [InlineData("""{"content":[{"type":"thinking","thinking":[{"type":"text","text":"a"}]},{"type":"text","text":"b"}]}""")]
    public void Reasoning_is_told_once_and_first_in_every_form(string message)
    {
        Assert.Equal("reasoning a\ntext b", Heard.Deltas(message));
        Assert.Equal("reasoning a\ntext b", Heard.Message(message));
    }

    [Fact]
    public void Details_bring_proofs_with_their_origin_and_end_stretches() => Assert.Equal("""
        reasoning a
        reasoning b
        proof Anthropic Signature S1
        reasoning c
        reasoning end
        reasoning d
        proof Anthropic Redacted R
        proof OpenAi Redacted E
        proof Xai Redacted X
        proof Google OnText G
        proof None Signature ?
        """, Heard.Deltas(
        """{"reasoning":"a","reasoning_details":[{"type":"reasoning.text","text":"a","index":0}]}""",
        """{"reasoning_details":[{"type":"reasoning.text","text":"b","index":0}]}""",
        """{"reasoning_details":[{"type":"reasoning.text","signature":"S1","format":"anthropic-claude-v1","index":0}]}""",
        """{"reasoning_details":[{"type":"reasoning.text","text":"c","index":1}]}""",
        """{"reasoning_details":[{"type":"reasoning.text","text":"d","index":2}]}""",
        """{"reasoning_details":[{"type":"reasoning.encrypted","data":"R","format":"anthropic-claude-v1"},{"type":"reasoning.encrypted","data":"E","id":"rs_1","format":"openai-responses-v1"}]}""",
        """{"reasoning_details":[{"type":"reasoning.encrypted","data":"X","format":"xai-responses-v1"},{"type":"reasoning.encrypted","data":"G","format":"google-gemini-v1"}]}""",
        """{"reasoning_details":[{"type":"reasoning.text","signature":"?","format":"unknown"}]}"""));

    [Fact]
    public void Text_beside_bare_proofs_is_said_before_them() =>
        Assert.Equal("reasoning a\nproof OpenAi Redacted E", Heard.Message("""{"reasoning_details":[{"type":"reasoning.encrypted","data":"E","format":"openai-responses-v1"}],"reasoning":"a","content":""}"""));

    [Fact]
    public void Googles_thoughts_lose_their_tag_and_its_signed_text_stays_text()
    {
        Assert.Equal("reasoning Hm\nreasoning m\ntext So\nproof Google OnText SIG", Heard.Deltas(
            """{"content":"\u003cthought\u003eHm","extra_content":{"google":{"thought":true}}}""",
            """{"content":"m</thought>","extra_content":{"google":{"thought":true}}}""",
            """{"content":"So","extra_content":{"google":{"thought":true,"thought_signature":"SIG"}}}"""));
    }
}
