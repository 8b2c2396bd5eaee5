using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Perigee.Callers;
using Perigee.Storage;

namespace Perigee.Webhooks;

/// <summary>
/// Tells of keys and admin keys that will expire: some days before, and once for each of these days. Every instance of the home region looks every
/// hour; who writes that it tells, tells. One that dies between the two tells nobody: the next of the days does.
/// </summary>
internal sealed partial class KeyWatch(
    SharedTables tables, KeyStore keys, AdminKeys admins, WebhookSender sender, IGatewayOptions options, TimeProvider time, ILogger<KeyWatch> log) : BackgroundService
{
    /// <summary>The message's type, and the partition of table <c>health</c> in which it stands what was told.</summary>
    public const string Event = "key.expiring";

    /// <summary>From the start to the first look.</summary>
    public static readonly TimeSpan First = TimeSpan.FromMinutes(1);

    /// <summary>From one look to the next.</summary>
    public static readonly TimeSpan Every = TimeSpan.FromHours(1);

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly ITable _told = tables.HomeStorage.Table("health");

    /// <summary>Looks once.</summary>
    /// <exception cref="StorageException">The storage does not answer.</exception>
    public async Task LookAsync(CancellationToken cancel)
    {
        IReadOnlySet<int>[] wishes = [.. options.Current.Webhooks.Where(static hook => hook.Events.Contains(Event)).Select(static hook => hook.ExpiringDays)];
        if (wishes.Length == 0)
            return;
        await foreach (KeyRecord key in keys.ListAsync(cancel))
        {
            if (key.RevokedAt is null && key.Settings.ExpiresAt is { } end)
                await TellAsync(new Ending("key", key.Id, key.CreatedAt, end) { Organisation = key.Organisation, Team = key.Team }, wishes, cancel);
        }

        foreach (AdminKeyRecord key in await admins.ListAsync(cancel))
        {
            if (key.RevokedAt is null && key.ExpiresAt is { } end)
                await TellAsync(new Ending("admin-key", key.Id, key.CreatedAt, end), wishes, cancel);
        }

        await ForgetAsync(cancel);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Keys of all regions are managed at home.
        if (!tables.IsHome)
            return;
        await Task.Delay(First, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!stoppingToken.IsCancellationRequested)
        {
            using CancellationTokenSource patience = new(Patience, time);
            using CancellationTokenSource both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stoppingToken);
            try
            {
                await LookAsync(both.Token);
            }
            catch (Exception fault) when (fault is StorageException or OperationCanceledException)
            {
                if (!stoppingToken.IsCancellationRequested)
                    LogLater(fault.Message);
            }

            await Task.Delay(Every, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The day that is due of those that somebody wants to be told at, or null. A key that was made for less than so long is not told of then.</summary>
    private static int? Due(IReadOnlySet<int> days, in Ending key, DateTimeOffset now)
    {
        int? due = null;
        foreach (int day in days)
        {
            DateTimeOffset moment = key.End.AddDays(-day);
            if (now >= moment && key.Made <= moment && (due is null || day < due))
                due = day;
        }

        return due;
    }

    private async ValueTask TellAsync(Ending key, IReadOnlySet<int>[] wishes, CancellationToken cancel)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (key.End <= now)
            return;
        foreach (int days in wishes.Select(wish => Due(wish, key, now)).OfType<int>().Distinct())
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"{key.Id}-{key.End.ToUnixTimeSeconds()}-{days}");

            // Not given up in between: what is written to be told has to be told.
            if (!(await _told.WriteAsync(new TableRow(Event, name).Set("until", key.End), WriteWhen.Absent, CancellationToken.None)).Written)
                continue;
            sender.Send(WebhookMessage.Make(Event, name, now, json => Write(json, key, days)) with { Days = days });
        }
    }

    // The name is a person's text, and a receiver need not know it: the id finds the key.
    private static void Write(Utf8JsonWriter json, in Ending key, int days)
    {
        json.WriteString("kind"u8, key.Kind);
        json.WriteString("id"u8, key.Id);
        json.WriteString("organisation"u8, key.Organisation);
        json.WriteString("team"u8, key.Team);
        json.WriteString("expiresAt"u8, key.End.UtcDateTime);
        json.WriteNumber("days"u8, days);
    }

    /// <summary>Takes away what was told of keys that have expired.</summary>
    private async ValueTask ForgetAsync(CancellationToken cancel)
    {
        List<string> over = [];
        DateTimeOffset now = time.GetUtcNow();
        await foreach (TableRow row in _told.ReadAsync(Event, null, null, cancel))
        {
            if (row.Moment("until") < now)
                over.Add(row.Row);
        }

        foreach (string row in over)
            await _told.RemoveAsync(Event, row, null, cancel);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Keys that will expire were not looked for: {Why}. The next look is in an hour.")]
    private partial void LogLater(string why);

    /// <summary>A key that will expire.</summary>
    /// <param name="Kind"><c>key</c> or <c>admin-key</c>.</param>
    /// <param name="Id">Its id.</param>
    /// <param name="Made">When it was made.</param>
    /// <param name="End">From when on it is refused.</param>
    private readonly record struct Ending(string Kind, string Id, DateTimeOffset Made, DateTimeOffset End)
    {
        public string? Organisation { get; init; }

        public string? Team { get; init; }
    }
}
