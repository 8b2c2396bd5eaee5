using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Perigee.Routing.Policies;

/// <summary>
/// Weighted rendezvous hashing: every choice gets a score from the session and its own name, the least is taken. One more choice takes only its own
/// share of the sessions from the others, and every instance decides alike. (Thaler and Ravishankar 1998; the weights as in Schindelhauer
/// and Schomaker 2005.)
/// </summary>
internal static class Sessions
{
    private const int MostOnStack = 512;

    /// <summary>The score of a choice: the least wins. Infinite where the weight is 0.</summary>
    public static double Score(string session, string choice, int weight)
    {
        int length = Encoding.UTF8.GetMaxByteCount(session.Length + choice.Length) + 1;
        Span<byte> text = length <= MostOnStack ? stackalloc byte[MostOnStack] : new byte[length];
        int used = Encoding.UTF8.GetBytes(session, text);
        text[used++] = 0;
        used += Encoding.UTF8.GetBytes(choice, text[used..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text[..used], hash);

        // 53 bits, half a step above 0: the logarithm of 0 is none.
        double unit = ((BinaryPrimitives.ReadUInt64LittleEndian(hash) >> 11) + 0.5) / (1UL << 53);
        return weight == 0 ? double.PositiveInfinity : -Math.Log(unit) / weight;
    }
}
