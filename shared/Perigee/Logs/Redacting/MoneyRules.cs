namespace Perigee.Logs.Redacting;

/// <summary>Finds numbers of payment cards and bank accounts: both carry a check, so that other numbers are left alone.</summary>
internal static class MoneyRules
{
    private const int ShortestCard = 13;
    private const int LongestCard = 19;

    // Country and length of its account numbers (ISO 13616 registry).
    private const string Countries =
        "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HR21HU28"
        + "IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33"
        + "SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

    private static readonly byte[] Lengths = ReadLengths();

    /// <summary>A card's number that begins here, in one piece or in groups; its check digit holds (Luhn, ISO 7812).</summary>
    public static int CardAt(ReadOnlySpan<byte> text, int at)
    {
        byte before = Letters.At(text, at - 1);
        if (text[at] is < (byte)'2' or > (byte)'6' || Letters.IsWord(before) || (before == (byte)'.' && Letters.IsDigit(Letters.At(text, at - 2))))
            return -1;
        Span<byte> digits = stackalloc byte[LongestCard + 1];
        int count = 0, found = -1;
        for (int i = at; count <= LongestCard; i++)
        {
            byte b = Letters.At(text, i);
            if (Letters.IsDigit(b))
            {
                if (count == LongestCard)
                    return found;
                digits[count++] = (byte)(b - '0');
                continue;
            }

            if (count >= ShortestCard && !Letters.IsWord(b) && HasCheck(digits[..count]))
                found = i;
            if (b is not ((byte)' ' or (byte)'-') || !Letters.IsDigit(Letters.At(text, i + 1)))
                break;
        }

        return found;
    }

    /// <summary>An account number that begins here, in one piece or in groups; its check holds (ISO 13616, ISO 7064).</summary>
    public static int IbanAt(ReadOnlySpan<byte> text, int at)
    {
        if (at + 15 > text.Length || !Letters.IsLetter(text[at]) || !Letters.IsLetter(text[at + 1]) || !Letters.IsDigit(text[at + 2]) || !Letters.IsDigit(text[at + 3]))
            return -1;
        int length = Lengths[Country(text[at], text[at + 1])];
        if (length == 0)
            return -1;
        Span<byte> signs = stackalloc byte[40];
        int count = 0, i = at;
        for (; count < length; i++)
        {
            byte b = Letters.At(text, i);
            if (Letters.IsDigit(b) || Letters.IsLetter(b))
                signs[count++] = b;
            else if (b is not ((byte)' ' or (byte)'-') || !Letters.IsWord(Letters.At(text, i + 1)))
                return -1;
        }

        return Letters.IsWord(Letters.At(text, i)) || Remainder(signs[..length]) != 1 ? -1 : i;
    }

    private static bool HasCheck(ReadOnlySpan<byte> digits)
    {
        int sum = 0;
        for (int i = digits.Length - 1, place = 0; i >= 0; i--, place++)
        {
            int value = digits[i] << (place & 1);
            sum += value > 9 ? value - 9 : value;
        }

        return sum % 10 == 0;
    }

    private static int Remainder(ReadOnlySpan<byte> signs)
    {
        int rest = 0;
        for (int i = 0; i < signs.Length; i++)
        {
            byte b = signs[(i + 4) % signs.Length];
            rest = Letters.IsDigit(b) ? ((rest * 10) + b - '0') % 97 : ((rest * 100) + (b | 0x20) - 'a' + 10) % 97;
        }

        return rest;
    }

    private static int Country(byte first, byte second) => (((first | 0x20) - 'a') * 26) + (second | 0x20) - 'a';

    private static byte[] ReadLengths()
    {
        byte[] lengths = new byte[26 * 26];
        for (int i = 0; i < Countries.Length; i += 4)
            lengths[Country((byte)Countries[i], (byte)Countries[i + 1])] = (byte)(((Countries[i + 2] - '0') * 10) + Countries[i + 3] - '0');
        return lengths;
    }
}
