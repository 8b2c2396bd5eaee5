namespace Perigee.Logs.Verifying;

/// <summary>Whole numbers as ranges, in order. Numbers that come in order cost nothing.</summary>
internal sealed class NumberSet
{
    private readonly List<(long From, long To)> _ranges = [];

    /// <summary>The ranges, the lowest first; none touches another.</summary>
    public IReadOnlyList<(long From, long To)> Ranges => _ranges;

    /// <summary>How many numbers there are.</summary>
    public long Count { get; private set; }

    /// <summary>The lowest, or 0.</summary>
    public long First => _ranges.Count == 0 ? 0 : _ranges[0].From;

    /// <summary>The highest, or 0.</summary>
    public long Last => _ranges.Count == 0 ? 0 : _ranges[^1].To;

    /// <summary>Adds a number. False where it was there.</summary>
    public bool Add(long number)
    {
        int at = Find(number);
        if (at < _ranges.Count && _ranges[at].From <= number)
            return false;
        Count++;
        bool before = at > 0 && _ranges[at - 1].To == number - 1, behind = at < _ranges.Count && _ranges[at].From == number + 1;
        if (before && behind)
        {
            _ranges[at - 1] = (_ranges[at - 1].From, _ranges[at].To);
            _ranges.RemoveAt(at);
        }
        else if (before)
        {
            _ranges[at - 1] = (_ranges[at - 1].From, number);
        }
        else if (behind)
        {
            _ranges[at] = (number, _ranges[at].To);
        }
        else
        {
            _ranges.Insert(at, (number, number));
        }

        return true;
    }

    /// <summary>Adds numbers that follow one another.</summary>
    public void Add(long from, long to)
    {
        for (long number = from; number <= to; number++)
            Add(number);
    }

    /// <summary>The numbers of a range that are in neither of two sets.</summary>
    public static NumberSet Missing(long from, long to, NumberSet one, NumberSet other)
    {
        NumberSet missing = new();
        long number = from;
        while (number <= to)
        {
            long next = Math.Max(one.EndBehind(number), other.EndBehind(number));
            if (next > number)
            {
                number = next;
                continue;
            }

            // Up to the next number that is in one of them.
            long end = Math.Min(to + 1, Math.Min(one.NextFrom(number), other.NextFrom(number)));
            missing._ranges.Add((number, end - 1));
            missing.Count += end - number;
            number = end;
        }

        return missing;
    }

    // Behind the range that holds the number, or the number itself.
    private long EndBehind(long number) => Find(number) is var at && at < _ranges.Count && _ranges[at].From <= number ? _ranges[at].To + 1 : number;

    private long NextFrom(long number) => Find(number) is var at && at < _ranges.Count ? _ranges[at].From : long.MaxValue;

    // The first range that ends at the number or behind it.
    private int Find(long number)
    {
        if (_ranges.Count == 0 || _ranges[^1].To < number)
            return _ranges.Count;
        int low = 0, high = _ranges.Count - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_ranges[middle].To < number)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }
}
