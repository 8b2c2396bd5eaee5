using System.Globalization;

namespace Perigee.Limits;

/// <summary>
/// Texts of numbers and times for headers. Those that were said lately are kept: many requests say the same, and a text is made once for
/// them. Bounded; a race costs a text that is made twice.
/// </summary>
internal sealed class HeaderTexts
{
    private const int Kept = 256;

    private readonly Said?[] _numbers = new Said?[Kept];
    private readonly Said?[] _durations = new Said?[Kept];
    private readonly Said?[] _times = new Said?[Kept];
    private readonly Said?[] _dollars = new Said?[Kept];

    /// <summary>A number in digits.</summary>
    public string Number(long value) => Of(_numbers, value, static value => value.ToString(CultureInfo.InvariantCulture));

    /// <summary>A duration in OpenAI's form.</summary>
    public string Duration(TimeSpan value) =>
        Of(_durations, (long)Math.Ceiling(value.TotalMilliseconds), static milliseconds => Durations.Format(TimeSpan.FromMilliseconds(milliseconds)));

    /// <summary>A time in RFC 3339, rounded up to the second.</summary>
    public string Time(DateTimeOffset value) => Of(_times, (value.UtcTicks + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond,
        static seconds => new DateTime(seconds * TimeSpan.TicksPerSecond, DateTimeKind.Utc).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));

    /// <summary>Micro-dollars as dollars, with cents at least.</summary>
    public string Dollars(long micro) => Of(_dollars, micro, DollarsOf);

    /// <summary>The same, made anew.</summary>
    public static string DollarsOf(long micro) => (micro / 1_000_000m).ToString("0.00####", CultureInfo.InvariantCulture);

    private static string Of(Said?[] texts, long value, Func<long, string> make)
    {
        ref Said? said = ref texts[(int)((ulong)value % Kept)];
        if (said is not { } known || known.Value != value)
            said = known = new Said(value, make(value));
        return known.Text;
    }

    private sealed record Said(long Value, string Text);
}
