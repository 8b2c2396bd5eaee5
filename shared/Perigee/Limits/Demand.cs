namespace Perigee.Limits;

/// <summary>Requests a second, as far as this second and the one before it tell. Not thread-safe.</summary>
internal sealed class Demand(TimeProvider time)
{
    private long _second = long.MinValue;
    private int _now;
    private int _before;

    /// <summary>Counts one request.</summary>
    public void Count(long timestamp)
    {
        Turn(timestamp);
        _now++;
    }

    /// <summary>The larger of the two.</summary>
    public int PerSecond(long timestamp)
    {
        Turn(timestamp);
        return Math.Max(_now, _before);
    }

    private void Turn(long timestamp)
    {
        long second = timestamp / time.TimestampFrequency;
        if (second == _second)
            return;
        _before = second == _second + 1 ? _now : 0;
        (_second, _now) = (second, 0);
    }
}
