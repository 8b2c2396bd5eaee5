using System.Buffers;
using System.Text;

namespace Perigee.Logs;

/// <summary>Takes keys out of texts that others wrote: by the beginnings of known kinds of keys, after words such as Bearer, and known keys by value.</summary>
internal sealed class Redactor
{
    /// <summary>What stands in the place of a key.</summary>
    public const string Mark = "[redacted]";

    // Fewer characters behind a known beginning are a word ("sk-learn"), not a key.
    private const int ShortestRest = 6;
    private const int ShortestKnownKey = 8;

    // "Bearer authentication" is no key: behind a word that announces one it has a digit, or is longer than words are.
    private const int LongestWord = 20;

    private static readonly string[] OwnPatterns = ["pk-", "sk-", "eyJ", "AKIA", "ASIA", "xoxb-", "github_pat_", "ghp_", "AIza"];
    private static readonly string[] Introductions = ["Bearer ", "Basic ", "api-key: ", "api_key=", "apikey=", "api-key=", "key=", "sig=", "AccountKey=", "SharedAccessKey="];

    private readonly string[] _patterns;
    private readonly SearchValues<string> _any;
    private SearchValues<string>? _known;

    /// <summary>Takes the beginnings of the providers' keys.</summary>
    public Redactor(IEnumerable<string> patterns)
    {
        _patterns = [.. OwnPatterns.Concat(patterns).Distinct(StringComparer.Ordinal).OrderByDescending(pattern => pattern.Length)];
        _any = SearchValues.Create([.. _patterns, .. Introductions], StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Keys that are in use, whatever they look like. Replaced as a whole when the configuration changes.</summary>
    public IReadOnlyList<string> KnownKeys
    {
        get;
        set
        {
            field = [.. value.Where(key => key.Length >= ShortestKnownKey).OrderByDescending(key => key.Length)];
            _known = field.Count == 0 ? null : SearchValues.Create([.. field], StringComparison.Ordinal);
        }
    } = [];

    /// <summary>Changes whenever what is taken out does.</summary>
    public int Version { get; private set; }

    /// <summary>Whether a member of this name holds a secret whatever it looks like.</summary>
    public bool IsSecretName(string name) => name.Contains("password", StringComparison.OrdinalIgnoreCase);

    /// <summary>The text without keys: the same string where there is none.</summary>
    public string Redact(string text)
    {
        if (_known is { } known && text.AsSpan().ContainsAny(known))
        {
            foreach (string key in KnownKeys)
                text = text.Replace(key, Mark, StringComparison.Ordinal);
        }

        return text.AsSpan().ContainsAny(_any) ? RedactPatterns(text) : text;
    }

    private string RedactPatterns(string text)
    {
        StringBuilder? result = null;
        int kept = 0;
        for (int at = 0; at < text.Length;)
        {
            int secret = SecretAt(text, at);
            if (secret < 0)
            {
                at++;
                continue;
            }

            int end = secret;
            while (end < text.Length && IsKeyCharacter(text[end]))
                end++;
            result ??= new StringBuilder(text.Length);
            result.Append(text, kept, secret - kept).Append(Mark);
            at = kept = end;
        }

        return result is null ? text : result.Append(text, kept, text.Length - kept).ToString();
    }

    // Where the secret begins that is announced at this place, or -1.
    private int SecretAt(string text, int at)
    {
        bool wordStart = at == 0 || !char.IsAsciiLetterOrDigit(text[at - 1]);
        ReadOnlySpan<char> rest = text.AsSpan(at);
        if (wordStart)
        {
            foreach (string introduction in Introductions)
            {
                if (rest.StartsWith(introduction, StringComparison.OrdinalIgnoreCase) && IsLong(rest[introduction.Length..])
                    && LooksMade(rest[introduction.Length..]))
                {
                    return at + introduction.Length;
                }
            }
        }

        foreach (string pattern in _patterns)
        {
            // Within a word it must look made: "task-force" is ordinary, a key that something was glued to is not.
            if (rest.StartsWith(pattern, StringComparison.Ordinal) && IsLong(rest[pattern.Length..]) && (wordStart || LooksMade(rest[pattern.Length..])))
            {
                return at;
            }
        }

        return -1;
    }

    private static bool IsLong(ReadOnlySpan<char> text)
    {
        int length = 0;
        while (length < text.Length && length < ShortestRest && IsKeyCharacter(text[length]))
            length++;
        return length == ShortestRest;
    }

    private static bool LooksMade(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length && IsKeyCharacter(text[i]); i++)
        {
            if (i >= LongestWord || char.IsAsciiDigit(text[i]))
                return true;
        }

        return false;
    }

    private static bool IsKeyCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '+' or '/' or '=' or '~' or '%' or '*';
}
