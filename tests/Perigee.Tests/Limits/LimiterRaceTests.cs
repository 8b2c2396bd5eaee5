using Microsoft.Extensions.Logging.Abstractions;
using Perigee.Limits;

namespace Perigee.Tests.Limits;

/// <summary>Many instances of the gateway, each with a storage of its own on the same files, race for one limit.</summary>
public sealed class LimiterRaceTests : IDisposable
{
    private readonly TestStorage _place = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _place.Dispose();

    [Theory]
    [InlineData(1, 2)]
    [InlineData(7, 3)]
    [InlineData(50, 2)]
    [InlineData(333, 4)]
    [InlineData(2_000, 3)]
    [InlineData(5_000, 8)]
    public async Task Exactly_the_limit_is_admitted(int limit, int instances)
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        int admitted = await RaceAsync(limit, instances, seed, static (_, _) => Mishap.None);
        Assert.Equal(limit, admitted);
    }

    [Theory]
    [InlineData(20, 2)]
    [InlineData(400, 4)]
    [InlineData(3_000, 3)]
    public async Task With_a_storage_that_fails_never_more_than_the_limit_is_admitted(int limit, int instances)
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        int admitted = await RaceAsync(limit, instances, seed, static (_, dice) => dice.NextDouble() switch
        {
            < 0.05 => Mishap.Down,
            < 0.12 => Mishap.LostReply,
            < 0.2 => Mishap.ConflictWithItself,
            _ => Mishap.None,
        });
        Assert.InRange(admitted, 1, limit);
    }

    private async Task<int> RaceAsync(int limit, int instances, int seed, Func<string, Random, Mishap> mishaps)
    {
        int admitted = 0;
        await Task.WhenAll(Enumerable.Range(0, instances).Select(instance => Task.Run(async () =>
        {
            Random dice = new(seed + instance);
            using TestStorage storage = new(_place.Location);
            storage.Next = call =>
            {
                lock (dice)
                    return call is "find" or "write" ? mishaps(call, dice) : Mishap.None;
            };
            using RequestLimiter limiter = new(
                storage, new GatewayHost { Mode = "local" }, new StandingClock(), new Random(seed - instance), NullLogger<RequestLimiter>.Instance);
            await limiter.StartAsync(Cancel);
            int requests = 2 * limit;
            await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
            {
                while (Interlocked.Decrement(ref requests) >= 0)
                {
                    if ((await limiter.AdmitAsync("key_a", limit, Cancel)).Verdict == Verdict.Admitted)
                        Interlocked.Increment(ref admitted);
                }
            })));
            await limiter.StopAsync(Cancel);
        })));
        long? used = (await _place.Table("limits").FindAsync("rpm|key_a", "202611221830", Cancel))?.Number("used");
        TestContext.Current.TestOutputHelper!.WriteLine($"admitted {admitted} of {limit}, counted {used}");
        Assert.InRange(used ?? 0, admitted, limit);
        return admitted;
    }
}
