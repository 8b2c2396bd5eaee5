using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Perigee.Benchmarks.Load;

/// <summary>
/// One kept-open HTTP/1.1 connection of a caller. A client library would cost several times what the gateway costs for a hit, on the same
/// cores: then its own cost is what is measured. This sends bytes that are ready and reads an answer up to its end.
/// </summary>
internal sealed class Wire : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[256 * 1024];

    public static async Task<Wire> OpenAsync(Uri url)
    {
        Wire wire = new();
        await wire._socket.ConnectAsync(IPAddress.Loopback, url.Port);
        return wire;
    }

    /// <summary>Sends one request and reads the whole answer.</summary>
    /// <param name="request">Head and body.</param>
    /// <param name="begun">Called when the first bytes of the body are there.</param>
    public async ValueTask AskAsync(ReadOnlyMemory<byte> request, Action? begun)
    {
        while (request.Length > 0)
            request = request[await _socket.SendAsync(request)..];
        int have = 0;
        int head;
        while ((head = _buffer.AsSpan(0, have).IndexOf("\r\n\r\n"u8)) < 0)
            have += await MoreAsync(have);
        head += 4;
        if (!_buffer.AsSpan(0, have).StartsWith("HTTP/1.1 200 "u8))
            throw new InvalidOperationException(Encoding.UTF8.GetString(_buffer.AsSpan(0, have)));
        long length = LengthOf(_buffer.AsSpan(0, head));
        while (begun is not null && have == head)
            have += await MoreAsync(have);
        begun?.Invoke();

        // Only canned bytes come back, and none of them end like the last chunk does.
        while (length >= 0 ? have < head + length : !_buffer.AsSpan(head, have - head).EndsWith("0\r\n\r\n"u8))
            have += await MoreAsync(have);
    }

    public void Dispose() => _socket.Dispose();

    private async ValueTask<int> MoreAsync(int have)
    {
        int read = await _socket.ReceiveAsync(_buffer.AsMemory(have));
        return read > 0 ? read : throw new InvalidOperationException("The connection was closed within an answer.");
    }

    /// <summary>What Content-Length says; -1 where the body comes in chunks.</summary>
    private static long LengthOf(ReadOnlySpan<byte> head)
    {
        ReadOnlySpan<byte> name = "\r\nContent-Length: "u8;
        int at = head.IndexOf(name);
        return at >= 0 && Utf8Parser.TryParse(head[(at + name.Length)..], out long length, out _) ? length : -1;
    }
}
