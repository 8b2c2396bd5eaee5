namespace Perigee.Logs.Redacting;

/// <summary>
/// Finds secrets: known keys by value, keys by how they begin, what stands behind words that announce a secret, passwords in addresses,
/// armoured private keys. All look at a bounded part of the text only.
/// </summary>
internal sealed class SecretRules
{
    // Fewer characters behind a known beginning are a word ("sk-learn"), not a key.
    private const int ShortestRest = 6;
    private const int ShortestKnownKey = 8;

    // "Bearer authentication" is no key: behind a word that announces one it has a digit, or is longer than words are.
    private const int LongestWord = 20;

    private const int LongestAuthority = 300;
    private const int LongestArmourLine = 64;

    private static readonly string[] OwnBeginnings =
        ["pk-", "sk-", "eyJ", "AKIA", "ASIA", "xoxb-", "xoxp-", "xapp-", "github_pat_", "ghp_", "gho_", "ghs_", "glpat-", "AIza", "ya29.", "npm_", "rk_live_", "sk_live_", "sk_test_"];

    private readonly byte[][]?[] _beginnings = new byte[256][][];
    private readonly byte[][]?[] _known = new byte[256][][];

    /// <param name="beginnings">How the providers' keys begin.</param>
    /// <param name="known">Keys that are in use, whatever they look like.</param>
    public SecretRules(IEnumerable<string> beginnings, IEnumerable<string> known)
    {
        Group(_beginnings, OwnBeginnings.Concat(beginnings));
        Group(_known, known.Where(static key => key.Length >= ShortestKnownKey));
    }

    /// <summary>Whether anything can begin with this byte in the middle of a word.</summary>
    public bool MayBegin(byte b) => _beginnings[b] is not null || _known[b] is not null;

    /// <summary>A key by its value or its beginning.</summary>
    public Finding? KeyAt(ReadOnlySpan<byte> text, int at, bool wordStart)
    {
        ReadOnlySpan<byte> rest = text[at..];
        if (_known[rest[0]] is { } known)
        {
            foreach (byte[] key in known)
            {
                if (rest.StartsWith(key))
                    return new(at, at + key.Length);
            }
        }

        if (_beginnings[rest[0]] is { } beginnings)
        {
            foreach (byte[] beginning in beginnings)
            {
                // Within a word it must look made: "task-force" is ordinary, a key that something was glued to is not.
                if (rest.StartsWith(beginning) && IsLong(rest[beginning.Length..]) && (wordStart || LooksMade(rest[beginning.Length..])))
                    return new(at, at + beginning.Length, Tail.Key);
            }
        }

        return null;
    }

    /// <summary>What follows a name that says that it is a secret, or <c>Bearer</c>; at the beginning of a word.</summary>
    public static Finding? NamedAt(ReadOnlySpan<byte> text, ReadOnlySpan<int> starts, int at)
    {
        int end = at;
        while (end < text.Length && end - at <= SecretNames.Longest && Letters.IsName(text[end]))
            end++;
        ReadOnlySpan<byte> name = text[at..end];
        if (Letters.IsSpace(Letters.At(text, end)) && (Is(name, "bearer"u8) || Is(name, "basic"u8)))
        {
            while (Letters.IsSpace(Letters.At(text, end)) && end - at < SecretNames.Longest)
                end++;
            return IsLong(text[end..]) && LooksMade(text[end..]) ? new(end, end, Tail.Key) : null;
        }

        if (!SecretNames.IsSecret(name, out bool always))
            return null;
        int value = end;
        if (Letters.At(text, value) is (byte)'"' or (byte)'\'')
            value++;
        value = SkipSpace(text, value);
        byte sign = Letters.At(text, value);
        if (sign is not ((byte)':' or (byte)'='))
            return null;
        value = SkipSpace(text, value + 1);
        byte quote = Letters.At(text, value);
        if (quote is (byte)'"' or (byte)'\'')
        {
            // The value of a JSON member, or of a parameter in quotes: all of it.
            int first = value + 1;
            if (Letters.At(text, first) is Letters.None || text[first] == quote || text[first..].StartsWith("[redacted]"u8))
                return null;
            // A JSON member that is called "key" names anything.
            return always || (LooksMadeWithin(text[first..], quote) && (sign == (byte)'=' || name.Length > 3)) ? new(first, first, Tail.Quoted, quote, starts[first] - starts[value]) : null;
        }

        // "key: 12 characters" is prose; behind a sign of equality stands a value.
        bool secret = always && sign == (byte)'='
            ? IsValue(quote) && quote != (byte)'['
            : always ? IsValue(quote) && HasDigit(text[value..]) : IsLong(text[value..]) && LooksMade(text[value..]) && (sign == (byte)'=' || name.Length > 3);
        return secret ? new(value, value, always ? Tail.Value : Tail.Key) : null;
    }

