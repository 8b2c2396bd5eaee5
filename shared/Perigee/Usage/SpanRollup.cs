namespace Perigee.Usage;

/// <summary>
/// What an instance counted in one span of time, by the index that the day gave each group. A writer's name of its own makes its rows nobody else's: one that was
/// let go and is needed again (a late exchange, a clock that went back) begins anew beside the rows that were written, and they add up.
/// </summary>
internal sealed class SpanRollup(UsagePeriod period, DateTimeOffset start, string writer)
{
    /// <summary>Groups a row.</summary>
    public const int SlotSize = 32;

    // Rows to be written: 1 for new numbers; 2 where a write ended unknown, and might yet land behind its successor.
    private readonly Dictionary<int, int> _owed = [];

    /// <summary>Its length.</summary>
    public UsagePeriod Period { get; } = period;

    /// <summary>Its beginning.</summary>
    public DateTimeOffset Start { get; } = start;

    /// <summary>The name in its rows' keys.</summary>
    public string Writer { get; } = writer;

    /// <summary>The cells by the groups' index.</summary>
    public Dictionary<int, UsageCell> Cells { get; } = [];

    /// <summary>Whether it was let go: what comes now needs another.</summary>
    public bool Gone { get; set; }

    /// <summary>Whether any row is to be written.</summary>
    public bool IsOwed => _owed.Count > 0;

    /// <summary>The rows to be written.</summary>
    public IEnumerable<int> OwedSlots => _owed.Keys;

    /// <summary>Whether a row is to be written.</summary>
    public bool Owes(int slot) => _owed.ContainsKey(slot);

    /// <summary>Says that a group has new numbers.</summary>
    public void Changed(int index)
    {
        int slot = index / SlotSize;
        _owed.TryAdd(slot, 1);
    }

    /// <summary>A row is being written: what changes from now on is owed anew.</summary>
    /// <returns>How often it was owed.</returns>
    public int Begin(int slot) => _owed.Remove(slot, out int times) ? times : 0;

    /// <summary>The write of a row ended.</summary>
    /// <param name="slot">The row.</param>
    /// <param name="times">How often it was owed before.</param>
    /// <param name="written">Whether it is known to be written.</param>
    public void End(int slot, int times, bool written)
    {
        int left = written ? times - 1 : 2;
        if (left > 0)
            _owed[slot] = Math.Max(left, _owed.GetValueOrDefault(slot));
    }
}
