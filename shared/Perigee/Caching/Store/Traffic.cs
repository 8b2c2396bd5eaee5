using System.Threading.Channels;

namespace Perigee.Caching.Store;

/// <summary>Whether the cache is used: an idle instance reads and writes nothing. Noting it costs a read while it is known.</summary>
internal sealed class Traffic
{
    private readonly Channel<bool> _woken = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private volatile bool _noted;

    /// <summary>A request used the cache.</summary>
    public void Note()
    {
        if (_noted)
            return;
        _noted = true;
        _woken.Writer.TryWrite(true);
    }

    /// <summary>Whether it was used since it was asked last.</summary>
    public bool Take()
    {
        bool noted = _noted;
        _noted = false;
        _woken.Reader.TryRead(out _);
        return noted;
    }

    /// <summary>Waits for the next use.</summary>
    public async ValueTask WaitAsync(CancellationToken cancel) => await _woken.Reader.WaitToReadAsync(cancel);
}
