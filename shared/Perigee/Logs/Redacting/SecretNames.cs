namespace Perigee.Logs.Redacting;

/// <summary>Names of members, parameters and headers whose value is a secret.</summary>
internal static class SecretNames
{
    /// <summary>The longest name that is looked at.</summary>
    public const int Longest = 64;

    // Without - and _, in lower case; a longer name may end so.
    private static readonly byte[][] Always =
    [
        [.. "password"u8], [.. "passwd"u8], [.. "pwd"u8], [.. "passphrase"u8], [.. "secret"u8], [.. "accountkey"u8], [.. "accesskey"u8],
        [.. "accesssignature"u8], [.. "privatekey"u8], [.. "secretkey"u8],
    ];

    private static readonly byte[][] WhereMade =
    [
        [.. "apikey"u8], [.. "accesstoken"u8], [.. "refreshtoken"u8], [.. "idtoken"u8], [.. "sessiontoken"u8], [.. "authtoken"u8], [.. "apitoken"u8],
        [.. "bearertoken"u8], [.. "securitytoken"u8], [.. "subscriptionkey"u8], [.. "functionskey"u8], [.. "authorization"u8], [.. "cookie"u8], [.. "credential"u8],
        [.. "credentials"u8], [.. "accesskeyid"u8], [.. "clientsecret"u8], [.. "storagekey"u8],
        [.. "hftoken"u8], [.. "deepinfratoken"u8], [.. "friendlitoken"u8], [.. "githubtoken"u8], [.. "modelstoken"u8],
        [.. "signingkey"u8], [.. "masterkey"u8], [.. "adminkey"u8],
    ];

    /// <summary>How much a name says.</summary>
    /// <param name="name">As it is written.</param>
    /// <param name="always">Whether whatever follows is secret; else only what looks made.</param>
    public static bool IsSecret(ReadOnlySpan<byte> name, out bool always)
    {
        always = false;
        if (name.Length is < 3 or > Longest)
            return false;
        Span<byte> plain = stackalloc byte[Longest];
        int length = 0;
        foreach (byte b in name)
        {
            if (b is not ((byte)'-' or (byte)'_'))
                plain[length++] = (byte)(Letters.IsLetter(b) ? b | 0x20 : b);
        }

        plain = plain[..length];
        if (EndsWithAny(plain, Always))
            return always = true;
        return plain.SequenceEqual("key"u8) || plain.SequenceEqual("sig"u8) || EndsWithAny(plain, WhereMade);
    }

    private static bool EndsWithAny(ReadOnlySpan<byte> name, byte[][] endings)
    {
        foreach (byte[] ending in endings)
        {
            if (name.EndsWith(ending))
                return true;
        }

        return false;
    }
}
