namespace Perigee.Tests.Wire.Proving;

/// <summary>
/// The reviewed list of what the recordings say otherwise than the readers: <c>check source/file: reason</c>, a line each. A disagreement
/// that is not listed fails the test, and so does a listed one that is none any more.
/// </summary>
internal sealed class Disagreements
{
    private readonly string _check;
    private readonly Dictionary<string, string> _listed = [];
    private readonly HashSet<string> _met = [];
    private readonly List<string> _unlisted = [];
    private int _agreed;

    public Disagreements(string check)
    {
        _check = check;
        foreach (string line in File.ReadAllLines(Repository.Path("tests", "Perigee.Tests", "Wire", "Proof", "disagreements.txt")))
        {
            if (line.StartsWith(check + " ", StringComparison.Ordinal) && line.IndexOf(": ", StringComparison.Ordinal) is var at and > 0)
                _listed[line[(check.Length + 1)..at]] = line[(at + 2)..];
        }
    }

    public int Agreed => _agreed;

    public int Disagreed => _met.Count;

    public void Agree() => _agreed++;

    /// <summary>Tells of one that disagrees.</summary>
    public void Disagree(string name, string why)
    {
        if (_listed.ContainsKey(name))
            _met.Add(name);
        else
            _unlisted.Add($"{_check} {name}: {why.ReplaceLineEndings(" / ")}");
    }

    public void AssertReviewed()
    {
        if (_unlisted.Count > 0 && Environment.GetEnvironmentVariable("PERIGEE_DISAGREEMENTS") is { Length: > 0 } file)
            File.AppendAllLines(file, _unlisted);
        Assert.True(_unlisted.Count == 0, $"{_unlisted.Count} are not listed (and {_agreed} agree):\n{string.Join('\n', _unlisted.Take(30).Select(u => u[..Math.Min(u.Length, 700)]))}");
        List<string> gone = [.. _listed.Keys.Where(k => !_met.Contains(k))];
        Assert.True(gone.Count == 0, $"{gone.Count} are listed and no longer disagree:\n{string.Join('\n', gone.Take(30))}");
    }
}
