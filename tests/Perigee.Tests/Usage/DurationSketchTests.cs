using Perigee.Usage;

namespace Perigee.Tests.Usage;

public sealed class DurationSketchTests(ITestOutputHelper output)
{
    private static readonly double[] Quantiles = [0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1];

    public static TheoryData<string> Shapes() => ["uniform", "exponential", "lognormal", "pareto", "two peaks", "constant", "tiny", "hours", "none at all"];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Quantiles_are_within_one_percent_of_a_value_of_that_rank_whatever_is_merged_in_which_order(string shape)
    {
        int seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        Random dice = new(seed);
        foreach (int count in (int[])[1, 2, 3, 10, 100, 10_000])
        {
            long[] values = [.. Enumerable.Range(0, count).Select(_ => Math.Max(0, (long)Draw(shape, dice)))];
            DurationSketch[] parts = [.. Enumerable.Range(0, 7).Select(static _ => new DurationSketch())];
            DurationSketch whole = new();
            foreach (long value in values)
            {
                int step = DurationSketch.StepOf(value);
                whole.Add(step);
                parts[dice.Next(parts.Length)].Add(step);
            }

            dice.Shuffle(parts);
            DurationSketch merged = new();
            foreach (DurationSketch part in parts)
                merged.Merge(part);
            Array.Sort(values);
            Assert.Equal(count, merged.Count);
            foreach (double q in Quantiles)
            {
                double exact = values[(int)Math.Floor(q * (count - 1))], told = merged.Quantile(q)!.Value;
                Assert.True(Math.Abs(told - exact) <= exact * DurationSketch.RelativeError, $"{shape} x{count} q{q}: {told} for {exact} (seed {seed})");
                Assert.Equal(whole.Quantile(q), told);
            }

            // What is taken away again leaves nothing.
            merged.Merge(whole, -1);
            Assert.True(merged.IsZero);
            Assert.Null(merged.Quantile(0.5));
        }
    }

    [Fact]
    public void Every_duration_is_within_one_percent_of_what_its_step_stands_for()
    {
        // The edges of steps are where rounding could break the promise.
        for (double value = 1; value < 1e13; value *= 1.0007)
        {
            foreach (long microseconds in (long[])[(long)value, (long)value + 1])
            {
                DurationSketch sketch = new();
                sketch.Add(DurationSketch.StepOf(microseconds));
                Assert.InRange(sketch.Quantile(0)!.Value, microseconds * 0.99, microseconds * 1.01);
            }
        }

        Assert.InRange(DurationSketch.StepOf(long.MaxValue), 1, short.MaxValue);
    }

    private static double Draw(string shape, Random dice) => shape switch
    {
        "uniform" => dice.NextDouble() * 1e6,
        "exponential" => -Math.Log(1 - dice.NextDouble()) * 2e6,
        "lognormal" => Math.Exp(13 + (1.5 * Math.Sqrt(-2 * Math.Log(1 - dice.NextDouble())) * Math.Cos(2 * Math.PI * dice.NextDouble()))),
        "pareto" => 1000 / Math.Pow(1 - dice.NextDouble(), 1 / 1.1),
        "two peaks" => dice.Next(2) == 0 ? 1000 + dice.Next(50) : 30_000_000 + dice.Next(1_000_000),
        "constant" => 123_457,
        "tiny" => dice.Next(12),
        "hours" => dice.NextInt64(36_000_000_000),
        _ => 0,
    };
}
