using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Perigee.Usage;

/// <summary>What is asked of the usage: a stretch of time, how it is cut, by what the numbers are told apart, and which of them count.</summary>
internal sealed class UsageQuery
{
    /// <summary>The value that stands for "none" in filters.</summary>
    public const string None = "(none)";

    private const int MostValues = 200;
    private const int LongestValue = 300;
    private static readonly string[] Words = ["minute", "hour", "day", "total"];
    private static readonly TimeSpan[] Usual = [TimeSpan.FromHours(1), TimeSpan.FromDays(1), TimeSpan.FromDays(30), TimeSpan.FromDays(1)];
    private static readonly TimeSpan[] Longest = [TimeSpan.FromDays(1), TimeSpan.FromDays(31), TimeSpan.FromDays(800), TimeSpan.FromDays(800)];

    /// <summary>The names that a query may have.</summary>
    public static string[] Names { get; } = ["from", "to", "bucket", "groupBy", "format", UsageDimensions.Short, .. UsageDimensions.All];

    /// <summary>The beginning, in UTC.</summary>
    public DateTimeOffset From { get; private init; }

    /// <summary>The end, in UTC: the first moment that is not in it.</summary>
    public DateTimeOffset To { get; private init; }

    /// <summary>How the time is cut.</summary>
    public UsageBucket Bucket { get; private init; }

    /// <summary>By what numbers are told apart, in the order that was asked for.</summary>
    public IReadOnlyList<UsageDimension> GroupBy { get; private init; } = [];

    /// <summary>The values that count, by dimension; a dimension without any is not looked at.</summary>
    public Dictionary<UsageDimension, HashSet<string>> Filters { get; private init; } = [];

    /// <summary>The spans that are read for it.</summary>
    public IReadOnlyList<UsagePiece> Pieces => Bucket == UsageBucket.Total ? UsagePiece.Cut(From, To) : [new UsagePiece((UsagePeriod)Bucket, From, To)];

    /// <summary>Reads a query.</summary>
    /// <param name="http">The request.</param>
    /// <param name="now">The present.</param>
    /// <param name="options">How long spans are kept.</param>
    /// <param name="error">What is wrong with it.</param>
    public static UsageQuery? Read(HttpContext http, DateTimeOffset now, UsageOptions options, out GatewayError? error)
    {
        IQueryCollection query = http.Request.Query;
        error = null;
        UsageBucket bucket = UsageBucket.Day;
        if (query.TryGetValue("bucket", out StringValues word))
        {
            int index = Array.IndexOf(Words, word.ToString());
            if (index < 0)
                error ??= Bad("bucket", $"must be {string.Join(", ", Words)}");
            else
                bucket = (UsageBucket)index;
        }

        UsagePeriod step = bucket == UsageBucket.Total ? UsagePeriod.Minute : (UsagePeriod)bucket;
        DateTimeOffset usualTo = UsagePeriods.StartOf(step, now) + UsagePeriods.LengthOf(step);
        DateTimeOffset to = Moment(query, "to", usualTo, ref error);
        DateTimeOffset from = Moment(query, "from", to - Usual[(int)bucket], ref error);
        UsageQuery read = new()
        {
            From = from,
            To = to,
            Bucket = bucket,
            GroupBy = Groups(query, ref error),
            Filters = ReadFilters(query, ref error),
        };
        error ??= Check(read, step, now, options);
        return error is null ? read : null;
    }

    /// <summary>The group that a group's numbers are shown in; null where they do not count.</summary>
    public UsageGroupKey? Shown(UsageGroup group)
    {
        foreach ((UsageDimension dimension, HashSet<string> values) in Filters)
        {
            if (!values.Contains(group[dimension]))
                return null;
        }

        string[] shown = new string[GroupBy.Count];
        for (int i = 0; i < shown.Length; i++)
            shown[i] = group[GroupBy[i]];
        return new UsageGroupKey(shown);
    }

    /// <summary>The beginning of the bucket that a span belongs to.</summary>
    public DateTimeOffset StartOf(DateTimeOffset span) => Bucket == UsageBucket.Total ? From : span;

    /// <summary>The end of a bucket.</summary>
    public DateTimeOffset EndOf(DateTimeOffset start) => Bucket == UsageBucket.Total ? To : start + UsagePeriods.LengthOf((UsagePeriod)Bucket);

