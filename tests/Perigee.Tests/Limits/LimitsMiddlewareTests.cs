using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Perigee.Limits;

namespace Perigee.Tests.Limits;

public sealed class LimitsMiddlewareTests : IDisposable
{
    private readonly TestStorage _storage = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 22, 18, 30, 40, 504, TimeSpan.Zero));
    private readonly RequestLimiter _limiter;
    private int _passed;

    public LimitsMiddlewareTests() => _limiter = new RequestLimiter(
        _storage, new GatewayHost { Mode = "local" }, _time, new Random(1), NullLogger<RequestLimiter>.Instance);

    public void Dispose()
    {
        _limiter.Dispose();
        _storage.Dispose();
    }

    [Theory]
    [InlineData(0, "0ms")]
    [InlineData(6, "6ms")]
    [InlineData(999, "999ms")]
    [InlineData(1_000, "1s")]
    [InlineData(19_496, "19.496s")]
    [InlineData(59_999, "59.999s")]
    [InlineData(60_000, "1m0s")]
    [InlineData(90_000, "1m30s")]
    [InlineData(-5, "0ms")]
    public void Durations_are_written_as_OpenAI_does(int milliseconds, string expected) =>
        Assert.Equal(expected, Durations.Format(TimeSpan.FromMilliseconds(milliseconds)));

    [Fact]
    public async Task A_limited_caller_sees_its_limit_on_every_answer()
    {
        Exchange admitted = await AskAsync(limit: 1);
        Assert.Equal(1, _passed);
        Assert.Equal("1", Header(admitted, "x-ratelimit-limit-requests"));
        Assert.Equal("0", Header(admitted, "x-ratelimit-remaining-requests"));
        Assert.Equal("19.496s", Header(admitted, "x-ratelimit-reset-requests"));
        Assert.Equal(new LimitVerdict(1, 0, TimeSpan.FromMilliseconds(19_496)), admitted.Limit);

        Exchange refused = await AskAsync(limit: 1);
        Assert.Equal(1, _passed);
        Assert.Equal(429, refused.Http.Response.StatusCode);
        Assert.Equal("20", Header(refused, "Retry-After"));
        Assert.Equal("0", Header(refused, "x-ratelimit-remaining-requests"));
        Assert.Equal(ErrorKind.LimitReached, refused.Error!.Kind);
        Assert.Contains("rate_limit_exceeded", Body(refused), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_without_a_limit_costs_nothing()
    {
        Exchange exchange = await AskAsync(limit: null);
        Assert.Equal(1, _passed);
        Assert.Null(exchange.Limit);
        Assert.DoesNotContain(exchange.Http.Response.Headers, static header => header.Key.StartsWith("x-ratelimit", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(0, _storage.Calls);
    }

    [Fact]
    public async Task Without_the_storage_a_limited_caller_is_refused()
    {
        _storage.Next = static _ => Mishap.Down;
        Exchange exchange = await AskAsync(limit: 5);
        Assert.Equal(0, _passed);
        Assert.Equal(503, exchange.Http.Response.StatusCode);
        Assert.Equal(ErrorKind.StorageDown, exchange.Error!.Kind);
    }

    private async Task<Exchange> AskAsync(int? limit)
    {
        Exchange exchange = Exchanges.Make("chat", out _);
        exchange.Caller = new Caller("key_a", "tenant", "name", limit);
        LimitsMiddleware middleware = new(
            _ =>
            {
                _passed++;
                return Task.CompletedTask;
            },
            _limiter, _time);
        await middleware.InvokeAsync(exchange.Http);
        await exchange.Http.Response.BodyWriter.FlushAsync();
        return exchange;
    }

    private static string? Header(Exchange exchange, string name) => exchange.Http.Response.Headers[name];

    private static string Body(Exchange exchange) => Encoding.UTF8.GetString(((MemoryStream)exchange.Http.Response.Body).ToArray());
}
