using System.Buffers;
using System.IO.Compression;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Perigee.Storage;

namespace Perigee.Logs.Shipping;

/// <summary>
/// Collects the items of one stream and writes them as immutable blobs: by size, by time and at the end. While the storage is down one blob
/// waits and the queue fills; past its bounds the oldest items are dropped, counted, and told in the next blob. Every blob ends with a footer
/// that says how far the stream had come.
/// </summary>
internal sealed partial class LogStream<T> : IDisposable
    where T : class
{
    // Items are looked at in waves: a wake-up for each would cost more than writing it. A crowd ends the pause: none may be dropped while
    // the storage is well.
    private static readonly TimeSpan Wave = TimeSpan.FromMilliseconds(200);

    // Where many wait behind a blob that is full, the storage was away or slow: larger blobs catch up sooner.
    private const int BehindBytes = 4 << 20;
    private const int Behind = 2048;

    private readonly string _name;
    private readonly LogQueue<T> _queue;
    private readonly ILogLines<T> _lines;
    private readonly LogOrigin _origin;
    private readonly IGatewayOptions _options;
    private readonly LogMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly BlobWriter _writer;
    private readonly TakenFile? _taken;
    private readonly ArrayBufferWriter<byte> _buffer = new(64 * 1024);
    private readonly MemoryStream _packed = new();
    private readonly Utf8JsonWriter _json;
    private readonly List<LogObject> _objects = [];
    private readonly List<T> _items = [];
    private readonly Ranges _inBlob = new();
    private DateTimeOffset _first;
    private long _blob;
    private bool _final;
    private readonly bool _givesUp;
    private IReadOnlyList<(string Instance, long Taken)> _dead = [];
    private int _lostTold;
    private Task _work = Task.CompletedTask;

    /// <param name="name">The stream.</param>
    /// <param name="queue">What waits.</param>
    /// <param name="lines">Writes its lines.</param>
    /// <param name="givesUp">Whether a blob that the storage refuses for good is given up, counted; else it is tried for ever.</param>
    /// <param name="tools">What all streams share.</param>
    public LogStream(string name, LogQueue<T> queue, ILogLines<T> lines, bool givesUp, in LogTools tools)
    {
        (_name, _queue, _lines, _givesUp) = (name, queue, lines, givesUp);
        (_origin, _options, _metrics, _time, _log, _taken) = (tools.Origin, tools.Options, tools.Metrics, tools.Time, tools.Log, tools.Taken);
        _writer = new BlobWriter(tools.Blobs, name, givesUp, tools.Metrics, tools.Time, tools.Log);
        _json = new Utf8JsonWriter(_buffer, new JsonWriterOptions { SkipValidation = true });
        _metrics.Watch(name, () => queue.Count, () => queue.Bytes);
    }

    /// <summary>Processes before this one on the same machine that ended without a last word. Known once it has begun.</summary>
    public IReadOnlyList<string> Gone { get; private set; } = [];

    /// <summary>Begins.</summary>
    public void Start()
    {
        _dead = _taken?.Dead() ?? [];
        Gone = [.. _dead.Select(static dead => dead.Instance)];
        _work = Task.Run(WorkAsync);
    }

    /// <summary>Writes what waits, within four seconds.</summary>
    public async Task StopAsync(CancellationToken cancel)
    {
        _queue.Close();
        await _writer.HurryAsync();
        try
        {
            // A storage that does not even hear of cancellation must not hold the host.
            await _work.WaitAsync(BlobWriter.LastChance, _time, cancel);
        }
        catch (Exception late) when (late is TimeoutException or OperationCanceledException)
        {
            TellLost(late);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _json.Dispose();
        _packed.Dispose();
        _writer.Dispose();
        _taken?.Dispose();
    }

    private async Task WorkAsync()
    {
        try
        {
            // What a process before this one lost is told even where nothing happens.
            if (_dead.Count > 0)
                await ShipAsync();
            while (await _queue.WaitAsync())
            {
                await GatherAsync();
                await ShipAsync();
            }

            // Whoever reads can tell an end from a kill.
            if (_queue.Taken > 0 && !_final)
                await ShipAsync();
            if (_final || _queue.Taken == 0)
                _taken?.End();
        }
        catch (Exception fault)
        {
            TellLost(fault);
        }
    }

    // The end, and the storage did not take what was left. The next process on this machine tells it in its first blob; here it is said once, by whoever notices first.
    private void TellLost(Exception fault)
    {
        int lost = _items.Count + _queue.Count;
        if (lost == 0 || Interlocked.Exchange(ref _lostTold, 1) != 0)
            return;
        if (_givesUp)
        {
            _metrics.Dropped(_name, lost);
            LogLost(_log, fault, _name, lost);
        }
        else
        {
            LogLeft(_log, fault, _name, lost);
        }
    }

    // Until a blob is full, its first item is old enough, or the end has come.
    private async Task GatherAsync()
    {
        LogOptions options = _options.Current.Logs;
        TimeSpan busy = options.BusyFlushAfter < options.FlushAfter ? options.BusyFlushAfter : options.FlushAfter;
        _queue.MostBytes = options.MemoryBytes;
        long started = _time.GetTimestamp();
        while (true)
        {
            Task crowded = _queue.CrowdedAsync();
            while ((_buffer.WrittenCount < options.FlushBytes || (_buffer.WrittenCount < BehindBytes && _queue.Count >= Behind)) && _queue.TryTake(out T item, out long number))
                Write(item, number);
            TimeSpan left = (_items.Count >= options.BusyRecords ? busy : options.FlushAfter) - _time.GetElapsedTime(started);
            if (_buffer.WrittenCount >= options.FlushBytes || left <= TimeSpan.Zero || _writer.Hurry.IsCancellationRequested)
                return;

            // However the pause ends, one more round takes what came in the meantime.
            await crowded.WaitAsync(left < Wave ? left : Wave, _time, _writer.Hurry).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Write(T item, long number)
    {
        if (_items.Count == 0)
            _first = _lines.TimeOf(item);
        int before = _buffer.WrittenCount;
        try
        {
            _lines.Write(_json, item, number, _objects);
            EndLine();
            _items.Add(item);
            _inBlob.Add(number);
        }
        catch (Exception fault)
        {
            // One line that cannot be written must not take the others with it: what was written of it goes.
            _json.Reset();
            byte[] whole = _buffer.WrittenSpan[..before].ToArray();
            _buffer.ResetWrittenCount();
            _buffer.Write(whole);
            Ranges one = new();
            one.Add(number);
            _queue.GiveUp(one);
            _metrics.Dropped(_name, 1);
            _lines.Done(item);
            LogUnwritable(_log, fault, _name);
        }
    }

    private async Task ShipAsync()
    {
        DateTimeOffset now = _time.GetUtcNow();
        Ranges drops = _queue.TakeDrops();
        bool final = _queue.IsClosed && _queue.Count == 0;
        WriteDrops(drops, now);
        WriteLost(now);
        WriteFooter(now, final);

        // Named before the first try and written if absent: a retry cannot double it.
        string name = _origin.BlobName(_name, _items.Count > 0 ? _first : now, now, ++_blob);
        ReadOnlyMemory<byte> content = Compress(_buffer.WrittenSpan);
        try
        {
            foreach (LogObject one in _objects)
                await _writer.WriteAsync(one.Name, one.Content);
            await _writer.WriteAsync(name, content);
            _metrics.Written(_name, _items.Count);
            _final = final;
            if (_dead.Count > 0)
                _taken?.Told();
            _dead = [];
        }
        catch (Exception fault) when (fault is not OperationCanceledException && !_writer.IsOver)
        {
            // A fault that no waiting mends (a bug, a refused name) must not stop the items behind it.
            LogRefused(_log, fault, name, _items.Count);
            _queue.Untold(drops);
            _queue.GiveUp(_inBlob);
            _metrics.Dropped(_name, _inBlob.Count);
        }

        foreach (T item in _items)
            _lines.Done(item);
        _buffer.ResetWrittenCount();
        _json.Reset();
        _objects.Clear();
        _items.Clear();
        _inBlob.Clear();
    }

    private void WriteDrops(Ranges drops, DateTimeOffset now)
    {
        if (drops.Count == 0)
            return;
        _origin.Begin(_json, "drops"u8, now);
        _json.WriteString("stream"u8, _name);
        _json.WriteNumber("dropped"u8, drops.Count);
        _json.WriteStartArray("ranges"u8);
        foreach ((long from, long to) in drops.All)
        {
            _json.WriteStartArray();
            _json.WriteNumberValue(from);
            _json.WriteNumberValue(to);
            _json.WriteEndArray();
        }

        _json.WriteEndArray();
        _json.WriteEndObject();
        EndLine();
        LogDropped(_log, drops.Count, _name);
    }

    // What processes before this one on the same machine had taken when they ended without a word.
    private void WriteLost(DateTimeOffset now)
    {
        foreach ((string instance, long taken) in _dead)
        {
            _origin.Begin(_json, "lost"u8, now);
            _json.WriteString("stream"u8, _name);
            _json.WriteString("of"u8, instance);
            _json.WriteNumber("taken"u8, taken);
            _json.WriteEndObject();
            EndLine();
        }
    }

    private void WriteFooter(DateTimeOffset now, bool final)
    {
        _origin.Begin(_json, "footer"u8, now);
        _json.WriteString("stream"u8, _name);
        _json.WriteNumber("blob"u8, _blob + 1);
        _json.WriteNumber("records"u8, _items.Count);
        _json.WriteNumber("first"u8, _inBlob.First);
        _json.WriteNumber("last"u8, _inBlob.Last);
        _json.WriteNumber("taken"u8, _queue.Taken);
        _json.WriteBoolean("final"u8, final);
        _json.WriteEndObject();
        EndLine();
    }

    private void EndLine()
    {
        _json.Flush();
        _buffer.Write("\n"u8);
        _json.Reset();
    }

    /// <summary>Valid until the next call: blobs are written one after the other, and large arrays for each would be collected dearly.</summary>
    private ReadOnlyMemory<byte> Compress(ReadOnlySpan<byte> lines)
    {
        _packed.SetLength(0);
        using (GZipStream gzip = new(_packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(lines);
        return _packed.GetBuffer().AsMemory(0, (int)_packed.Length);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Dropped} records of stream {Stream} were dropped: the storage was down for too long.")]
    private static partial void LogDropped(ILogger log, long dropped, string stream);

    [LoggerMessage(Level = LogLevel.Error, Message = "The log blob {Name} with {Records} records was given up.")]
    private static partial void LogRefused(ILogger log, Exception fault, string name, int records);

    [LoggerMessage(Level = LogLevel.Error, Message = "A record of stream {Stream} could not be written.")]
    private static partial void LogUnwritable(ILogger log, Exception fault, string stream);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Shipping of stream {Stream} ended with {Records} records unwritten. They are in the table: another process ships them.")]
    private static partial void LogLeft(ILogger log, Exception fault, string stream, int records);

    [LoggerMessage(Level = LogLevel.Error, Message = "Shipping of stream {Stream} ended with {Records} records unwritten.")]
    private static partial void LogLost(ILogger log, Exception fault, string stream, int records);
}

/// <summary>What all streams share.</summary>
internal readonly record struct LogTools(IBlobs Blobs, LogOrigin Origin, IGatewayOptions Options, LogMetrics Metrics, TimeProvider Time, ILogger Log, TakenFile? Taken);
