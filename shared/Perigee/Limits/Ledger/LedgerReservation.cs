using System.Collections;

namespace Perigee.Limits;

/// <summary>What came of a reservation: the parts that it has of each limit, until it is settled.</summary>
internal sealed class LedgerReservation : Reservation, IReadOnlyList<LimitStand>
{
    private readonly Share[] _shares;
    private int _refusedBy = -1;
    private int _settled;
    private ReservationVerdict _verdict;

    /// <summary>A reservation of so many limits, none of them taken yet.</summary>
    public LedgerReservation(int limits) => _shares = new Share[limits];

    /// <inheritdoc/>
    public override ReservationVerdict Verdict => _verdict;

    /// <inheritdoc/>
    public override IReadOnlyList<LimitStand> Stands => this;

    /// <inheritdoc/>
    public override LimitStand? RefusedBy => _refusedBy < 0 ? null : _shares[_refusedBy].Stand;

    /// <inheritdoc/>
    public int Count => _shares.Length;

    /// <inheritdoc/>
    public LimitStand this[int index] => _shares[index].Stand;

    /// <summary>Notes what a limit said.</summary>
    public void Set(int index, LimitCounter counter, in LedgerWord word) => _shares[index] = new Share(counter, word.Part, word.Stand);

    /// <summary>Notes what a limit said that was asked before.</summary>
    public void Set(int index, in LedgerWord word) => Set(index, _shares[index].Counter, word);

    /// <summary>Waits for one limit.</summary>
    public Task<LedgerWord> WaitAsync(int index, LimitRule rule, long amount, CancellationToken cancel) =>
        _shares[index].Counter.WaitAsync(rule, amount, cancel);

    /// <summary>Gives back the parts on which a request may not begin any more.</summary>
    /// <returns>Which they are.</returns>
    public List<int> TakeLapsed()
    {
        List<int> lapsed = [];
        for (int index = 0; index < _shares.Length; index++)
        {
            if (_shares[index].Counter.Holds(_shares[index].Part))
                continue;
            Undo(index);
            lapsed.Add(index);
        }

        return lapsed;
    }

    /// <summary>Refuses it: what it has of other limits goes back.</summary>
    public LedgerReservation Refuse(ReservationVerdict verdict, int by)
    {
        (_verdict, _refusedBy) = (verdict, verdict == ReservationVerdict.Refused ? by : -1);
        _settled = 1;
        for (int index = 0; index < _shares.Length; index++)
            Undo(index);
        return this;
    }

    private void Undo(int index)
    {
        if (_shares[index].Part.Amount > 0)
            _shares[index].Counter.Settle(_shares[index].Part, 0);
        _shares[index] = _shares[index] with { Part = default };
    }

    /// <inheritdoc/>
    public override void Settle(in LimitAmounts taken)
    {
        if (Interlocked.Exchange(ref _settled, 1) == 1)
            return;
        foreach (ref readonly Share share in _shares.AsSpan())
        {
            // What waited and was not taken has no rule yet; concurrency ends with the request.
            if (share.Stand.Rule is { } rule && (share.Part.Amount > 0 || rule.Meter != LimitMeter.Concurrency))
                share.Counter.Settle(share.Part, taken.Of(rule.Meter));
        }
    }

    /// <inheritdoc/>
    public IEnumerator<LimitStand> GetEnumerator()
    {
        foreach (Share share in _shares)
            yield return share.Stand;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private readonly record struct Share(LimitCounter Counter, LedgerPart Part, LimitStand Stand);
}
