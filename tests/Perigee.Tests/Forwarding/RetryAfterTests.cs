using System.Text.Json;
using Perigee.Forwarding;

namespace Perigee.Tests.Forwarding;

public sealed class RetryAfterTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("34", 34.0)]
    [InlineData("34s", 34.0)]
    [InlineData("6ms", 0.006)]
    [InlineData("1m2.5s", 62.5)]
    [InlineData("2m", 120.0)]
    [InlineData("1h30m", 5400.0)]
    [InlineData("19.496s", 19.496)]
    [InlineData("Mon, 23 Nov 2026 12:00:30 GMT", 30.0)]
    [InlineData("2026-11-23T12:01:00Z", 60.0)]
    [InlineData("1795435210", 10.0)]
    [InlineData("1795435207500", 7.5)]
    [InlineData("-5", null)]
    [InlineData("soon", null)]
    [InlineData("", null)]
    public void Reads_every_way_in_which_providers_say_it(string text, double? seconds) =>
        Assert.Equal(seconds, RetryAfter.Parse(text, Now)?.TotalSeconds);

    [Theory]
    [InlineData("retry-after: 7", "{}", false, 7.0)]
    [InlineData("retry-after-ms: 1500|retry-after: 9", "{}", false, 1.5)]
    [InlineData("", """{"error":{"details":[{"@type":"x"},{"retryDelay":"34s"}]}}""", false, 34.0)]
    [InlineData("", """[{"error":{"details":[{"retryDelay":"3s"}]}}]""", false, 3.0)]
    [InlineData("x-ratelimit-reset-requests: 10s|x-ratelimit-reset-tokens: 6ms", "{}", true, 0.006)]
    [InlineData("x-ratelimit-reset-requests: 10s", "{}", false, null)]
    [InlineData("anthropic-ratelimit-requests-reset: 2026-11-23T12:00:20Z", "{}", true, 20.0)]
    [InlineData("retry-after: 999999999", "{}", false, 86400.0)]
    public void Finds_it_in_headers_and_body(string headers, string body, bool limited, double? seconds)
    {
        using HttpResponseMessage answer = new();
        foreach (string header in headers.Split('|', StringSplitOptions.RemoveEmptyEntries))
            answer.Headers.TryAddWithoutValidation(header[..header.IndexOf(':', StringComparison.Ordinal)], header[(header.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim());
        using JsonDocument document = JsonDocument.Parse(body);
        Assert.Equal(seconds, RetryAfter.Of(answer.Headers, document.RootElement, limited, Now)?.TotalSeconds);
    }
}
