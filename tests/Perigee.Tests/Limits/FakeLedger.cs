using Perigee.Limits;

namespace Perigee.Tests.Limits;

/// <summary>Counts exactly and for ever, in memory: what the step asks of the ledger and tells it is looked at here.</summary>
internal sealed class FakeLedger : ILimitLedger
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, long> _spent = new(StringComparer.Ordinal);

    /// <summary>What was asked for, admitted or not.</summary>
    public List<LimitAmounts> Asked { get; } = [];

    /// <summary>What admitted requests took in the end.</summary>
    public List<LimitAmounts> Settled { get; } = [];

    /// <summary>Every rule that was asked of.</summary>
    public List<IReadOnlyList<LimitRule>> Rules { get; } = [];

    public bool Down { get; set; }

    public TimeSpan Reset { get; set; } = TimeSpan.FromSeconds(30);

    public long SpentOf(string id)
    {
        lock (_gate)
            return _spent.GetValueOrDefault(id);
    }

    public ValueTask<Reservation> ReserveAsync(IReadOnlyList<LimitRule> rules, LimitAmounts amounts, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
        {
            Asked.Add(amounts);
            Rules.Add(rules);
            if (Down)
                return new(new Held(this, rules, amounts, ReservationVerdict.StorageDown, null, []));
            LimitRule? by = rules.FirstOrDefault(rule => _spent.GetValueOrDefault(rule.Id) + amounts.Of(rule.Meter) > rule.Amount);
            if (by is null)
            {
                foreach (LimitRule rule in rules)
                    _spent[rule.Id] = _spent.GetValueOrDefault(rule.Id) + amounts.Of(rule.Meter);
            }

            return new(new Held(this, rules, amounts, by is null ? ReservationVerdict.Admitted : ReservationVerdict.Refused, by is null ? null : Stand(by), [.. rules.Select(Stand)]));
        }
    }

    public ValueTask<IReadOnlyList<LimitStand>> StandAsync(IReadOnlyList<LimitRule> rules, CancellationToken cancel)
    {
        lock (_gate)
            return new([.. rules.Select(Stand)]);
    }

    private LimitStand Stand(LimitRule rule)
    {
        long spent = _spent.GetValueOrDefault(rule.Id);
        return new(rule, spent, Math.Max(0, rule.Amount - spent), Reset);
    }

    private sealed class Held(FakeLedger ledger, IReadOnlyList<LimitRule> rules, LimitAmounts reserved, ReservationVerdict verdict, LimitStand? refusedBy, LimitStand[] stands) : Reservation
    {
        private bool _settled;

        public override ReservationVerdict Verdict => verdict;

        public override IReadOnlyList<LimitStand> Stands => stands;

        public override LimitStand? RefusedBy => refusedBy;

        public override void Settle(in LimitAmounts taken)
        {
            lock (ledger._gate)
            {
                Assert.Equal(ReservationVerdict.Admitted, verdict);
                if (_settled)
                    return;
                _settled = true;
                ledger.Settled.Add(taken);
                foreach (LimitRule rule in rules)
                    ledger._spent[rule.Id] += rule.Meter == LimitMeter.Concurrency ? -1 : taken.Of(rule.Meter) - reserved.Of(rule.Meter);
            }
        }
    }
}
