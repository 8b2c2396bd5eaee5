using System.Globalization;

namespace Perigee.Caching.Store;

/// <summary>
/// A span of time and the table of its own that holds what can be found within it. Once it is over the table is dropped: rows need no scheduler
/// that removes them one by one. Its name counts the spans since 1970 and is never used again, which Azure asks of dropped tables.
/// A row stands in every bucket that its life touches, two at most, so that a look-up reads one.
/// </summary>
/// <param name="Hours">The span.</param>
/// <param name="Index">Which one.</param>
internal readonly record struct Bucket(int Hours, long Index)
{
    private const int MostHours = 31 * 24;

    /// <summary>The table, and the first segment of its blobs' names.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"cache{Hours}h{Index}");

    /// <summary>From when nothing is looked up in it any more.</summary>
    public DateTimeOffset End => DateTimeOffset.UnixEpoch.AddHours((Index + 1) * (double)Hours);

    /// <summary>The one after it.</summary>
    public Bucket Next => this with { Index = Index + 1 };

    /// <summary>The bucket of a moment.</summary>
    /// <param name="mostTtl">The longest life of an answer: the span, in whole hours, so that no life touches three.</param>
    /// <param name="moment">The moment.</param>
    public static Bucket At(TimeSpan mostTtl, DateTimeOffset moment)
    {
        int hours = (int)Math.Clamp(Math.Ceiling(mostTtl.TotalHours), 1, MostHours);
        return new Bucket(hours, moment.ToUnixTimeSeconds() / (hours * 3600L));
    }

    /// <summary>The longest life that an answer may have.</summary>
    public static TimeSpan MostLife(TimeSpan mostTtl) => mostTtl < TimeSpan.FromHours(MostHours) ? mostTtl : TimeSpan.FromHours(MostHours);
}
