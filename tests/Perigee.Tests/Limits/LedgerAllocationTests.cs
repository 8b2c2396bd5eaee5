using Perigee.Limits;

namespace Perigee.Tests.Limits;

/// <summary>What a decision costs that a lease covers: bytes, and no trip.</summary>
public sealed class LedgerAllocationTests : IDisposable
{
    private readonly MovedClock _time = new(new DateTimeOffset(2026, 11, 22, 18, 30, 20, TimeSpan.Zero));
    private readonly TestStorage _storage;

    public LedgerAllocationTests() => _storage = new TestStorage(time: _time);

    public void Dispose() => _storage.Dispose();

    [Theory]
    [InlineData(1, 160)]
    [InlineData(4, 480)]
    public async Task A_local_decision_allocates_little_and_asks_nobody(int limits, long most)
    {
        using LimitLedger ledger = Ledgers.Make(_storage, _time);
        LimitRule[] rules = [.. Enumerable.Range(0, limits).Select(n => Ledgers.Rule(LimitMeter.Tokens, 1_000_000_000, LimitPeriod.Hour, owner: "team_" + n))];

        // A large slice that comes back whole.
        (await ledger.AskAsync(1_000_000, rules)).Settle(LimitAmounts.None);
        Assert.Equal(rules.Length, Run(ledger, rules, 100));
        int calls = _storage.Calls;
        const int Rounds = 10_000;
        long before = GC.GetAllocatedBytesForCurrentThread();
        long seen = Run(ledger, rules, Rounds);
        long bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / Rounds;
        TestContext.Current.TestOutputHelper!.WriteLine($"{bytes} bytes");
        Assert.Equal(rules.Length, seen);
        Assert.Equal(calls, _storage.Calls);
        Assert.InRange(bytes, 1, most);
    }

    private static int Run(LimitLedger ledger, LimitRule[] rules, int rounds)
    {
        int seen = 0;
        for (int round = 0; round < rounds; round++)
        {
            ValueTask<Reservation> asked = ledger.ReserveAsync(rules, new LimitAmounts(7, 3, 0), CancellationToken.None);
            if (!asked.IsCompletedSuccessfully)
                return -1;
            Reservation reservation = asked.Result;
            seen = reservation.Stands.Count;
            if (reservation.Verdict != ReservationVerdict.Admitted)
                return -1;
            reservation.Settle(new LimitAmounts(6, 3, 0));
        }

        return seen;
    }
}
