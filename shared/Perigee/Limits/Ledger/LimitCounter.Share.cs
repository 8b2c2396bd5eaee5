namespace Perigee.Limits;

/// <summary>What a limit does while the storage does not answer.</summary>
internal sealed partial class LimitCounter
{
    /// <summary>After the storage failed, requests live on the share for this long before it is asked again.</summary>
    private static readonly long Outage = TimeSpan.FromSeconds(1).Ticks;

    private long _downUntil;
    private SlotRing? _seen;
    private bool _deficit;
    private SlotRing? _shared;
    private (long Spent, long Until) _seenHome;
    private int _instances;

    /// <summary>The storage does not answer: those who wait are refused, or live on this instance's share of the limit.</summary>
    private void Fail()
    {
        lock (_gate)
        {
            long moment = _clock.Moment;
            _row = null;
            _busy = false;
            _downUntil = moment + Outage;
            for (LinkedListNode<LedgerTurn>? node = _waiting.First; node is not null; node = node.Next)
            {
                LedgerTurn turn = node.Value;
                if (turn.Task.IsCompleted)
                    continue;
                if (turn.Rule.StorageDown == WhenStorageDown.Share && TryShare(turn.Rule, turn.Amount, moment, out LedgerWord word))
                {
                    if (!turn.TrySetResult(word))
                        GiveBack(word.Part, turn.Amount, moment);
                }
                else
                {
                    turn.TrySetResult(new LedgerWord(ReservationVerdict.StorageDown, default, Say(turn.Rule, moment)));
                }
            }

            _waiting.Clear();
        }
    }

    /// <summary>
    /// Spends from the share: what the window had left when the row was seen last, and what has left it since, divided by the instances that the row knew, less what was
    /// spent of the share in that time. As long as all saw the row as it was at the end, they stay within the limit together; who saw it earlier does not know what the others took
    /// since, and so the limit may be exceeded by that. Where nothing is known of the others there is no share. What it takes is owed: it is written once the storage answers.
    /// </summary>
    private bool TryShare(LimitRule rule, long amount, long moment, out LedgerWord word)
    {
        word = default;
        if (_instances == 0 || _seen is null || !_clock.Known || rule.Strict || _concurrency)
            return false;
        long slot = _shape.At(_clock.Earliest(moment)).Number;
        _seen.Advance(slot);
        _shared ??= new SlotRing(_shape.Slots);
        _shared.Advance(slot);
        long known = _home is null ? _seen.Sum : moment < _seenHome.Until ? _seenHome.Spent : 0;
        if ((Math.Max(0, rule.Amount - known) / _instances) - _shared.Sum < amount)
            return false;
        _shared.Add(_shared.Newest, amount);
        _owed += amount;
        word = Admit(rule, new LedgerPart(LedgerPart.FromShare, amount, long.MaxValue, 0), moment);
        return true;
    }

    /// <summary>Remembers the row: what it says was taken, with what is about to be written of it.</summary>
    private void See(CounterRow row, long moment)
    {
        _seen = row.Taken;
        if (_home is null)
        {
            // What was spent of the share is owed, and with it in the row that is about to be written.
            _shared = null;
            return;
        }

        bool owes = _deficit;
        _deficit = Owes(row);
        if (!owes)
            _seenHome = (row.HomeSpent, moment + Math.Max(0, Math.Min(_shape.LeavesAt(row.Taken.Newest), long.MaxValue / 4) - _clock.Earliest(moment)));
    }

    /// <summary>What a region has spent of its shares in a slot and the home region does not know of: it is debited there as soon as it answers, before anything is granted.</summary>
    private static long Deficit(CounterRow row, long slot) => Math.Max(0, row.Taken[slot] - row.Granted[slot]);

    private bool Owes(CounterRow row)
    {
        for (long slot = row.Taken.Newest - (_shape.Sliding ? _shape.Slots - 1 : 0); slot <= row.Taken.Newest; slot++)
        {
            if (Deficit(row, slot) > 0)
                return true;
        }

        return false;
    }

    /// <summary>Not spent after all: of the oldest first, so that nothing counts for too short a time.</summary>
    private void GiveToShare(long amount)
    {
        for (long slot = (_shared?.Newest ?? 0) - _shape.Slots + 1; _shared is not null && slot <= _shared.Newest && amount > 0; slot++)
            amount += _shared.Add(slot, -amount);
    }
}
