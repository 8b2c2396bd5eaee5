using System.Buffers;
using System.Text;
using Perigee.Wire.Anthropic;

namespace Perigee.Tests.Wire.Anthropic;

public sealed class AnthropicErrorTests
{
    [Theory]
    [InlineData(400, "invalid_request_error")]
    [InlineData(401, "authentication_error")]
    [InlineData(402, "billing_error")]
    [InlineData(403, "permission_error")]
    [InlineData(404, "not_found_error")]
    [InlineData(408, "timeout_error")]
    [InlineData(409, "conflict_error")]
    [InlineData(413, "request_too_large")]
    [InlineData(422, "invalid_request_error")]
    [InlineData(429, "rate_limit_error")]
    [InlineData(500, "api_error")]
    [InlineData(502, "api_error")]
    [InlineData(503, "overloaded_error")]
    [InlineData(504, "timeout_error")]
    [InlineData(529, "overloaded_error")]
    public void Every_status_has_its_type_in_a_body_and_in_a_stream(int status, string type)
    {
        GatewayError error = new(ErrorKind.ProviderRefused, "It \"broke\"") { Status = status, Code = "insufficient_quota" };
        ArrayBufferWriter<byte> body = new(), events = new();
        AnthropicDialect.Instance.WriteError(body, error);
        AnthropicDialect.Instance.WriteErrorEvent(events, error);
        string json = $$$"""{"type":"error","error":{"type":"{{{type}}}","message":"It \"broke\""}}""";
        Assert.Equal(json, Encoding.UTF8.GetString(body.WrittenSpan));
        Assert.Equal($"event: error\ndata: {json}\n\n", Encoding.UTF8.GetString(events.WrittenSpan));
        Assert.True(AnthropicDialect.Instance.IsOwnError(body.WrittenSpan));
    }

    [Theory]
    [InlineData("""{"error":{"message":"x","type":"invalid_request_error"}}""")]
    [InlineData("""{"type":"error","error":"x"}""")]
    [InlineData("""{"type":"error","error":{"message":"x"}}""")]
    [InlineData("""{"type":"error","error":{"type":"x","message":"y"}""")]
    [InlineData("<html>")]
    public void Errors_of_others_are_not_ones_own(string body) => Assert.False(AnthropicDialect.Instance.IsOwnError(Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void Counts_are_written_and_read()
    {
        ArrayBufferWriter<byte> output = new();
        AnthropicCount.Write(output, 12345678901);
        Assert.Equal("""{"input_tokens":12345678901}""", Encoding.UTF8.GetString(output.WrittenSpan));
        Assert.True(AnthropicCount.TryRead(output.WrittenSpan, out long tokens));
        Assert.Equal(12345678901, tokens);
        Assert.False(AnthropicCount.TryRead("""{"input_tokens":"x"}"""u8, out _));
        Assert.False(AnthropicCount.TryRead("nothing"u8, out _));
    }
}
