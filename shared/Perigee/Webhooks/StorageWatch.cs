using System.Globalization;
using Microsoft.Extensions.Hosting;
using Perigee.Storage;

namespace Perigee.Webhooks;

/// <summary>Tells when this instance's storage has not answered for half a minute, and when it answers again. It looks only where somebody wants to know.</summary>
internal sealed class StorageWatch(WebhookSender sender, IStorage storage, IGatewayOptions options, GatewayHost host, TimeProvider time) : BackgroundService
{
    /// <summary>From one look to the next.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    private const string Down = "storage.down";
    private const string Up = "storage.up";

    /// <summary>Looks in a row that have to fail: one may be chance.</summary>
    private const int Enough = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        int failed = 0;
        while (true)
        {
            await Task.Delay(Every, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested)
                return;
            if (!options.Current.Webhooks.Any(static hook => hook.Events.Contains(Down) || hook.Events.Contains(Up)))
                continue;
            if (!await AnswersAsync(stoppingToken))
            {
                if (++failed == Enough && !stoppingToken.IsCancellationRequested)
                    Tell(Down);
                continue;
            }

            if (failed >= Enough)
                Tell(Up);
            failed = 0;
        }
    }

    private async ValueTask<bool> AnswersAsync(CancellationToken stop)
    {
        using CancellationTokenSource patience = new(Patience, time);
        using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
        try
        {
            await storage.ProbeAsync(both.Token);
            return true;
        }
        catch (Exception fault) when (fault is StorageException or OperationCanceledException)
        {
            return false;
        }
    }

    private void Tell(string type)
    {
        DateTimeOffset now = time.GetUtcNow();
        sender.Send(WebhookMessage.Make(type, string.Create(CultureInfo.InvariantCulture, $"{host.Instance}|{now.ToUnixTimeMilliseconds()}"), now, json =>
        {
            json.WriteString("region"u8, host.Region);
            json.WriteString("instance"u8, host.Instance);
        }));
    }
}
