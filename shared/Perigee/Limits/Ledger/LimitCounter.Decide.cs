namespace Perigee.Limits;

/// <summary>What the loop does next, by what waits and what the row says.</summary>
internal sealed partial class LimitCounter
{
    /// <summary>A strict limit's request that nobody settles is given back after this long.</summary>
    private static readonly long StrictLife = TimeSpan.FromMinutes(15).Ticks;

    /// <summary>The longest that the loop waits before it looks at the clock again.</summary>
    private static readonly long LongestWait = TimeSpan.FromMilliseconds(50).Ticks;

    private bool _giveUp;

    /// <summary>Decides, and where that is to write, changes the row in memory and notes the plan.</summary>
    /// <param name="fresh">Whether the row was read or written by this run of the loop: only then is anybody refused by it.</param>
    private (Step Step, TimeSpan Delay) Decide(bool fresh)
    {
        lock (_gate)
        {
            long moment = _clock.Moment;
            Roll(moment);
            Serve(moment);
            long early = _clock.Earliest(moment);
            CounterRow row = _row!;
            Slot slot = _shape.At(early);
            if (row.Taken.Newest > slot.Number)
                slot = _shape.Numbered(row.Taken.Newest);

            // Who began a slot was sure that it had begun: nobody waits for it who knows the time less well. Where the storage's clock was set back, the newest slot
            // lasts until the clock is there again, as if time stood still: what is spent meanwhile counts for that much longer, never for less than its window.
            // Who is not sure any more that the slot lasts waits for the next.
            Slot into = _shape.Ahead > 0 ? Into(row, slot, moment) : slot;
            long wait = _clock.Latest(moment) >= into.End + _shape.Slack ? slot.End - early : 0;
            if (wait > 0 && _waiting.Count > 0)
                return (Step.Wait, new TimeSpan(Math.Clamp(wait, TimeSpan.TicksPerMillisecond, LongestWait)));

            row.Taken.Advance(slot.Number);
            if (_home is not null)
                row.Granted.Advance(slot.Number);
            row.Expire(early);
            See(row, moment);
            _instances = row.Instances(_ledger.Id, early) * Math.Max(1, _home is null ? 1 : row.HomeRegions);
            (Step, TimeSpan) decided = _concurrency ? DecidePermits(row, slot, early, moment, fresh) : DecideSlice(row, slot, into, early, moment, fresh, wait == 0);
            if (decided.Item1 == Step.Rest)
                _busy = false;
            return decided;
        }
    }

