using System.Net;

namespace Perigee.Logs.Redacting;

/// <summary>Finds e-mail addresses, IP addresses, telephone numbers. All look at a bounded part of the text only.</summary>
internal static class PersonalRules
{
    private const int LongestMailbox = 320;
    private const int LongestDomain = 255;
    private const int LongestAddress = 45;

    /// <summary>An e-mail address (RFC 5321 without quoted mailboxes) that begins here.</summary>
    public static int EmailAt(ReadOnlySpan<byte> text, int at)
    {
        int i = at;
        while (i < text.Length && i - at <= LongestMailbox && Letters.IsMailbox(text[i]))
            i++;
        if (i == at || Letters.At(text, i) != (byte)'@')
            return -1;
        int domain = ++i, label = i, end = -1;
        for (; i - domain < LongestDomain; i++)
        {
            byte b = Letters.At(text, i);
            if (Letters.IsWord(b) || b == (byte)'-')
                continue;

            // Each label that could be the last one: two letters at least behind a dot.
            if (label > domain && i - label >= 2 && (Letters.IsLetter(text[label]) || text[label] >= 0x80))
                end = i;
            if (b != (byte)'.' || i == label)
                break;
            label = i + 1;
        }

        return end;
    }

    /// <summary>An IPv4 or IPv6 address that begins here, at the beginning of a word. This machine's own are nobody's.</summary>
    public static int AddressAt(ReadOnlySpan<byte> text, int at)
    {
        byte before = Letters.At(text, at - 1), further = Letters.At(text, at - 2);
        if (Letters.IsDigit(text[at]) && !(before == (byte)'.' && Letters.IsDigit(further)) && FourNumbers(text, at) is > 0 and var four)
            return four;
        return before == (byte)':' && (further == (byte)':' || char.IsAsciiHexDigit((char)further)) ? -1 : EightGroups(text, at);
    }

    /// <summary>A telephone number that begins here. Digits alone are none: they may count anything.</summary>
    public static int PhoneAt(ReadOnlySpan<byte> text, int at)
    {
        byte first = text[at];
        byte before = Letters.At(text, at - 1);
        if (Letters.IsWord(before) || (before is (byte)'.' or (byte)'-' or (byte)'+' && Letters.IsWord(Letters.At(text, at - 2))))
            return -1;
        if (first == (byte)'+')
            return Letters.At(text, at + 1) is >= (byte)'1' and <= (byte)'9' ? Groups(text, at + 1, 8, 15, leastGroups: 1) : -1;
        if (first == (byte)'0')
        {
            byte second = Letters.At(text, at + 1);
            return second == (byte)'0'
                ? Letters.At(text, at + 2) is >= (byte)'1' and <= (byte)'9' ? Groups(text, at, 10, 17, leastGroups: 1) : -1
                : (second == (byte)')' ? Letters.At(text, at + 2) : second) is >= (byte)'1' and <= (byte)'9' ? Groups(text, at, 9, 13, leastGroups: 2) : -1;
        }

        return American(text, at);
    }

    // Digits in groups, divided by one or two of the usual signs; or -1.
    private static int Groups(ReadOnlySpan<byte> text, int at, int least, int most, int leastGroups)
    {
        int digits = 0, groups = 0, group = 0, i = at, first = 0, second = 0;
        int end = -1;
        while (true)
        {
            byte b = Letters.At(text, i);
            if (Letters.IsDigit(b))
            {
                digits++;
                group++;
                i++;
                continue;
            }

            if (group > 0)
            {
                groups++;
                if (groups == 1)
                    first = group;
                else if (groups == 2)
                    second = group;
                else if (groups == 3 && (first, second, group) == (2, 2, 4))
                    return -1; // A date.
                if (digits <= most && digits >= least && groups >= leastGroups && !Letters.IsWord(b))
                    end = i;
            }

            group = 0;
            int signs = 0;
            while (signs < 2 && Letters.At(text, i) is (byte)' ' or (byte)'-' or (byte)'.' or (byte)'(' or (byte)')' or (byte)'/')
            {
                signs++;
                i++;
            }

            if (signs == 0 || !Letters.IsDigit(Letters.At(text, i)) || digits >= most)
                break;
        }

        return digits > most && groups == 1 ? -1 : end;
    }

