namespace Perigee.Logs.Shipping;

/// <summary>
/// What waits to be written, bounded by number and bytes. Gives each item its sequence number in the order in which it came. Past a bound the
/// oldest go, and which they were is known. Adding never waits.
/// </summary>
/// <param name="most">The most items.</param>
/// <param name="dropped">Told of each item that goes, under the queue's lock.</param>
internal sealed class LogQueue<T>(int most, Action<T>? dropped = null)
    where T : class
{
    private readonly Lock _lock = new();
    private readonly Queue<Waiting> _items = new();
    private Ranges _drops = new();
    private TaskCompletionSource _arrived = NewPause();
    private TaskCompletionSource _crowded = NewPause();
    private long _sequence;
    private long _bytes;
    private bool _closed;

    /// <summary>The most bytes.</summary>
    public long MostBytes { get; set; } = long.MaxValue;

    /// <summary>Wakes who paces itself, where so many wait.</summary>
    public int Crowd { get; init; } = int.MaxValue;

    /// <summary>How many wait.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _items.Count;
        }
    }

    /// <summary>Their bytes, as they were told.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>How many were ever taken: the last sequence number.</summary>
    public long Taken => Volatile.Read(ref _sequence);

    /// <summary>How many were dropped and not told yet.</summary>
    public long Dropped
    {
        get
        {
            lock (_lock)
                return _drops.Count;
        }
    }

    /// <summary>How many were ever dropped.</summary>
    public long DroppedEver { get; private set; }

    /// <summary>Nothing comes any more: what does is dropped.</summary>
    public bool IsClosed => Volatile.Read(ref _closed);

    /// <summary>Takes an item.</summary>
    /// <param name="item">The item.</param>
    /// <param name="bytes">What it takes of memory, about.</param>
    /// <param name="numbered">Told its sequence number, under the queue's lock; or null.</param>
    public void Add(T item, int bytes, Action<T, long>? numbered = null)
    {
        lock (_lock)
        {
            long number = ++_sequence;
            numbered?.Invoke(item, number);
            if (_closed)
            {
                Drop(item, number);
                return;
            }

            while (_items.Count > 0 && (_items.Count >= most || _bytes + bytes > MostBytes))
            {
                Waiting oldest = _items.Dequeue();
                _bytes -= oldest.Bytes;
                Drop(oldest.Item, oldest.Number);
            }

            _items.Enqueue(new(item, number, bytes));
            _bytes += bytes;
            if (_items.Count == 1)
                _arrived.TrySetResult();
            if (_items.Count >= Crowd)
                _crowded.TrySetResult();
        }
    }

    /// <summary>The oldest, where one waits.</summary>
    public bool TryTake(out T item, out long number)
    {
        lock (_lock)
        {
            if (!_items.TryDequeue(out Waiting waiting))
            {
                (item, number) = (null!, 0);
                return false;
            }

            _bytes -= waiting.Bytes;
            (item, number) = (waiting.Item, waiting.Number);
            return true;
        }
    }

    /// <summary>Items that were taken and given up.</summary>
    public void GiveUp(Ranges numbers)
    {
        lock (_lock)
        {
            _drops.Add(numbers);
            DroppedEver += numbers.Count;
        }
    }

    /// <summary>Drops that were to be told, and could not be.</summary>
    public void Untold(Ranges drops)
    {
        lock (_lock)
        {
            drops.Add(_drops);
            _drops = drops;
        }
    }

    /// <summary>What was dropped since it was asked last.</summary>
    public Ranges TakeDrops()
    {
        lock (_lock)
        {
            Ranges drops = _drops;
            _drops = new Ranges();
            return drops;
        }
    }

    /// <summary>Completes when something waits: true; or nothing will any more: false.</summary>
    public async ValueTask<bool> WaitAsync()
    {
        while (true)
        {
            Task arrived;
            lock (_lock)
            {
                if (_items.Count > 0)
                    return true;
                if (_closed)
                    return false;
                if (_arrived.Task.IsCompleted)
                    _arrived = NewPause();
                arrived = _arrived.Task;
            }

            await arrived;
        }
    }

    /// <summary>Completes when <see cref="Crowd"/> wait.</summary>
    public Task CrowdedAsync()
    {
        lock (_lock)
        {
            if (_items.Count >= Crowd)
                return Task.CompletedTask;
            if (_crowded.Task.IsCompleted)
                _crowded = NewPause();
            return _crowded.Task;
        }
    }

    /// <summary>Nothing more is taken.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            _arrived.TrySetResult();
        }
    }

    private void Drop(T item, long number)
    {
        _drops.Add(number);
        DroppedEver++;
        dropped?.Invoke(item);
    }

    private static TaskCompletionSource NewPause() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly record struct Waiting(T Item, long Number, int Bytes);
}
