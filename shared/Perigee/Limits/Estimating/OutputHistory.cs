using System.Collections.Concurrent;

namespace Perigee.Limits.Estimating;

/// <summary>
/// How long the answers of each key and model have been lately: what a question that names no limit is taken to need. In the memory of this
/// process, and bounded.
/// </summary>
internal sealed class OutputHistory
{
    /// <summary>From so many answers on there is a figure.</summary>
    public const int LeastAnswers = 20;

    // At 300 bytes each about a megabyte.
    private const int MostKept = 4096;

    private readonly ConcurrentDictionary<(string Key, string Model), Lengths> _known = new();

    /// <summary>Notes an answer's tokens.</summary>
    public void Note(string key, string model, long tokens)
    {
        if (!_known.TryGetValue((key, model), out Lengths? lengths))
        {
            // A full map is begun anew: simpler than an order of use, and what is lost is learned again.
            if (_known.Count >= MostKept)
                _known.Clear();
            lengths = _known.GetOrAdd((key, model), static _ => new Lengths());
        }

        lengths.Note(tokens);
    }

    /// <summary>The length that 95 of 100 recent answers did not exceed, rounded up by at most a fifth; or null.</summary>
    public long? P95(string key, string model) => _known.TryGetValue((key, model), out Lengths? lengths) ? lengths.P95() : null;

    /// <summary>Counts by length, four classes for each doubling; halved now and then, so that the recent ones weigh more.</summary>
    private sealed class Lengths
    {
        private const int Classes = 96;
        private const int MostCounted = 1024;

        private readonly ushort[] _counts = new ushort[Classes];
        private int _all;

        public void Note(long tokens)
        {
            lock (_counts)
            {
                _counts[ClassOf(tokens)]++;
                if (++_all < MostCounted)
                    return;
                _all = 0;
                for (int i = 0; i < Classes; i++)
                    _all += _counts[i] >>= 1;
            }
        }

        public long? P95()
        {
            lock (_counts)
            {
                if (_all < LeastAnswers)
                    return null;
                int over = _all - (int)Math.Ceiling(_all * 0.95);
                int at = Classes - 1;
                for (int seen = _counts[at]; seen <= over && at > 0; seen += _counts[at])
                    at--;
                return (long)Math.Ceiling(Math.Pow(2, (at + 1) / 4.0)) - 1;
            }
        }

        // Class n holds the lengths from 2^(n/4) up to but without 2^((n+1)/4).
        private static int ClassOf(long tokens) => tokens <= 1 ? 0 : Math.Min(Classes - 1, (int)(4 * Math.Log2(tokens)));
    }
}
