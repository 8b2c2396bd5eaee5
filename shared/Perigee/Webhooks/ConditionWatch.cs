using System.Globalization;
using Microsoft.Extensions.Hosting;
using Perigee.Logs;
using Perigee.Routing.Health;

namespace Perigee.Webhooks;

/// <summary>Tells when the breaker of a target opens or closes in this instance, and when log records had to be dropped.</summary>
internal sealed class ConditionWatch(WebhookSender sender, TargetStates states, LogShipper logs, GatewayHost host, TimeProvider time) : IHostedService, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    /// <summary>Drops that are so far apart are of two outages.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(10);

    private ITimer? _timer;
    private long _seen;
    private DateTimeOffset _dropped = DateTimeOffset.MinValue;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        states.Changed += Tell;
        _timer = time.CreateTimer(_ => LookAtLogs(), null, Period, Period);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        states.Changed -= Tell;
        Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _timer, null)?.Dispose();

    private void Tell(TargetState state)
    {
        DateTimeOffset now = time.GetUtcNow();
        bool closed = state.Breaker == BreakerState.Closed;
        sender.Send(WebhookMessage.Make(closed ? "breaker.closed" : "breaker.opened", string.Create(CultureInfo.InvariantCulture, $"{host.Instance}|{state.Name}|{now.ToUnixTimeMilliseconds()}"), now, json =>
        {
            // The name may be a text that a client made up: the provider says enough.
            json.WriteString("provider"u8, state.Name.Split('/')[0]);
            json.WriteString("region"u8, host.Region);
            json.WriteString("instance"u8, host.Instance);
            if (!closed)
            {
                json.WriteString("why"u8, state.Why);
                json.WriteString("openUntil"u8, state.OpenUntil.UtcDateTime);
            }
        }));
    }

    private void LookAtLogs()
    {
        // Of all that ever were: those of a blob that is on its way wait no more, and are lost all the same.
        long dropped = logs.DroppedEver, more = dropped - _seen;
        _seen = dropped;
        if (more <= 0)
            return;
        DateTimeOffset now = time.GetUtcNow(), before = _dropped;
        _dropped = now;

        // Once for an outage: the next blob says how many there were in all.
        if (now - before < Quiet)
            return;
        sender.Send(WebhookMessage.Make("logs.dropped", string.Create(CultureInfo.InvariantCulture, $"{host.Instance}|{now.ToUnixTimeMilliseconds()}"), now, json =>
        {
            json.WriteNumber("dropped"u8, more);
            json.WriteString("region"u8, host.Region);
            json.WriteString("instance"u8, host.Instance);
        }));
    }
}
