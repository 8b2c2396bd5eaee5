using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace Perigee.Cli;

/// <summary><c>perigee usage</c>: of a key, team or organisation how its limits stand; without one who used what; and <c>usage reconcile</c>.</summary>
internal static class UsageCommand
{
    private static readonly string[] Filters = ["organisation", "team", "key", "model", "provider", "region", "status", "statusClass", "cache", "dialect", "operation", "purpose"];

    /// <summary>Makes the command.</summary>
    /// <param name="api">The gateway.</param>
    /// <param name="act">Makes a command print what a call answers.</param>
    public static Command Make(Api api, Action<Command, Func<ParseResult, CancellationToken, Task<JsonDocument>>> act)
    {
        Argument<string?> id = new("id")
        {
            Description = "The id of a key, team or organisation: how all limits that hold for it stand. Without it: requests, tokens and cost.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<string?>[] options =
        [
            new("--from") { Description = "A day (2030-01-31) or a moment (2030-01-31T12:00:00Z); UTC." },
            new("--to") { Description = "The first day or moment that does not count; now where left out." },
            new("--bucket") { Description = "minute, hour, day (where left out) or total." },
            new("--group-by") { Description = $"Dimensions, divided by commas: {string.Join(", ", Filters)}." },
            .. Filters.Select(static filter => new Option<string?>("--" + Kebab(filter)) { Description = "Only these values, divided by commas." }),
        ];
        Command usage = new("usage", "What was used of all limits that hold for a key, team or organisation; without one, who used what.") { id };
        foreach (Option<string?> option in options)
            usage.Options.Add(option);
        act(usage, (parsed, cancel) =>
        {
            string query = string.Join('&', options.Where(option => parsed.GetValue(option) is not null)
                .Select(option => $"{Camel(option.Name[2..])}={Uri.EscapeDataString(parsed.GetValue(option)!)}"));
            if (parsed.GetValue(id) is not { Length: > 0 } one)
                return Pages.AllAsync(api, "usage", cancel, query);
            return query.Length == 0 ? LimitUsage.OfAsync(api, one, cancel)
                : throw new ApiException("An id stands alone. To filter by it say --key, --team or --organisation.");
        });
        usage.Subcommands.Add(Reconcile(api, act));
        return usage;
    }

    private static Command Reconcile(Api api, Action<Command, Func<ParseResult, CancellationToken, Task<JsonDocument>>> act)
    {
        Argument<string> hour = new("hour") { Description = "The beginning of an hour: 2030-01-31T12:00:00Z." };
        Option<bool> apply = new("--apply") { Description = "Write the difference, so that the rollups say what the blobs say." };
        Option<int?> ahead = new("--look-ahead-hours") { Description = "How many hours of blobs behind it are looked at for records that came late (2)." };
        Command reconcile = new("reconcile", "Holds an hour of usage against the log's blobs.") { hour, apply, ahead };
        act(reconcile, (parsed, cancel) =>
        {
            using MemoryStream body = new();
            using (Utf8JsonWriter json = new(body))
            {
                json.WriteStartObject();
                json.WriteString("hour"u8, parsed.GetValue(hour));
                json.WriteBoolean("apply"u8, parsed.GetValue(apply));
                if (parsed.GetValue(ahead) is { } hours)
                    json.WriteNumber("lookAheadHours"u8, hours);
                json.WriteEndObject();
            }

            return api.CallAsync("POST", "usage:reconcile", cancel, body.ToArray());
        });
        return reconcile;
    }

    private static string Kebab(string name) => string.Concat(name.Select(static c => char.IsAsciiLetterUpper(c) ? $"-{char.ToLower(c, CultureInfo.InvariantCulture)}" : c.ToString()));

    private static string Camel(string name)
    {
        string[] words = name.Split('-');
        return words[0] + string.Concat(words[1..].Select(static word => char.ToUpperInvariant(word[0]) + word[1..]));
    }
}
