namespace Perigee.Limits;

/// <summary>
/// One limit in this process. Requests spend the balance without waiting; when it is empty they queue, and one loop (<see cref="TendAsync"/>) debits a
/// slice for all of them: as much as they ask for, and while the limit is far also some for those who will come. A slice belongs to the slot that it
/// was debited in and is spent in no other. This file is what a request meets; the loop is in the files beside it.
/// </summary>
internal sealed partial class LimitCounter
{
    /// <summary>Permits of an instance that writes nothing lapse after this long: it is paused, cut off or dead.</summary>
    public static readonly long Grace = TimeSpan.FromSeconds(60).Ticks;

    /// <summary>After this long a used-up limit is looked at again: others may have given slices back.</summary>
    private static readonly long LookAgain = TimeSpan.FromMilliseconds(500).Ticks;

    /// <summary>Slices are returned when no request came for this long.</summary>
    private static readonly long Idle = TimeSpan.FromSeconds(1).Ticks;

    /// <summary>A counter is forgotten when no request came for this long.</summary>
    private static readonly long Forgotten = TimeSpan.FromMinutes(2).Ticks;

    private const int ManyInstances = 16;

    private readonly Lock _gate = new();
    private readonly LimitLedger _ledger;
    private readonly LedgerPlace _place;
    private readonly LedgerPlace? _home;
    private readonly StorageClock _clock;
    private readonly LimitShape _shape;
    private readonly string _partition;
    private readonly bool _concurrency;
    private readonly Rate _rate = new();
    private readonly LinkedList<LedgerTurn> _waiting = new();
    private readonly Dictionary<long, long> _returns = [];
    private List<LedgerClose> _closes = [];

    private LimitRule _rule;
    private long _balance;
    private long _inUse;
    private long _owed;
    private Slot _slot = new(long.MinValue, 0, 0);
    private long _until;
    private bool _busy;
    private long _asked;
    private long _spent;
    private long _resetAt;
    private long _outUntil;
    private long _outLeft;

    /// <summary>The counter of a limit.</summary>
    /// <param name="rule">The limit; later requests may bring another amount.</param>
    /// <param name="ledger">Where it belongs.</param>
    /// <param name="region">Where it is counted.</param>
    /// <param name="home">The home region, where this is another one. Concurrency and strict limits are counted there at once.</param>
    public LimitCounter(LimitRule rule, LimitLedger ledger, LedgerPlace region, LedgerPlace? home)
    {
        _rule = rule;
        _ledger = ledger;
        _concurrency = rule.Meter == LimitMeter.Concurrency;
        bool direct = _concurrency || rule.Strict;
        _place = direct && home is not null ? home : region;
        _home = direct ? null : home;
        _clock = (home ?? region).Clock;
        _shape = new LimitShape(rule, home is not null);
        _spentIn = new long[_shape.Ahead + 1];
        _partition = rule.Id;
        _asked = _clock.Moment;

        // A row may still tell what an earlier counter of this instance wrote last, which was forgotten meanwhile: its numbers are no others'.
        _writes = _homeWrites = (uint)(ledger.Roll() * int.MaxValue);
    }

    /// <summary>Whether it was forgotten: whoever still knows it has to look for another.</summary>
    public bool Dead { get; private set; }

    /// <summary>
    /// Takes at once what the balance covers, or says at once that the limit is known to be used up.
    /// </summary>
    /// <returns>False where the storage has to be asked: see <see cref="WaitAsync"/>.</returns>
    public bool TryTake(LimitRule rule, long amount, out LedgerWord word)
    {
        bool start = false;
        bool said;
        lock (_gate)
        {
            long moment = Arrive(rule);
            _rate.Count(moment, amount);
            if (amount <= 0)
            {
                word = Admit(rule, new LedgerPart(_slot.Number, 0, long.MaxValue, 0), moment);
                return true;
            }

            if (!rule.Strict && _balance >= amount && moment < _until && _waiting.Count == 0)
            {
                word = Spend(rule, amount, moment);
                start = !_busy && (_shape.Ahead > 0 ? RunsOut(moment) : _balance < Ahead(moment, _until - moment) / 4);
                said = true;
            }
            else if (rule.StorageDown == WhenStorageDown.Share && moment < _downUntil && TryShare(rule, amount, moment, out word))
            {
                said = true;
            }
            else if (amount > rule.Amount || (moment < _outUntil && !_busy && amount > _outLeft))
            {
                word = new LedgerWord(ReservationVerdict.Refused, default, Say(rule, moment));
                said = true;
            }
            else
            {
                word = default;
                said = false;
            }

            _busy |= start;
        }

        if (start)
            _ledger.Run(TendAsync());
        return said;
    }

    /// <summary>Waits until the storage was asked.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up; nothing is counted.</exception>
    public Task<LedgerWord> WaitAsync(LimitRule rule, long amount, CancellationToken cancel)
    {
        LedgerTurn turn = new(rule, amount);
        bool start;
        lock (_gate)
        {
            Arrive(rule);
            _waiting.AddLast(turn);
            start = !_busy;
            _busy = true;
        }

        if (start)
            _ledger.Run(TendAsync());
        return cancel.CanBeCanceled && !turn.Task.IsCompleted ? LeaveAsync(turn, cancel) : turn.Task;
    }

    /// <summary>Whether a request may still begin on what it has: its slot may have ended while it waited for other limits.</summary>
    public bool Holds(in LedgerPart part) => part.Amount == 0 || _clock.Moment < part.Until;

