using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Perigee;
using Perigee.Azure;
using Perigee.LimitDriver;
using Perigee.Limits;
using Perigee.Storage;

// One instance of the limits' engine, for tests to run many of, and to stop and kill them.
//   CONNECTION METER PERIOD LIMIT CALLERS ASKED-A-SECOND SECONDS SEED SKEW-SECONDS FAULTS
// Prints a line for each admitted request: when it was asked for and when it was known to be admitted (timestamps of the machine's clock, which all
// processes share and which only runs on), and how much it took. Then "end", and how many were asked for. Ends early when its input does.
new Thread(static () =>
{
    Console.In.ReadToEnd();
    Environment.Exit(3);
})
{ IsBackground = true }.Start();
IFormatProvider format = CultureInfo.InvariantCulture;
IConfiguration settings = new ConfigurationBuilder()
    .AddInMemoryCollection([new KeyValuePair<string, string?>("PERIGEE_STORAGE_CONNECTION", args[0])]).Build();
ServiceCollection services = new();
services.AddPerigeeAzure(settings);
await using ServiceProvider provider = services.BuildServiceProvider();
(LimitMeter meter, LimitPeriod period) = (Enum.Parse<LimitMeter>(args[1]), Enum.Parse<LimitPeriod>(args[2]));
(long limit, int callers, double rate) = (long.Parse(args[3], format), int.Parse(args[4], format), double.Parse(args[5], format));
(double seconds, int seed, double skew) = (double.Parse(args[6], format), int.Parse(args[7], format), double.Parse(args[8], format));
LimitRule rule = new()
{
    Name = $"{meter}-{period}-{limit}",
    Level = LimitLevel.Key,
    Owner = "key_driven",
    Meter = meter,
    Amount = limit,
    Period = period,
    Window = period == LimitPeriod.Total ? LimitWindow.Fixed : LimitWindow.Sliding,
};
SkewedClock clock = new(TimeSpan.FromSeconds(skew));
ITable table = new FaultyTable(provider.GetRequiredService<IStorage>().Table("limits"), new Random(seed), double.Parse(args[9], format));
using LimitLedger ledger = new(table, null, new GatewayHost { Mode = "local" }, clock, new Random(seed), NullLogger<LimitLedger>.Instance);
await ledger.StartAsync(CancellationToken.None);
Lock output = new();
int asked = 0;
long end = clock.GetTimestamp() + (long)(seconds * clock.TimestampFrequency);
await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => CallAsync(new Random((seed * 1_000) + caller)))));
await ledger.StopAsync(CancellationToken.None);
Console.WriteLine("end");
Console.WriteLine(asked.ToString(format));

async Task CallAsync(Random dice)
{
    TimeSpan every = TimeSpan.FromSeconds(callers / rate);
    LimitRule[] rules = [rule];
    long most = meter == LimitMeter.Requests ? 1 : Math.Max(1, limit / 100);
    await Task.Delay(every * dice.NextDouble());
    while (clock.GetTimestamp() < end)
    {
        long amount = 1 + dice.NextInt64(most);
        long began = clock.GetTimestamp();
        Reservation reservation = await ledger.ReserveAsync(rules, new LimitAmounts(amount, 0, amount), CancellationToken.None);
        long known = clock.GetTimestamp();
        Interlocked.Increment(ref asked);
        if (reservation.Verdict == ReservationVerdict.Admitted)
        {
            lock (output)
                Console.WriteLine(string.Create(format, $"{began} {known} {(meter == LimitMeter.Requests ? 1 : amount)}"));
            reservation.Settle(new LimitAmounts(amount, 0, amount));
            reservation.Settle(LimitAmounts.None);
        }

        await Task.Delay(every * (0.5 + dice.NextDouble()));
    }
}
