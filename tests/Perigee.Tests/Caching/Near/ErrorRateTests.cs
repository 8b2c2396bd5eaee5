using Perigee.Caching.Near;

namespace Perigee.Tests.Caching.Near;

public sealed class ErrorRateTests
{
    /// <summary>By closed forms: none of n is 1 - 0.025^(1/n), all of n is 0.025^(1/n); and 1 of 10, 5 of 100, 8 of 10 as tables of the interval have them.</summary>
    [Theory]
    [InlineData(0, 0, 0, 1)]
    [InlineData(0, 1, 0, 0.975)]
    [InlineData(1, 1, 0.025, 1)]
    [InlineData(0, 10, 0, 0.30850)]
    [InlineData(1, 10, 0.00253, 0.44502)]
    [InlineData(8, 10, 0.44390, 0.97479)]
    [InlineData(5, 100, 0.01643, 0.11284)]
    [InlineData(100, 100, 0.96378, 1)]
    public void Bounds_are_those_of_the_tables(int errors, int checks, double low, double high)
    {
        (double foundLow, double foundHigh) = ErrorRate.Bounds(errors, checks);
        Assert.Equal(low, foundLow, 5e-5);
        Assert.Equal(high, foundHigh, 5e-5);
    }

    [Fact]
    public void Bounds_are_those_of_the_sums_that_define_them()
    {
        Random dice = new(4);
        for (int i = 0; i < 100; i++)
        {
            int checks = dice.Next(1, 400);
            int errors = dice.Next(0, checks + 1);
            (double low, double high) = ErrorRate.Bounds(errors, checks);
            Assert.InRange(errors / (double)checks, low, high);
            if (errors > 0)
                Assert.Equal(0.025, 1 - AtMost(errors - 1, checks, low), 1e-6);
            if (errors < checks)
                Assert.Equal(0.025, AtMost(errors, checks, high), 1e-6);
        }
    }

    [Fact]
    public void Many_checks_are_as_exact_as_few()
    {
        (double low, double high) = ErrorRate.Bounds(20_000, 1_000_000);
        Assert.InRange(low, 0.0197, 0.0198);
        Assert.InRange(high, 0.0202, 0.0203);
    }

    private static double AtMost(int errors, int checks, double rate)
    {
        double sum = 0;
        double logarithm = checks * Math.Log(1 - rate);
        for (int i = 0; i <= errors; i++)
        {
            sum += Math.Exp(logarithm);
            logarithm += Math.Log((checks - i) / (double)(i + 1)) + Math.Log(rate / (1 - rate));
        }

        return sum;
    }
}
