using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Perigee.Acceptance.Tests.Hosting;

/// <summary>Requests of the hosting tests.</summary>
internal static class Wire
{
    /// <summary>How long any one wait of these tests may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static HttpClient Client(string url) => new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(url), Timeout = Patience };

    public static async Task<Dictionary<string, string?>> EchoAsync(this HttpResponseMessage response)
    {
        response.EnsureSuccessStatusCode();
        return JsonSerializer.Deserialize<Dictionary<string, string?>>(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
    }

    /// <summary>Sends a literal request and reads until the server closes: what a client sees where nothing is smoothed over.</summary>
    public static async Task<string> RawAsync(string url, string request)
    {
        using CancellationTokenSource deadline = new(Patience);
        Uri to = new(url);
        using TcpClient client = new();
        await client.ConnectAsync(to.Host, to.Port, deadline.Token);
        NetworkStream stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), deadline.Token);
        using MemoryStream all = new();
        try
        {
            await stream.CopyToAsync(all, deadline.Token);
        }
        catch (IOException)
        {
            // Reset by the server: what came before counts.
        }

        return Encoding.UTF8.GetString(all.ToArray());
    }
}
