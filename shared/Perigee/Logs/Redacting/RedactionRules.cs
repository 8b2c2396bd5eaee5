using System.Text;

namespace Perigee.Logs.Redacting;

/// <summary>What is taken out of texts: one immutable set, made anew when the configuration changes.</summary>
/// <param name="secrets">Secrets always go.</param>
/// <param name="options">What goes besides.</param>
internal sealed class RedactionRules(SecretRules secrets, RedactionOptions options)
{
    private static readonly byte[] SecretMark = Encoding.UTF8.GetBytes(Redactor.Mark);
    private static readonly byte[] EmailMark = "[email]"u8.ToArray();
    private static readonly byte[] PhoneMark = "[phone]"u8.ToArray();
    private static readonly byte[] CardMark = "[card]"u8.ToArray();
    private static readonly byte[] IbanMark = "[iban]"u8.ToArray();
    private static readonly byte[] IpMark = "[ip]"u8.ToArray();

    private readonly bool[] _mayBegin = WhereFindingsMayBegin(secrets);

    /// <summary>The operator's own patterns, which are looked for in what is left.</summary>
    public IReadOnlyList<OwnPattern> Patterns => options.Patterns;

    /// <summary>What must go and begins at this place, with what stands for it.</summary>
    /// <param name="text">The logical text, at most as far as the window reaches.</param>
    /// <param name="starts">Where its bytes begin among the raw ones.</param>
    /// <param name="at">The place.</param>
    /// <param name="mark">What is written instead.</param>
    public Finding? At(ReadOnlySpan<byte> text, ReadOnlySpan<int> starts, int at, out ReadOnlySpan<byte> mark)
    {
        if (PlainAt(text, starts, at, out mark) is { } finding)
            return finding;
        mark = SecretMark;
        return Letters.IsDigit(text[at]) || Letters.IsLetter(text[at]) ? EncodedRules.At(text, at, this) : null;
    }

    /// <summary>As <see cref="At"/>, but for what stands there encoded.</summary>
    public Finding? PlainAt(ReadOnlySpan<byte> text, ReadOnlySpan<int> starts, int at, out ReadOnlySpan<byte> mark)
    {
        byte b = text[at];
        byte before = Letters.At(text, at - 1);
        bool wordStart = !Letters.IsWord(before);
        mark = SecretMark;
        if (b == (byte)':' && SecretRules.AuthorityAt(text, at) is { } authority)
            return authority;
        if (!wordStart)
            return secrets.MayBegin(b) ? secrets.KeyAt(text, at, wordStart: false) : null;
        if (!_mayBegin[b])
            return null;
        if (secrets.KeyAt(text, at, wordStart: true) is { } key)
            return key;
        if (Letters.IsLetter(b))
        {
            if (MayBeginName(text, at, before) && SecretRules.NamedAt(text, starts, at) is { } named)
                return named;
            if (options.Iban && MoneyRules.IbanAt(text, at) is > 0 and var iban)
                return Found(at, iban, IbanMark, out mark);
        }
        else if (b == (byte)'-' && SecretRules.ArmourAt(text, at) is { } armour)
        {
            return armour;
        }

        return PersonalAt(text, at, b, before, out mark);
    }

    private Finding? PersonalAt(ReadOnlySpan<byte> text, int at, byte b, byte before, out ReadOnlySpan<byte> mark)
    {
        mark = default;
        if (options.Email && Letters.IsMailbox(b) && !Letters.IsMailbox(before) && PersonalRules.EmailAt(text, at) is > 0 and var email)
            return Found(at, email, EmailMark, out mark);
        if (options.Card && Letters.IsDigit(b) && MoneyRules.CardAt(text, at) is > 0 and var card)
            return Found(at, card, CardMark, out mark);
        if (options.Ip && (b == (byte)':' || char.IsAsciiHexDigit((char)b)) && PersonalRules.AddressAt(text, at) is > 0 and var address)
            return Found(at, address, IpMark, out mark);
        if (options.Phone && (Letters.IsDigit(b) || b is (byte)'+' or (byte)'(') && PersonalRules.PhoneAt(text, at) is > 0 and var phone)
            return Found(at, phone, PhoneMark, out mark);
        return null;
    }

    // Not in the middle of one; but behind dashes that begin it (--api-key, _authToken).
    private static bool MayBeginName(ReadOnlySpan<byte> text, int at, byte before) =>
        !Letters.IsName(before) || (before is (byte)'-' or (byte)'_' && !Letters.IsWord(Letters.At(text, at - 2)));

    private static Finding Found(int at, int end, ReadOnlySpan<byte> shown, out ReadOnlySpan<byte> mark)
    {
        mark = shown;
        return new(at, end);
    }

    private static bool[] WhereFindingsMayBegin(SecretRules secrets)
    {
        bool[] may = new bool[256];
        for (int b = 0; b < may.Length; b++)
            may[b] = Letters.IsMailbox((byte)b) || b is '+' or '(' or ':' || secrets.MayBegin((byte)b);
        return may;
    }
}
