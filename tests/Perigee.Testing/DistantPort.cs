using System.Net;
using System.Net.Sockets;

namespace Perigee.Testing;

/// <summary>A port that leads to another through a line with a delay, and that can be cut: what lies between two regions.</summary>
public sealed class DistantPort : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly int _target;
    private readonly TimeSpan _oneWay;
    private readonly Task _accepting;
    private CancellationTokenSource _line = new();
    private volatile bool _isCut;
    private volatile bool _losesReplies;
    private int _lostReplies;

    /// <param name="target">The port on this machine that it leads to.</param>
    /// <param name="roundTrip">How much longer an answer takes.</param>
    public DistantPort(int target, TimeSpan roundTrip)
    {
        (_target, _oneWay) = (target, roundTrip / 2);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The port.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Whether what is asked arrives and the reply never does: the connection breaks in its place.</summary>
    public bool LosesReplies
    {
        get => _losesReplies;
        set => _losesReplies = value;
    }

    /// <summary>How many replies were lost.</summary>
    public int LostReplies => Volatile.Read(ref _lostReplies);

    /// <summary>Cuts what is open; what is opened from now on is cut at once.</summary>
    public void Cut()
    {
        _isCut = true;
        _line.Cancel();
    }

    /// <summary>Lets connections through again.</summary>
    public void Mend()
    {
        _line = new CancellationTokenSource();
        _isCut = false;
    }

    /// <summary>Closes all.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        Cut();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
        _line.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            TcpClient client = await _listener.AcceptTcpClientAsync(_end.Token);
            _ = CarryAsync(client);
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using (client)
        using (TcpClient server = new())
        {
            try
            {
                if (_isCut)
                    return;
                CancellationToken line = _line.Token;
                client.NoDelay = server.NoDelay = true;
                await server.ConnectAsync(IPAddress.Loopback, _target, line);
                await Task.WhenAny(CopyAsync(client, server, replies: false, line), CopyAsync(server, client, replies: true, line));
            }
            catch (Exception broken) when (broken is SocketException or OperationCanceledException)
            {
                // Whoever is at the other end sees a connection that broke.
            }
        }
    }

    // Every piece is as late as the one before it: the line is long, not narrow.
    private async Task CopyAsync(TcpClient from, TcpClient to, bool replies, CancellationToken line)
    {
        NetworkStream source = from.GetStream(), sink = to.GetStream();
        Task last = Task.CompletedTask;
        byte[] buffer = new byte[16 * 1024];
        try
        {
            int count;
            while ((count = await source.ReadAsync(buffer, line)) > 0)
            {
                if (replies && _losesReplies)
                {
                    Interlocked.Increment(ref _lostReplies);
                    return;
                }

                last = SendAsync(last, buffer[..count], TimeProvider.System.GetTimestamp());
            }

            await last;
        }
        catch (Exception broken) when (broken is IOException or SocketException or OperationCanceledException)
        {
            // See above.
        }

        async Task SendAsync(Task before, byte[] piece, long came)
        {
            TimeSpan left = _oneWay - TimeProvider.System.GetElapsedTime(came);
            if (left > TimeSpan.Zero)
                await Task.Delay(left, line);
            await before;
            await sink.WriteAsync(piece, line);
        }
    }
}
