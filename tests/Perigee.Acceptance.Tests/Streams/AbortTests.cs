using System.Diagnostics;
using System.Text.Json;
using Perigee.Acceptance.Tests.Running;
using Perigee.TestHost;
using Perigee.Testing;

namespace Perigee.Acceptance.Tests.Streams;

/// <summary>A client that goes away takes the call to the provider with it. Alone on the machine, because it measures.</summary>
[Collection(nameof(Alone))]
public sealed class AbortTests(Rig rig)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, BothHosts(true), BothHosts(false)]
    public Task The_call_to_the_provider_is_cancelled_within_100_ms(HostKind kind, bool afterContent) => Measuring.HoldsAsync(async () =>
    {
        const int Times = 7;
        Gateway gateway = await rig.GatewayAsync(kind);
        string key = await gateway.NewKeyAsync();
        List<TimeSpan> took = [];
        for (int i = 0; i < Times; i++)
        {
            TaskCompletionSource arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
            TaskCompletionSource<long> cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
            string model = (await rig.OwnAsync()).On(async (http, _) =>
            {
                using CancellationTokenRegistration gone = http.RequestAborted.Register(() => cancelled.TrySetResult(Stopwatch.GetTimestamp()));
                Say.Stream(http);
                if (afterContent)
                    await Say.PieceAsync(http, "First");
                arrived.SetResult();
                await cancelled.Task;
            });

            // A connection of its own each time: what the client closes is the connection.
            using HttpClient client = gateway.Client(key);
            using CancellationTokenSource leave = new();
            Task<ChatStream> opening = ChatStream.OpenAsync(client, model, leave.Token);
            await arrived.Task.WithinAsync("the call reaches the provider");
            long begin;
            if (afterContent)
            {
                ChatStream stream = await opening;
                Assert.Contains("First", await stream.NextAsync(), StringComparison.Ordinal);
                begin = Stopwatch.GetTimestamp();
                await stream.DisposeAsync();
            }
            else
            {
                begin = Stopwatch.GetTimestamp();
                await leave.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => opening);
            }

            took.Add(Stopwatch.GetElapsedTime(begin, await cancelled.Task.WithinAsync("the provider sees the cancellation")));
        }

        took.Sort();
        string figures = string.Join(", ", took.Select(t => $"{t.TotalMilliseconds:0.0}"));
        TestContext.Current.SendDiagnosticMessage($"{kind}, {(afterContent ? "in mid-stream" : "before the headers")}: cancelled after {figures} ms");
        return took[^1] < TimeSpan.FromSeconds(1) && took[Times / 2] < TimeSpan.FromMilliseconds(100) ? null : $"The slowest or the median took too long: {figures} ms.";
    });

    [Theory, BothHosts]
    public async Task An_sdk_that_aborts_is_seen_at_the_provider(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        string model = (await rig.OwnAsync()).On(async (http, _) =>
        {
            using CancellationTokenRegistration gone = http.RequestAborted.Register(() => cancelled.TrySetResult());
            Say.Stream(http);
            await Say.PieceAsync(http, "First");
            await cancelled.Task;
        });
        JsonElement seen = await NodeClient.RunAsync("abort", gateway, await gateway.NewKeyAsync(), new { model, prompt = "Hello" });
        Assert.True(seen.GetProperty("aborted").GetBoolean());
        await cancelled.Task.WithinAsync("the provider sees the cancellation");
    }

    [Theory, BothHosts]
    public async Task After_aborts_the_gateway_serves_on(HostKind kind)
    {
        Gateway gateway = await rig.GatewayAsync(kind);
        using HttpClient client = await gateway.NewClientAsync();

        // Equal questions would share one call.
        client.DefaultRequestHeaders.Add("x-perigee-cache", "off");
        SemaphoreSlim gone = new(0);
        string model = (await rig.OwnAsync()).On(async (http, _) =>
        {
            using CancellationTokenRegistration left = http.RequestAborted.Register(() => gone.Release());
            Say.Stream(http);
            await Say.PieceAsync(http, "First");
            await Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        ChatStream[] streams = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ChatStream.OpenAsync(client, model, Cancel)));
        foreach (ChatStream stream in streams)
            await stream.DisposeAsync();
        for (int i = 0; i < streams.Length; i++)
            await gone.WaitAsync(Cancel).WithinAsync("every call to the provider is cancelled");
        Refusals.Answer answer = await Refusals.Answer.ChatAsync(client, "demo/echo");
        Assert.Equal(System.Net.HttpStatusCode.OK, answer.Status);
    }
}

/// <summary>Tests that measure: nothing runs beside them.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
