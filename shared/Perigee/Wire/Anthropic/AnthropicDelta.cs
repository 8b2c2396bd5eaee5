using System.Buffers;

namespace Perigee.Wire.Anthropic;

/// <summary>What a delta adds to.</summary>
internal enum DeltaKind
{
    /// <summary>Visible text.</summary>
    Text,

    /// <summary>Reasoning.</summary>
    Thinking,

    /// <summary>A call's arguments.</summary>
    Input,
}

/// <summary>
/// Almost every event of a stream adds a few characters to a block, and Anthropic writes all of these alike: they are taken apart by their very
/// bytes, at a fraction of the cost of reading JSON. What looks otherwise in any way is left to the JSON reader.
/// </summary>
internal static class AnthropicDelta
{
    private static readonly SearchValues<byte> Stops = SearchValues.Create([.. Enumerable.Range(0, 32).Select(i => (byte)i), (byte)'"', (byte)'\\']);

    /// <summary>Whether the event adds to a block, and whether it adds anything. Its end is not looked at.</summary>
    public static bool TryPeek(ReadOnlySpan<byte> data, out bool empty)
    {
        empty = false;
        if (!TryHead(data, out _, out _, out ReadOnlySpan<byte> rest) || rest.IsEmpty || data.TrimEnd(" \t"u8)[^1] != (byte)'}')
            return false;
        empty = rest[0] == (byte)'"';
        return true;
    }

    /// <summary>Takes the event apart.</summary>
    /// <param name="data">The event.</param>
    /// <param name="index">The place of the block.</param>
    /// <param name="kind">What is added.</param>
    /// <param name="text">The addition, escapes in it: valid as the inside of a JSON string.</param>
    public static bool TryRead(ReadOnlySpan<byte> data, out int index, out DeltaKind kind, out ReadOnlySpan<byte> text)
    {
        text = default;
        if (!TryHead(data, out index, out kind, out ReadOnlySpan<byte> rest))
            return false;
        int end = StringEnd(rest);
        if (end < 0)
            return false;
        text = rest[..end];

        // Anthropic pads events with spaces before the last bracket, against guessing their text from their length.
        rest = rest[(end + 1)..];
        if (rest.IsEmpty || rest[0] != (byte)'}')
            return false;
        rest = rest[1..].Trim(" \t"u8);
        return rest.SequenceEqual("}"u8);
    }

    private static bool TryHead(ReadOnlySpan<byte> data, out int index, out DeltaKind kind, out ReadOnlySpan<byte> rest)
    {
        index = 0;
        kind = default;
        rest = default;
        ReadOnlySpan<byte> head = "{\"type\":\"content_block_delta\",\"index\":"u8;
        if (!data.StartsWith(head))
            return false;
        rest = data[head.Length..];
        int digits = 0;
        while (digits < rest.Length && digits < 7 && rest[digits] is >= (byte)'0' and <= (byte)'9')
            index = index * 10 + rest[digits++] - '0';
        if (digits == 0)
            return false;
        rest = rest[digits..];
        ReadOnlySpan<byte> text = ",\"delta\":{\"type\":\"text_delta\",\"text\":\""u8;
        ReadOnlySpan<byte> thinking = ",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\""u8;
        ReadOnlySpan<byte> input = ",\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\""u8;
        if (rest.StartsWith(text))
        {
            rest = rest[text.Length..];
            kind = DeltaKind.Text;
        }
        else if (rest.StartsWith(thinking))
        {
            rest = rest[thinking.Length..];
            kind = DeltaKind.Thinking;
        }
        else if (rest.StartsWith(input))
        {
            rest = rest[input.Length..];
            kind = DeltaKind.Input;
        }
        else
        {
            return false;
        }

        return true;
    }

    /// <summary>The position of the closing quote, or -1 where the string is not valid or not closed.</summary>
    private static int StringEnd(ReadOnlySpan<byte> text)
    {
        int at = 0;
        while (true)
        {
            int stop = text[at..].IndexOfAny(Stops);
            if (stop < 0)
                return -1;
            at += stop;
            if (text[at] == (byte)'"')
                return at;
            if (text[at] != (byte)'\\' || at + 1 >= text.Length)
                return -1;
            switch (text[at + 1])
            {
                case (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t':
                    at += 2;
                    break;
                case (byte)'u' when at + 6 <= text.Length && char.IsAsciiHexDigit((char)text[at + 2]) && char.IsAsciiHexDigit((char)text[at + 3])
                    && char.IsAsciiHexDigit((char)text[at + 4]) && char.IsAsciiHexDigit((char)text[at + 5]):
                    at += 6;
                    break;
                default:
                    return -1;
            }
        }
    }
}
