using System.Buffers;
using Perigee.Wire;
using Perigee.Wire.Anthropic;
using Perigee.Wire.Gemini;

namespace Perigee.Forwarding;

/// <summary>Counts of tokens, from one dialect into the other.</summary>
internal static class Counts
{
    /// <summary>Reads a provider's count and writes it for the client. False where it is none.</summary>
    public static bool TryTranslate(DialectFamily from, DialectFamily to, ReadOnlySpan<byte> body, IBufferWriter<byte> output)
    {
        bool read = from == DialectFamily.Gemini ? GeminiCount.TryRead(body, out long count) : AnthropicCount.TryRead(body, out count);
        if (read)
            Write(to, count, output);
        return read;
    }

    /// <summary>Writes a count for the client.</summary>
    public static void Write(DialectFamily to, long count, IBufferWriter<byte> output)
    {
        if (to == DialectFamily.Gemini)
            GeminiCount.Write(output, count);
        else
            AnthropicCount.Write(output, count);
    }
}