    /// <summary>Reads a day or a moment.</summary>
    public static bool TryMoment(string text, out DateTimeOffset moment) =>
        DateTimeOffset.TryParseExact(
            text, ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"], CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out moment) && moment.Year is > 2000 and < 9000;

    private static GatewayError? Check(UsageQuery query, UsagePeriod step, DateTimeOffset now, UsageOptions options)
    {
        string whole = step.ToString().ToLowerInvariant();
        foreach ((string name, DateTimeOffset moment) in new[] { ("from", query.From), ("to", query.To) })
        {
            if (UsagePeriods.StartOf(step, moment) != moment)
                return Bad(name, $"must be a whole {whole} in UTC where 'bucket' is '{Words[(int)query.Bucket]}': {Text(UsagePeriods.StartOf(step, moment))} or {Text(UsagePeriods.StartOf(step, moment) + UsagePeriods.LengthOf(step))}");
        }

        if (query.From >= query.To)
            return Bad("from", $"must be before 'to' ({Text(query.To)})");
        TimeSpan most = Longest[(int)query.Bucket];
        if (query.To - query.From > most)
            return Bad("from", $"must be at most {most.TotalDays:0} days before 'to' where 'bucket' is '{Words[(int)query.Bucket]}': ask for less, or for larger buckets");
        foreach (UsagePiece piece in query.Pieces)
        {
            DateTimeOffset kept = UsagePeriods.StartOf(UsagePeriod.Day, now).AddDays(-options.DaysOf(piece.Period));
            if (piece.From < kept && piece.Period != UsagePeriod.Day)
                return Bad("from", $"lies before {Text(kept)}, from when {piece.Period.ToString().ToLowerInvariant()}s are kept: ask for whole {(piece.Period == UsagePeriod.Minute ? "hours" : "days")}");
        }

        return null;
    }

    private static List<UsageDimension> Groups(IQueryCollection query, ref GatewayError? error)
    {
        List<UsageDimension> groups = [];
        foreach (string name in Values(query["groupBy"]))
        {
            if (UsageDimensions.Find(name) is not { } dimension)
                error ??= Bad("groupBy", $"knows {string.Join(", ", UsageDimensions.All)}, and not '{Shorten(name)}'");
            else if (groups.Contains(dimension))
                error ??= Bad("groupBy", $"names '{name}' twice");
            else
                groups.Add(dimension);
        }

        return groups;
    }

    private static Dictionary<UsageDimension, HashSet<string>> ReadFilters(IQueryCollection query, ref GatewayError? error)
    {
        Dictionary<UsageDimension, HashSet<string>> filters = [];
        foreach (string name in UsageDimensions.All.Append(UsageDimensions.Short))
        {
            if (!query.TryGetValue(name, out StringValues given))
                continue;
            if (name == UsageDimensions.Short && filters.ContainsKey(UsageDimension.Organisation))
                error ??= Bad(name, "says the same as 'organisation': give one of them");
            List<string> values = [.. Values(given)];
            if (values.Count is 0 or > MostValues || values.Exists(static value => value.Length > LongestValue))
                error ??= Bad(name, $"must be 1 to {MostValues} values of at most {LongestValue} characters, divided by commas; '{None}' stands for none");
            UsageDimension dimension = UsageDimensions.Find(name)!.Value;
            if (dimension == UsageDimension.Status && values.Exists(static value => value is not (None or UsageGroup.Other) && !int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
                error ??= Bad(name, "must be statuses such as 200; for '4xx' use 'statusClass'");
            filters[dimension] = [.. values.Select(static value => value == None ? "" : value)];
        }

        return filters;
    }

    private static IEnumerable<string> Values(StringValues given) =>
        given.SelectMany(static text => (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    private static DateTimeOffset Moment(IQueryCollection query, string name, DateTimeOffset usual, ref GatewayError? error)
    {
        if (!query.TryGetValue(name, out StringValues text))
            return usual;
        if (TryMoment(text.ToString(), out DateTimeOffset moment))
            return moment;
        error ??= Bad(name, "must be a day (2030-01-31) or a moment with its time zone (2030-01-31T12:00:00Z)");
        return usual;
    }

    private static string Text(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Shorten(string name) => name.Length > 50 ? name[..50] + "..." : name;

    private static GatewayError Bad(string name, string what) => new(ErrorKind.BadRequest, $"'{name}' {what}.", name);
}

/// <summary>The values by which a line of an answer is told apart.</summary>
/// <param name="Values">In the order that was asked for.</param>
internal sealed record UsageGroupKey(string[] Values)
{
    /// <inheritdoc/>
    public bool Equals(UsageGroupKey? other) => other is not null && Values.AsSpan().SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (string value in Values)
            hash.Add(value, StringComparer.Ordinal);
        return hash.ToHashCode();
    }
}
