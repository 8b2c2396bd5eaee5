using System.Buffers.Text;

namespace Perigee.Caching.Keys;

/// <summary>Numbers of JSON by their value, exact at any length.</summary>
internal static class NumberForm
{
    /// <summary>1, as <see cref="Write"/> writes it.</summary>
    public static ReadOnlySpan<byte> One => "#1e0;"u8;

    /// <summary>0, as <see cref="Write"/> writes it.</summary>
    public static ReadOnlySpan<byte> Zero => "#0;"u8;

    /// <summary>Writes one.</summary>
    /// <param name="raw">A valid JSON number.</param>
    /// <param name="to">Takes it: at least 24 bytes longer.</param>
    /// <returns>The bytes written.</returns>
    public static int Write(ReadOnlySpan<byte> raw, Span<byte> to)
    {
        ReadOnlySpan<byte> rest = raw;
        long power = 0;
        int e = rest.IndexOfAny((byte)'e', (byte)'E');
        if (e >= 0)
        {
            ReadOnlySpan<byte> exponent = rest[(e + 1)..];
            if (exponent.Length > 0 && exponent[0] == '+')
                exponent = exponent[1..];

            // Beyond a billion only the same spelling is taken to be the same number.
            if (exponent.Length > 10 || !Utf8Parser.TryParse(exponent, out power, out int used) || used != exponent.Length)
                return Spelled(raw, to);
            rest = rest[..e];
        }

        int length = 0;
        to[length++] = (byte)'#';
        if (rest.Length > 0 && rest[0] == '-')
        {
            to[length++] = (byte)'-';
            rest = rest[1..];
        }

        int digits = length;
        bool fraction = false;
        foreach (byte c in rest)
        {
            if (c == '.')
            {
                fraction = true;
                continue;
            }

            if (fraction)
                power--;
            if (c != '0' || length > digits)
                to[length++] = c;
        }

        while (length > digits && to[length - 1] == '0')
        {
            length--;
            power++;
        }

        if (length == digits)
        {
            Zero.CopyTo(to);
            return Zero.Length;
        }

        to[length++] = (byte)'e';
        Utf8Formatter.TryFormat(power, to[length..], out int written);
        length += written;
        to[length++] = (byte)';';
        return length;
    }

    private static int Spelled(ReadOnlySpan<byte> raw, Span<byte> to)
    {
        to[0] = (byte)'~';
        raw.CopyTo(to[1..]);
        to[raw.Length + 1] = (byte)';';
        return raw.Length + 2;
    }
}
