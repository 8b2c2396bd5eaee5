namespace Perigee.Benchmarks.Semantic;

/// <summary>
/// A sentence with slots, <c>{key:one|another}</c>: the two questions of a pair differ in one slot and are alike in all others. An alternative that begins with
/// <c>@</c> or <c>#</c> is drawn (<see cref="Values"/>). <c>[brackets]</c> in the slots <c>swap</c> and <c>list</c> change places.
/// </summary>
internal sealed class Template
{
    private readonly List<Part> _parts = [];

    private Template(string id, string domain) => (Id, Domain) = (id, domain);

    /// <summary>The domain and the number of the line within its file.</summary>
    public string Id { get; }

    /// <summary>What it is about.</summary>
    public string Domain { get; }

    /// <summary>Reads a line <c>domain: sentence</c>.</summary>
    public static Template Parse(string file, int number, string line)
    {
        int colon = line.IndexOf(": ", StringComparison.Ordinal);
        string domain = line[..colon];
        Template template = new($"{file}-{number}", domain);
        for (int at = colon + 2; at < line.Length;)
        {
            int open = line.IndexOf('{', at);
            if (open < 0)
                open = line.Length;
            if (open > at)
                template._parts.Add(new("", [line[at..open]]));
            if (open == line.Length)
                break;
            int close = line.IndexOf('}', open);
            string slot = line[(open + 1)..close];
            int split = slot.IndexOf(':', StringComparison.Ordinal);
            template._parts.Add(split < 0 ? new(slot, []) : new(slot[..split], Alternatives(slot[..split], slot[(split + 1)..])));
            at = close + 1;
        }

        return template;
    }

    /// <summary>Whether it has a slot of that key.</summary>
    public bool Has(string key) => _parts.Exists(part => part.Key == key);

    /// <summary>Two sentences that differ in one slot of the key; with an empty key, or a slot that gives only one value, they are equal.</summary>
    /// <param name="key">The key of the slot.</param>
    /// <param name="text">What stands in for <c>{text}</c>.</param>
    /// <param name="dice">Draws.</param>
    public (string A, string B) Render(string key, string text, Random dice)
    {
        int[] able = [.. Enumerable.Range(0, _parts.Count).Where(at => _parts[at].Key == key && key.Length > 0)];
        int differs = able.Length == 0 ? -1 : able[dice.Next(able.Length)];
        List<string> a = [];
        List<string> b = [];
        HashSet<string> drawn = [];
        for (int at = 0; at < _parts.Count; at++)
        {
            Part part = _parts[at];
            (string one, string other) = part.Key switch
            {
                "" => (part.Alternatives[0], part.Alternatives[0]),
                "text" => (text, text),
                _ => Values.Two(part.Alternatives, drawn, dice),
            };
            a.Add(one);
            b.Add(at == differs ? other : one);
        }

        return (Tidy(string.Concat(a)), Tidy(string.Concat(b)));
    }

    /// <summary>An empty alternative leaves two spaces, and a question mark may meet the stop of the sentence around it.</summary>
    private static string Tidy(string text) =>
        text.Replace("  ", " ", StringComparison.Ordinal).Replace("?.", "?", StringComparison.Ordinal).Replace("? (", " (", StringComparison.Ordinal).Trim();

    private static string[] Alternatives(string key, string body) =>
        key is "swap" or "list" && body.Contains('[', StringComparison.Ordinal) ? Permuted(body) : body.Split('|');

    private static string[] Permuted(string body)
    {
        string[] pieces = body.Split('[', ']');
        int[] places = [.. Enumerable.Range(0, pieces.Length).Where(at => at % 2 == 1)];
        return [.. Orders([.. places.Select(at => pieces[at])]).Select(order =>
        {
            string[] permuted = [.. pieces];
            for (int at = 0; at < places.Length; at++)
                permuted[places[at]] = order[at];
            return string.Concat(permuted);
        })];
    }

    private static IEnumerable<string[]> Orders(string[] items) =>
        items.Length <= 1
            ? [items]
            : items.SelectMany((item, at) => Orders([.. items[..at], .. items[(at + 1)..]]).Select(rest => (string[])[item, .. rest]));

    private sealed record Part(string Key, string[] Alternatives);
}
