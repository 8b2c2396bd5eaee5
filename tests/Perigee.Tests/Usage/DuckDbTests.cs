using DuckDB.NET.Data;
using Perigee.Embedded;
using Perigee.Usage;
using Perigee.Wire;

namespace Perigee.Tests.Usage;

/// <summary>What the shipper writes is read as it is by an analytics engine that knows nothing of the gateway, and says what the gateway says.</summary>
public sealed class DuckDbTests(ITestOutputHelper output) : IDisposable
{
    private static readonly string[] Regions = ["westeurope", "eastus"];

    private readonly string _folder = Path.Combine(Path.GetTempPath(), "perigee-" + Guid.NewGuid().ToString("N"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task DuckDb_reads_counts_cost_and_p95_of_what_was_shipped_and_usage_says_the_same()
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random dice = new(seed);
        List<(string Region, int Hour, ExchangeRecord Record)> all = [];
        using (EmbeddedStorage storage = new(_folder))
        {
            foreach (string region in Regions)
            {
                UsageRig rig = new(storage, instance: region, region: region);
                for (int hour = 9; hour < 12; hour++)
                {
                    ExchangeRecord[] records = [.. Enumerable.Range(0, dice.Next(200, 400)).Select(_ => Draw(dice, hour).Record())];
                    await Shipping.ShipAsync(storage, region, Moments.At(hour, 59), records);
                    foreach (ExchangeRecord record in records)
                    {
                        rig.Rollups.Take(record);
                        all.Add((region, hour, record));
                    }
                }

                await rig.FlushAsync();
            }

            await UsageSaysTheSameAsync(storage, all);
        }

        using DuckDBConnection duck = new("DataSource=:memory:");
        duck.Open();
        Run(duck, "SET autoinstall_known_extensions = false; SET autoload_known_extensions = false;");
        Run(duck, $"""
            CREATE VIEW requests AS SELECT * FROM read_json('{Path.Combine(_folder, "blobs", "logs").Replace('\\', '/')}/v1/requests/**/*.ndjson.gz',
                format = 'newline_delimited', hive_partitioning = true, hive_types = {"{'dt': DATE, 'hour': INTEGER, 'region': VARCHAR}"}, union_by_name = true)
            WHERE kind = 'exchange'
            """);

        Assert.Equal(
            all.GroupBy(static one => (one.Region, one.Hour)).Select(static group => $"{group.Key.Region} 2026-11-24 {group.Key.Hour} {group.Count()}").Order(StringComparer.Ordinal),
            Rows(duck, "SELECT region, CAST(dt AS VARCHAR), hour, count(*) FROM requests GROUP BY ALL").Order(StringComparer.Ordinal));
        Assert.Equal($"{all.Count(static one => one.Region == Regions[1])}", Assert.Single(Rows(duck, $"SELECT count(DISTINCT id) FROM requests WHERE region = '{Regions[1]}' AND hour BETWEEN 9 AND 11")));

        // DuckDB takes numbers of JSON for doubles: to a pico-dollar each is still exact.
        Assert.Equal(
            all.Where(static one => one.Record.Served is not null).GroupBy(static one => one.Record.Served!.Name).Select(static group =>
                $"{group.Key} {group.Sum(static one => one.Record.Spent?.PicoDollars ?? 0)} {group.Count(static one => one.Record.Spent is { PicoDollars: null })}").Order(StringComparer.Ordinal),
            Rows(duck, """
                SELECT target, CAST(sum(CAST(round(coalesce(cost, 0) * 1e12) AS HUGEINT)) AS VARCHAR), count(*) FILTER (priceKnown = false)
                FROM requests WHERE target IS NOT NULL GROUP BY ALL
                """).Order(StringComparer.Ordinal));

        foreach (string region in Regions)
        {
            long[] micros = [.. all.Where(one => one.Region == region).Select(static one => DurationSketch.Microseconds(one.Record.Total)).Order()];
            Assert.Equal(
                $"{micros[(int)Math.Ceiling(0.95 * micros.Length) - 1]}",
                Assert.Single(Rows(duck, $"SELECT CAST(round(quantile_disc(totalMs, 0.95) * 1000) AS BIGINT) FROM requests WHERE region = '{region}'")));
        }
    }

    private static async Task UsageSaysTheSameAsync(EmbeddedStorage storage, List<(string Region, int Hour, ExchangeRecord Record)> all)
    {
        UsageRig reader = new(storage);
        Assert.Equal(
            all.GroupBy(static one => (one.Hour, one.Region)).Select(static group => $"{group.Key.Hour} {group.Key.Region} {group.Count()}").Order(StringComparer.Ordinal),
            (await reader.ReadAsync("from=2026-11-24&to=2026-11-25&bucket=hour&groupBy=region")).Select(static line => $"{line.Start.Hour} {line.Group.Values[0]} {line.Cell.Requests}").Order(StringComparer.Ordinal));
        for (int hour = 9; hour < 12; hour++)
            Assert.Empty((await reader.Reconciler.CompareAsync(Moments.At(hour, 0), 2, default)).Differences());
    }

    private static Asked Draw(Random dice, int hour) => new(Moments.At(hour, dice.Next(60), dice.Next(60)))
    {
        Key = $"key_{dice.Next(5)}",
        Model = $"m{dice.Next(4)}",
        Price = dice.Next(5) == 0 ? null : dice.Next(1, 500) / 100m,
        Status = dice.Next(9) == 0 ? 429 : 200,
        Cache = dice.Next(5) == 0 ? CacheOutcome.Hit : CacheOutcome.Miss,
        SavedPicoDollars = dice.Next(1_000_000),
        Tokens = new TokenUsage(dice.Next(10_000), dice.Next(100), dice.Next(10), dice.Next(1000), dice.Next(50)),
        Milliseconds = Math.Exp(dice.NextDouble() * 9),
        First = dice.Next(2) == 0 ? null : dice.NextDouble() * 100,
    };

    private static void Run(DuckDBConnection duck, string sql)
    {
        using DuckDBCommand command = duck.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static List<string> Rows(DuckDBConnection duck, string sql)
    {
        using DuckDBCommand command = duck.CreateCommand();
        command.CommandText = sql;
        using System.Data.Common.DbDataReader reader = command.ExecuteReader();
        List<string> rows = [];
        while (reader.Read())
            rows.Add(string.Join(' ', Enumerable.Range(0, reader.FieldCount).Select(reader.GetValue).Select(static value => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture))));
        return rows;
    }
}
