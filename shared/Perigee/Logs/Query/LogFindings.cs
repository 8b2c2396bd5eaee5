using System.Buffers;
using System.Globalization;

namespace Perigee.Logs.Query;

/// <summary>What a search found: the latest hour first, and within it the latest record.</summary>
internal sealed class LogFindings
{
    /// <summary>The records.</summary>
    public List<FoundRecord> Records { get; } = [];

    /// <summary>Hours that were read whole.</summary>
    public int Hours { get; set; }

    /// <summary>Everything that was written since then has been looked at.</summary>
    public DateTimeOffset LookedBackTo { get; set; }

    /// <summary>Whether all that was asked for has been looked at.</summary>
    public bool Complete { get; set; }

    /// <summary>Adds an hour's.</summary>
    public void Add(IEnumerable<FoundRecord> records) => Records.AddRange(records);
}

/// <summary>A record that was found.</summary>
/// <param name="Place">Where it stands in the order.</param>
/// <param name="Line">The record as it was written, or will be.</param>
/// <param name="Waits">Whether this instance holds it and no blob does yet.</param>
internal sealed record FoundRecord(LogCursor Place, ReadOnlyMemory<byte> Line, bool Waits);

/// <summary>The newest records of one hour, no more of them than are wanted. Thread-safe.</summary>
/// <param name="ask">What is searched for.</param>
/// <param name="hour">The hour in which they were written.</param>
/// <param name="elsewhere">Ids that are shown under another hour: a blob goes by its first record, and a record that waits by its own end.</param>
internal sealed class HourFindings(LogAsk ask, DateTimeOffset hour, IEnumerable<string> elsewhere)
{
    private readonly Lock _gate = new();
    private readonly HashSet<string> _elsewhere = [.. elsewhere];

    // A blob may be there twice under two names: a record counts once.
    private readonly SortedDictionary<string, (ReadOnlyMemory<byte> Line, bool Waits)> _found = new(StringComparer.Ordinal);

    /// <summary>Adds one. What is in a blob goes before what waits: it is the same record, written in the meantime.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="line">Its line.</param>
    /// <param name="waits">Whether this instance holds it and no blob does yet, as far as is known.</param>
    public void Add(string id, ReadOnlyMemory<byte> line, bool waits = false)
    {
        // The page before it has shown those that are not older than its last.
        if (ask.After is { } after && after.Hour == hour && string.CompareOrdinal(id, after.Id) >= 0)
            return;
        if (_elsewhere.Contains(id))
            return;
        lock (_gate)
        {
            _found[id] = (line, waits);
            if (_found.Count > ask.Limit + 1)
                _found.Remove(_found.First().Key);
        }
    }

    /// <summary>Those that are kept, the newest first.</summary>
    public IEnumerable<FoundRecord> Newest() => _found.Reverse().Select(pair => new FoundRecord(new LogCursor(hour, pair.Key), pair.Value.Line, pair.Value.Waits));
}

/// <summary>A place in the order of records: the hour in which one was written, and its id, which begins with the time at which it began.</summary>
/// <param name="Hour">The hour.</param>
/// <param name="Id">The id.</param>
internal readonly record struct LogCursor(DateTimeOffset Hour, string Id)
{
    private const string Form = "yyyyMMddHH";

    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    /// <summary>Whether a text is 32 hex digits, as ids are.</summary>
    public static bool IsId(ReadOnlySpan<char> text) => text.Length == 32 && !text.ContainsAnyExcept(Hex);

    /// <summary>Reads what <see cref="ToString"/> wrote.</summary>
    public static LogCursor? Parse(string text) =>
        text.Length == Form.Length + 33 && text[Form.Length] == '-' && IsId(text.AsSpan(Form.Length + 1))
        && DateTimeOffset.TryParseExact(text[..Form.Length], Form, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset hour)
            ? new LogCursor(hour, text[(Form.Length + 1)..])
            : null;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Hour:yyyyMMddHH}-{Id}");
}
