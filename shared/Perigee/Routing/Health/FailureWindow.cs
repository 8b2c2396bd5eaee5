namespace Perigee.Routing.Health;

/// <summary>
/// Tries and failures of the last moments, in ten slots of a tenth of the window each: what leaves it is a tenth too early or too late at
/// most. Not thread-safe: its owner has a lock.
/// </summary>
internal sealed class FailureWindow
{
    private const int Slots = 10;

    private readonly long[] _ids = new long[Slots];
    private readonly int[] _tries = new int[Slots];
    private readonly int[] _failures = new int[Slots];

    /// <summary>Adds one try.</summary>
    public void Add(bool failed, DateTimeOffset now, TimeSpan window)
    {
        long id = Id(now, window);
        int slot = (int)(id % Slots);
        if (_ids[slot] != id)
            (_ids[slot], _tries[slot], _failures[slot]) = (id, 0, 0);
        _tries[slot]++;
        _failures[slot] += failed ? 1 : 0;
    }

    /// <summary>What the window holds.</summary>
    public (int Tries, int Failures) Count(DateTimeOffset now, TimeSpan window)
    {
        long id = Id(now, window);
        (int tries, int failures) = (0, 0);
        for (int slot = 0; slot < Slots; slot++)
        {
            if (id - _ids[slot] is >= 0 and < Slots)
                (tries, failures) = (tries + _tries[slot], failures + _failures[slot]);
        }

        return (tries, failures);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(_ids);
        Array.Clear(_tries);
        Array.Clear(_failures);
    }

    private static long Id(DateTimeOffset now, TimeSpan window) => now.UtcTicks / Math.Max(1, window.Ticks / Slots);
}
