using System.Globalization;

namespace Perigee.Wire.Gemini;

/// <summary>
/// Names of tools as Google takes them: a letter or underscore first, then letters, digits, <c>_</c>, <c>.</c>, <c>:</c> and <c>-</c>, 64 at
/// most. The same names give the same renaming, so that a prompt stays the same from turn to turn.
/// </summary>
internal sealed class GeminiToolNames
{
    private const int Longest = 64;

    private readonly Dictionary<string, string> _sent = new(StringComparer.Ordinal);
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);
    private readonly Translation _translation;

    /// <summary>Settles the names of the question's tools: those that need no change come first, so that none is taken from them.</summary>
    public GeminiToolNames(ChatQuestion question, Translation translation)
    {
        _translation = translation;
        translation.ToolNames = null;
        foreach (ChatTool tool in question.Tools)
        {
            string name = tool.Name.Decode();
            if (Clean(name) == name)
                Sent(name);
        }

        foreach (ChatTool tool in question.Tools)
            Sent(tool.Name.Decode());
    }

    /// <summary>The name that is sent for a client's.</summary>
    public string Sent(string name)
    {
        if (_sent.TryGetValue(name, out string? known))
            return known;
        string clean = Clean(name);
        string sent = clean;
        for (int i = 2; !_used.Add(sent); i++)
        {
            string tail = string.Create(CultureInfo.InvariantCulture, $"_{i}");
            sent = clean.Length + tail.Length > Longest ? clean[..(Longest - tail.Length)] + tail : clean + tail;
        }

        _sent.Add(name, sent);
        if (sent != name)
            (_translation.ToolNames ??= new Dictionary<string, string>(StringComparer.Ordinal)).Add(sent, name);
        return sent;
    }

    private static string Clean(string name)
    {
        string cut = name.Length == 0 || !(char.IsAsciiLetter(name[0]) || name[0] == '_') ? "_" + name : name;
        if (cut.Length > Longest)
            cut = cut[..Longest];
        return string.Create(cut.Length, cut, static (span, text) =>
        {
            for (int i = 0; i < span.Length; i++)
                span[i] = char.IsAsciiLetterOrDigit(text[i]) || text[i] is '_' or '.' or ':' or '-' ? text[i] : '_';
        });
    }
}
