namespace Perigee.Limits;

/// <summary>What a limit does while the storage does not answer.</summary>
internal sealed partial class LimitCounter
{
    /// <summary>After the storage failed, requests live on the share for this long before it is asked again.</summary>
    private static readonly long Outage = TimeSpan.FromSeconds(1).Ticks;

    private long _downUntil;
    private long _share;
    private long _shareUntil;
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
    /// Spends from the share: the limit divided by the instances that the row knew, less what this instance holds already, once a window. Where
    /// nothing is known of the others there is no share. What it takes is owed: it is written once the storage answers.
    /// </summary>
    private bool TryShare(LimitRule rule, long amount, long moment, out LedgerWord word)
    {
        word = default;
        if (_instances == 0 || !_clock.Known || rule.Strict || _concurrency)
            return false;
        if (moment >= _shareUntil)
        {
            Slot slot = _shape.At(_clock.Latest(moment));
            long ends = Math.Min(_shape.LeavesAt(slot.Number), long.MaxValue / 4);
            (_share, _shareUntil) = (rule.Amount / _instances, moment + Math.Max(0, ends - _clock.Earliest(moment)));
        }

        if (_share < amount)
            return false;
        _share -= amount;
        _owed += amount;
        word = Admit(rule, new LedgerPart(LedgerPart.FromShare, amount, long.MaxValue, 0), moment);
        return true;
    }
}
