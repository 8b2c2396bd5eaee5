using System.Globalization;

namespace Perigee.Limits;

/// <summary>Durations as OpenAI's rate-limit headers write them: <c>6ms</c>, <c>19.496s</c>, <c>1m30s</c>.</summary>
internal static class Durations
{
    public static string Format(TimeSpan duration)
    {
        long milliseconds = Math.Max(0, (long)Math.Ceiling(duration.TotalMilliseconds));
        if (milliseconds < 1_000)
            return string.Create(CultureInfo.InvariantCulture, $"{milliseconds}ms");
        (long minutes, long rest) = Math.DivRem(milliseconds, 60_000);
        string seconds = (rest / 1_000m).ToString("0.###", CultureInfo.InvariantCulture);
        return minutes == 0
            ? seconds + "s"
            : string.Create(CultureInfo.InvariantCulture, $"{minutes}m{seconds}s");
    }
}
