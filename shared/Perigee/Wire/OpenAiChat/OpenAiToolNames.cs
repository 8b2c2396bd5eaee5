using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Perigee.Wire.OpenAiChat;

/// <summary>
/// Names of tools as OpenAI takes them, <c>^[a-zA-Z0-9_-]{1,64}$</c>: one that fits stays, another gets a name of its own, which the answer's
/// writer turns back. Depends on the question's names alone, so equal questions rename equally.
/// </summary>
internal sealed class OpenAiToolNames
{
    private const int Longest = 64;

    private readonly Dictionary<string, string> _sent = new(StringComparer.Ordinal);

    /// <summary>Looks at every name that the question mentions.</summary>
    public OpenAiToolNames(ChatQuestion question, Translation translation)
    {
        List<string> names = [.. question.Tools.Select(t => t.Name.Decode()), .. question.Choice?.Names.Select(n => n.Decode()) ?? []];
        foreach (ChatTurn turn in question.Turns)
            names.AddRange(turn.Parts.OfType<ToolCallPart>().Select(c => c.Name.Decode()));

        // Names that fit keep theirs, wherever they stand: no made name may take one from them.
        HashSet<string> taken = [.. names.Where(Fits)];
        foreach (string name in names)
        {
            if (Fits(name) || _sent.ContainsKey(name))
                continue;
            string made = Made(name, taken);
            taken.Add(made);
            _sent[name] = made;
            (translation.ToolNames ??= new Dictionary<string, string>(StringComparer.Ordinal))[made] = name;
        }
    }

    /// <summary>The name to send, escaped.</summary>
    public ReadOnlySpan<byte> this[WireText name] =>
        _sent.Count > 0 && _sent.TryGetValue(name.Decode(), out string? made) ? Encoding.ASCII.GetBytes(made) : name.Escaped.Span;

    /// <summary>A text of the letters that names may have, for whatever else OpenAI binds by that rule.</summary>
    public static string Cleaned(string name)
    {
        StringBuilder clean = new(Math.Min(name.Length, Longest));
        foreach (char c in name.AsSpan(0, Math.Min(name.Length, Longest)))
            clean.Append(IsTaken(c) ? c : '_');
        return clean.Length == 0 ? "_" : clean.ToString();
    }

    private static bool Fits(string name) => name.Length is > 0 and <= Longest && name.All(IsTaken);

    private static bool IsTaken(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-';

    private static string Made(string name, HashSet<string> taken)
    {
        string clean = Cleaned(name);
        if (name.Length <= Longest && !taken.Contains(clean))
            return clean;
        string hash = Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(name)));
        for (int length = 8; ; length++)
        {
            string made = clean[..Math.Min(clean.Length, Longest - length - 1)] + "_" + hash[..length];
            if (!taken.Contains(made) || length == hash.Length)
                return made;
        }
    }
}
