namespace Perigee.Benchmarks.Semantic;

/// <summary>
/// Which questions mean the same, over all pairs: what a tier serves in a stream need not be the other half of its pair. Only what the pairs say is known, so an
/// answer that fits by chance counts as wrong.
/// </summary>
internal sealed class Meanings
{
    private readonly Dictionary<string, string> _parents = [];

    /// <summary>Joins all that the pairs say is the same.</summary>
    public Meanings(IEnumerable<Pair> pairs)
    {
        foreach (Pair pair in pairs)
        {
            Join("text " + pair.A.Whole, "meaning " + pair.MeaningA);
            Join("text " + pair.B.Whole, "meaning " + pair.MeaningB);
            if (pair.Same)
                Join("text " + pair.A.Whole, "text " + pair.B.Whole);
        }
    }

    /// <summary>Whether an answer to the one answers the other.</summary>
    public bool Same(Ask one, Ask other) => Of(one) == Of(other);

    /// <summary>The group of a question.</summary>
    public string Of(Ask ask) => Root("text " + ask.Whole);

    private void Join(string one, string other) => _parents[Root(one)] = Root(other);

    private string Root(string node)
    {
        string root = node;
        while (_parents.TryGetValue(root, out string? parent) && parent != root)
            root = parent;
        _parents[node] = root;
        return root;
    }
}
