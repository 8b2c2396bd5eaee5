namespace Perigee;

/// <summary>One limit as it is in force for a caller. All that apply to a request must pass.</summary>
internal sealed record LimitRule
{
    /// <summary>What it is called among the limits of its owner: the operator's own name, or meter and period (<c>requests-minute</c>). Safe in a table key.</summary>
    public required string Name { get; init; }

    /// <summary>Whose limit it is.</summary>
    public required LimitLevel Level { get; init; }

    /// <summary>The id of its owner (<c>org_...</c>, <c>team_...</c>, <c>key_...</c>, a hash of the end user, <c>gateway</c>). Safe in a table key and in a log.</summary>
    public required string Owner { get; init; }

    /// <summary>What it counts.</summary>
    public required LimitMeter Meter { get; init; }

    /// <summary>How much is allowed: a count, or micro-dollars where it counts money.</summary>
    public required long Amount { get; init; }

    /// <summary>In how long a time; <see cref="LimitPeriod.None"/> for concurrency.</summary>
    public required LimitPeriod Period { get; init; }

    /// <summary>How that time is taken. Days, weeks and months of money begin with the calendar (fixed), unless said otherwise.</summary>
    public LimitWindow Window { get; init; } = LimitWindow.Sliding;

    /// <summary>Where the calendar of a fixed window is read, as IANA names it.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>
    /// For which models: as the client names them, routes included, or as any target is called that the name may lead to (<c>provider/model</c>, or the model alone), so that no alias or
    /// route leads around it; a <c>*</c> at the end stands for any rest. Null is for all, counted together.
    /// </summary>
    public string? Model { get; init; }

    /// <summary>What happens while the storage does not answer and the lease is spent.</summary>
    public WhenStorageDown StorageDown { get; init; } = WhenStorageDown.Deny;

    /// <summary>Whether every request is written durably before it goes on: nothing is stranded by a crash, and each request pays a trip.</summary>
    public bool Strict { get; init; }

    /// <summary>Whether a request that money does not cover is made shorter rather than refused, where a shorter answer is affordable.</summary>
    public bool Clamp { get; init; }

    /// <summary>Identifies its counter among all. An amount that is changed goes on with what was counted.</summary>
    public string Id => $"{Owner}|{Name}";

    /// <summary>Whether it applies to a model of this name.</summary>
    /// <param name="model">As the client or a target names it, or null.</param>
    public bool AppliesTo(string? model) => Model is null
        || (model is not null && (Model.EndsWith('*') ? model.AsSpan().StartsWith(Model.AsSpan(0, Model.Length - 1), StringComparison.Ordinal) : model == Model));
}

/// <summary>Whose limit it is, from the widest to the narrowest.</summary>
internal enum LimitLevel
{
    /// <summary>Of all callers together.</summary>
    Gateway,

    /// <summary>Of an organisation.</summary>
    Organisation,

    /// <summary>Of a team in it.</summary>
    Team,

    /// <summary>Of one key.</summary>
    Key,

    /// <summary>Of one end user behind a key.</summary>
    User,
}

/// <summary>What a limit counts.</summary>
internal enum LimitMeter
{
    /// <summary>Requests.</summary>
    Requests,

    /// <summary>Tokens of questions, cached ones included.</summary>
    InputTokens,

    /// <summary>Tokens of answers, reasoning included.</summary>
    OutputTokens,

    /// <summary>Both.</summary>
    Tokens,

    /// <summary>Requests under way at the same time.</summary>
    Concurrency,

    /// <summary>Micro-dollars.</summary>
    Money,
}

/// <summary>The length of a limit's window.</summary>
internal enum LimitPeriod
{
    /// <summary>No window: what is under way now.</summary>
    None,

    /// <summary>A second.</summary>
    Second,

    /// <summary>A minute.</summary>
    Minute,

    /// <summary>An hour.</summary>
    Hour,

    /// <summary>A day: 24 hours where it slides, a day of the calendar where it is fixed.</summary>
    Day,

    /// <summary>Seven days where it slides, Monday to Sunday where it is fixed.</summary>
    Week,

    /// <summary>A month of the calendar: always fixed.</summary>
    Month,

    /// <summary>For ever.</summary>
    Total,
}

/// <summary>How a limit's window is taken.</summary>
internal enum LimitWindow
{
    /// <summary>Any stretch of that length: the edge of a window cannot double the limit.</summary>
    Sliding,

    /// <summary>From one edge of the calendar to the next.</summary>
    Fixed,
}

/// <summary>What a limit does while the storage does not answer.</summary>
internal enum WhenStorageDown
{
    /// <summary>Refuses what the lease does not cover.</summary>
    Deny,

    /// <summary>Lets an instance spend its share of the limit, once: the limit divided by the instances last seen. Never unlimited.</summary>
    Share,
}
