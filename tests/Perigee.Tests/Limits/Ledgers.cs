using Microsoft.Extensions.Logging.Abstractions;
using Perigee.Limits;
using Perigee.Storage;

namespace Perigee.Tests.Limits;

/// <summary>Ledgers and limits for tests.</summary>
internal static class Ledgers
{
    private static int _made;

    public static LimitLedger Make(IStorage storage, TimeProvider time, ITable? home = null, string region = "local") => new(
        storage.Table("limits"), home,
        new GatewayHost { Mode = "local", Region = region, Instance = Interlocked.Increment(ref _made).ToString("x8", System.Globalization.CultureInfo.InvariantCulture) },
        time, new Random(1), NullLogger<LimitLedger>.Instance);

    public static LimitRule Rule(
        LimitMeter meter, long amount, LimitPeriod period = LimitPeriod.Minute, LimitWindow window = LimitWindow.Sliding, string owner = "key_a") => new()
        {
            Name = $"{meter}-{period}".ToLowerInvariant(),
            Level = LimitLevel.Key,
            Owner = owner,
            Meter = meter,
            Amount = amount,
            Period = period,
            Window = window,
        };

    /// <summary>Asks for one request of one token and one micro-dollar.</summary>
    public static ValueTask<Reservation> AskAsync(this LimitLedger ledger, params LimitRule[] rules) => ledger.AskAsync(1, rules);

    /// <summary>Asks for so many tokens and micro-dollars.</summary>
    public static ValueTask<Reservation> AskAsync(this LimitLedger ledger, long amount, params LimitRule[] rules) =>
        ledger.ReserveAsync(rules, new LimitAmounts(amount, 0, amount), TestContext.Current.CancellationToken);

    /// <summary>How many of so many requests, one after another, are admitted.</summary>
    public static async Task<int> AdmittedAsync(this LimitLedger ledger, int requests, params LimitRule[] rules)
    {
        int admitted = 0;
        for (int request = 0; request < requests; request++)
            admitted += (await ledger.AskAsync(rules)).Verdict == ReservationVerdict.Admitted ? 1 : 0;
        return admitted;
    }

    /// <summary>What the durable row says was taken.</summary>
    public static async Task<long> SpentAsync(this LimitLedger ledger, LimitRule rule) =>
        (await ledger.StandAsync([rule], TestContext.Current.CancellationToken))[0].Spent;
}
