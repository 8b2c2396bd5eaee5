namespace Perigee.Caching.Near;

/// <summary>
/// What so many errors in so many checks say of the true rate: the interval of Clopper and Pearson, which covers it in at least 95 of 100
/// cases however few checks there were (others do so only about).
/// </summary>
internal static class ErrorRate
{
    private const double Tail = 0.025;
    private const int Halvings = 60;
    private const int MostTerms = 500;

    /// <summary>The lower and upper bound, as shares from 0 to 1.</summary>
    public static (double Low, double High) Bounds(long errors, long checks)
    {
        if (checks <= 0)
            return (0, 1);
        errors = Math.Clamp(errors, 0, checks);

        // P(at least e errors of n at rate p) is the regularized incomplete beta function I_p(e, n - e + 1), which grows with p.
        double low = errors == 0 ? 0 : Find(p => Beta(p, errors, checks - errors + 1), Tail);
        double high = errors == checks ? 1 : Find(p => Beta(p, errors + 1, checks - errors), 1 - Tail);
        return (low, high);
    }

    private static double Find(Func<double, double> grows, double wanted)
    {
        (double low, double high) = (0, 1);
        for (int i = 0; i < Halvings; i++)
        {
            double middle = (low + high) / 2;
            if (grows(middle) < wanted)
                low = middle;
            else
                high = middle;
        }

        return (low + high) / 2;
    }

    /// <summary>I_x(a, b), by its continued fraction where that converges fast, else by the other tail.</summary>
    private static double Beta(double x, double a, double b)
    {
        if (x is <= 0 or >= 1)
            return x <= 0 ? 0 : 1;
        double front = Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + (a * Math.Log(x)) + (b * Math.Log(1 - x)));
        return x < (a + 1) / (a + b + 2) ? front * Fraction(x, a, b) / a : 1 - (front * Fraction(1 - x, b, a) / b);
    }

    /// <summary>Lentz's way to evaluate a continued fraction (Abramowitz and Stegun, 26.5.8).</summary>
    private static double Fraction(double x, double a, double b)
    {
        const double Tiny = 1e-300;
        double c = 1;
        double d = 1 / Away(1 - ((a + b) * x / (a + 1)));
        double value = d;
        for (int m = 1; m <= MostTerms; m++)
        {
            double even = m * (b - m) * x / ((a + (2 * m) - 1) * (a + (2 * m)));
            d = 1 / Away(1 + (even * d));
            c = Away(1 + (even / c));
            value *= d * c;
            double odd = -(a + m) * (a + b + m) * x / ((a + (2 * m)) * (a + (2 * m) + 1));
            d = 1 / Away(1 + (odd * d));
            c = Away(1 + (odd / c));
            double step = d * c;
            value *= step;
            if (Math.Abs(step - 1) < 1e-12)
                break;
        }

        return value;

        static double Away(double number) => Math.Abs(number) < Tiny ? Tiny : number;
    }

    /// <summary>Stirling's series, after the argument was moved to where it is exact enough.</summary>
    private static double LogGamma(double x)
    {
        double shift = 0;
        for (; x < 10; x++)
            shift -= Math.Log(x);
        double square = 1 / (x * x);
        double series = ((((((1 / 1188.0) * square) - (1 / 1680.0)) * square + (1 / 1260.0)) * square - (1 / 360.0)) * square + (1 / 12.0)) / x;
        return shift + ((x - 0.5) * Math.Log(x)) - x + (0.5 * Math.Log(2 * Math.PI)) + series;
    }
}
