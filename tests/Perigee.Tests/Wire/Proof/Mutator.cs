using System.Text;

namespace Perigee.Tests.Wire.Proving;

/// <summary>Makes odd bodies of good ones.</summary>
internal static class Mutator
{
    private static readonly string[] Dictionary =
    [
        "null", "true", "{}", "[]", "\"\"", "-1", "1e400", "99999999999999999999", "0.5", "\"\\ud800\"", "\"x\"", "{\"type\":\"text\"}", "[[[[", "}}", "\\u0000", "\"type\":\"", "data: ", "event: error\n", "\n\n", "\r\n", "[DONE]",
        "\"index\":-1", "\"index\":64", "\"index\":2147483648", "\"index\":1", "\"error\":{\"message\":\"x\"}", "\"error\":null", "\"content\":[", "\"finish_reason\":\"stop\"", "\"parts\":null", "\"functionCall\":{}", "\"args\":[]", "\"tool_calls\":[{}]", "\"usage\":{\"prompt_tokens\":-5}", "cGVyaWcx11..AA.AAAAAAAAAAAAAAAAAAAAAA", "\uFEFF",
    ];

    /// <summary>The body with up to four changes: bytes taken out, put in, doubled or cut off, other values for members.</summary>
    public static byte[] Mutate(byte[] bytes, Random random)
    {
        List<byte> mutated = [.. bytes];
        for (int n = random.Next(1, 5); n > 0 && mutated.Count > 0; n--)
        {
            int at = random.Next(mutated.Count);
            int length = Math.Min(mutated.Count - at, random.Next(1, 40));
            switch (random.Next(7))
            {
                case 0:
                    mutated.RemoveRange(at, length);
                    break;
                case 1:
                    mutated.InsertRange(at, mutated.GetRange(at, length));
                    break;
                case 2:
                    mutated[at] = (byte)random.Next(256);
                    break;
                case 3:
                    mutated.InsertRange(at, Encoding.UTF8.GetBytes(Dictionary[random.Next(Dictionary.Length)]));
                    break;
                case 4:
                    mutated.RemoveRange(at, mutated.Count - at);
                    break;
                default:
                    Value(mutated, at, random);
                    break;
            }
        }

        return [.. mutated];
    }

    /// <summary>The body with other values for up to two members: nearly always JSON.</summary>
    public static byte[] Change(byte[] bytes, Random random)
    {
        List<byte> changed = [.. bytes];
        for (int n = random.Next(1, 3); n > 0; n--)
            Value(changed, random.Next(changed.Count), random);
        return [.. changed];
    }

    /// <summary>Puts another JSON value where one begins: what gets past the JSON parser, and so the furthest.</summary>
    private static void Value(List<byte> bytes, int at, Random random)
    {
        int colon = bytes.IndexOf((byte)':', at);
        if (colon < 0 || colon + 1 >= bytes.Count)
            return;
        int end = colon + 1, depth = 0;
        bool quoted = false;
        for (; end < bytes.Count; end++)
        {
            byte b = bytes[end];
            if (quoted)
            {
                if (b == '\\')
                    end++;
                else if (b == '"')
                    quoted = false;
            }
            else if (b == '"')
            {
                quoted = true;
            }
            else if (b is (byte)'{' or (byte)'[')
            {
                depth++;
            }
            else if (b is (byte)'}' or (byte)']')
            {
                if (depth-- == 0)
                    break;
            }
            else if (b == ',' && depth == 0)
            {
                break;
            }
        }

        end = Math.Min(end, bytes.Count);
        bytes.RemoveRange(colon + 1, end - colon - 1);
        bytes.InsertRange(colon + 1, Encoding.UTF8.GetBytes(Dictionary[random.Next(15)]));
    }
}
