namespace Perigee.Limits;

/// <summary>
/// Where slots are shorter than a slice should last (a second's), a slice is counted in the last slot in which it may be spent, and what was spent of it before that is
/// moved to its own slot with the next write. Both are exact: what counts later than it was spent is in every window that it was spent in, because whoever takes looks at
/// everything that is counted from a window before it on, slots to come included.
/// </summary>
internal sealed partial class LimitCounter
{
    /// <summary>All instances together look at a limit that is used up, and of which something leaves its window all the time, about so often.</summary>
    private static readonly long Glimpse = 16 * TimeSpan.TicksPerMillisecond;

    private readonly List<LedgerMove> _moves = [];
    private readonly long[] _spentIn;
    private long _trip;
    private long _since;

    /// <summary>How long a used-up limit is not looked at though something has left its window: instances that were refused together do not come back together.</summary>
    private long ShortestOut() => _shape.Ahead == 0 ? 0 : Math.Min((long)(Glimpse * Math.Max(1, _instances) * (0.5 + _ledger.Roll())), LookAgain);

    /// <summary>
    /// The slot in which a slice is counted that is taken now. Where nearly nothing is left it is taken for those who wait alone, and is spent as soon as the write is answered.
    /// </summary>
    private Slot Into(CounterRow row, in Slot slot, long moment)
    {
        bool scarce = _rule.Amount - row.Taken.Sum <= _rule.Amount / 32;
        long last = slot.Number + _shape.Ahead;
        return _shape.Numbered(scarce ? Math.Clamp(_shape.At(_clock.Latest(moment) + (3 * _trip)).Number, slot.Number, last) : last);
    }

    /// <summary>Whether the slice will be spent or over before a new one could be there.</summary>
    private bool RunsOut(long moment)
    {
        long rate = _rate.PerSecond(moment);
        long soon = 2 * _trip;
        return rate * (_until - moment) >= TimeSpan.TicksPerSecond && (_until - moment < soon || _balance < rate * soon / TimeSpan.TicksPerSecond);
    }

    /// <summary>Notes when something of the slice is spent.</summary>
    /// <returns>The slot: it is surely not over yet.</returns>
    private long NoteSpent(long amount, long moment)
    {
        // Where the storage's clock was set back since others wrote, nobody can say when it is: then it stays where it is counted.
        long to = _shape.At(_clock.Latest(moment)).Number;
        to = to < _since ? _slot.Number : Math.Min(to, _slot.Number);
        _spentIn[_slot.Number - to] += amount;
        return to;
    }

    /// <summary>Lists what was spent of the slice in earlier slots than the one in which it is counted.</summary>
    private void NoteMoves()
    {
        for (int before = 0; before < _spentIn.Length; before++)
        {
            if (before > 0 && _spentIn[before] > 0)
                _moves.Add(new LedgerMove(_slot.Number, _slot.Number - before, _spentIn[before]));
            _spentIn[before] = 0;
        }
    }

    /// <summary>A slice that does not serve those who wait goes back with the write that takes the next.</summary>
    private void LetGo(in Slot into)
    {
        NoteMoves();
        if (_waiting.Count == 0 || into.Number == _slot.Number || _balance <= 0)
            return;
        AddReturn(_slot.Number, _balance);
        _balance = 0;
    }

    /// <summary>Whether what is to be moved is worth a write by itself: soon the later slot would count what has left the window.</summary>
    private bool MovesAreDue(in Slot slot)
    {
        foreach (LedgerMove move in _moves)
        {
            if (slot.Number - move.From > _shape.Slots / 4)
                return true;
        }

        return false;
    }

    /// <summary>Moves in the row what was spent earlier than it is counted. The row has to be written then: moved twice, it would be another's.</summary>
    private void Move(CounterRow row)
    {
        foreach (LedgerMove move in _moves)
            row.Taken.Add(move.To, -row.Taken.Add(move.From, -move.Amount));
    }
}
