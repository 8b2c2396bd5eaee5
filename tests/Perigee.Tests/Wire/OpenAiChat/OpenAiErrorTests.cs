using System.Buffers;
using System.Text;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Tests.Wire.OpenAiChat;

public sealed class OpenAiErrorTests
{
    [Theory]
    [InlineData(400, null, "invalid_request_error", null)]
    [InlineData(400, "context_length_exceeded", "invalid_request_error", "context_length_exceeded")]
    [InlineData(401, null, "authentication_error", "invalid_api_key")]
    [InlineData(402, null, "insufficient_quota", "insufficient_quota")]
    [InlineData(403, null, "permission_error", null)]
    [InlineData(404, null, "invalid_request_error", "model_not_found")]
    [InlineData(429, null, "rate_limit_error", "rate_limit_exceeded")]
    [InlineData(429, "insufficient_quota", "insufficient_quota", "insufficient_quota")]
    [InlineData(503, "overloaded", "server_error", "overloaded")]
    public void Refusals_of_providers_have_OpenAIs_type_and_code(int status, string? code, string type, string? expected)
    {
        GatewayError error = new(ErrorKind.ProviderRefused, "It \"broke\"", "f") { Status = status, Code = code };
        ArrayBufferWriter<byte> body = new(), events = new();
        OpenAiChatDialect.Chat.WriteError(body, error);
        OpenAiChatDialect.Chat.WriteErrorEvent(events, error);
        string json = $$"""{"error":{"message":"It \"broke\"","type":"{{type}}","param":"f","code":{{(expected is null ? "null" : $"\"{expected}\"")}}}""";
        Assert.Equal(json + "}", Encoding.UTF8.GetString(body.WrittenSpan));
        Assert.StartsWith("data: " + json + ",", Encoding.UTF8.GetString(events.WrittenSpan), StringComparison.Ordinal);
        Assert.EndsWith("\"finish_reason\":\"error\"}]}\n\ndata: [DONE]\n\n", Encoding.UTF8.GetString(events.WrittenSpan), StringComparison.Ordinal);
        Assert.True(OpenAiChatDialect.Chat.IsOwnError(body.WrittenSpan));
    }
}
