using System.Buffers.Text;
using System.Text.Json;

namespace Perigee.Logs;

/// <summary>Numbers as the logs write them.</summary>
internal static class LogJson
{
    /// <summary>
    /// Milliseconds with at most three decimals: microseconds are as fine as these clocks are worth. As whole numbers, because the shortest
    /// form of a double is dear to find.
    /// </summary>
    public static void Milliseconds(Utf8JsonWriter json, ReadOnlySpan<byte> name, TimeSpan value)
    {
        (long whole, long part) = Math.DivRem((Math.Max(0, value.Ticks) + 5) / TimeSpan.TicksPerMicrosecond, 1_000);
        Span<byte> text = stackalloc byte[24];
        Utf8Formatter.TryFormat(whole, text, out int length);
        if (part > 0)
        {
            text[length] = (byte)'.';
            (text[length + 1], text[length + 2], text[length + 3]) = ((byte)('0' + (part / 100)), (byte)('0' + (part / 10 % 10)), (byte)('0' + (part % 10)));
            length += part % 100 == 0 ? 2 : part % 10 == 0 ? 3 : 4;
        }

        json.WritePropertyName(name);
        json.WriteRawValue(text[..length], skipInputValidation: true);
    }

    /// <summary>Dollars, exact: at most twelve decimals.</summary>
    public static void Dollars(Utf8JsonWriter json, ReadOnlySpan<byte> name, long pico) => json.WriteNumber(name, pico / 1_000_000_000_000m);
}
