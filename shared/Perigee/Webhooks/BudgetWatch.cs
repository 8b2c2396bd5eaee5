using System.Collections.Concurrent;
using System.Globalization;

namespace Perigee.Webhooks;

/// <summary>
/// Tells when a budget is half spent, at 80 and at 95 percent and when nothing is left, once for each of its periods. It sees what the limits say
/// of each request: the limit that leaves the least, or that refused.
/// </summary>
internal sealed class BudgetWatch(WebhookSender sender) : IExchangeSink
{
    private const int MostBudgets = 10_000;

    private static readonly int[] Thresholds = [100, 95, 80, 50];

    private readonly ConcurrentDictionary<string, int> _reached = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public bool Wants(GatewayOptions options) => options.Webhooks.Count > 0;

    /// <inheritdoc/>
    public void Take(ExchangeRecord record)
    {
        if (record.Limit is not { Rule: { Meter: LimitMeter.Money, Amount: > 0 } rule } limit)
            return;
        double spent = 100.0 * (rule.Amount - limit.Remaining) / rule.Amount;
        int threshold = record.Error == ErrorKind.BudgetSpent ? 100 : Array.Find(Thresholds, one => spent >= one);
        int before = _reached.GetValueOrDefault(rule.Id);

        // Below where it was last told of: another period has begun, or the amount has grown.
        if (threshold < before)
            _reached.TryUpdate(rule.Id, threshold, before);
        if (threshold <= before || _reached.Count >= MostBudgets || !(before == 0 ? _reached.TryAdd(rule.Id, threshold) || _reached.TryUpdate(rule.Id, threshold, 0) : _reached.TryUpdate(rule.Id, threshold, before)))
            return;

        // Every instance may see it: to the hour the end of the period is the same for all, and so is the message's id.
        DateTimeOffset reset = record.Time + limit.Reset;
        string key = string.Create(CultureInfo.InvariantCulture, $"{rule.Id}|{threshold}|{Math.Round(reset.ToUnixTimeSeconds() / 3600.0):0}");
        sender.Send(WebhookMessage.Make("budget.threshold", key, record.Time, json =>
        {
            json.WriteString("level"u8, rule.Level.ToString().ToLowerInvariant());
            json.WriteString("owner"u8, rule.Owner);
            json.WriteString("name"u8, rule.Name);
            json.WriteNumber("percent"u8, threshold);
            json.WriteNumber("amount"u8, rule.Amount / 1_000_000m);
            json.WriteNumber("remaining"u8, Math.Max(0, limit.Remaining) / 1_000_000m);
            json.WriteString("reset"u8, reset.UtcDateTime);
        }));
    }
}
