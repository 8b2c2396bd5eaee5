using Perigee.Storage;

namespace Perigee.Limits;

/// <summary>The loop that debits slices and gives them back. One runs at a time; the row is its alone.</summary>
internal sealed partial class LimitCounter
{
    /// <summary>The longest that requests wait for the storage.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>A write that is in doubt for longer is not taken back: nobody may remember it.</summary>
    private static readonly long LongDoubt = TimeSpan.FromMinutes(5).Ticks;

    private readonly List<LedgerPlan> _doubtful = [];
    private CounterRow? _row;
    private LedgerPlan? _pending;
    private uint _writes;

    /// <summary>What the loop does next.</summary>
    private enum Step
    {
        Rest,
        Write,
        Look,
        Wait,
        AskHome,
    }

    private async Task TendAsync()
    {
        long began = _clock.Moment;
        bool fresh = false;
        try
        {
            for (int attempt = 0; _clock.Moment - began < Patience.Ticks;)
            {
                if (_clock.WantsAsking(_clock.Moment, _shape.Tolerance))
                    await CalibrateAsync();
                if (_row is null)
                {
                    await LookAsync();
                    fresh = true;
                }

                (Step step, TimeSpan delay) = Decide(fresh);
                switch (step)
                {
                    case Step.Rest:
                        return;
                    case Step.Look:
                        _row = null;
                        continue;
                    case Step.Wait:
                        await Task.Delay(delay, _ledger.Time);
                        continue;
                    case Step.AskHome:
                        await AskHomeAsync();
                        fresh = true;
                        continue;
                }

                if (await WriteAsync())
                {
                    (attempt, fresh, began) = (0, true, _clock.Moment);
                    continue;
                }

                fresh = false;
                await _ledger.BackOffAsync(attempt++);
            }
        }
        catch (Exception fault) when (fault is StorageException or OperationCanceledException)
        {
        }
        catch
        {
            Fail();
            throw;
        }

        Fail();
    }

    private async Task CalibrateAsync()
    {
        using CancellationTokenSource patience = new(Patience, _ledger.Time);
        await _clock.AskAsync(patience.Token);
    }

    private async Task LookAsync()
    {
        using CancellationTokenSource patience = new(Patience, _ledger.Time);
        TableRow? found = await _place.Table.FindAsync(_partition, _shape.Key, patience.Token);
        CounterRow row = new(_partition, _shape, found);
        lock (_gate)
        {
            _row = row;
            Recall(row.HolderOf(_ledger.Id).Write);
        }
    }

    /// <summary>One conditional write with the version that was seen last: no read before it in the usual case.</summary>
    private async Task<bool> WriteAsync()
    {
        CounterRow row = _row!;
        _row = null;
        using CancellationTokenSource patience = new(Patience, _ledger.Time);
        long sent = _clock.Moment;
        WriteResult result = await _place.Table.WriteAsync(
            row.Pack(), row.ETag is null ? WriteWhen.Absent : WriteWhen.Unchanged, patience.Token);
        _trip = ((3 * _trip) + _clock.Moment - sent) / 4;

        // Where it was not written, the SDK's own second try may have met its first: the number in the row will tell.
        if (!result.Written)
            return false;
        lock (_gate)
        {
            row.ETag = result.ETag;
            _row = row.ETag is null ? null : row;
            Land(_pending!);
            _pending = null;
            _doubtful.Clear();
        }

        return true;
    }

    /// <summary>
    /// Finds out what became of writes whose outcome is unknown, by the number of our latest write in the row. What has not happened by now is taken
    /// back and planned again; as long as nobody has written since, it may still happen, and then it is found by its number the next time.
    /// </summary>
    private void Recall(uint latest)
    {
        if (_pending is { } pending)
        {
            _pending = null;
            if (pending.Number == latest)
            {
                Land(pending);
                _doubtful.Clear();
                return;
            }

            if (_clock.Moment - pending.Moment < LongDoubt)
            {
                TakeBack(pending, 1);
                _doubtful.Add(pending);
            }
        }

        if (_doubtful.Find(plan => plan.Number == latest) is { } late)
        {
            TakeBack(late, -1);
            Land(late);
            _doubtful.Clear();
        }
    }

    /// <summary>Puts back what a plan was to write, or (-1) takes it out again.</summary>
    private void TakeBack(LedgerPlan plan, int sign)
    {
        foreach ((long slot, long amount) in plan.Returns)
        {
            if (sign > 0)
                AddReturn(slot, amount);
            else if (_returns.TryGetValue(slot, out long there))
                _returns[slot] = Math.Max(0, there - amount);
        }

        _owed = Math.Max(0, _owed + (sign * plan.Owed));
        foreach (LedgerMove move in plan.Moves)
        {
            if (sign > 0)
                _moves.Add(move);
            else
                _moves.Remove(move);
        }

        if (sign > 0)
            _closes.AddRange(plan.Closed);
        else
            _closes.RemoveAll(plan.Closed.Contains);
    }

    /// <summary>A write has happened: what it took is ours to spend, as long as its slot lasts.</summary>
    private void Land(LedgerPlan plan)
    {
        long moment = _clock.Moment;
        if (_concurrency)
        {
            // Spendable until the permits may have lapsed, counted from before the write.
            _slot = plan.Slot;
            _balance = plan.Take - _inUse;
            _until = _clock.MomentBefore(_clock.Earliest(plan.Moment) + Grace, moment);
        }
        else
        {
            Roll(moment);
            if (plan.Slot.Number != _slot.Number)
            {
                NoteMoves();
                if (_balance > 0)
                    AddReturn(_slot.Number, _balance);
                (_slot, _balance, _since) = (plan.Slot, 0, plan.Now);
            }

            _until = _clock.MomentBefore(Math.Min(plan.Slot.End, long.MaxValue / 2) + _shape.Slack, moment);
            _balance += plan.Take;
            _deficit |= _home is not null && plan.Owed > 0;

            // What was seen before the write did not hold it yet: whoever is told now what is left has taken of it.
            _spent += plan.Take + plan.Opened.Sum(static opened => opened.Turn.Amount);
        }

        if (plan.Opened.Count > 0)
            _outUntil = 0;
        foreach ((LedgerTurn turn, long id) in plan.Opened)
        {
            LedgerPart part = new(plan.Slot.Number, turn.Amount, _until, id);
            if (!turn.TrySetResult(Admit(turn.Rule, part, moment)))
                _closes.Add(new LedgerClose(part, 0));
        }

        Serve(moment);
    }

    /// <summary>Spends the balance on those who wait, in order; a small one may pass a large one that it does not cover.</summary>
    private void Serve(long moment)
    {
        for (LinkedListNode<LedgerTurn>? node = _waiting.First, next; node is not null; node = next)
        {
            next = node.Next;
            LedgerTurn turn = node.Value;
            if (!turn.Task.IsCompleted && !turn.Rule.Strict)
            {
                if (_balance < turn.Amount || moment >= _until)
                    continue;
                LedgerWord word = Spend(turn.Rule, turn.Amount, moment);
                if (!turn.TrySetResult(word))
                {
                    _balance += turn.Amount;
                    _inUse -= _concurrency ? turn.Amount : 0;
                }
            }

            if (turn.Task.IsCompleted)
                _waiting.Remove(node);
        }
    }
}
