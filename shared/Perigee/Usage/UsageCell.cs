namespace Perigee.Usage;

/// <summary>What one group used in one span of time. Sums of cells are sums of their numbers; a correction may be negative. Not for several threads at once.</summary>
internal sealed class UsageCell
{
    /// <summary>How many whole numbers a cell has, besides the two amounts of money.</summary>
    public const int Numbers = 19;

    private readonly long[] _numbers = new long[Numbers];

    /// <summary>Exchanges.</summary>
    public long Requests => _numbers[0];

    /// <summary>Those that failed.</summary>
    public long Errors => _numbers[1];

    /// <summary>Tokens of their answers by class.</summary>
    public UsageTokens Tokens => TokensAt(2);

    /// <summary>Tokens that replays saved by class.</summary>
    public UsageTokens Saved => TokensAt(8);

    /// <summary>Exchanges whose cost is known.</summary>
    public long Priced => _numbers[14];

    /// <summary>Exchanges that cost something nobody knows: never counted as 0.</summary>
    public long Unpriced => _numbers[15];

    /// <summary>Replays that saved a known cost.</summary>
    public long SavedPriced => _numbers[16];

    /// <summary>Replays that saved a cost nobody knows.</summary>
    public long SavedUnpriced => _numbers[17];

    /// <summary>Exchanges whose tokens are an estimate.</summary>
    public long Estimated => _numbers[18];

    /// <summary>Pico-dollars, exact.</summary>
    public Int128 Cost { get; private set; }

    /// <summary>Pico-dollars that replays saved, exact.</summary>
    public Int128 SavedCost { get; private set; }

    /// <summary>The durations of exchanges.</summary>
    public DurationSketch Latency { get; } = new();

    /// <summary>The times to the first content.</summary>
    public DurationSketch FirstContent { get; } = new();

    /// <summary>Whether there is nothing in it.</summary>
    public bool IsZero => !_numbers.AsSpan().ContainsAnyExcept(0) && Cost == 0 && SavedCost == 0 && Latency.IsZero && FirstContent.IsZero;

    /// <summary>A number by its place.</summary>
    public long this[int place] => _numbers[place];

    /// <summary>Counts one exchange.</summary>
    public void Add(in UsageSample sample)
    {
        _numbers[0]++;
        if (sample.Failed)
            _numbers[1]++;
        AddTokens(2, sample.Tokens);
        AddTokens(8, sample.Saved);
        if (sample.Priced is { } priced)
            _numbers[priced ? 14 : 15]++;
        if (sample.SavedPriced is { } savedPriced)
            _numbers[savedPriced ? 16 : 17]++;
        if (sample.Estimated)
            _numbers[18]++;
        Cost += sample.PicoDollars;
        SavedCost += sample.SavedPicoDollars;
        Latency.Add(sample.Total);
        if (sample.First >= 0)
            FirstContent.Add(sample.First);
    }

    /// <summary>Adds all of another, or takes it away.</summary>
    /// <param name="other">The other one; it stays as it is.</param>
    /// <param name="times">1 to add, -1 to take away.</param>
    public void Merge(UsageCell other, int times = 1)
    {
        for (int place = 0; place < Numbers; place++)
            _numbers[place] += times * other._numbers[place];
        Cost += times * other.Cost;
        SavedCost += times * other.SavedCost;
        Latency.Merge(other.Latency, times);
        FirstContent.Merge(other.FirstContent, times);
    }

    /// <summary>Sets a number by its place: for who reads it from a row.</summary>
    public void Restore(int place, long value) => _numbers[place] = value;

    /// <summary>Sets the amounts of money: for who reads them from a row.</summary>
    public void Restore(Int128 cost, Int128 savedCost) => (Cost, SavedCost) = (cost, savedCost);

    private UsageTokens TokensAt(int place) => new(
        _numbers[place], _numbers[place + 1], _numbers[place + 2], _numbers[place + 3], _numbers[place + 4], _numbers[place + 5]);

    private void AddTokens(int place, in UsageTokens tokens)
    {
        for (int i = 0; i < 6; i++)
            _numbers[place + i] += tokens[i];
    }
}
