namespace Perigee.Benchmarks.Semantic;

/// <summary>So many of so many, with what the true share may be.</summary>
/// <param name="Served">How many.</param>
/// <param name="Of">Of how many.</param>
internal readonly record struct Share(int Served, int Of)
{
    private const double Z = 1.959964;

    /// <summary>The share; 0 of none.</summary>
    public double Value => Of == 0 ? 0 : (double)Served / Of;

    /// <summary>The 95% interval of Wilson, which holds for small counts and for none at all.</summary>
    public (double Low, double High) Wilson()
    {
        if (Of == 0)
            return (0, 1);
        double square = Z * Z;
        double middle = Value + (square / (2 * Of));
        double half = Z * Math.Sqrt((Value * (1 - Value) / Of) + (square / (4.0 * Of * Of)));
        double scale = 1 + (square / Of);
        return (Math.Max(0, (middle - half) / scale), Math.Min(1, (middle + half) / scale));
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        (double low, double high) = Wilson();
        return FormattableString.Invariant($"{100 * Value:0.0} [{100 * low:0.0}, {100 * high:0.0}]");
    }

    /// <summary>Counts what holds.</summary>
    public static Share Count<T>(IEnumerable<T> all, Func<T, bool> holds)
    {
        int served = 0;
        int of = 0;
        foreach (T one in all)
        {
            of++;
            served += holds(one) ? 1 : 0;
        }

        return new(served, of);
    }
}
