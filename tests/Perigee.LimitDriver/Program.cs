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
//   CONNECTION RUN CALLERS SECONDS SEED SKEW-SECONDS FAULTS LIMIT...
// Each LIMIT (DrivenLimit.cs) has so many callers. Prints a line for each admitted request: which limit, when it was asked for and when it was known to be admitted
// (timestamps of the machine's clock, which all processes share and which only runs on), and how much it took. Then "asked" with the amount asked of each
// limit, and "faults" with how many of each kind the storage had. Ends early when its input does.
new Thread(static () =>
{
    Console.In.ReadToEnd();
    Environment.Exit(3);
})
{ IsBackground = true }.Start();
IConfiguration settings = new ConfigurationBuilder()
    .AddInMemoryCollection([new KeyValuePair<string, string?>("PERIGEE_STORAGE_CONNECTION", args[0])]).Build();
ServiceCollection services = new();
services.AddPerigeeAzure(settings);
await using ServiceProvider provider = services.BuildServiceProvider();
(string run, int callers, double seconds) = (args[1], (int)Number(2), Number(3));
(int seed, double skew, double faults) = ((int)Number(4), Number(5), Number(6));
DrivenLimit[] limits = [.. args[7..].Select((text, index) => new DrivenLimit(index, text, run))];
FaultyTable table = new(provider.GetRequiredService<IStorage>().Table("limits"), new Random(seed), faults);
using LimitLedger ledger = new(
    table, null, new GatewayHost { Mode = "local" }, new SkewedClock(TimeSpan.FromSeconds(skew)), new Random(seed), NullLogger<LimitLedger>.Instance);
await ledger.StartAsync(CancellationToken.None);
Lock output = new();
long start = TimeProvider.System.GetTimestamp();
long end = start + (long)(seconds * TimeProvider.System.TimestampFrequency);
await Task.WhenAll(limits.SelectMany((limit, index) => Enumerable.Range(0, callers).Select(caller =>
    Task.Run(() => limit.CallAsync(ledger, callers, new Random((((seed * 100) + index) * 1_000) + caller), end, end + (2 * (end - start)), Print)))));
await ledger.StopAsync(CancellationToken.None);
Print("asked " + string.Join(' ', limits.Select(static limit => limit.AskedAmount.ToString(CultureInfo.InvariantCulture))));
Print("faults " + string.Join(' ', table.Counts.Select(static count => count.ToString(CultureInfo.InvariantCulture))));

double Number(int at) => double.Parse(args[at], CultureInfo.InvariantCulture);

void Print(string line)
{
    lock (output)
        Console.WriteLine(line);
}
