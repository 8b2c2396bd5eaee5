using System.Globalization;
using System.Text.RegularExpressions;
using Perigee.Acceptance.Tests.Refusals;
using Perigee.Acceptance.Tests.Running;

namespace Perigee.Acceptance.Tests.Limits;

/// <summary>The window that limits are counted in, as the gateway's own headers tell it.</summary>
internal static partial class Minute
{
    /// <summary>Waits for the next window where fewer than that many seconds are left of this one. Returns what then is left.</summary>
    public static async Task<TimeSpan> WithAtLeastAsync(Gateway gateway, int seconds)
    {
        // A key of its own: the one under test must not be counted here.
        using HttpClient probe = await gateway.NewClientAsync(requestsPerMinute: 1_000_000);
        while (true)
        {
            TimeSpan left = Left(await Answer.ChatAsync(probe, "demo/echo"));
            if (left >= TimeSpan.FromSeconds(seconds))
                return left;
            await Task.Delay(left, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>What an answer says is left of the window.</summary>
    public static TimeSpan Left(Answer answer)
    {
        string text = Assert.Single(answer.Response.Headers.GetValues("x-ratelimit-reset-requests"));
        Match match = Duration().Match(text);
        Assert.True(match.Success, text);
        return TimeSpan.FromMinutes(Number("m")) + TimeSpan.FromSeconds(Number("s")) + TimeSpan.FromMilliseconds(Number("ms"));

        double Number(string unit) => match.Groups[unit].Success ? double.Parse(match.Groups[unit].ValueSpan, CultureInfo.InvariantCulture) : 0;
    }

    /// <summary>The whole number in a header.</summary>
    public static int Count(Answer answer, string header) =>
        int.Parse(Assert.Single(answer.Response.Headers.GetValues(header)), CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?:(?<m>[\d.]+)m(?!s))?(?:(?<s>[\d.]+)s)?(?:(?<ms>[\d.]+)ms)?$")]
    private static partial Regex Duration();
}
