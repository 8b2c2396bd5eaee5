using System.Net.Sockets;
using System.Text;

namespace Perigee.Tests.Front;

/// <summary>A client that says any bytes it likes, and takes down what it hears until the connection ends.</summary>
internal static class RawClient
{
    /// <summary>Says bytes and listens to the end.</summary>
    /// <param name="address">Of the gateway.</param>
    /// <param name="said">The bytes, as Latin-1.</param>
    /// <param name="halfClose">Whether it says that nothing more will come.</param>
    /// <param name="leaveAfter">Heard bytes after which it goes away; or null.</param>
    public static async Task<string> SayAsync(Uri address, string said, bool halfClose = false, int? leaveAfter = null)
    {
        using CancellationTokenSource late = new(TimeSpan.FromSeconds(60));
        using TcpClient client = new();
        await client.ConnectAsync(address.Host, address.Port, late.Token);
        NetworkStream stream = client.GetStream();
        MemoryStream heard = new();
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(said), late.Token);
            if (halfClose)
                client.Client.Shutdown(SocketShutdown.Send);
            byte[] buffer = new byte[64 * 1024];
            while (leaveAfter is not { } most || heard.Length < most)
            {
                int count = await stream.ReadAsync(leaveAfter is { } left ? buffer.AsMemory(0, Math.Min(buffer.Length, left - (int)heard.Length)) : buffer, late.Token);
                if (count == 0)
                    break;
                heard.Write(buffer, 0, count);
            }
        }
        catch (IOException)
        {
            // Reset: what was heard before stands.
        }

        if (leaveAfter is not null)
            client.Client.Close(0);
        return Encoding.Latin1.GetString(heard.ToArray());
    }

    /// <summary>The status of what was heard, or 0; behind any 100.</summary>
    public static int Status(string heard)
    {
        while (heard.StartsWith("HTTP/1.1 100", StringComparison.Ordinal))
            heard = heard[(heard.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        return heard.StartsWith("HTTP/1.", StringComparison.Ordinal) ? int.Parse(heard.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture) : 0;
    }

    /// <summary>The body of what was heard.</summary>
    public static string Body(string heard)
    {
        while (heard.StartsWith("HTTP/1.1 100", StringComparison.Ordinal))
            heard = heard[(heard.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        int at = heard.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return at < 0 ? "" : heard[(at + 4)..];
    }
}
