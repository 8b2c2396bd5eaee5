using System.Buffers;
using System.Text.Json;
using System.Threading.Channels;

namespace Perigee.Logs.Tail;

/// <summary>
/// The records of this instance as they come, for whoever looks on. While nobody does, and has not for a minute, none is wanted; until then the
/// last thousand are kept, so that who was cut off goes on where it was.
/// </summary>
internal sealed class LogTail(GatewayHost host, Redactor redactor, TimeProvider time, IProofSecret? secret = null) : IExchangeSink
{
    /// <summary>The most that look on at once.</summary>
    public const int MostReaders = 16;

    /// <summary>Records that are kept for who comes back.</summary>
    public const int Kept = 1000;

    /// <summary>Records that wait for one reader: who comes back is owed all that is kept.</summary>
    public const int Waiting = Kept + 500;

    /// <summary>How long records are kept after the last reader left.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Queue<ExchangeRecord> _ring = new();
    private readonly List<TailReader> _readers = [];
    private readonly Lock _writing = new();
    private readonly LogLine _lines = new(new LogOrigin(host.Region, host.Instance), new CleanTexts(redactor, secret));
    private long _left = long.MinValue;
    private volatile bool _listens;

    /// <inheritdoc/>
    public bool Wants(GatewayOptions options)
    {
        if (!_listens)
            return false;
        long left = Volatile.Read(ref _left);
        if (left == long.MinValue || time.GetElapsedTime(left) < Memory)
            return true;
        lock (_gate)
        {
            if (_readers.Count > 0)
                return true;
            _listens = false;
            _ring.Clear();
        }

        return false;
    }

    /// <inheritdoc/>
    public void Take(ExchangeRecord record)
    {
        lock (_gate)
        {
            if (_ring.Count == Kept)
                _ring.Dequeue();
            _ring.Enqueue(record);
            foreach (TailReader reader in _readers)
                reader.Offer(record);
        }
    }

    /// <summary>Begins to look on.</summary>
    /// <param name="last">The id of the last record that was seen, or null.</param>
    /// <returns>Null where too many look on already.</returns>
    public TailReader? Join(string? last)
    {
        lock (_gate)
        {
            if (_readers.Count == MostReaders)
                return null;
            TailReader reader = new(this) { Missed = last is not null };
            if (last is not null && _ring.Any(record => record.Id == last))
            {
                reader.Missed = false;
                foreach (ExchangeRecord record in _ring.SkipWhile(record => record.Id != last).Skip(1))
                    reader.Offer(record);
            }

            _readers.Add(reader);
            Volatile.Write(ref _left, long.MinValue);
            _listens = true;
            return reader;
        }
    }

    /// <summary>A record as the blobs have it, without the line's end.</summary>
    public ReadOnlyMemory<byte> LineOf(ExchangeRecord record)
    {
        ArrayBufferWriter<byte> line = new(1024);
        lock (_writing)
        {
            using Utf8JsonWriter json = new(line);
            _lines.Write(json, record);
        }

        return line.WrittenMemory;
    }

    private void Leave(TailReader reader)
    {
        lock (_gate)
        {
            if (_readers.Remove(reader) && _readers.Count == 0)
                Volatile.Write(ref _left, time.GetTimestamp());
        }
    }

    /// <summary>One who looks on. What it does not take in time is dropped for it and counted.</summary>
    internal sealed class TailReader(LogTail tail) : IDisposable
    {
        private readonly Channel<ExchangeRecord> _records = Channel.CreateBounded<ExchangeRecord>(
            new BoundedChannelOptions(Waiting) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

        private long _dropped;

        /// <summary>The records.</summary>
        public ChannelReader<ExchangeRecord> Records => _records.Reader;

        /// <summary>Whether the record after which it wanted to go on is not kept any more.</summary>
        public bool Missed { get; set; }

        /// <summary>How many were dropped since this was asked last.</summary>
        public long TakeDropped() => Interlocked.Exchange(ref _dropped, 0);

        /// <summary>Hands it a record.</summary>
        public void Offer(ExchangeRecord record)
        {
            if (!_records.Writer.TryWrite(record))
                Interlocked.Increment(ref _dropped);
        }

        /// <inheritdoc/>
        public void Dispose() => tail.Leave(this);
    }
}