    // 555-123-4567, 555.123.4567, 555 123 4567, (555) 123-4567, each with 1 before it or not.
    private static int American(ReadOnlySpan<byte> text, int at)
    {
        int i = at;
        if (text[i] == (byte)'1' && Letters.At(text, i + 1) is (byte)'-' or (byte)' ' or (byte)'.')
            i += 2;
        bool bracket = Letters.At(text, i) == (byte)'(';
        if (bracket)
            i++;
        if (Letters.At(text, i) is not (>= (byte)'2' and <= (byte)'9') || !Digits(text, ref i, 3))
            return -1;
        if (bracket && Letters.At(text, i++) != (byte)')')
            return -1;
        byte sign = Letters.At(text, i);
        if (sign is (byte)'-' or (byte)' ' or (byte)'.')
            i++;
        else if (!bracket)
            return -1;
        if (!Digits(text, ref i, 3))
            return -1;
        byte next = Letters.At(text, i++);
        if (next is not ((byte)'-' or (byte)' ' or (byte)'.') || (next != sign && !bracket) || !Digits(text, ref i, 4))
            return -1;
        byte after = Letters.At(text, i);
        return Letters.IsWord(after) || (after is (byte)'-' or (byte)'.' && Letters.IsDigit(Letters.At(text, i + 1))) ? -1 : i;
    }

    private static bool Digits(ReadOnlySpan<byte> text, ref int at, int count)
    {
        for (; count > 0; count--, at++)
        {
            if (!Letters.IsDigit(Letters.At(text, at)))
                return false;
        }

        return !Letters.IsDigit(Letters.At(text, at));
    }

    private static int FourNumbers(ReadOnlySpan<byte> text, int at)
    {
        int i = at, first = 0;
        for (int number = 0; number < 4; number++)
        {
            if (number > 0 && Letters.At(text, i++) != (byte)'.')
                return -1;
            int value = 0, digits = 0;
            for (; Letters.IsDigit(Letters.At(text, i)) && digits < 4; i++, digits++)
                value = (value * 10) + text[i] - '0';
            if (digits is 0 or 4 || value > 255)
                return -1;
            if (number == 0)
                first = value;
        }

        // Five numbers are a version; 127 and 0 are this machine.
        byte after = Letters.At(text, i);
        bool goesOn = Letters.IsWord(after) || (after == (byte)'.' && Letters.IsDigit(Letters.At(text, i + 1)));
        return goesOn || first is 0 or 127 ? -1 : i;
    }

    private static int EightGroups(ReadOnlySpan<byte> text, int at)
    {
        int end = at, colons = 0;
        bool digit = false;
        for (; end < text.Length && end - at <= LongestAddress && (text[end] is (byte)':' or (byte)'.' || char.IsAsciiHexDigit((char)text[end])); end++)
        {
            colons += text[end] == (byte)':' ? 1 : 0;
            digit |= Letters.IsDigit(text[end]);
        }

        if (!digit || colons < 2 || end - at > LongestAddress || Letters.IsWord(Letters.At(text, end)))
            return -1;
        while (end - at > 2 && text[end - 1] is (byte)'.' or (byte)':' && !text[(end - 2)..end].SequenceEqual("::"u8))
            end--;
        ReadOnlySpan<byte> candidate = text[at..end];

        // A time of day has colons, too.
        return candidate.IndexOf("::"u8) < 0 && candidate.Count((byte)':') < 6 ? -1
            : IPAddress.TryParse(candidate, out IPAddress? address) && !IPAddress.IsLoopback(address) && !address.Equals(IPAddress.IPv6Any) ? end
            : -1;
    }
}
