namespace Perigee.Usage;

/// <summary>The numbers of one exchange.</summary>
internal readonly record struct UsageSample
{
    private const string Hit = nameof(CacheOutcome.Hit), Semantic = nameof(CacheOutcome.Semantic), Joined = nameof(CacheOutcome.Joined);

    /// <summary>Whether it failed: an error status, or an error behind a good one (a stream that broke).</summary>
    public bool Failed { get; init; }

    /// <summary>The tokens of its answer; none where it was replayed or shared, as nobody was asked.</summary>
    public UsageTokens Tokens { get; init; }

    /// <summary>The tokens that a replay saved.</summary>
    public UsageTokens Saved { get; init; }

    /// <summary>Whether its tokens are an estimate.</summary>
    public bool Estimated { get; init; }

    /// <summary>Whether its cost is known, is not known, or there is none to be known (null).</summary>
    public bool? Priced { get; init; }

    /// <summary>Its cost in pico-dollars where that is known.</summary>
    public long PicoDollars { get; init; }

    /// <summary>The same of what a replay saved.</summary>
    public bool? SavedPriced { get; init; }

    /// <summary>What a replay saved, in pico-dollars, where that is known.</summary>
    public long SavedPicoDollars { get; init; }

    /// <summary>The step of its whole duration (<see cref="DurationSketch.StepOf"/>).</summary>
    public int Total { get; init; }

    /// <summary>The step of its time to the first content; -1 where there was none.</summary>
    public int First { get; init; }

    /// <summary>Whether an outcome of the cache means that nobody was asked for this exchange.</summary>
    public static bool IsReplay(string outcome) => outcome is Hit or Semantic or Joined;

    /// <summary>The numbers of an exchange.</summary>
    public static UsageSample Of(ExchangeRecord record)
    {
        bool replay = IsReplay(record.Cache);
        return new UsageSample
        {
            Failed = record.Error is not null || record.Status >= 400,
            Tokens = replay ? default : UsageTokens.Of(record.Tokens),
            Saved = replay ? UsageTokens.Of(record.Saved) : default,
            Estimated = !replay && record.Tokens is { Estimated: true },
            Priced = record.Spent is { } spent ? spent.PicoDollars is not null : null,
            PicoDollars = record.Spent?.PicoDollars ?? 0,
            SavedPriced = replay && record.Saved is not null ? record.Receipt?.SavedPicoDollars is not null : null,
            SavedPicoDollars = replay ? record.Receipt?.SavedPicoDollars ?? 0 : 0,
            Total = DurationSketch.StepOf(DurationSketch.Microseconds(record.Total)),
            First = record.ToFirstContent is { } first ? DurationSketch.StepOf(DurationSketch.Microseconds(first)) : -1,
        };
    }
}
