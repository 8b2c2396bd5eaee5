using Perigee.Storage;

namespace Perigee.Limits;

/// <summary>
/// A region that is not home spends what the home region granted: the region is to home what an instance is to the region. One instance of a
/// region asks at a time, for all of them: it claims that in the region's row, debits the home row, and notes the grant in the region's row. Where
/// it dies in between, the grant is lost for its slot and never spent twice.
/// </summary>
internal sealed partial class LimitCounter
{
    /// <summary>An instance that asks home is taken to be gone after this long.</summary>
    private static readonly long Claim = TimeSpan.FromSeconds(3).Ticks;

    /// <summary>A grant that nobody took of for this long goes home.</summary>
    private static readonly long IdleGrant = TimeSpan.FromSeconds(5).Ticks;

    /// <summary>How often one that waits for the instance that asks home looks.</summary>
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    /// <summary>Seconds of a region's demand that are asked for ahead.</summary>
    private const int RegionSeconds = 2;

    /// <summary>Slots whose demand says what the next may need.</summary>
    private const int SlotsBack = 5;

    private const int MostRaces = 40;

    private CounterRow? _homeRow;
    private uint _homeWrites;
    private bool _grantIdle;

    /// <summary>What the home region said.</summary>
    private readonly record struct Grant(Slot Slot, long Amount, long Spent, long Left, long? Oldest, int Regions);

    /// <summary>Whether to ask home though nobody waits: the region's grant runs out, or nobody needs it.</summary>
    private bool WantsHome(CounterRow row, Slot slot, long early, long moment)
    {
        if (_home is not null && Owes(row) && (row.RefillerUntil <= early || row.Refiller == 0))
            return true;
        if (_home is null || _ledger.Stopping || Settling(moment) || row.HomeOutUntil > early || (row.RefillerUntil > early && row.Refiller != 0))
            return false;
        if (ShouldHear(moment))
            return true;
        long granted = row.Granted[slot.Number] - row.Taken[slot.Number];
        if (_grantIdle)
            return granted > 0 && early - row.TakenAt > IdleGrant;
        return moment - _asked < Idle && granted < RegionDemand(row, slot, early, moment) / 4;
    }

    /// <summary>
    /// What the region will ask for in the next seconds of this slot: as this instance's demand tells, or as the region took in the slots before.
    /// </summary>
    private long RegionDemand(CounterRow row, Slot slot, long early, long moment)
    {
        long lasts = Math.Clamp(slot.End - early, 0, RegionSeconds * TimeSpan.TicksPerSecond);
        double demand = (double)_rate.PerSecond(moment) / TimeSpan.TicksPerSecond * row.Instances(_ledger.Id, early);
        if (_shape.Sliding)
        {
            long most = 0;
            for (long before = 1; before < Math.Min(_shape.Slots, SlotsBack); before++)
                most = Math.Max(most, row.Taken[slot.Number - before]);
            demand = Math.Max(demand, 1.25 * most / (slot.End - slot.Start));
        }

        return (long)(demand * lasts);
    }

    private async Task AskHomeAsync()
    {
        if (_row is null)
            await LookAsync();
        CounterRow row = _row!;
        Dictionary<long, long> surplus = [];
        Dictionary<long, long> deficits = [];
        long need = 0;
        long ahead = 0;
        bool busy;
        lock (_gate)
        {
            long moment = _clock.Moment;
            long early = _clock.Earliest(moment);
            Slot slot = _shape.Numbered(Math.Max(_shape.At(early).Number, row.Taken.Newest));
            busy = row.Refiller != 0 && row.Refiller != _ledger.Id && row.RefillerUntil > early;
            if (!busy)
            {
                row.Taken.Advance(slot.Number);
                row.Granted.Advance(slot.Number);
                bool idle = _grantIdle && _waiting.Count == 0;
                for (long at = slot.Number - (_shape.Sliding ? _shape.Slots - 1 : 0); at <= slot.Number; at++)
                {
                    if (Deficit(row, at) is var missing and > 0)
                        deficits[at] = missing;
                    else if ((at < slot.Number || idle) && row.Granted[at] - row.Taken[at] is var over and > 0)
                        surplus[at] = row.Granted.Add(at, -over) == 0 ? 0 : over;
                }

                long granted = Math.Max(0, row.Granted[slot.Number] - row.Taken[slot.Number]);
                need = Math.Max(0, Waiting() - granted);

                // Where requests wait here they wait at the others, too: what is granted should not be gone before those look.
                ahead = idle ? 0 : Math.Max(RegionDemand(row, slot, early, moment), Waiting() * (row.Instances(_ledger.Id, early) - 1));
                if (Settling(moment))
                {
                    need = Math.Clamp(ShareLeft(_rule, moment), 0, need);
                    ahead = need == 0 ? 0 : Math.Clamp(ShareLeft(_rule, moment) - need, 0, ahead);
                }
                else if (need == 0 && granted >= ahead / 4)
                {
                    ahead = 0;
                }

                (row.Refiller, row.RefillerUntil, _grantIdle) = (_ledger.Id, early + Claim, false);
                Mark(row, new LedgerPlan(_writes + 1, moment, slot, 0, 0), early);
            }
        }

        if (busy)
        {
            _row = null;
            await Task.Delay(Glance, _ledger.Time);
            return;
        }

        if (!await WriteAsync())
        {
            await _ledger.BackOffAsync(2);
            return;
        }

        Grant? grant = null;
        try
        {
            grant = await DebitHomeAsync(need, ahead, surplus, deficits);
        }
        finally
        {
            await NoteGrantAsync(grant, need, deficits);
        }
    }

