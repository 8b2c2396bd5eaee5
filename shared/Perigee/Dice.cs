namespace Perigee;

/// <summary>Chance, handed in: the one place that knows the process's own dice. Tests hand in seeded ones.</summary>
/// <param name="next">From 0 to 1, 1 excluded. Thread-safe.</param>
internal sealed class Dice(Func<double> next)
{
    /// <summary>The process's own.</summary>
#pragma warning disable RS0030 // Here they are handed in.
    public static Dice Shared { get; } = new(Random.Shared.NextDouble);
#pragma warning restore RS0030

    /// <summary>From 0 to 1, 1 excluded.</summary>
    public double Next() => next();
}
