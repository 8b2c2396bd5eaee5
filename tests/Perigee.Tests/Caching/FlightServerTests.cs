using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Perigee.Tests.Caching;

/// <summary>The same on a real server, where clients really hang up.</summary>
public sealed class FlightServerTests : IAsyncLifetime
{
    private readonly FlightRig _rig = new();
    private readonly List<ExchangeRecord> _records = [];
    private readonly WebApplication _server;
    private int _asked;

    public FlightServerTests()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http1));
        _server = builder.Build();
        _server.Run(async http =>
        {
            Exchange exchange = FlightRig.Make("chat", stream: true, "hi", "t1", http);
            Task answered = _rig.InvokeAsync(exchange);
            Interlocked.Increment(ref _asked);
            await answered;
            lock (_records)
                _records.Add(ExchangeRecord.Of(exchange, TimeSpan.Zero, null));
        });
    }

    public async ValueTask InitializeAsync() => await _server.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task The_leader_hangs_up_and_the_others_get_it_all()
    {
        using TcpClient leader = await AskAsync();
        using TcpClient follower = await AskAsync();
        _rig.Only.Say("data: 1\n\n");
        await ReadAsync(leader, "data: 1");
        await ReadAsync(follower, "data: 1");
        leader.Client.Close(0);
        await UntilAsync(() => _rig.Only.Exchange.Http.RequestAborted.IsCancellationRequested);
        using TcpClient late = await AskAsync();
        _rig.Only.Say("data: 2\n\n");
        _rig.Only.End();

        string all = await ReadAsync(follower, "0\r\n\r\n");
        Assert.Contains("data: 2", all, StringComparison.Ordinal);
        Assert.Contains("x-perigee-cache: joined", await ReadAsync(late, "data: 2"), StringComparison.OrdinalIgnoreCase);
        await UntilAsync(() => Records.Count == 3);
        Assert.False(_rig.Only.Cancelled);
        Assert.Equal([(200, "Joined"), (200, "Joined"), (499, "Miss")], Records.Select(record => (record.Status, record.Cache)).Order());
    }

    [Fact]
    public async Task When_the_last_hangs_up_the_call_ends_at_once()
    {
        using TcpClient leader = await AskAsync();
        using TcpClient follower = await AskAsync();
        leader.Client.Close(0);
        await UntilAsync(() => _rig.Only.Exchange.Http.RequestAborted.IsCancellationRequested);
        Assert.False(_rig.Only.Cancelled);
        long started = Stopwatch.GetTimestamp();
        follower.Client.Close(0);
        await UntilAsync(() => _rig.Only.Over);
        TimeSpan took = Stopwatch.GetElapsedTime(started);
        TestContext.Current.TestOutputHelper!.WriteLine($"{took.TotalMilliseconds} ms");
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        await UntilAsync(() => Records.Count == 2);
        Assert.All(Records, record => Assert.Equal(499, record.Status));
    }

    private List<ExchangeRecord> Records
    {
        get
        {
            lock (_records)
                return [.. _records];
        }
    }

    /// <summary>Sends a question and waits until it leads or has joined.</summary>
    private async Task<TcpClient> AskAsync()
    {
        int before = Volatile.Read(ref _asked);
        TcpClient client = new();
        await client.ConnectAsync(new Uri(_server.Urls.First()).Host, new Uri(_server.Urls.First()).Port);
        await client.GetStream().WriteAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        await UntilAsync(() => Volatile.Read(ref _asked) > before);
        return client;
    }

    private static async Task<string> ReadAsync(TcpClient client, string until)
    {
        StringBuilder text = new();
        byte[] buffer = new byte[4096];
        while (!text.ToString().Contains(until, StringComparison.Ordinal))
        {
            int count = await client.GetStream().ReadAsync(buffer).AsTask().WaitAsync(TimeSpan.FromSeconds(60));
            Assert.True(count > 0, text.ToString());
            text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        return text.ToString();
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        long until = Environment.TickCount64 + 60_000;
        while (!holds())
        {
            Assert.True(Environment.TickCount64 < until, "waited in vain");
            await Task.Yield();
        }
    }
}
