using System.Buffers;
using System.Net;
using System.Text;
using System.Text.Json;
using Perigee.Forwarding;
using Perigee.Wire;

namespace Perigee.Tests.Forwarding;

/// <summary>Every shape in which providers were seen to report errors (dialect reference, section 12), and what the three kinds of client get of it.</summary>
public sealed class ProviderErrorTests
{
    public static TheoryData<int, string, int, string, string?> Shapes { get; } = new()
    {
        { 400, """{"error":{"message":"Bad thing","type":"invalid_request_error","param":"x","code":"unsupported_value"}}""", 400, "Bad thing", null },
        { 400, """{"error":{"message":"This model's maximum context length is 8192 tokens.","code":"context_length_exceeded"}}""", 400, "This model's maximum context length is 8192 tokens.", "context_length_exceeded" },
        { 429, """{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}""", 429, "You exceeded your current quota", "insufficient_quota" },
        { 429, """{"error":{"message":"Slow down","code":429}}""", 429, "Slow down", "rate_limit_exceeded" },
        { 500, """{"error":"model requires more memory"}""", 500, "model requires more memory", null },
        { 400, """{"code":"invalid-argument","error":"Incorrect API key provided: ab***yz."}""", 401, "Incorrect API key provided: ab***yz.", "invalid_api_key" },
        { 422, """{"detail":[{"loc":["body","messages"],"msg":"Field required","type":"missing"}]}""", 422, "Field required", null },
        { 401, """{"detail":"Unauthorized"}""", 401, "Unauthorized", "invalid_api_key" },
        { 400, """{"object":"error","message":"Expected last role User","type":"invalid_request_message_order","code":"3230","raw_status_code":400}""", 400, "Expected last role User", null },
        { 404, """{"id":"abc","message":"model not found, make sure the correct model ID was used","error_type":"not_found"}""", 404, "model not found, make sure the correct model ID was used", "model_not_found" },
        { 403, """{"Message":"User is not authorized"}""", 403, "User is not authorized", null },
        { 404, """{"error":{"code":"DeploymentNotFound","message":"The API deployment for this resource does not exist."}}""", 404, "The API deployment for this resource does not exist.", "model_not_found" },
        { 400, """{"error":{"message":"The response was filtered","type":null,"param":"prompt","code":"content_filter","innererror":{"code":"ResponsibleAIPolicyViolation"}}}""", 400, "The response was filtered", "content_filter" },
        { 401, """{"statusCode":401,"message":"Access denied due to missing subscription key."}""", 401, "Access denied due to missing subscription key.", "invalid_api_key" },
        { 400, """{"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}""", 401, "API key not valid. Please pass a valid API key.", "invalid_api_key" },
        { 429, """[{"error":{"code":429,"message":"Resource exhausted","status":"RESOURCE_EXHAUSTED"}}]""", 429, "Resource exhausted", "rate_limit_exceeded" },
        { 400, """{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}""", 400, "prompt is too long: 210000 tokens > 200000 maximum", "context_length_exceeded" },
        { 400, """{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}}""", 402, "Your credit balance is too low to access the Anthropic API.", "insufficient_quota" },
        { 529, """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", 529, "Overloaded", "overloaded" },
        { 503, "Service Unavailable", 503, "Service Unavailable", "overloaded" },
        { 502, "<html><body>Bad gateway</body></html>", 502, "Provider 'test' answered with status 502.", null },
        { 500, "", 500, "Provider 'test' answered with status 500.", null },
        { 400, """{"error":{"message":"the key sk-test-0123456789 is unknown"}}""", 400, "the key *** is unknown", null },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Is_understood_whatever_its_shape(int status, string body, int meant, string message, string? code)
    {
        GatewayError error = Read(status, body);
        Assert.Equal((meant, message, code), (error.Status, error.Message, error.Code));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Is_an_error_of_each_dialect_in_its_own_form(int status, string body, int meant, string message, string? code)
    {
        _ = code;
        foreach (DialectFamily family in Enum.GetValues<DialectFamily>())
        {
            ArrayBufferWriter<byte> output = new();
            Dialects.Of(family).WriteError(output, Read(status, body));
            using JsonDocument written = JsonDocument.Parse(output.WrittenMemory);
            JsonElement inner = written.RootElement.GetProperty("error");
            Assert.Equal(message, inner.GetProperty("message").GetString());
            Assert.True(Dialects.Of(family).IsOwnError(output.WrittenSpan), family.ToString());
            if (family == DialectFamily.Gemini)
                Assert.Equal(meant == 529 ? 503 : meant, inner.GetProperty("code").GetInt32());
            else
                Assert.NotEmpty(inner.GetProperty("type").GetString()!);
        }
    }

    [Fact]
    public void Redirect_is_no_answer() => Assert.Equal(ErrorKind.ProviderFailed, Read(302, "").Kind);

    private static GatewayError Read(int status, string body)
    {
        using HttpResponseMessage answer = new();
        return ProviderError.Of((HttpStatusCode)status, answer.Headers, Encoding.UTF8.GetBytes(body), Exchanges.Provider, DateTimeOffset.UnixEpoch);
    }
}
