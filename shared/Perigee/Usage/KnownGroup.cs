namespace Perigee.Usage;

/// <summary>A group as requests find it, with the cells that its exchanges of the present minute go to.</summary>
internal sealed class KnownGroup(UsageGroup group)
{
    private readonly SpanRollup?[] _spans = new SpanRollup?[3];
    private readonly UsageCell?[] _cells = new UsageCell?[3];
    private long _minute = -1;
    private int _index;

    /// <summary>The group.</summary>
    public UsageGroup Group { get; } = group;

    /// <summary>Whether its exchanges are counted in the group of all others at present.</summary>
    public bool IsOther { get; set; }

    /// <summary>Whether it knows where exchanges of a minute go.</summary>
    /// <param name="minute">Minutes since year 1.</param>
    public bool IsAt(long minute) => _minute == minute && _spans is [{ Gone: false }, { Gone: false }, { Gone: false }];

    /// <summary>Sets where exchanges of a minute go.</summary>
    /// <param name="minute">Minutes since year 1.</param>
    /// <param name="index">The index that the day gave the group.</param>
    /// <param name="period">Minute, hour or day.</param>
    /// <param name="span">Its span.</param>
    /// <param name="cell">Its cell in the span.</param>
    public void Place(long minute, int index, UsagePeriod period, SpanRollup span, UsageCell cell) =>
        (_minute, _index, _spans[(int)period], _cells[(int)period]) = (minute, index, span, cell);

    /// <summary>Counts an exchange of that minute.</summary>
    public void Add(in UsageSample sample)
    {
        for (int period = 0; period < _cells.Length; period++)
        {
            _cells[period]!.Add(sample);
            _spans[period]!.Changed(_index);
        }
    }
}
