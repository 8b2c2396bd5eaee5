namespace Perigee.Logs.Bodies;

/// <summary>The memory that bodies may take on their way to the storage, of all exchanges together.</summary>
internal sealed class BodyBudget(long most = BodyBudget.Most)
{
    /// <summary>The usual bound.</summary>
    public const long Most = 64 * 1024 * 1024;

    private long _used;

    /// <summary>Bytes in use.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Takes bytes, or says that there are none left.</summary>
    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= most)
            return true;
        Interlocked.Add(ref _used, -bytes);
        return false;
    }

    /// <summary>Gives bytes back.</summary>
    public void Return(int bytes) => Interlocked.Add(ref _used, -bytes);
}
