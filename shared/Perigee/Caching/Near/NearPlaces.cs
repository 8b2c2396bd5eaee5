using System.Globalization;

namespace Perigee.Caching.Near;

/// <summary>
/// Where changes lie: tables of one span of time each, named for it, so that a table whose entries have all expired is dropped whole. Within
/// it a partition for a namespace and an hour.
/// </summary>
internal sealed class NearPlaces
{
    /// <summary>What all tables' names begin with, and the container of snapshots.</summary>
    public const string Name = "cachenear";

    private readonly long _span;

    /// <summary>Makes the names.</summary>
    /// <param name="mostTtl">The longest life of an entry.</param>
    public NearPlaces(TimeSpan mostTtl)
    {
        // Whole hours, so that an hour lies in one table.
        _span = Math.Max(1, (long)Math.Ceiling(mostTtl.TotalHours));
    }

    /// <summary>The span of a table, which is the longest life of an entry.</summary>
    public TimeSpan Span => TimeSpan.FromHours(_span);

    /// <summary>The table that takes changes of that time, by number.</summary>
    public long NumberAt(DateTimeOffset time) => time.ToUnixTimeSeconds() / 3600 / _span;

    /// <summary>A table's name. The span is part of it: another setting never meets a name that was dropped.</summary>
    public string Table(long number) => string.Create(CultureInfo.InvariantCulture, $"{Name}{_span}h{number}");

    /// <summary>The hours that rows of a stretch of time lie in, each with its table and partition.</summary>
    public IEnumerable<(string Table, string Partition)> Hours(string space, DateTimeOffset from, DateTimeOffset to)
    {
        for (long hour = Hour(from); hour <= Hour(to); hour++)
            yield return (Table(hour / _span), Partition(space, hour));
    }

    /// <summary>The one that takes changes of that time.</summary>
    public (string Table, string Partition) At(string space, DateTimeOffset time) => (Table(NumberAt(time)), Partition(space, Hour(time)));

    private static long Hour(DateTimeOffset time) => time.ToUnixTimeSeconds() / 3600;

    private static string Partition(string space, long hour) => string.Create(CultureInfo.InvariantCulture, $"{space}|{hour}");
}
