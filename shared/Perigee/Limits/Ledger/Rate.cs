namespace Perigee.Limits;

/// <summary>How much is asked for a second, as far as this second and the one before it tell. Not thread-safe.</summary>
internal sealed class Rate
{
    private long _second = long.MinValue;
    private long _now;
    private long _before;

    /// <summary>Counts what is asked for.</summary>
    /// <param name="moment">Ticks since the process began.</param>
    /// <param name="amount">How much.</param>
    public void Count(long moment, long amount)
    {
        Turn(moment);
        _now += amount;
    }

    /// <summary>The larger of the two.</summary>
    public long PerSecond(long moment)
    {
        Turn(moment);
        return Math.Max(_now, _before);
    }

    private void Turn(long moment)
    {
        long second = moment / TimeSpan.TicksPerSecond;
        if (second == _second)
            return;
        _before = second == _second + 1 ? _now : 0;
        (_second, _now) = (second, 0);
    }
}
