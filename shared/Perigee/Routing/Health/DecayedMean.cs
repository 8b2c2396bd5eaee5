namespace Perigee.Routing.Health;

/// <summary>A mean in which a value counts half after a minute. Not thread-safe: its owner has a lock.</summary>
internal struct DecayedMean
{
    private static readonly TimeSpan HalfLife = TimeSpan.FromSeconds(60);

    /// <summary>
    /// What is older says nothing of now. A target that looked slow once and was not chosen since has to become unknown again, or it would
    /// never get another chance.
    /// </summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private double _mean;
    private double _weight;
    private DateTimeOffset _at;

    /// <summary>Adds a value.</summary>
    public void Add(double value, DateTimeOffset now)
    {
        // A clock that was set back must not make old values weigh more.
        double age = Math.Max(0, (now - _at) / HalfLife);
        double left = _weight * Math.Pow(0.5, age);
        _weight = left + 1;
        _mean += (value - _mean) / _weight;
        _at = now;
    }

    /// <summary>The mean, or null where nothing was added in the last ten minutes.</summary>
    public readonly double? Read(DateTimeOffset now) => _weight > 0 && now - _at <= Longest ? _mean : null;
}
