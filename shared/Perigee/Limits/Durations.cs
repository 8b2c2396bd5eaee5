using System.Globalization;

namespace Perigee.Limits;

/// <summary>Durations as OpenAI's rate-limit headers write them: <c>6ms</c>, <c>19.496s</c>, <c>1m30s</c>, <c>1h0m0s</c>.</summary>
internal static class Durations
{
    public static string Format(TimeSpan duration)
    {
        long milliseconds = Math.Max(0, (long)Math.Ceiling(duration.TotalMilliseconds));
        if (milliseconds < 1_000)
            return string.Create(CultureInfo.InvariantCulture, $"{milliseconds}ms");
        (long minutes, long rest) = Math.DivRem(milliseconds, 60_000);
        (long seconds, long thousandths) = Math.DivRem(rest, 1_000);
        Span<char> text = stackalloc char[40];
        int length = 0, written;
        (long hours, long over) = Math.DivRem(minutes, 60);
        if (hours > 0)
        {
            hours.TryFormat(text, out length, default, CultureInfo.InvariantCulture);
            text[length++] = 'h';
        }

        if (minutes > 0)
        {
            over.TryFormat(text[length..], out written, default, CultureInfo.InvariantCulture);
            length += written;
            text[length++] = 'm';
        }

        seconds.TryFormat(text[length..], out written, default, CultureInfo.InvariantCulture);
        length += written;
        if (thousandths > 0)
        {
            text[length++] = '.';
            thousandths.TryFormat(text[length..], out _, "000", CultureInfo.InvariantCulture);
            length += thousandths % 100 == 0 ? 1 : thousandths % 10 == 0 ? 2 : 3;
        }

        text[length++] = 's';
        return new string(text[..length]);
    }
}
