using System.Net.Http.Headers;
using Perigee.Forwarding;

namespace Perigee.Tests.Forwarding;

public class RateHeadroomTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    [Theory]
    [InlineData("x-ratelimit-limit-requests: 100, x-ratelimit-remaining-requests: 25, x-ratelimit-reset-requests: 1m30s", 0.25, 90)]
    [InlineData("x-ratelimit-limit-requests: 100, x-ratelimit-remaining-requests: 90, x-ratelimit-reset-requests: 6s, x-ratelimit-limit-tokens: 1000, x-ratelimit-remaining-tokens: 50, x-ratelimit-reset-tokens: 20ms", 0.05, 0.02)]
    [InlineData("anthropic-ratelimit-input-tokens-limit: 1000, anthropic-ratelimit-input-tokens-remaining: 100, anthropic-ratelimit-input-tokens-reset: 2027-01-15T08:00:30Z, anthropic-ratelimit-requests-limit: 50, anthropic-ratelimit-requests-remaining: 49, anthropic-ratelimit-requests-reset: 2027-01-15T08:00:01Z", 0.1, 30)]
    [InlineData("X-RateLimit-Limit: 20, X-RateLimit-Remaining: 5, X-RateLimit-Reset: 1800000007000", 0.25, 7)]
    [InlineData("RateLimit-Limit: 100;w=60, RateLimit-Remaining: 50, RateLimit-Reset: 12", 0.5, 12)]
    [InlineData("x-ratelimit-limit-tokens: 100, x-ratelimit-remaining-tokens: 0", 0, 60)]
    [InlineData("x-ratelimit-limit-requests-day: 1000, x-ratelimit-remaining-requests-day: 10, x-ratelimit-reset-requests-day: 3600", 0.01, 3600)]
    [InlineData("x-ratelimit-limit-requests: 10, x-ratelimit-remaining-requests: 20", 1, 60)]
    public void What_is_left_is_read(string headers, double left, double seconds)
    {
        (double Left, TimeSpan Reset)? read = RateHeadroom.Read(Headers(headers), Now);
        Assert.Equal((left, seconds), (read!.Value.Left, Math.Round(read.Value.Reset.TotalSeconds, 3)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("date: now, x-request-id: 1, server: cloudflare, retry-after: 5")]
    [InlineData("x-ratelimit-remaining-requests: 25")]
    [InlineData("x-ratelimit-limit-requests: 0, x-ratelimit-remaining-requests: 0")]
    [InlineData("x-ratelimit-limit-requests: -1, x-ratelimit-remaining-requests: -1")]
    [InlineData("x-ratelimit-limit-requests: lots, x-ratelimit-remaining-requests: none")]
    [InlineData("x-ratelimit-limit: 100, x-ratelimit-remaining: 1, x-ratelimit-reset: 1700000000")]
    [InlineData("anthropic-ratelimit-unified-5h-status: allowed, anthropic-ratelimit-: 1, x-ratelimit-: 2, ratelimit-: 3")]
    public void Nothing_is_made_up(string headers) => Assert.Null(RateHeadroom.Read(Headers(headers), Now));

    [Fact]
    public void Without_such_headers_nothing_is_allocated()
    {
        HttpResponseHeaders headers = Headers("date: now, x-request-id: 1, server: cloudflare, cf-ray: 5, alt-svc: h3, via: 1.1");
        Assert.Null(RateHeadroom.Read(headers, Now));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            RateHeadroom.Read(headers, Now);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static HttpResponseHeaders Headers(string text)
    {
        HttpResponseHeaders headers = new HttpResponseMessage().Headers;
        foreach (string line in text.Split(", ", StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = line.Split(": ");
            Assert.True(headers.TryAddWithoutValidation(parts[0], parts[1]));
        }

        return headers;
    }
}
