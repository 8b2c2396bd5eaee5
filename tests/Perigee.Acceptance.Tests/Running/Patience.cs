using System.Diagnostics;

namespace Perigee.Acceptance.Tests.Running;

/// <summary>How long these tests wait for what has to come.</summary>
internal static class Patience
{
    /// <summary>Far above what anything takes on a slow machine.</summary>
    public static TimeSpan Most { get; } = TimeSpan.FromSeconds(90);

    /// <summary>Waits for an event, or says what did not come.</summary>
    public static async Task WithinAsync(this Task awaited, string what)
    {
        try
        {
            await awaited.WaitAsync(Most, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"Did not come within {Most.TotalSeconds} s: {what}.");
        }
    }

    /// <summary>Waits for an event with a result.</summary>
    public static async Task<T> WithinAsync<T>(this Task<T> awaited, string what)
    {
        await ((Task)awaited).WithinAsync(what);
        return await awaited;
    }

    /// <summary>Asks again until the answer is yes: for states of another process, which raise no event here.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds, string what)
    {
        long begin = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            if (Stopwatch.GetElapsedTime(begin) > Most)
                Assert.Fail($"Did not come true within {Most.TotalSeconds} s: {what}.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
