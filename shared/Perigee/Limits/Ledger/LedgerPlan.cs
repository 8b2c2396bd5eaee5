namespace Perigee.Limits;

/// <summary>What a request has of one limit.</summary>
/// <param name="Slot">Where it is counted; <see cref="FromShare"/> where the storage was down and it came of the instance's share.</param>
/// <param name="Amount">How much.</param>
/// <param name="Until">The moment after which the request may no longer begin on it.</param>
/// <param name="Id">Its reservation in the row, where the limit is strict.</param>
internal readonly record struct LedgerPart(long Slot, long Amount, long Until, long Id)
{
    /// <summary>The slot of what was taken while the storage was down.</summary>
    public const long FromShare = -1;
}

/// <summary>What a limit says to one request.</summary>
/// <param name="Verdict">Whether it may go on.</param>
/// <param name="Part">What it has, where it may.</param>
/// <param name="Stand">How the limit stands after it.</param>
internal readonly record struct LedgerWord(ReservationVerdict Verdict, LedgerPart Part, LimitStand Stand);

/// <summary>A request that waits for its turn at one limit.</summary>
internal sealed class LedgerTurn(LimitRule rule, long amount) : TaskCompletionSource<LedgerWord>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    /// <summary>The limit as the request knows it.</summary>
    public LimitRule Rule => rule;

    /// <summary>How much it asks for.</summary>
    public long Amount => amount;
}

/// <summary>The end of a strict limit's request: the reservation and what was really taken.</summary>
internal readonly record struct LedgerClose(LedgerPart Part, long Taken);

/// <summary>What was counted in one slot and was spent in an earlier one.</summary>
internal readonly record struct LedgerMove(long From, long To, long Amount);

/// <summary>One write of a counter: what becomes of it is known when it is answered, or when the row is read again and bears its number or not.</summary>
/// <param name="Number">Its number among the instance's writes.</param>
/// <param name="Moment">When it was made.</param>
/// <param name="Slot">The slot it takes in.</param>
/// <param name="Take">What it takes for this instance to spend.</param>
/// <param name="Owed">What it takes because it was spent already.</param>
internal sealed record LedgerPlan(uint Number, long Moment, Slot Slot, long Take, long Owed)
{
    /// <summary>What it gives back, by slot.</summary>
    public Dictionary<long, long> Returns { get; init; } = [];

    /// <summary>The slot that it was when it was made, as the row has it.</summary>
    public long Now { get; init; }

    /// <summary>What it counts in an earlier slot than before.</summary>
    public IReadOnlyList<LedgerMove> Moves { get; init; } = [];

    /// <summary>Requests of a strict limit that it reserves for.</summary>
    public List<(LedgerTurn Turn, long Id)> Opened { get; } = [];

    /// <summary>Requests of a strict limit that it settles.</summary>
    public List<LedgerClose> Closed { get; init; } = [];

    /// <summary>Permits that are given up.</summary>
    public long Released { get; init; }
}
