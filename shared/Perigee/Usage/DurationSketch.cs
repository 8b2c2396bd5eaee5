namespace Perigee.Usage;

/// <summary>
/// Quantiles of durations to 1 % of their value, of any number of sketches merged in any order: how often each step of a logarithmic scale was met.
/// Source: Masson, Rim and Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error Guarantees", PVLDB 12(12), 2019:
/// with gamma = (1 + a) / (1 - a) step i holds what lies above gamma^(i-1) and not above gamma^i, and 2 gamma^i / (gamma + 1) is within a of all of it.
/// Counts may be negative: a correction takes away what was counted too often. Not for several threads at once.
/// </summary>
internal sealed class DurationSketch
{
    /// <summary>The promise: a quantile is within this share of a value of that rank.</summary>
    public const double RelativeError = 0.01;

    // A hair less than promised: rounding of the logarithm must not break the promise at the edge of a step.
    private const double Alpha = 0.0099;
    private const double Gamma = (1 + Alpha) / (1 - Alpha);

    private static readonly double PerLog = 1 / Math.Log(Gamma);

    // In ascending order of the steps. A minute of one key has a handful: a dense array would be mostly zeros.
    private short[] _steps = [];
    private long[] _counts = [];

    /// <summary>How many different steps there are.</summary>
    public int Steps { get; private set; }

    /// <summary>How many durations there are.</summary>
    public long Count { get; private set; }

    /// <summary>The step of a duration: 0 for none at all, else from 1 on.</summary>
    /// <param name="microseconds">The duration.</param>
    public static int StepOf(long microseconds) => microseconds <= 0 ? 0 : 1 + (int)Math.Ceiling(Math.Log(microseconds) * PerLog);

    /// <summary>A duration as it is counted and logged: whole microseconds, halves rounded up.</summary>
    public static long Microseconds(TimeSpan duration) => (Math.Max(0, duration.Ticks) + 5) / TimeSpan.TicksPerMicrosecond;

    /// <summary>A step and its count, by place.</summary>
    public (int Step, long Count) this[int place] => (_steps[place], _counts[place]);

    /// <summary>Counts durations of one step.</summary>
    public void Add(int step, long count = 1)
    {
        if (count == 0)
            return;
        Count += count;
        int place = _steps.AsSpan(0, Steps).BinarySearch((short)step);
        if (place >= 0)
        {
            _counts[place] += count;
            return;
        }

        place = ~place;
        if (Steps == _steps.Length)
        {
            Array.Resize(ref _steps, Math.Max(4, Steps * 2));
            Array.Resize(ref _counts, _steps.Length);
        }

        Array.Copy(_steps, place, _steps, place + 1, Steps - place);
        Array.Copy(_counts, place, _counts, place + 1, Steps - place);
        (_steps[place], _counts[place]) = ((short)step, count);
        Steps++;
    }

    /// <summary>Adds all of another, or takes it away.</summary>
    /// <param name="other">The other one; it stays as it is.</param>
    /// <param name="times">1 to add, -1 to take away.</param>
    public void Merge(DurationSketch other, int times = 1)
    {
        for (int place = 0; place < other.Steps; place++)
            Add(other._steps[place], times * other._counts[place]);
    }

    /// <summary>The duration in microseconds at a quantile: of the rank floor(q (n - 1)), counted from 0; null where there is none.</summary>
    /// <param name="q">0 to 1.</param>
    public double? Quantile(double q)
    {
        if (Count <= 0)
            return null;
        long left = (long)Math.Floor(q * (Count - 1));
        for (int place = 0; place < Steps; place++)
        {
            left -= _counts[place];
            if (left < 0)
                return ValueOf(_steps[place]);
        }

        return ValueOf(_steps[Steps - 1]);
    }

    /// <summary>Whether nothing is counted in any step.</summary>
    public bool IsZero
    {
        get
        {
            for (int place = 0; place < Steps; place++)
            {
                if (_counts[place] != 0)
                    return false;
            }

            return true;
        }
    }

    private static double ValueOf(int step) => step == 0 ? 0 : 2 * Math.Pow(Gamma, step - 1) / (Gamma + 1);
}
