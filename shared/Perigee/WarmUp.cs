using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Perigee.Storage;

namespace Perigee;

/// <summary>
/// Makes what a first request would wait for: the code of the steps, a connection and a token for the storage. Beside the start, never in its way; what fails here the first request
/// meets itself.
/// </summary>
internal sealed partial class WarmUp(
    IOwnCalls calls, IStorage storage, IGatewayOptions options, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<WarmUp> log) : IHostedService
{
    /// <summary>The purpose of its call: it leaves no record.</summary>
    public const string Purpose = "warm-up";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(() => _ = WarmAsync());
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task WarmAsync()
    {
        try
        {
            long began = time.GetTimestamp();
            using CancellationTokenSource patience = new(Patience, time);
            using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, lifetime.ApplicationStopping);
            Task<bool> probe = HealthEndpoints.AnswersAsync(storage, time, both.Token).AsTask();
            string? demo = options.Current.Providers.Values.FirstOrDefault(static provider => provider.BuiltIn)?.Name;
            foreach (bool stream in demo is null ? [] : new[] { false, true })
            {
                byte[] body = System.Text.Encoding.UTF8.GetBytes(
                    $$"""{"model":"{{demo}}/echo","stream":{{(stream ? "true" : "false")}},"messages":[{"role":"user","content":"warm"}]}""");
                await calls.AskAsync(new OwnCall("/v1/chat/completions", body, Caller.Open(null), Purpose), both.Token);
            }

            await probe;
            TimeSpan took = time.GetElapsedTime(began);
            LogWarm(took);
        }
        catch (OperationCanceledException)
        {
            // The process stops, or the storage is slow: see above.
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Warm after {Took}.")]
    private partial void LogWarm(TimeSpan took);
}
