using System.Buffers;
using System.Text;
using Perigee.Wire.Gemini;

namespace Perigee.Tests.Wire.Gemini;

public sealed class GeminiErrorTests
{
    [Fact]
    public void Errors_have_Googles_form_in_every_kind_of_answer()
    {
        GatewayError error = new(ErrorKind.LimitReached, "Slow \"down\".", "contents", TimeSpan.FromSeconds(1.2)) { Code = "key_limit" };
        const string Json = """{"error":{"code":429,"message":"Slow \"down\".","status":"RESOURCE_EXHAUSTED","details":["""
            + """{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"KEY_LIMIT","domain":"perigee"},"""
            + """{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"contents","description":"Slow \"down\"."}]},"""
            + """{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"2s"}]}}""";
        Assert.Equal(Json, Write(output => GeminiDialect.Instance.WriteError(output, error)));
        Assert.Equal($"data: {Json}\r\n\r\n", Write(output => GeminiDialect.Instance.WriteErrorEvent(output, error)));
        Assert.Equal($"[{Json}]", Write(output => GeminiError.WriteArrayError(output, error, first: true)));
        Assert.Equal($",\r\n{Json}]", Write(output => GeminiError.WriteArrayError(output, error, first: false)));
        Assert.True(GeminiDialect.Instance.IsOwnError(Encoding.UTF8.GetBytes(Json)));
    }

    [Theory]
    [InlineData(ErrorKind.BadRequest, 400, "INVALID_ARGUMENT")]
    [InlineData(ErrorKind.Unauthenticated, 401, "UNAUTHENTICATED")]
    [InlineData(ErrorKind.ModelNotFound, 404, "NOT_FOUND")]
    [InlineData(ErrorKind.ProviderFailed, 502, "INTERNAL")]
    [InlineData(ErrorKind.Unavailable, 503, "UNAVAILABLE")]
    [InlineData(ErrorKind.ProviderTimeout, 504, "DEADLINE_EXCEEDED")]
    public void Every_kind_has_a_word(ErrorKind kind, int code, string word) =>
        Assert.Equal($$$"""{"error":{"code":{{{code}}},"message":"m","status":"{{{word}}}"}}""", Write(output => GeminiError.Write(output, new GatewayError(kind, "m"))));

    [Theory]
    [InlineData("""[{"error":{"message":"m","code":400}}]""", true)]
    [InlineData("""{"error":{"status":"X","message":"m"}}""", true)]
    [InlineData("""{"error":{"message":"m","type":"invalid_request_error","code":"x"}}""", false)]
    [InlineData("""{"type":"error","error":{"type":"api_error","message":"m"}}""", false)]
    [InlineData("""{"error":{"message":"m","code":400}""", false)]
    [InlineData("[]", false)]
    [InlineData("<html>", false)]
    [InlineData("", false)]
    public void Own_errors_are_told_from_others(string body, bool own) => Assert.Equal(own, GeminiDialect.Instance.IsOwnError(Encoding.UTF8.GetBytes(body)));

    private static string Write(Action<ArrayBufferWriter<byte>> write)
    {
        ArrayBufferWriter<byte> output = new();
        write(output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
