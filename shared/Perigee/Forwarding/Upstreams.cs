using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Perigee.Providers;

namespace Perigee.Forwarding;

/// <summary>
/// The connections to providers: one pool for each reach, so that a provider which may live on this machine never lends its permission
/// to another. No redirects, cookies or proxies; every address is checked when it is dialled.
/// </summary>
internal sealed class Upstreams : IDisposable
{
    private readonly HttpMessageInvoker[] _pools;
    private readonly HttpMessageInvoker _builtIn;
    private readonly IGatewayOptions _options;
    private readonly TimeProvider _time;

    /// <param name="options">Gives the connect time-out in force.</param>
    /// <param name="time">The clock of that time-out.</param>
    /// <param name="demo">Answers for the provider that is built in.</param>
    /// <param name="here">Stands for the connections to this machine, where a test has no use for any; null in the gateway.</param>
    public Upstreams(IGatewayOptions options, TimeProvider time, DemoProvider demo, HttpMessageHandler? here = null)
    {
        _options = options;
        _time = time;
        _pools = [Pool(NetworkReach.Public), Pool(NetworkReach.Private), here is null ? Pool(NetworkReach.Loopback) : new HttpMessageInvoker(here)];
        _builtIn = new HttpMessageInvoker(demo);
    }

    /// <summary>How long a call may wait for a connection, where it says so itself. A connection that is made for one call may serve another.</summary>
    public static HttpRequestOptionsKey<TimeSpan> ConnectWithin { get; } = new("perigee-connect-within");

    /// <summary>The connections that a provider may use.</summary>
    public HttpMessageInvoker For(Provider provider) => provider.BuiltIn ? _builtIn : _pools[(int)provider.Network];

    /// <summary>The connections of a reach: for what the operator names besides providers.</summary>
    public HttpMessageInvoker Within(NetworkReach reach) => _pools[(int)reach];

    /// <summary>Connections to public addresses only: for what a client names.</summary>
    public HttpMessageInvoker Public => _pools[(int)NetworkReach.Public];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (HttpMessageInvoker pool in _pools)
            pool.Dispose();
        _builtIn.Dispose();
    }

    private HttpMessageInvoker Pool(NetworkReach reach) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        EnableMultipleHttp2Connections = true,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(90),
        MaxResponseHeadersLength = 64,

        // As they were read: what a client writes into its User-Agent must not look like a provider that cannot be reached.
        RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,

        // An answer that nobody waits for any more is cut at once, not read to its end.
        ResponseDrainTimeout = TimeSpan.Zero,
        MaxResponseDrainSize = 0,
        ConnectTimeout = Timeout.InfiniteTimeSpan,
        ConnectCallback = (context, cancel) => ConnectAsync(context, reach, cancel),
    });

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, NetworkReach reach, CancellationToken cancel)
    {
        DnsEndPoint endpoint = context.DnsEndPoint;
        TimeSpan patience = context.InitialRequestMessage.Options.TryGetValue(ConnectWithin, out TimeSpan within) ? within : _options.Current.Timeouts.Connect;
        using CancellationTokenSource limit = new(patience, _time);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        try
        {
            Stream stream = await DialAsync(endpoint, reach, both.Token);
            return context.InitialRequestMessage.RequestUri?.Scheme == Uri.UriSchemeHttps ? await SecureAsync(stream, endpoint.Host, both.Token) : stream;
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            throw new ConnectTimeoutException($"No connection within {patience.TotalSeconds:0.#} s.", e);
        }
    }

    /// <summary>TLS belongs to the connection: a server that takes the one and never answers the other is not waited for longer.</summary>
    private static async ValueTask<Stream> SecureAsync(Stream stream, string host, CancellationToken cancel)
    {
        SslStream secure = new(stream, leaveInnerStreamOpen: false);
        try
        {
            await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = host,
                ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            }, cancel);
            return secure;
        }
        catch
        {
            await secure.DisposeAsync();
            throw;
        }
    }

    private static async ValueTask<Stream> DialAsync(DnsEndPoint endpoint, NetworkReach reach, CancellationToken cancel)
    {
        IPAddress[] addresses = IPAddress.TryParse(endpoint.Host, out IPAddress? literal)
            ? [literal]
            : await Dns.GetHostAddressesAsync(endpoint.Host, cancel);
        IPAddress[] allowed = [.. addresses.Where(address => AddressRules.Allows(reach, address))];
        if (allowed.Length == 0)
            throw new AddressRefusedException();
        Exception? last = null;
        foreach (IPAddress address in allowed)
        {
            Socket socket = new(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, endpoint.Port), cancel);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (Exception e)
            {
                socket.Dispose();
                if (e is not SocketException)
                    throw;
                last = e;
            }
        }

        throw last!;
    }
}

/// <summary>The provider's name resolved to addresses that are not to be dialled.</summary>
internal sealed class AddressRefusedException() : IOException("The provider's host resolves to an address that is not allowed.");

/// <summary>No connection in time.</summary>
internal sealed class ConnectTimeoutException(string message, Exception inner) : IOException(message, inner);
