namespace Perigee.Caching;

/// <summary>
/// One call that is being answered, and all who wait for its answer: the leader, who asked, and the followers, whose questions are equal.
/// It lives on while one of them waits. The leader writes and ends it; a follower reads what is published, at its own pace.
/// </summary>
/// <param name="leader">The exchange of the one who asks.</param>
internal sealed class Flight(Exchange leader) : IDisposable
{
    /// <summary>The most that is shared. A larger answer goes on to the leader alone, and those who joined are told so.</summary>
    public const long MostBytes = 32 * 1024 * 1024;

    private readonly Lock _gate = new();
    private readonly SharedBytes _bytes = new();
    private readonly CancellationTokenSource _gone = new();
    private TaskCompletionSource? _change;
    private FlightHead? _head;
    private FlightEnd? _end;
    private long _published;
    private int _followers;
    private int _holders = 1;
    private bool _leaderLeft;
    private bool _closed;
    private bool _alone;
    private bool _over;

    /// <summary>Cancelled when nobody waits for the answer any more.</summary>
    public CancellationToken Gone => _gone.Token;

    /// <summary>Whether the leader's client went away.</summary>
    public bool LeaderLeft => Volatile.Read(ref _leaderLeft);

    /// <summary>The answer from its beginning, or null where it is larger than that.</summary>
    public byte[]? Whole(int most) => _alone || _bytes.Length > most ? null : _bytes.ToArray();

    /// <summary>Joins. False where it is over, or nobody may any more.</summary>
    public bool TryJoin()
    {
        lock (_gate)
        {
            if (_closed)
                return false;
            _followers++;
            _holders++;
            return true;
        }
    }

    /// <summary>A follower goes, be it served or not.</summary>
    public void Leave()
    {
        bool last;
        lock (_gate)
        {
            _followers--;
            last = EndIfNobodyWaits();
        }

        if (last)
            _gone.Cancel();
        Release();
    }

    /// <summary>The leader's client went away. The call goes on where others wait for it.</summary>
    public void LeaderLeaves()
    {
        bool last;
        lock (_gate)
        {
            Volatile.Write(ref _leaderLeft, true);
            last = EndIfNobodyWaits();
        }

        if (last)
            _gone.Cancel();
    }

    /// <summary>Room for the leader's next bytes.</summary>
    public Memory<byte> Room(int least) => _bytes.Room(least);

    /// <summary>So many bytes were written into the room.</summary>
    public ReadOnlySpan<byte> Take(int count) => _bytes.Take(count);

    /// <summary>Shows what was written to the followers, unless it is too much by now.</summary>
    /// <returns>False from then on: nobody shares it any more, and nothing more need be kept.</returns>
    public bool Publish()
    {
        TaskCompletionSource? change;
        lock (_gate)
        {
            if (_alone)
                return false;

            // Who is alone with an answer that is not going to be kept need not hold it; of one that says beforehand that it is too
            // large nothing is shown, so that followers can ask for their own.
            bool large = _bytes.Length > (_followers > 0 ? MostBytes : CachedAnswer.MostBytes)
                || (_published == 0 && leader.Http.Response.ContentLength > MostBytes);
            if (large)
            {
                _alone = _closed = true;
                _end ??= new FlightEnd { Outgrown = true };
                if (_followers > 0)
                    _head ??= new FlightHead(leader.Http.Response);
                else
                    _bytes.Free();
            }
            else
            {
                _published = _bytes.Length;
            }

            (change, _change) = (_change, null);
        }

        change?.SetResult();
        return !_alone;
    }

    /// <summary>The call is over.</summary>
    /// <param name="crashed">Whether an exception flew past.</param>
    public void End(bool crashed)
    {
        TaskCompletionSource? change;
        lock (_gate)
        {
            _closed = _over = true;
            if (!_alone)
                _published = _bytes.Length;
            if (_followers > 0)
            {
                _head ??= new FlightHead(leader.Http.Response);
                _end ??= FlightEnd.Of(leader, crashed);
            }

            (change, _change) = (_change, null);
        }

        change?.SetResult();
    }

    /// <summary>The head of the answer: while there are bytes that were published, or once it is over.</summary>
    public FlightHead Head()
    {
        // Under the lock the leader cannot end, so its response is still its own.
        lock (_gate)
            return _head ??= new FlightHead(leader.Http.Response);
    }

    /// <summary>What comes next for a follower: bytes, the end, or a task that completes when that may have changed.</summary>
    public (ReadOnlyMemory<byte> Bytes, FlightEnd? End, Task Change) Next(ref SharedBytes.Cursor cursor)
    {
        lock (_gate)
        {
            ReadOnlyMemory<byte> bytes = _bytes.Read(ref cursor, _published);
            if (!bytes.IsEmpty || _end is not null)
                return (bytes, bytes.IsEmpty ? _end : null, Task.CompletedTask);
            _change ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return (default, null, _change.Task);
        }
    }

    /// <summary>One less holds it: the last gives the memory back.</summary>
    public void Release()
    {
        int left;
        lock (_gate)
            left = --_holders;
        if (left > 0)
            return;
        _bytes.Free();
        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => _gone.Dispose();

    private bool EndIfNobodyWaits()
    {
        if (!_leaderLeft || _followers > 0 || _over)
            return false;
        _closed = true;
        return true;
    }
}
