using System.Runtime.InteropServices;

namespace Perigee.Usage;

/// <summary>
/// What an instance counted in one day: the day itself, its hours and its minutes. The day decides which groups are told apart, for all three alike, and a group's rows of
/// all three are written together: sums by minute, hour and day are the same.
/// </summary>
/// <param name="day">Midnight in UTC.</param>
/// <param name="other">The group of what is too much.</param>
internal sealed class DayRollup(DateTimeOffset day, UsageGroup other)
{
    private readonly Dictionary<UsageGroup, int> _indices = [];
    private readonly List<UsageGroup> _groups = [];

    /// <summary>Midnight in UTC.</summary>
    public DateTimeOffset Day { get; } = day;

    /// <summary>Its spans: minutes, hours and the day, in the order of their making.</summary>
    public List<SpanRollup> Spans { get; } = [];

    /// <summary>The groups by index.</summary>
    public IReadOnlyList<UsageGroup> Groups => _groups;

    /// <summary>The index of a group, or of the group of all others where there is no room for it.</summary>
    /// <param name="group">The group.</param>
    /// <param name="most">The most groups that are told apart.</param>
    public int IndexOf(UsageGroup group, int most)
    {
        if (_indices.TryGetValue(group, out int index))
            return index;
        if (_groups.Count >= most && !_indices.TryGetValue(other, out index))
            return Add(other);
        return _groups.Count >= most ? index : Add(group);
    }

    /// <summary>The span that begins at a moment, or null.</summary>
    public SpanRollup? Find(UsagePeriod period, DateTimeOffset start)
    {
        foreach (SpanRollup span in CollectionsMarshal.AsSpan(Spans))
        {
            if (span.Period == period && span.Start == start)
                return span;
        }

        return null;
    }

    private int Add(UsageGroup group)
    {
        _indices[group] = _groups.Count;
        _groups.Add(group);
        return _groups.Count - 1;
    }
}