    /// <summary>Says what a request really took. Does not wait and never throws.</summary>
    public void Settle(in LedgerPart part, long taken)
    {
        bool start = false;
        lock (_gate)
        {
            long moment = _clock.Moment;
            taken = Math.Max(0, taken);
            if (part.Id != 0)
            {
                _closes.Add(new LedgerClose(part, taken));
                start = !_busy;
            }
            else if (_concurrency)
            {
                _inUse--;
                _balance++;
            }
            else if (taken < part.Amount)
            {
                GiveBack(part, part.Amount - taken, moment);
            }
            else if (taken > part.Amount)
            {
                Charge(taken - part.Amount, moment);
            }

            _busy |= start;
        }

        if (start)
            _ledger.Run(TendAsync());
    }

    /// <summary>How the limit stands as far as this process knows.</summary>
    public LimitStand Stand(LimitRule rule)
    {
        lock (_gate)
            return Say(rule, _clock.Moment);
    }

    private static async Task<LedgerWord> LeaveAsync(LedgerTurn turn, CancellationToken cancel)
    {
        // Who goes away while waiting leaves its turn to the next: the queue skips turns that are over.
        await using CancellationTokenRegistration gone = cancel.Register(static (state, token) => ((LedgerTurn)state!).TrySetCanceled(token), turn);
        return await turn.Task;
    }

    /// <summary>A request came: its limit is the one in force, and what is left of a slot that has ended goes back.</summary>
    private long Arrive(LimitRule rule)
    {
        long moment = _clock.Moment;
        _asked = moment;
        if (!ReferenceEquals(rule, _rule))
        {
            if (rule.Amount != _rule.Amount)
                _outUntil = 0;
            _rule = rule;
        }

        Roll(moment);
        return moment;
    }

    /// <summary>What a slot left over cannot be spent any more.</summary>
    private void Roll(long moment)
    {
        if (moment < _until || _concurrency || _balance <= 0)
            return;
        AddReturn(_slot.Number, _balance);
        _balance = 0;
    }

    private LedgerWord Spend(LimitRule rule, long amount, long moment)
    {
        _balance -= amount;
        if (_concurrency)
            _inUse += amount;
        return Admit(rule, new LedgerPart(_shape.Ahead > 0 ? NoteSpent(amount, moment) : _slot.Number, amount, _until, 0), moment);
    }

    private LedgerWord Admit(LimitRule rule, LedgerPart part, long moment) => new(ReservationVerdict.Admitted, part, Say(rule, moment));

    private LimitStand Say(LimitRule rule, long moment)
    {
        // Nobody asked the storage for its time where nothing was taken yet: what is only told may be told by the clock of this machine.
        long now = _clock.Known ? _clock.Earliest(moment) : _ledger.Time.GetUtcNow().UtcTicks;
        long spent = _resetAt != 0 && now >= _resetAt && !_shape.Sliding ? 0 : _spent;
        long ends = _shape.Sliding || _concurrency ? _resetAt : _shape.At(now).End;
        long balance = moment < _until ? Math.Max(0, _balance) : 0;
        return new LimitStand(
            rule, Math.Max(0, spent - balance), Math.Clamp(rule.Amount - spent + balance, 0, rule.Amount),
            new TimeSpan(ends > DateTime.MaxValue.Ticks ? 0 : Math.Max(0, ends - now)));
    }

    private void GiveBack(in LedgerPart part, long amount, long moment)
    {
        if (part.Slot == LedgerPart.FromShare)
        {
            // Not written yet, else it stays taken.
            long back = Math.Min(amount, _owed);
            _owed -= back;
            GiveToShare(back);
        }
        else if (part.Slot == _slot.Number && moment < _until)
        {
            _balance += amount;
        }
        else
        {
            AddReturn(part.Slot, amount);
        }
    }

    private void Charge(long amount, long moment)
    {
        if (moment < _until)
        {
            long covered = Math.Clamp(_balance, 0, amount);
            _balance -= covered;
            amount -= covered;
        }

        _owed += amount;
    }

    private void AddReturn(long slot, long amount)
    {
        _returns[slot] = _returns.GetValueOrDefault(slot) + amount;

        // Slots that no longer count need nothing back.
        if (_returns.Count > _shape.Slots + _shape.Ahead + 2)
            _returns.Remove(_returns.Keys.Min());
    }

    /// <summary>
    /// What is taken beyond those who wait: half a second's demand, up to a second's where many instances write the same row, and at most a
    /// sixteenth of what is left. Of a second's limit what the slice may need in its fifth of a second, or a thirty-second of what is left: what is not spent of it goes back soon.
    /// </summary>
    /// <param name="moment">Now.</param>
    /// <param name="lasts">How long it could be spent, in ticks.</param>
    private long Ahead(long moment, long lasts)
    {
        if (_ledger.Stopping || _rule.Strict)
            return 0;
        long left = Math.Max(0, _rule.Amount - _spent) / 16;
        if (_concurrency)
            return Math.Min(_inUse / 4, left);
        double most = 0.5 + (0.5 * Math.Min(_instances, ManyInstances) / ManyInstances);
        double seconds = Math.Clamp((double)lasts / TimeSpan.TicksPerSecond, 0, most);
        long needed = (long)(_rate.PerSecond(moment) * seconds);
        return _shape.Ahead > 0 ? Math.Min(Math.Max(needed + (needed / 4), left / 2), 4 * left) : Math.Min(needed, left);
    }
}
