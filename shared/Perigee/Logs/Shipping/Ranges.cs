namespace Perigee.Logs.Shipping;

/// <summary>Sequence numbers as ranges: those that follow one another take no room. Not for use by two threads at once.</summary>
internal sealed class Ranges
{
    /// <summary>The most ranges that are told apart; what comes after is told by its number only.</summary>
    public const int Most = 256;

    private readonly List<(long From, long To)> _ranges = [];

    /// <summary>The ranges, in the order in which they were added.</summary>
    public IReadOnlyList<(long From, long To)> All => _ranges;

    /// <summary>How many numbers there are, those beyond <see cref="Most"/> ranges too.</summary>
    public long Count { get; private set; }

    /// <summary>The lowest number, or 0.</summary>
    public long First => _ranges.Count == 0 ? 0 : _ranges[0].From;

    /// <summary>The highest number, or 0.</summary>
    public long Last => _ranges.Count == 0 ? 0 : _ranges[^1].To;

    /// <summary>Adds one number.</summary>
    public void Add(long number) => Add(number, number);

    /// <summary>Adds numbers that follow one another.</summary>
    public void Add(long from, long to)
    {
        Count += to - from + 1;
        if (_ranges.Count > 0 && _ranges[^1].To == from - 1)
            _ranges[^1] = (_ranges[^1].From, to);
        else if (_ranges.Count < Most)
            _ranges.Add((from, to));
    }

    /// <summary>Adds all of another's.</summary>
    public void Add(Ranges others)
    {
        foreach ((long from, long to) in others._ranges)
            Add(from, to);
        Count += others.Count - others._ranges.Sum(static range => range.To - range.From + 1);
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        _ranges.Clear();
        Count = 0;
    }
}