    /// <param name="row">The row, which is changed.</param>
    /// <param name="slot">The slot that it is.</param>
    /// <param name="into">The slot in which it is counted what is taken: the last in which it may be spent.</param>
    /// <param name="early">The storage's time, at the earliest.</param>
    /// <param name="moment">Now.</param>
    /// <param name="fresh">Whether anybody may be refused by the row.</param>
    /// <param name="begun">Whether the slot has surely begun and not ended: else nothing is taken, only given back.</param>
    private (Step Step, TimeSpan Delay) DecideSlice(CounterRow row, Slot slot, Slot into, long early, long moment, bool fresh, bool begun)
    {
        // What goes back and what is owed comes first: it changes what is left.
        if (_shape.Ahead > 0)
            LetGo(into);
        LedgerPlan plan = new(_writes + 1, moment, into, 0, _owed) { Returns = new Dictionary<long, long>(_returns), Closed = _closes, Moves = [.. _moves], Now = slot.Number };
        bool settles = _owed > 0 || _closes.Count > 0 || MovesAreDue(slot);
        bool moved = _moves.Count > 0 && (settles || _returns.Count > 0);
        if (moved)
            Move(row);
        foreach ((long at, long amount) in _returns)
            settles |= row.Taken.Add(at, -amount) != 0;
        row.Taken.Add(slot.Number, _owed);
        foreach (LedgerClose close in _closes)
            Close(row, slot, close);
        if (!settles)
            _returns.Clear();

        long left = Left(row, slot);
        long usable = into.Number == _slot.Number && moment < _until ? _balance : 0;
        List<LedgerTurn> unmet = [];
        (long need, long opened) = Fit(row, plan, usable, left, early, unmet);
        if (unmet.Count > 0 && !fresh)
            return Undo(Step.Look);
        Note(row, slot, left);
        if (unmet.Count > 0 && _home is not null && row.HomeOutUntil <= early)
        {
            if (settles)
                return Write(row, plan, early);
            if (!Settling(moment) || Owes(row) || ShareLeft(_rule, moment) >= unmet.Min(static turn => turn.Amount))
                return (Step.AskHome, default);
            foreach (LedgerTurn turn in unmet)
            {
                turn.TrySetResult(new LedgerWord(ReservationVerdict.StorageDown, default, Say(turn.Rule, moment)));
                _waiting.Remove(turn);
            }

            unmet.Clear();
        }

        left -= opened;
        long take = Math.Max(0, need - usable);
        if (unmet.Count > 0)
            Refuse(unmet, row, left - take, moment, early);

        long ahead = !begun ? 0 : Ahead(moment, into.End + _shape.Slack - early);
        if (take > 0 || (need == 0 && (_shape.Ahead > 0 ? RunsOut(moment) : usable < ahead / 4)))
            take = Math.Min(Math.Max(0, left), take + Math.Max(0, ahead - Math.Max(0, usable - need)));
        if (take == 0 && opened == 0 && !settles)
        {
            // A row with something moved that will not be written is another than the storage's.
            if (moved)
                _row = null;
            return begun && WantsHome(row, slot, early, moment) ? (Step.AskHome, default) : (Step.Rest, default);
        }

        if (!moved)
            Move(row);
        row.Taken.Add(into.Number, take + opened);
        row.TakenAt = early;
        return Write(row, plan with { Take = take }, early);
    }

    /// <summary>Sees who of those who wait can be served of the balance and of what is left.</summary>
    /// <returns>What they need for slices, and what is reserved for requests of a strict limit.</returns>
    private (long Need, long Opened) Fit(CounterRow row, LedgerPlan plan, long usable, long left, long early, List<LedgerTurn> unmet)
    {
        (long need, long opened) = (0, 0);
        for (LinkedListNode<LedgerTurn>? node = _waiting.First, next; node is not null; node = next)
        {
            next = node.Next;
            LedgerTurn turn = node.Value;
            if (turn.Task.IsCompleted)
            {
                _waiting.Remove(node);
            }
            else if (turn.Rule.Strict)
            {
                if (Math.Max(0, need - usable) + opened + turn.Amount > left || row.Open.Count >= CounterRow.MostOpen)
                {
                    unmet.Add(turn);
                    continue;
                }

                long id = _ledger.NextReservation();
                opened += turn.Amount;
                plan.Opened.Add((turn, id));
                row.Open.Add(new OpenReservation(id, plan.Slot.Number, turn.Amount, early + StrictLife));
            }
            else if (need + turn.Amount > usable + Math.Max(0, left - opened))
            {
                unmet.Add(turn);
            }
            else
            {
                need += turn.Amount;
            }
        }

        return (need, opened);
    }

    /// <summary>Refuses whom neither the balance nor what is left covers, and remembers that for a while.</summary>
    private void Refuse(List<LedgerTurn> unmet, CounterRow row, long left, long moment, long early)
    {
        (_outLeft, _outUntil) = (Math.Max(0, left), moment + LookAgain);
        if (row.Taken.Oldest is { } oldest)
            _outUntil = Math.Min(_outUntil, moment + Math.Max(ShortestOut(), _shape.LeavesAt(oldest) - early) + _ledger.Jitter());
        foreach (LedgerTurn turn in unmet)
        {
            turn.TrySetResult(new LedgerWord(ReservationVerdict.Refused, default, Say(turn.Rule, moment)));
            _waiting.Remove(turn);
        }
    }

