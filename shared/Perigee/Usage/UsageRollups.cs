using System.Buffers;
using System.Globalization;
using Perigee.Logs;

namespace Perigee.Usage;

/// <summary>
/// Counts exchanges by minute, hour and day where they end: a look-up and three cells under one lock, nothing made for a request of a group that is known. What was
/// counted stays here until it is known to be written and the span is over. A storage that is down costs minutes first, the oldest before the others; their hours and days keep the numbers.
/// </summary>
internal sealed class UsageRollups(GatewayHost host, IGatewayOptions options, Redactor redactor) : IExchangeSink
{
    // What a storage that is down may leave in memory: three hours of minutes, and cells of about a kilobyte.
    private const int MostMinutes = 180;
    private const int MostCells = 40_000;
    private const int MostKnown = 10_000;
    private static readonly TimeSpan[] Grace = [TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30)];

    private readonly Lock _lock = new();
    private readonly Dictionary<UsageKey, KnownGroup> _known = [];
    private readonly List<DayRollup> _days = [];
    private readonly UsageGroup _other = UsageGroup.OtherOf(host.Region);

    // A process of its own even where the host names instances the same after a restart.
    private readonly string _name = $"{new string([.. host.Instance.Where(char.IsAsciiLetterOrDigit).Take(32)])}{Guid.NewGuid().ToString("N")[..8]}";
    private int _writers;
    private int _cells;
    private long _lostMinutes;
    private long _othered;

    /// <summary>Minutes that were given up as the storage was down for too long; their hours and days have the numbers.</summary>
    public long LostMinutes => Interlocked.Read(ref _lostMinutes);

    /// <summary>Exchanges that were counted in the group of all others.</summary>
    public long Othered => Interlocked.Read(ref _othered);

    /// <summary>Rows that wait to be written.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
                return _days.Sum(static day => day.Spans.Sum(static span => span.OwedSlots.Count()));
        }
    }

    /// <summary>Cells in memory.</summary>
    public int Cells => Volatile.Read(ref _cells);

    /// <inheritdoc/>
    public bool Wants(GatewayOptions options) => options.Usage.Enabled;

    /// <summary>Counts a record where its <see cref="ExchangeRecord.Time"/> says.</summary>
    public void Take(ExchangeRecord record)
    {
        UsageKey key = UsageKey.Of(record);
        UsageSample sample = UsageSample.Of(record);
        long minute = record.Time.UtcTicks / TimeSpan.TicksPerMinute;
        lock (_lock)
        {
            if (!_known.TryGetValue(key, out KnownGroup? known))
            {
                if (_known.Count >= MostKnown)
                    _known.Clear();
                _known[key] = known = new KnownGroup(UsageGroup.Of(key, host.Region, redactor));
            }

            if (!known.IsAt(minute))
                Place(known, minute);
            if (known.IsOther)
                _othered++;
            known.Add(sample);
        }
    }

    /// <summary>What is to be written: of each day the slots that have rows of any span to be written.</summary>
    public List<(DayRollup Day, int Slot)> Owed()
    {
        lock (_lock)
            return [.. _days.SelectMany(static day => day.Spans.SelectMany(static span => span.OwedSlots).Distinct().Order().Select(slot => (day, slot)))];
    }

    /// <summary>The rows of a slot that are to be written, as they are now.</summary>
    /// <param name="day">The day.</param>
    /// <param name="slot">Its slot.</param>
    /// <param name="mostRows">The most rows at once.</param>
    /// <param name="mostBytes">No further row once they have so many bytes.</param>
    public List<UsageWrite> Begin(DayRollup day, int slot, int mostRows, int mostBytes)
    {
        List<UsageWrite> writes = [];
        int bytes = 0;
        ArrayBufferWriter<byte> body = new();
        lock (_lock)
        {
            foreach (SpanRollup span in day.Spans)
            {
                if (!span.Owes(slot) || writes.Count == mostRows || bytes >= mostBytes)
                    continue;
                body.ResetWrittenCount();
                UsageForm.Write(body, [.. span.Cells.Where(cell => cell.Key / SpanRollup.SlotSize == slot)
                    .Select(cell => KeyValuePair.Create(day.Groups[cell.Key], cell.Value))]);
                bytes += body.WrittenCount;
                writes.Add(new UsageWrite(span, slot, span.Begin(slot), body.WrittenSpan.ToArray()));
            }
        }

        return writes;
    }

    /// <summary>The writes ended.</summary>
    /// <param name="writes">The rows.</param>
    /// <param name="written">Whether they are known to be written.</param>
    public void End(IReadOnlyList<UsageWrite> writes, bool written)
    {
        lock (_lock)
        {
            foreach (UsageWrite write in writes)
                write.Span.End(write.Slot, write.Times, written);
        }
    }

    /// <summary>Lets go of spans that are over and written, and of what is too much.</summary>
    public void Tidy(DateTimeOffset now)
    {
        lock (_lock)
        {
            foreach (DayRollup day in _days)
                day.Spans.RemoveAll(span => !span.IsOwed && span.Start + UsagePeriods.LengthOf(span.Period) + Grace[(int)span.Period] <= now && LetGo(span));
            SpanRollup[] minutes = [.. _days.SelectMany(static day => day.Spans).Where(static span => span.Period == UsagePeriod.Minute && span.IsOwed).OrderBy(static span => span.Start)];
            for (int i = 0; i < minutes.Length - MostMinutes; i++)
            {
                _lostMinutes++;
                _days.ForEach(day => day.Spans.Remove(minutes[i]));
                LetGo(minutes[i]);
            }

            _days.RemoveAll(static day => day.Spans.Count == 0);
        }
    }

    /// <summary>Reads what is in memory.</summary>
    /// <param name="pieces">The spans that are asked for.</param>
    /// <param name="take">Is given the beginning of a span, a group and its cell, which it must not keep.</param>
    /// <returns>The writers whose rows in the table are older than what was given.</returns>
    public HashSet<string> Read(IReadOnlyList<UsagePiece> pieces, Action<DateTimeOffset, UsageGroup, UsageCell> take)
    {
        HashSet<string> held = new(StringComparer.Ordinal);
        lock (_lock)
        {
            foreach (DayRollup day in _days)
            {
                foreach (SpanRollup span in day.Spans)
                {
                    held.Add(span.Writer);
                    if (!pieces.Any(piece => piece.Holds(span.Period, span.Start)))
                        continue;
                    foreach ((int index, UsageCell cell) in span.Cells)
                        take(span.Start, day.Groups[index], cell);
                }
            }
        }

        return held;
    }

    private bool LetGo(SpanRollup span)
    {
        span.Gone = true;
        _cells -= span.Cells.Count;
        return true;
    }

    private void Place(KnownGroup known, long minute)
    {
        DateTimeOffset moment = new(minute * TimeSpan.TicksPerMinute, TimeSpan.Zero);
        DateTimeOffset midnight = UsagePeriods.StartOf(UsagePeriod.Day, moment);
        DayRollup? day = _days.Find(day => day.Day == midnight);
        if (day is null)
            _days.Add(day = new DayRollup(midnight, _other));
        int index = _cells < MostCells ? day.IndexOf(known.Group, options.Current.Usage.MostGroups) : day.IndexOf(_other, int.MaxValue);
        known.IsOther = ReferenceEquals(day.Groups[index], _other);
        for (UsagePeriod period = UsagePeriod.Minute; period <= UsagePeriod.Day; period++)
        {
            DateTimeOffset start = UsagePeriods.StartOf(period, moment);
            SpanRollup? span = day.Find(period, start);
            if (span is null)
                day.Spans.Add(span = new SpanRollup(period, start, string.Create(CultureInfo.InvariantCulture, $"{_name}-{++_writers:x}")));
            if (!span.Cells.TryGetValue(index, out UsageCell? cell))
            {
                span.Cells[index] = cell = new UsageCell();
                _cells++;
            }

            known.Place(minute, index, period, span, cell);
        }
    }
}

/// <summary>A row that is being written.</summary>
/// <param name="Span">Its span.</param>
/// <param name="Slot">Which of the span's rows.</param>
/// <param name="Times">How often it was owed.</param>
/// <param name="Body">Its groups (<see cref="UsageForm"/>), unpacked.</param>
internal readonly record struct UsageWrite(SpanRollup Span, int Slot, int Times, byte[] Body);
