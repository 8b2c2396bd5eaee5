using Microsoft.Extensions.Time.Testing;
using Perigee.Logs.Verifying;

namespace Perigee.Tests.Logs;

/// <summary>What logs take of memory while the storage takes none of them: measured, so nothing runs beside it.</summary>
[Collection(nameof(Alone))]
public sealed class LogMemoryTests
{
    [Fact]
    public async Task A_storage_that_is_down_for_five_minutes_costs_no_more_memory_than_is_allowed()
    {
        FakeTimeProvider time = new(LogLoadTests.Start);
        FaultyBlobs blobs = new(new Random(9), time) { Outage = (LogLoadTests.Start.AddSeconds(5), LogLoadTests.Start.AddSeconds(305)) };
        long before = GC.GetTotalMemory(forceFullCollection: true), most = 0, waiting = 0;
        await LogLoadTests.LoadAsync(blobs, time, 16 << 20, 310, out int made, (second, shipper) =>
        {
            waiting = Math.Max(waiting, shipper.WaitingBytes);
            if (second % 60 == 0)
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
        });

        TestContext.Current.TestOutputHelper!.WriteLine($"{made} records; at most {waiting:N0} bytes said to wait, {most:N0} bytes more in memory.");
        Assert.InRange(waiting, 8 << 20, 16 << 20);
        Assert.InRange(most, 0, 40 << 20);
        InstanceCount count = (await LogLoadTests.ReportAsync(blobs)).Instances["abcd1234"];
        Assert.Equal((long)made, count.Records + count.Dropped);
        Assert.True(count.IsWhole && count.Dropped > 400_000);
    }
}
