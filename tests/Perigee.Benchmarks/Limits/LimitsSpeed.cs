using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Perigee.Limits;
using Perigee.Tests.Limits.Simulation;

namespace Perigee.Benchmarks.Limits;

/// <summary>Decisions that leases cover, a second, on one thread: reserve and settle. Fails below a million, or where one allocates too much.</summary>
internal static class LimitsSpeed
{
    private const int Rounds = 3_000_000;
    private const int Least = 1_000_000;

    public static int Run(string[] args)
    {
        _ = args;
        bool failed = false;
        Console.WriteLine("| limits a request | decisions a second | bytes each |");
        Console.WriteLine("|---|---|---|");
        foreach ((int limits, int most) in ((int, int)[])[(1, 160), (4, 480)])
        {
            (double perSecond, long bytes) best = (0, 0);
            for (int round = 0; round < 4; round++)
            {
                (double perSecond, long bytes) = Measure(limits);
                best = (Math.Max(best.perSecond, perSecond), bytes);
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {limits} | {best.perSecond:N0} | {best.bytes} |"));

            // A request of four limits is four decisions.
            failed |= best.perSecond * limits < Least || best.bytes > most;
        }

        return failed ? 1 : 0;
    }

    private static (double PerSecond, long Bytes) Measure(int limits)
    {
        World world = new(new DateTimeOffset(2026, 11, 22, 18, 30, 20, TimeSpan.Zero));
        Actor actor = new(world, TimeSpan.Zero, 0);
        LimitRule[] rules = [.. Enumerable.Range(0, limits).Select(n => RunSettings.RuleOf(LimitMeter.Tokens, long.MaxValue / 1_000) with { Owner = "key_" + n })];
        (double, long) result = default;
        actor.Do(async () =>
        {
            // The clock of the machine, as in service; the table of the simulation answers at once.
            LimitLedger ledger = new(
                new WorldTable(world).From(new Random(1), TimeSpan.Zero), null, new GatewayHost { Mode = "local" }, TimeProvider.System, new Random(1),
                NullLogger<LimitLedger>.Instance);
            (await ledger.ReserveAsync(rules, new LimitAmounts(int.MaxValue, 0, 0), CancellationToken.None)).Settle(LimitAmounts.None);
            long before = GC.GetAllocatedBytesForCurrentThread();
            long begun = TimeProvider.System.GetTimestamp();
            int asked = 0;
            for (int round = 0; round < Rounds / limits; round++)
            {
                ValueTask<Reservation> decided = ledger.ReserveAsync(rules, new LimitAmounts(7, 3, 0), CancellationToken.None);

                // A slot's end needs a trip; here as rarely as in service.
                if (!decided.IsCompleted)
                    break;
                decided.Result.Settle(new LimitAmounts(6, 3, 0));
                asked++;
            }

            result = (asked / TimeProvider.System.GetElapsedTime(begun).TotalSeconds, (GC.GetAllocatedBytesForCurrentThread() - before) / Math.Max(1, asked));
        });
        world.Run(TimeSpan.FromSeconds(1));
        return result;
    }
}