    private (Step Step, TimeSpan Delay) DecidePermits(CounterRow row, Slot slot, long early, long moment, bool fresh)
    {
        Holder mine = row.HolderOf(_ledger.Id);
        long held = mine.SeenAt + Grace > early ? mine.Held : 0;

        // Permits that lapsed may be others' by now: what is under way goes on, nothing new begins on it.
        if (held < _inUse + _balance)
            _balance = held - _inUse;
        long limit = _waiting.Last?.Value.Rule.Amount ?? _rule.Amount;
        long left = limit - row.HeldByOthers(_ledger.Id, Grace, early);
        long waiting = 0;
        for (LinkedListNode<LedgerTurn>? node = _waiting.First, next; node is not null; node = next)
        {
            next = node.Next;
            if (node.Value.Task.IsCompleted)
                _waiting.Remove(node);
            else
                waiting++;
        }

        (_spent, _resetAt) = (limit - left + held, 0);
        long most = Math.Max(0, left - _inUse);
        if (waiting > most && !fresh)
            return Undo(Step.Look);
        if (waiting > most)
        {
            (_outLeft, _outUntil) = (0, moment + LookAgain);
            for (long over = waiting - most; over > 0; over--)
            {
                LedgerTurn turn = _waiting.Last!.Value;
                turn.TrySetResult(new LedgerWord(ReservationVerdict.Refused, default, Say(turn.Rule, moment)));
                _waiting.RemoveLast();
            }

            waiting = most;
        }

        long want = Math.Min(_inUse + waiting + (_giveUp ? 0 : Math.Max(0, Math.Min(Ahead(moment, 0), left / 16))), Math.Max(left, Math.Min(_inUse, held)));
        bool renews = held > 0 && early - mine.SeenAt > Grace / 4;
        if (waiting == 0 && !renews && !(_giveUp && want < held))
            return (Step.Rest, default);
        _giveUp = false;
        _spent = Math.Max(0, limit - left) + want;
        _balance = Math.Min(_balance, want - _inUse);
        return Write(row, new LedgerPlan(_writes + 1, moment, slot, want, 0), early, want);
    }

    private (Step Step, TimeSpan Delay) Write(CounterRow row, LedgerPlan plan, long early, long held = 0)
    {
        _owed = 0;
        _returns.Clear();
        _moves.Clear();
        _closes = [];
        Mark(row, plan, early, held);
        return (Step.Write, default);
    }

    private void Mark(CounterRow row, LedgerPlan plan, long early, long held = 0)
    {
        _writes = plan.Number;
        _pending = plan;
        row.Note(new Holder(_ledger.Id, plan.Number, early, held));
    }

    /// <summary>The row in memory was changed and is not written: it is read again.</summary>
    private (Step Step, TimeSpan Delay) Undo(Step step)
    {
        _row = null;
        return (step, default);
    }

    private static void Close(CounterRow row, Slot slot, LedgerClose close)
    {
        int at = row.Open.FindIndex(open => open.Id == close.Part.Id);
        if (at < 0)
        {
            // It had lapsed and was given back: all of it is counted now.
            row.Taken.Add(slot.Number, close.Taken);
            return;
        }

        row.Open.RemoveAt(at);
        if (close.Taken <= close.Part.Amount)
            row.Taken.Add(close.Part.Slot, close.Taken - close.Part.Amount);
        else
            row.Taken.Add(slot.Number, close.Taken - close.Part.Amount);
    }

    private long Left(CounterRow row, Slot slot) =>
        _home is null ? (_waiting.Last?.Value.Rule.Amount ?? _rule.Amount) - row.Taken.Sum : row.Granted[slot.Number] - row.Taken[slot.Number];

    private void Note(CounterRow row, Slot slot, long left)
    {
        _spent = _home is null ? row.Taken.Sum : Math.Max(0, row.HomeSpent - Math.Max(0, left));
        _resetAt = _shape.Sliding
            ? (row.Taken.Oldest is { } oldest ? _shape.LeavesAt(oldest) : 0)
            : slot.End > DateTime.MaxValue.Ticks ? 0 : slot.End;
    }
}
