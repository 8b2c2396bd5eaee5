using Perigee.Storage;

namespace Perigee.Limits;

/// <summary>What is done from time to time, and when the process ends.</summary>
internal sealed partial class LimitCounter
{
    /// <summary>
    /// Writes what requests settled, gives back what is not used, renews permits.
    /// </summary>
    /// <returns>Whether the counter is still worth keeping.</returns>
    public bool Tidy()
    {
        bool start;
        lock (_gate)
        {
            long moment = _clock.Moment;
            long quiet = moment - _asked;
            Roll(moment);
            if (quiet >= Forgotten && !_busy && _inUse == 0 && _owed == 0 && !_deficit && _pending is null)
            {
                Dead = true;
                return false;
            }

            if (quiet >= Idle)
            {
                if (_balance > 0)
                    Release();
                _grantIdle = _home is not null;
            }

            NoteMoves();
            start = !_busy && (Unsettled || ShouldHear(moment) || (_home is not null && _grantIdle && _row is not null)
                || (_concurrency && _inUse + _balance > 0 && _until - moment < Grace * 3 / 4));
            _busy |= start;
        }

        if (start)
            _ledger.Run(TendAsync());
        return true;
    }

    /// <summary>Gives back what was not spent: the process ends.</summary>
    public async Task ReturnAsync(CancellationToken cancel)
    {
        for (int attempt = 0; !cancel.IsCancellationRequested; attempt++)
        {
            bool start = false;
            lock (_gate)
            {
                if (!_busy)
                {
                    Roll(_clock.Moment);
                    if (_balance > 0)
                        Release();
                    if (!Unsettled)
                        return;
                    (start, _busy) = (true, true);
                }
            }

            if (start)
                await TendAsync();
            await _ledger.BackOffAsync(attempt);
        }
    }

    /// <summary>How the limit stands by its row, read for it.</summary>
    /// <exception cref="StorageException">The storage does not answer.</exception>
    public async Task<LimitStand> LookAsync(LimitRule rule, CancellationToken cancel)
    {
        if (!_clock.Known)
            await _clock.AskAsync(cancel);
        TableRow? found = await (_home ?? _place).Table.FindAsync(_partition, _shape.Key, cancel);
        CounterRow row = new(_partition, _shape, found);
        long early = _clock.Earliest(_clock.Moment);
        Slot slot = _shape.At(early);
        row.Taken.Advance(slot.Number);
        row.Expire(early);
        long spent = _concurrency ? row.HeldByOthers(0, Grace, early) : row.Taken.Sum;
        long ends = _shape.Sliding ? (row.Taken.Oldest is { } oldest ? _shape.LeavesAt(oldest) : 0) : slot.End;
        TimeSpan reset = ends > DateTime.MaxValue.Ticks ? TimeSpan.Zero : new TimeSpan(Math.Max(0, ends - early));
        return new LimitStand(rule, spent, Math.Max(0, rule.Amount - spent), reset);
    }

    /// <summary>Whether something waits to be written, or a write is in doubt.</summary>
    private bool Unsettled => _owed > 0 || _returns.Count > 0 || _closes.Count > 0 || _giveUp || _pending is not null || _moves.Count > 0 || _deficit;

    private void Release()
    {
        if (_concurrency)
        {
            _giveUp = true;
            return;
        }

        AddReturn(_slot.Number, _balance);
        _balance = 0;
    }
}