    /// <summary>What those who wait ask for beyond the balance.</summary>
    private long Waiting()
    {
        long waiting = 0;
        foreach (LedgerTurn turn in _waiting)
            waiting += turn.Task.IsCompleted ? 0 : turn.Amount;
        return Math.Max(0, waiting - Math.Max(0, _balance));
    }

    private async Task<Grant> DebitHomeAsync(long need, long ahead, Dictionary<long, long> surplus, Dictionary<long, long> deficits)
    {
        (uint number, Grant tried) = (0, default);
        for (int attempt = 0; attempt < MostRaces; attempt++)
        {
            using CancellationTokenSource patience = new(Patience, _ledger.Time);
            if (_homeRow is null)
            {
                TableRow? found = await _home!.Table.FindAsync(_partition, _shape.Key, patience.Token);
                _homeRow = new CounterRow(_partition, _shape, found);
                if (number != 0 && _homeRow.HolderOf(_ledger.Id).Write == number)
                    return tried;
            }

            CounterRow home = _homeRow;
            long early = _clock.Earliest(_clock.Moment);
            long newest = Math.Max(_shape.At(early).Number, home.Taken.Newest);
            Slot slot = _shape.Numbered(deficits.Count > 0 ? Math.Max(newest, deficits.Keys.Max()) : newest);
            home.Expire(early);
            home.Taken.Advance(slot.Number);
            int regions = home.Regions(_ledger.Region);
            bool gives = false;
            foreach ((long at, long over) in surplus)
                gives |= home.Taken.Add(at, -over) != 0;

            // It is spent, whether there is room for it or not. Who dies before it is noted in the region's row debits it twice: never too little.
            foreach ((long at, long missing) in deficits)
                gives |= home.Taken.Add(at, missing) != 0;
            long left = _rule.Amount - home.Taken.Sum;
            long amount = Math.Max(0, Math.Min(left, need + Math.Min(ahead, left / 4)));
            if (amount == 0 && !gives)
            {
                // What the next look sees may be more: others give back.
                _homeRow = null;
                return new Grant(slot, 0, home.Taken.Sum, left, home.Taken.Oldest, regions);
            }

            home.Taken.Add(slot.Number, amount);
            number = ++_homeWrites;
            tried = new Grant(slot, amount, home.Taken.Sum, left - amount, home.Taken.Oldest, regions);
            home.Note(new Holder(_ledger.Id, number, early, _ledger.Region));
            _homeRow = null;
            WriteResult result = await _home!.Table.WriteAsync(home.Pack(), home.ETag is null ? WriteWhen.Absent : WriteWhen.Unchanged, patience.Token);
            if (result.Written)
            {
                home.ETag = result.ETag;
                _homeRow = home.ETag is null ? null : home;
                return tried;
            }

            await _ledger.BackOffAsync(attempt);
        }

        throw new StorageException("Too many write to the home region's counter at once.");
    }

    /// <summary>Notes in the region's row what home granted, and that it may be asked again.</summary>
    private async Task NoteGrantAsync(Grant? grant, long need, Dictionary<long, long> deficits)
    {
        for (int attempt = 0; attempt < MostRaces; attempt++)
        {
            if (_row is null)
                await LookAsync();
            uint number;
            lock (_gate)
            {
                CounterRow row = _row!;
                long moment = _clock.Moment;
                long early = _clock.Earliest(moment);
                Slot slot = _shape.Numbered(Math.Max(_shape.At(early).Number, Math.Max(row.Taken.Newest, grant?.Slot.Number ?? 0)));
                row.Taken.Advance(slot.Number);
                row.Granted.Advance(slot.Number);
                if (row.Refiller == _ledger.Id)
                    row.Refiller = 0;
                if (grant is { } granted)
                {
                    row.HomeRegions = Math.Max(granted.Regions, row.Granted.Sum > 0 ? row.HomeRegions : 1);
                    foreach ((long at, long missing) in deficits)
                        row.Granted.Add(at, missing);
                    row.Granted.Add(granted.Slot.Number, granted.Amount);
                    _deficit = false;
                    if (!Settling(moment))
                        _shared = null;
                    else if (granted.Amount > 0)
                        _shared?.Add(_shared.Newest, granted.Amount);
                    (row.HomeSpent, row.HomeSeenAt) = (granted.Spent, early);
                    row.HomeOutUntil = granted.Amount >= need && granted.Left > 0 ? 0
                        : Math.Min(early + LookAgain, granted.Oldest is { } oldest ? _shape.LeavesAt(oldest) : long.MaxValue);
                }

                Mark(row, new LedgerPlan(number = _writes + 1, moment, slot, 0, 0), early);
            }

            if (await WriteAsync())
                return;
            await _ledger.BackOffAsync(attempt);
            await LookAsync();
            if (_row!.HolderOf(_ledger.Id).Write == number)
                return;
        }
    }
}