    /// <summary>Name and password in an address: <c>://name:password@host</c>.</summary>
    public static Finding? AuthorityAt(ReadOnlySpan<byte> text, int at)
    {
        if (!text[at..].StartsWith("://"u8))
            return null;
        int colon = -1;
        for (int i = at + 3; i < text.Length && i - at < LongestAuthority; i++)
        {
            byte b = text[i];
            if (b == (byte)'@')
                return colon > 0 ? new(at + 3, i) : null;
            if (b == (byte)':' && colon < 0)
                colon = i;
            if (Letters.IsSpace(b) || b is (byte)'/' or (byte)'"' or (byte)'\'' or (byte)'?' or (byte)'<' or (byte)'>')
                return null;
        }

        return null;
    }

    /// <summary>The armour of a private key.</summary>
    public static Finding? ArmourAt(ReadOnlySpan<byte> text, int at)
    {
        if (!text[at..].StartsWith("-----BEGIN "u8))
            return null;
        ReadOnlySpan<byte> line = text.Slice(at, Math.Min(LongestArmourLine, text.Length - at));
        return line.IndexOf("PRIVATE KEY"u8) >= 0 ? new(at, at + 11, Tail.Armour) : null;
    }

    /// <summary>Whether a byte belongs to a value that is not quoted.</summary>
    public static bool IsValue(byte b) => b > ' ' && b is not ((byte)';' or (byte)',' or (byte)'&' or (byte)'"' or (byte)'\'' or (byte)'<' or (byte)'>'
        or (byte)')' or (byte)'}' or (byte)']' or (byte)'{' or (byte)'\\');

    private static bool IsLong(ReadOnlySpan<byte> text)
    {
        int length = 0;
        while (length < text.Length && length < ShortestRest && Letters.IsKey(text[length]))
            length++;
        return length == ShortestRest;
    }

    private static bool LooksMade(ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length && Letters.IsKey(text[i]); i++)
        {
            if (i >= LongestWord || Letters.IsDigit(text[i]))
                return true;
        }

        return false;
    }

    private static bool LooksMadeWithin(ReadOnlySpan<byte> text, byte quote)
    {
        int digits = 0;
        for (int i = 0; i < text.Length && text[i] != quote; i++)
        {
            digits += Letters.IsDigit(text[i]) ? 1 : 0;
            if (i >= LongestWord || (i + 1 >= ShortestRest && digits > 0))
                return true;
        }

        return false;
    }

    private static bool HasDigit(ReadOnlySpan<byte> text)
    {
        for (int i = 0; i < text.Length && i < LongestWord && IsValue(text[i]); i++)
        {
            if (Letters.IsDigit(text[i]) || i == LongestWord - 1)
                return true;
        }

        return false;
    }

    private static int SkipSpace(ReadOnlySpan<byte> text, int at)
    {
        for (int most = 4; most > 0 && Letters.IsSpace(Letters.At(text, at)); most--)
            at++;
        return at;
    }

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> word)
    {
        if (name.Length != word.Length)
            return false;
        for (int i = 0; i < name.Length; i++)
        {
            if ((name[i] | 0x20) != word[i])
                return false;
        }

        return true;
    }

    private static void Group(byte[][]?[] groups, IEnumerable<string> texts)
    {
        // Known keys are compared with what a text means, so they are read in the same way.
        using LogicalText logical = new();
        foreach (string text in texts.Distinct(StringComparer.Ordinal).OrderByDescending(static text => text.Length))
        {
            logical.Clear();
            logical.Add(System.Text.Encoding.UTF8.GetBytes(text));
            logical.End();
            byte[] bytes = logical.Text.ToArray();
            groups[bytes[0]] = [.. groups[bytes[0]] ?? [], bytes];
        }
    }
}
