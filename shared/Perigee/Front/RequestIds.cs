using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Perigee.Front;

/// <summary>
/// Names for requests: UUIDv7 (RFC 9562, section 5.7) in hex. The same as <see cref="Guid.CreateVersion7(DateTimeOffset)"/> gives, but that
/// asks the system for random bits each time, which is a system call, and this for those of many names at once.
/// </summary>
internal static class RequestIds
{
    private const int Names = 256;
    private const int RandomBytes = 10;

    [ThreadStatic]
    private static byte[]? s_random;

    [ThreadStatic]
    private static int s_left;

    /// <summary>The next name.</summary>
    /// <param name="now">When the request came.</param>
    public static string Next(DateTimeOffset now)
    {
        byte[] random = s_random ??= new byte[Names * RandomBytes];
        if (s_left == 0)
        {
            RandomNumberGenerator.Fill(random);
            s_left = Names;
        }

        // 48 bits of milliseconds, then random ones but for the version (4 bits) and the variant (2 bits).
        Span<byte> id = stackalloc byte[6 + RandomBytes];
        Span<byte> stamp = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(stamp, now.ToUnixTimeMilliseconds());
        stamp[2..].CopyTo(id);
        random.AsSpan(--s_left * RandomBytes, RandomBytes).CopyTo(id[6..]);
        id[6] = (byte)(0x70 | (id[6] & 0x0F));
        id[8] = (byte)(0x80 | (id[8] & 0x3F));
        return Convert.ToHexStringLower(id);
    }
}
