using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Perigee.Wire.Anthropic;

/// <summary>
/// Names of tools as Anthropic takes them: letters, digits, <c>_</c> and <c>-</c>, 128 at most. Another is bent into that form, the same way in
/// every request, and bent back in the answer.
/// </summary>
internal sealed class AnthropicNames
{
    private const int Longest = 128;

    private static readonly SearchValues<char> Word = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    private readonly Dictionary<string, string> _sent = [];
    private readonly HashSet<string> _taken = [];

    /// <summary>Names the tools of a question, and those that only its history knows.</summary>
    public AnthropicNames(ChatQuestion question)
    {
        List<string> names = [.. question.Tools.Select(tool => tool.Name.Decode())];
        foreach (ChatTurn turn in question.Turns)
        {
            foreach (ChatPart part in turn.Parts)
            {
                if (part is ToolCallPart call)
                    names.Add(call.Name.Decode());
            }
        }

        // Who has a good name keeps it; the others must not take it.
        foreach (string name in names)
        {
            if (Fits(name))
            {
                _sent[name] = name;
                _taken.Add(name);
            }
        }

        foreach (string name in names)
        {
            if (!_sent.ContainsKey(name))
                Bend(name);
        }
    }

    /// <summary>The names that were bent, and the client's for each; null where none was.</summary>
    public Dictionary<string, string>? Bent { get; private set; }

    /// <summary>The name that is sent.</summary>
    public string Of(WireText name) => Of(name.Decode());

    /// <summary>The name that is sent.</summary>
    public string Of(string name)
    {
        if (!_sent.TryGetValue(name, out string? sent))
            sent = Fits(name) ? name : Bend(name);
        return sent;
    }

    /// <summary>A name that no tool bears.</summary>
    public string Free(string wanted)
    {
        string name = wanted;
        for (int i = 2; _taken.Contains(name); i++)
            name = string.Create(CultureInfo.InvariantCulture, $"{wanted}_{i}");
        return name;
    }

    private static bool Fits(string name) => name.Length is > 0 and <= Longest && !name.AsSpan().ContainsAnyExcept(Word);

    private string Bend(string name)
    {
        StringBuilder bent = new();
        foreach (char c in name)
            bent.Append(Word.Contains(c) ? c : '_');
        if (bent.Length is 0 or > Longest || !_taken.Add(bent.ToString()))
        {
            byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(name));
            bent.Length = Math.Min(bent.Length, Longest - 9);
            bent.Append('_').Append(Convert.ToHexStringLower(hash.AsSpan(0, 4)));
            _taken.Add(bent.ToString());
        }

        string sent = bent.ToString();
        _sent[name] = sent;
        (Bent ??= [])[sent] = name;
        return sent;
    }
}
