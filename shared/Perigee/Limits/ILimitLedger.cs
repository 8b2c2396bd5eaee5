namespace Perigee.Limits;

/// <summary>Counts what requests take against durable limits.</summary>
internal interface ILimitLedger
{
    /// <summary>
    /// Takes the amounts from every limit, or from none. Completes without a trip to the storage while the leases of this instance cover them.
    /// </summary>
    /// <param name="rules">The limits that apply to the request.</param>
    /// <param name="amounts">The most that it may take.</param>
    /// <param name="cancel">The caller gave up waiting; nothing is counted.</param>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    ValueTask<Reservation> ReserveAsync(IReadOnlyList<LimitRule> rules, LimitAmounts amounts, CancellationToken cancel);

    /// <summary>How the limits stand by what is durable, for people: a trip to the storage for each.</summary>
    ValueTask<IReadOnlyList<LimitStand>> StandAsync(IReadOnlyList<LimitRule> rules, CancellationToken cancel);
}

/// <summary>What a request takes, or may take at most.</summary>
/// <param name="InputTokens">Tokens of the question.</param>
/// <param name="OutputTokens">Tokens of the answer.</param>
/// <param name="MicroDollars">Its price, rounded up.</param>
internal readonly record struct LimitAmounts(long InputTokens, long OutputTokens, long MicroDollars)
{
    /// <summary>How many requests it is: 1, or 0 where none was made after all.</summary>
    public long Requests { get; init; } = 1;

    /// <summary>Nothing at all: the request was not made.</summary>
    public static LimitAmounts None => new(0, 0, 0) { Requests = 0 };

    /// <summary>What a meter counts of it. Of concurrency always 1.</summary>
    public long Of(LimitMeter meter) => meter switch
    {
        LimitMeter.Requests => Requests,
        LimitMeter.InputTokens => InputTokens,
        LimitMeter.OutputTokens => OutputTokens,
        LimitMeter.Tokens => InputTokens + OutputTokens,
        LimitMeter.Concurrency => 1,
        _ => MicroDollars,
    };
}

/// <summary>How one limit stands.</summary>
/// <param name="Rule">The limit.</param>
/// <param name="Spent">What its window holds, amounts included that other instances leased and did not spend yet.</param>
/// <param name="Remaining">What is left, as far as this instance knows; never negative.</param>
/// <param name="Reset">Until what was spent leaves the window: all of it where the window is fixed, the oldest part where it slides; zero where it never does.</param>
internal readonly record struct LimitStand(LimitRule Rule, long Spent, long Remaining, TimeSpan Reset);

/// <summary>What came of asking for amounts, and the way to say afterwards what was really taken.</summary>
internal abstract class Reservation
{
    /// <summary>Whether the request may go on.</summary>
    public abstract ReservationVerdict Verdict { get; }

    /// <summary>How each limit stands after it, in the order of the rules.</summary>
    public abstract IReadOnlyList<LimitStand> Stands { get; }

    /// <summary>The limit that refused, or null.</summary>
    public abstract LimitStand? RefusedBy { get; }

    /// <summary>
    /// Says what was really taken: less goes back, more is taken as well, whatever is left. Ends the request for concurrency. Only the first call counts;
    /// does not wait for the storage and never throws.
    /// </summary>
    public abstract void Settle(in LimitAmounts taken);
}

/// <summary>What came of a reservation.</summary>
internal enum ReservationVerdict
{
    /// <summary>Taken: the request may go on.</summary>
    Admitted,

    /// <summary>A limit has not enough left.</summary>
    Refused,

    /// <summary>The storage does not answer, so it cannot be counted.</summary>
    StorageDown,
}
