using System.Collections.Concurrent;
using Perigee.Front;

namespace Perigee.Tests.Front;

public sealed class RequestIdsTests
{
    [Fact]
    public void A_name_is_a_version_7_UUID_with_the_time_in_front()
    {
        DateTimeOffset now = new(2031, 2, 3, 4, 5, 6, 789, TimeSpan.Zero);

        for (int i = 0; i < 1_000; i++)
        {
            string id = RequestIds.Next(now);
            Assert.Matches("^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$", id);
            Assert.Equal(Guid.CreateVersion7(now).ToString("N")[..12], id[..12]);
        }
    }

    [Fact]
    public void No_two_are_equal_on_any_thread()
    {
        ConcurrentDictionary<string, bool> seen = new();
        Parallel.For(0, 20_000, _ => Assert.True(seen.TryAdd(RequestIds.Next(DateTimeOffset.UnixEpoch), true)));
    }
}
