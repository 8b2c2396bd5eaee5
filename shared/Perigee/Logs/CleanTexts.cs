using System.Security.Cryptography;
using System.Text;

namespace Perigee.Logs;

/// <summary>
/// Texts as they may be written. Models, routes and clients' names come again and again: what was looked at once is not looked at twice.
/// Not for use by two threads at once.
/// </summary>
/// <param name="redactor">Takes out what must not be written.</param>
/// <param name="secret">Keys the hash by which redacted users are told apart.</param>
internal sealed class CleanTexts(Redactor redactor, IProofSecret? secret)
{
    private const int Most = 2048;
    private const int Longest = 128;

    private readonly Dictionary<string, string> _known = new(StringComparer.Ordinal);
    private int _version = -1;
    private byte[]? _key;

    /// <summary>The text as it may be written: the same string where nothing had to go.</summary>
    public string Of(string text)
    {
        if (text.Length > Longest)
            return redactor.Redact(text);
        if (_version != redactor.Version || _known.Count >= Most)
        {
            _known.Clear();
            _version = redactor.Version;
        }

        // The very same string is given back where it is clean: who asks may tell by that.
        if (_known.TryGetValue(text, out string? clean))
            return clean == text ? text : clean;
        clean = redactor.Redact(text);
        _known.Add(text, clean);
        return clean;
    }

    /// <summary>The value of a member, whose name may say that it is a secret.</summary>
    public string OfMember(string name, string value)
    {
        string clean = Of(value);
        return clean.Length > 0 && Redactor.IsSecretName(name) ? Redactor.Mark : clean;
    }

    /// <summary>
    /// Tells equal users as equal without telling who they are: HMAC-SHA256 with a key that the instances of a gateway share and nobody else
    /// has. Null while that key is not known.
    /// </summary>
    public string? HashOf(string user)
    {
        if (_key is null)
        {
            if (secret?.Known is not { } shared)
                return null;
            _key = HKDF.DeriveKey(HashAlgorithmName.SHA256, shared, 32, info: "perigee log users"u8.ToArray());
        }

        return "u_" + Convert.ToHexStringLower(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(user)).AsSpan(0, 12));
    }
}
