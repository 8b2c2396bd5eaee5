using System.Text.Json;

namespace Perigee.Wire.Gemini;

/// <summary>
/// Names of members. Google's JSON is that of protocol buffers, whose readers take <c>maxOutputTokens</c> and <c>max_output_tokens</c> alike:
/// so does this gateway, of clients and of providers. Source: the ProtoJSON format.
/// </summary>
internal static class GeminiNames
{
    /// <summary>For answers: arguments may lie as deep in them as those of questions.</summary>
    public static JsonReaderOptions Deep => new() { MaxDepth = 256 };

    /// <summary>Whether a name is this one, in camelCase as given here or in snake_case.</summary>
    public static bool Is(ReadOnlySpan<byte> written, ReadOnlySpan<byte> camel)
    {
        if (written.Length == camel.Length)
            return written.SequenceEqual(camel);
        return written.Length > camel.Length && IsSnake(written, camel);
    }

    /// <summary>Whether the name at which a reader stands is this one.</summary>
    public static bool Is(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> camel) => Is(reader.ValueSpan, camel);

    private static bool IsSnake(ReadOnlySpan<byte> written, ReadOnlySpan<byte> camel)
    {
        int at = 0;
        foreach (byte c in camel)
        {
            if (c is >= (byte)'A' and <= (byte)'Z')
            {
                if (at + 1 >= written.Length || written[at] != (byte)'_' || written[at + 1] != (c | 0x20))
                    return false;
                at += 2;
            }
            else if (at < written.Length && written[at] == c)
            {
                at++;
            }
            else
            {
                return false;
            }
        }

        return at == written.Length;
    }
}
