using System.Buffers.Text;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Perigee.Benchmarks.Load;

/// <summary>
/// One caller on one kept-open HTTP/1.1 connection. A client library would cost several times what the gateway costs for a hit, on the same
/// cores: then its own cost is what is measured. This sends bytes that are ready and reads an answer up to its end, one system call each.
/// </summary>
internal sealed class Asker : IDisposable
{
    private readonly byte[] _buffer = new byte[256 * 1024];
    private long _begin;
    private int _have;
    private int _head;
    private long _length;

    public Asker(Uri url)
    {
        Socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Socket.Connect(IPAddress.Loopback, url.Port);
    }

    /// <summary>To wait on: something has come when it can be read.</summary>
    public Socket Socket { get; }

    /// <summary>Which request is the next.</summary>
    public int Turn { get; set; }

    /// <summary>Whether any answer will do; else one that is not 200 is a fault.</summary>
    public bool TakesAnyStatus { get; init; }

    /// <summary>The answer's status line and headers, until the next request.</summary>
    public ReadOnlySpan<byte> Head => _buffer.AsSpan(0, _head);

    /// <summary>From the request to the first bytes of the body, in milliseconds.</summary>
    public double ToBody { get; private set; }

    /// <summary>From the request to the end of the answer, in milliseconds.</summary>
    public double ToEnd { get; private set; }

    /// <summary>Sends a request.</summary>
    public void Ask(byte[] request)
    {
        (_have, _head, ToBody) = (0, 0, 0);
        _begin = Stopwatch.GetTimestamp();
        for (int sent = 0; sent < request.Length;)
            sent += Socket.Send(request.AsSpan(sent));
    }

    /// <summary>Reads what has come.</summary>
    /// <returns>Whether the answer is whole.</returns>
    public bool Read()
    {
        int read = Socket.Receive(_buffer.AsSpan(_have));
        if (read == 0)
            throw new InvalidOperationException("The connection was closed within an answer.");
        _have += read;
        if (_head == 0 && !ReadHead())
            return false;
        if (ToBody == 0 && _have > _head)
            ToBody = Stopwatch.GetElapsedTime(_begin).TotalMilliseconds;

        // Only canned bytes come back, and none of them end like the last chunk does.
        bool whole = _length >= 0 ? _have >= _head + _length : _buffer.AsSpan(_head, _have - _head).EndsWith("0\r\n\r\n"u8);
        if (whole)
            ToEnd = Stopwatch.GetElapsedTime(_begin).TotalMilliseconds;
        return whole;
    }

    public void Dispose() => Socket.Dispose();

    private bool ReadHead()
    {
        ReadOnlySpan<byte> had = _buffer.AsSpan(0, _have);
        int end = had.IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return false;
        if (!TakesAnyStatus && !had.StartsWith("HTTP/1.1 200 "u8))
            throw new InvalidOperationException(Encoding.UTF8.GetString(had));
        _head = end + 4;
        ReadOnlySpan<byte> name = "\r\nContent-Length: "u8;
        int at = had[.._head].IndexOf(name);
        _length = at >= 0 && Utf8Parser.TryParse(had[(at + name.Length)..], out long length, out _) ? length : -1;
        return true;
    }
}
