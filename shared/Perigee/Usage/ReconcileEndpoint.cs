using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace Perigee.Usage;

/// <summary><c>POST /manage/v1/usage:reconcile</c>: holds an hour of rollups against the log's blobs, and corrects it where that is asked for.</summary>
internal sealed class ReconcileEndpoint(Reconciler reconciler, IGatewayOptions options, TimeProvider time)
{
    private const string Members = "A reconciliation has 'hour' (2030-01-31T12:00:00Z), 'apply' and 'lookAheadHours'.";
    private const int MostAhead = 48;
    private const int UsualAhead = 2;
    private const int MostShown = 1000;

    // Under the platform's 230 s.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);

    // Rollups and blobs of an hour that has just ended are still on their way.
    private static readonly TimeSpan Settling = TimeSpan.FromMinutes(15);

    /// <summary>Answers.</summary>
    public async Task RunAsync(HttpContext http)
    {
        (ReconcileWish? wish, GatewayError? error) = await ManageJson.ReadAsync(http, ReconcileJson.Default.ReconcileWish);
        DateTimeOffset hour = default;
        error ??= Check(wish!, out hour);
        if (error is not null)
        {
            await ManageJson.RefuseAsync(http, error);
            return;
        }

        using CancellationTokenSource limit = new(Patience, time);
        using CancellationTokenRegistration gone = http.RequestAborted.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), limit);
        try
        {
            Reconciliation found = await reconciler.CompareAsync(hour, wish!.LookAheadHours ?? UsualAhead, limit.Token);
            int? rows = null;
            if (wish.Apply == true)
            {
                if (Doubt(found) is { } doubt)
                {
                    await ManageJson.RefuseAsync(http, doubt);
                    return;
                }

                rows = await reconciler.ApplyAsync(found, hour >= KeptFrom(UsagePeriod.Minute), limit.Token);
            }

            await ManageJson.WriteAsync(http, StatusCodes.Status200OK, json => Write(json, found, rows));
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            await ManageJson.RefuseAsync(http, TooMuch());
        }
    }

    private GatewayError? Check(ReconcileWish wish, out DateTimeOffset hour)
    {
        hour = default;
        DateTimeOffset now = time.GetUtcNow();
        if (wish.Unknown is { Count: > 0 } unknown)
            return Bad($"Unknown: '{Shorten(unknown.Keys.First())}'. {Members}", Shorten(unknown.Keys.First()));
        if (wish.Hour is null || !UsageQuery.TryMoment(wish.Hour, out hour) || UsagePeriods.StartOf(UsagePeriod.Hour, hour) != hour)
            return Bad($"'hour' must be the beginning of an hour, as 2030-01-31T12:00:00Z. {Members}", "hour");
        if (wish.LookAheadHours is < 0 or > MostAhead)
            return Bad($"'lookAheadHours' must be 0 to {MostAhead}.", "lookAheadHours");
        if (hour > now)
            return Bad("'hour' has not begun yet.", "hour");
        if (hour < KeptFrom(UsagePeriod.Hour))
            return Bad($"'hour' lies before {KeptFrom(UsagePeriod.Hour).UtcDateTime:yyyy-MM-dd}, from when hours are kept (usage.hourDays): there is nothing left to hold the blobs against.", "hour");
        return wish.Apply == true && now < hour.AddHours(1) + Settling
            ? Bad($"'apply' must wait until {Settling.TotalMinutes:0} minutes after the hour's end: instances still write it.", "apply")
            : null;
    }

    /// <summary>Why the blobs cannot be taken for the truth.</summary>
    private static GatewayError? Doubt(Reconciliation found)
    {
        LoggedHour logged = found.Logged;
        if (logged.IsTooMuch)
            return TooMuch();
        string? why = logged.Dropped + logged.Lost > 0 ? $"instances say that they dropped {logged.Dropped} records at that time, and those that were killed took {logged.Lost} with them"
            : logged.Damaged > 0 ? $"{logged.Damaged} lines or blobs cannot be read"
            : logged.Records == 0 && found.Totals().Rollups.Requests > 0 ? "they hold no record of that hour (was logging off?)"
            : null;
        return why is null ? null : new GatewayError(ErrorKind.Conflict, $"The blobs are no better than the rollups: {why}. Nothing was changed; leave out 'apply' to see the difference.", "apply");
    }

    private static void Write(Utf8JsonWriter json, Reconciliation found, int? rows)
    {
        List<(UsageGroup Group, UsageCell Rollups, UsageCell Logged, UsageCell Difference)> differences = found.Differences();
        (UsageCell rollups, UsageCell logged) = found.Totals();
        UsageCell difference = new();
        difference.Merge(logged);
        difference.Merge(rollups, -1);
        json.WriteStartObject();
        json.WriteString("object"u8, "usage.reconciliation");
        json.WriteString("hour"u8, found.Hour.UtcDateTime);
        json.WriteBoolean("equal"u8, differences.Count == 0 && !found.Logged.IsTooMuch);
        json.WriteBoolean("applied"u8, rows is not null);
        json.WriteBoolean("whole"u8, !found.Logged.IsTooMuch);
        json.WriteNumber("blobs"u8, found.Logged.Blobs);
        json.WriteNumber("records"u8, found.Logged.Records);
        json.WriteNumber("duplicates"u8, found.Logged.Duplicates);
        json.WriteNumber("dropped"u8, found.Logged.Dropped);
        json.WriteNumber("lost"u8, found.Logged.Lost);
        json.WriteNumber("damaged"u8, found.Logged.Damaged);
        json.WriteNumber("unexplained"u8, found.Unexplained);
        Write(json, rollups, logged, difference);
        json.WriteNumber("differences"u8, differences.Count);
        json.WriteStartArray("groups"u8);
        foreach ((UsageGroup group, UsageCell here, UsageCell there, UsageCell more) in differences.OrderBy(static one => one.Group.ToString(), StringComparer.Ordinal).Take(MostShown))
        {
            json.WriteStartObject();
            for (UsageDimension dimension = 0; (int)dimension < UsageDimensions.Held; dimension++)
                json.WriteString(UsageDimensions.NameOf(dimension), group[dimension] is { Length: > 0 } value ? value : null);
            Write(json, here, there, more);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, UsageCell rollups, UsageCell logged, UsageCell difference)
    {
        foreach ((string name, UsageCell cell) in new[] { ("rollups", rollups), ("logged", logged), ("difference", difference) })
        {
            json.WriteStartObject(name);
            UsageLines.WriteNumbers(json, cell);
            json.WriteEndObject();
        }
    }

    private DateTimeOffset KeptFrom(UsagePeriod period) => UsagePeriods.StartOf(UsagePeriod.Day, time.GetUtcNow()).AddDays(-options.Current.Usage.DaysOf(period));

    private static GatewayError TooMuch() => new(
        ErrorKind.Unavailable, "The hour has more records than can be held against the rollups in one call: query its blobs instead (README, Usage).", "hour");

    private static GatewayError Bad(string message, string param) => new(ErrorKind.BadRequest, message, param);

    private static string Shorten(string name) => name.Length > 50 ? name[..50] + "..." : name;
}

/// <summary>What is asked for.</summary>
internal sealed class ReconcileWish
{
    /// <summary>The hour's beginning.</summary>
    public string? Hour { get; set; }

    /// <summary>Whether the difference is written.</summary>
    public bool? Apply { get; set; }

    /// <summary>How many hours of blobs behind the hour are looked at.</summary>
    public int? LookAheadHours { get; set; }

    /// <summary>What nobody knows.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>JSON of this folder.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, AllowDuplicateProperties = false, NumberHandling = JsonNumberHandling.Strict, PropertyNameCaseInsensitive = false)]
[JsonSerializable(typeof(ReconcileWish))]
internal sealed partial class ReconcileJson : JsonSerializerContext;
