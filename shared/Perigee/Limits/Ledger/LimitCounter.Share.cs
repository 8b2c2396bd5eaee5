namespace Perigee.Limits;

/// <summary>What a limit does while the storage does not answer.</summary>
internal sealed partial class LimitCounter
{
    /// <summary>After the storage failed, requests live on the share for this long before it is asked again.</summary>
    private static readonly long Outage = TimeSpan.FromSeconds(1).Ticks;

    /// <summary>
    /// After the home region failed nothing new is taken of a limit with shares for this long: what the others spent of theirs is charged at home first. That is as long as a call that was
    /// under way may hang, and the pause until the next.
    /// </summary>
    private static readonly long Hold = TimeSpan.FromSeconds(6).Ticks;

    /// <summary>While a limit with shares is asked for, its region hears from home at least so often what all have spent and how many they are: a share is one of that.</summary>
    private static readonly long Hearing = TimeSpan.FromSeconds(2).Ticks;

    private long _downUntil;
    private long _homeSeenAt;
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
            if (_home is not null)
                _ledger.HomeHoldsUntil(moment + Hold);
            LiveOnShare([.. _waiting], moment);
        }
    }

    /// <summary>
    /// Whether the home region failed so lately that others may still owe it what they spent of their shares: this one is granted what is left of its own, and nothing that may be theirs.
    /// </summary>
    private bool Settling(long moment) => _home is not null && _rule.StorageDown == WhenStorageDown.Share && _ledger.HomeHolds(moment);

    /// <summary>Whether home is to be asked how the limit stands, though nothing is needed of it.</summary>
    private bool ShouldHear(long moment) => _home is not null && _rule.StorageDown == WhenStorageDown.Share && _clock.Known
        && moment - _asked < Idle && !Settling(moment) && _clock.Earliest(moment) - _homeSeenAt > Hearing;

    /// <summary>Those who wait are served of the share, as far as it goes; for the others it is as if the storage did not answer.</summary>
    private void LiveOnShare(List<LedgerTurn> turns, long moment)
    {
        foreach (LedgerTurn turn in turns)
        {
            _waiting.Remove(turn);
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
    }

    /// <summary>
    /// Spends from the share: what the window had left when the row was seen last, and what has left it since, divided by the instances that the row knew, less what was
    /// spent of the share in that time. As long as all saw the row as it was at the end, they stay within the limit together; who saw it earlier does not know what the others took
    /// since, and so the limit may be exceeded by that; so does who cannot know of a region or an instance that came later. Where nothing is known of the others there is no share. What it takes is owed: it is written once the storage answers.
    /// </summary>
    private bool TryShare(LimitRule rule, long amount, long moment, out LedgerWord word)
    {
        word = default;
        if (ShareLeft(rule, moment) < amount)
            return false;
        _shared!.Add(_shared.Newest, amount);
        _owed += amount;
        word = Admit(rule, new LedgerPart(LedgerPart.FromShare, amount, long.MaxValue, 0), moment);
        return true;
    }

    /// <summary>What is left of this instance's share; 0 or less where nothing is, or nothing is known of the others.</summary>
    private long ShareLeft(LimitRule rule, long moment)
    {
        if (_instances == 0 || _seen is null || !_clock.Known || rule.Strict || _concurrency)
            return 0;
        long slot = _shape.At(_clock.Earliest(moment)).Number;
        _seen.Advance(slot);
        _shared ??= new SlotRing(_shape.Slots);
        _shared.Advance(slot);
        long known = _home is null ? _seen.Sum : moment < _seenHome.Until ? _seenHome.Spent : 0;
        return (Math.Max(0, rule.Amount - known) / _instances) - _shared.Sum;
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

        _homeSeenAt = row.HomeSeenAt;
        bool owes = _deficit;
        _deficit = Owes(row);
        if (!owes && !Settling(moment))
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
