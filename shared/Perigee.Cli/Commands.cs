using System.CommandLine;
using System.Text.Json;

namespace Perigee.Cli;

/// <summary>The command <c>perigee</c>: what there is to type, and what it does.</summary>
internal sealed class Commands
{
    private readonly Api _api;
    private readonly Func<string, string?> _environment;
    private readonly Option<string?> _url = new("--url") { Description = "The gateway (PERIGEE_URL, else http://localhost:7071).", Recursive = true };
    private readonly Option<string?> _key = new("--admin-key") { Description = "An admin key (better: PERIGEE_ADMIN_KEY, which no process list shows).", Recursive = true };
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON, for programs.", Recursive = true };
    private readonly RootCommand _root = new("Manages a Perigee gateway.");

    /// <param name="api">The gateway.</param>
    /// <param name="environment">Looks up an environment variable.</param>
    public Commands(Api api, Func<string, string?> environment)
    {
        (_api, _environment) = (api, environment);
        _root.Options.Add(_url);
        _root.Options.Add(_key);
        _root.Options.Add(_json);
        _root.Subcommands.Add(Keys());
        _root.Subcommands.Add(Level("organisations", "organisation", above: false));
        _root.Subcommands.Add(Level("teams", "team", above: true));
        Command limits = new("limits", "Limits and how they stand.");
        limits.Subcommands.Add(Show("show", "How the limits of an owner (a key's, team's or organisation's id) stand; without one the gateway's.", "limits", ["owner"]));
        _root.Subcommands.Add(limits);
        _root.Subcommands.Add(UsageCommand.Make(_api, Act));
        _root.Subcommands.Add(Cache());
        Command logs = Logs();
        logs.Subcommands.Add(Show("verify", "Says what is missing, double, dropped or broken in the logs, by process: the last day's, or from a day or moment (UTC) to another.", "logs:verify", ["from", "to", "stream"]));
        _root.Subcommands.Add(logs);
        _root.Subcommands.Add(Config());
        _root.Subcommands.Add(Show("regions", "This region, its home, and how the others stand.", "regions", []));
    }

    /// <summary>Runs a command line.</summary>
    /// <returns>0 where all went well, 1 where not.</returns>
    public Task<int> RunAsync(string[] args, TextWriter output, TextWriter errors) =>
        _root.Parse(args).InvokeAsync(new InvocationConfiguration { Output = output, Error = errors });

    private Command Keys()
    {
        Command keys = Level("keys", "key", above: false);
        keys.Subcommands.Remove(keys.Subcommands.Single(static command => command.Name == "create"));
        Option<string?> team = new("--team"), organisation = new("--organisation"), expires = new("--expires"), owner = new("--owned-by");
        Option<int?> requests = new("--requests-per-minute");
        Option<string[]> models = new("--model") { Description = "A model that it may use, such as 'openai/*'; again for more.", AllowMultipleArgumentsPerToken = true };
        Option<string?> settings = Settings("key");
        Argument<string> name = new("name");
        Command create = new("create", "Makes a key. It is shown once.") { name, team, organisation, expires, owner, requests, models, settings };
        Act(create, (parsed, cancel) => _api.CallAsync("POST", "keys", cancel, Body(parsed.GetValue(settings), json =>
        {
            json.WriteString("name"u8, parsed.GetValue(name));
            Text(json, "team", parsed.GetValue(team));
            Text(json, "organisation", parsed.GetValue(organisation));
            Text(json, "expiresAt", parsed.GetValue(expires));
            Text(json, "ownedBy", parsed.GetValue(owner));
            if (parsed.GetValue(requests) is { } most)
                json.WriteNumber("requestsPerMinute"u8, most);
            if (parsed.GetValue(models) is { Length: > 0 } allowed)
            {
                json.WriteStartArray("allowedModels"u8);
                foreach (string model in allowed)
                    json.WriteStringValue(model);
                json.WriteEndArray();
            }
        })));
        keys.Subcommands.Add(create);

        Argument<string> id = new("id");
        Option<int> overlap = new("--overlap-seconds") { Description = "For so long the old secret still opens.", DefaultValueFactory = static _ => 3600 };
        Command rotate = new("rotate", "Makes a new secret for a key. It is shown once.") { id, overlap };
        Act(rotate, (parsed, cancel) => _api.CallAsync("POST", $"keys/{Id(parsed.GetValue(id))}:rotate", cancel, Body(null, json =>
            json.WriteNumber("overlapSeconds"u8, parsed.GetValue(overlap)))));
        keys.Subcommands.Add(rotate);
        return keys;
    }

    /// <summary>create, list, show, set, disable, enable and delete.</summary>
    private Command Level(string what, string one, bool above)
    {
        Command level = new(what, $"{char.ToUpperInvariant(what[0])}{what[1..]}: make, list, show, change, disable, delete.");
        Argument<string> name = new("name");
        Option<string?> organisation = new("--organisation") { Description = "The organisation's id.", Required = above }, chosen = new("--id") { Description = "An id of your own." };
        Option<string?> settings = Settings(one);
        Command create = new("create", $"Makes a {one}.") { name, chosen, settings };
        if (above)
            create.Options.Add(organisation);
        Act(create, (parsed, cancel) => _api.CallAsync("POST", what, cancel, Body(parsed.GetValue(settings), json =>
        {
            json.WriteString("name"u8, parsed.GetValue(name));
            Text(json, "id", parsed.GetValue(chosen));
            if (above)
                Text(json, "organisation", parsed.GetValue(organisation));
        })));
        level.Subcommands.Add(create);

        Command list = new("list", "Lists all.");
        Act(list, (_, cancel) => Pages.AllAsync(_api, what, cancel));
        level.Subcommands.Add(list);
        level.Subcommands.Add(OfOne("show", $"Shows a {one}.", (id, _, cancel) => _api.CallAsync("GET", $"{what}/{id}", cancel)));
        Option<string?> change = Settings(one);
        Command set = OfOne("set", $"Changes a {one} by a JSON merge patch.", (id, parsed, cancel) => _api.CallAsync("PATCH", $"{what}/{id}", cancel, Body(parsed.GetValue(change), static _ => { })));
        set.Options.Add(change);
        level.Subcommands.Add(set);
        level.Subcommands.Add(OfOne("disable", $"Shuts a {one} for the time being.", (id, _, cancel) =>
            _api.CallAsync("PATCH", $"{what}/{id}", cancel, """{"disabled":true}"""u8.ToArray())));
        level.Subcommands.Add(OfOne("enable", $"Opens a {one} again.", (id, _, cancel) =>
            _api.CallAsync("PATCH", $"{what}/{id}", cancel, """{"disabled":null}"""u8.ToArray())));
        level.Subcommands.Add(OfOne("delete", $"Ends a {one} for good.", (id, _, cancel) => _api.CallAsync("DELETE", $"{what}/{id}", cancel)));
        return level;
    }

    private Command Cache()
    {
        Command cache = new("cache", "The response cache.");
        cache.Subcommands.Add(Show("show", "What it did and holds.", "cache", ["tenant", "namespace", "model", "days"]));
        Option<string?>[] filters = [.. ((string[])["tenant", "namespace", "model", "key"]).Select(static filter => new Option<string?>("--" + filter))];
        Option<bool> all = new("--all") { Description = "Everything." };
        Command invalidate = new("invalidate", "Drops what meets all that is given.") { all };
        foreach (Option<string?> filter in filters)
            invalidate.Options.Add(filter);
        Act(invalidate, (parsed, cancel) => _api.CallAsync("POST", "cache:invalidate", cancel, Body(null, json =>
        {
            foreach (Option<string?> filter in filters)
                Text(json, filter.Name[2..], parsed.GetValue(filter));
            if (parsed.GetValue(all))
                json.WriteBoolean("all"u8, true);
        })));
        cache.Subcommands.Add(invalidate);
        return cache;
    }

    private Command Logs()
    {
        string[] filters = ["key", "organisation", "team", "model", "provider", "status", "errors", "cache", "minMilliseconds"];
        Command logs = new("logs", "Records of requests.");
        logs.Subcommands.Add(Show("list", "What was written lately, the newest first.", "logs", ["from", "to", "limit", "after", .. filters]));
        logs.Subcommands.Add(OfOne("show", "Shows the record of a request by its x-request-id.", (id, _, cancel) => _api.CallAsync("GET", $"logs/{id}", cancel)));
        Option<string?>[] options = [.. filters.Select(static filter => new Option<string?>("--" + filter))];
        Command tail = new("tail", "Prints the records of one instance as they come, until it is ended (Ctrl+C).");
        foreach (Option<string?> option in options)
            tail.Options.Add(option);
        tail.SetAction(async (parsed, cancel) =>
        {
            (_api.Url, _api.Key) = (parsed.GetValue(_url), parsed.GetValue(_key));
            TextWriter output = parsed.InvocationConfiguration.Output, errors = parsed.InvocationConfiguration.Error;
            try
            {
                await _api.StreamAsync("logs/tail" + Query(options, parsed), (kind, data) =>
                {
                    using JsonDocument record = JsonDocument.Parse(data);
                    if (kind != "exchange")
                        errors.WriteLine(kind == "dropped" ? $"{record.RootElement.GetProperty("dropped")} records came too fast to be shown." : kind);
                    else
                        output.WriteLine(parsed.GetValue(_json) ? data : Printer.Line(record.RootElement));
                }, cancel);
                return 0;
            }
            catch (ApiException refused)
            {
                await errors.WriteLineAsync(refused.Message);
                return 1;
            }
        });
        logs.Subcommands.Add(tail);
        return logs;
    }

    private Command Config()
    {
        Command config = new("config", "The configuration.");
        Argument<string> file = new("file") { Description = "A perigee.json." };
        Command check = new("check", "Says everything that is wrong with a perigee.json. Asks no gateway.") { file };
        check.SetAction((parsed, cancel) => ConfigCheck.RunAsync(
            parsed.GetValue(file)!, _environment, parsed.GetValue(_json), parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, cancel));
        config.Subcommands.Add(check);
        Argument<string> put = new("file") { Description = "A perigee.json." };
        Command store = new("put", "Puts a configuration in force in all instances of all regions, in the place of the file of each.") { put };
        Act(store, async (parsed, cancel) => await _api.CallAsync("PUT", "config/stored", cancel, await ReadAsync(parsed.GetValue(put)!, cancel)));
        config.Subcommands.Add(store);
        config.Subcommands.Add(Show("show", "The configuration that was put.", "config/stored", []));
        Command reset = new("reset", "Lets every instance go back to its own file.");
        Act(reset, (_, cancel) => _api.CallAsync("DELETE", "config/stored", cancel));
        config.Subcommands.Add(reset);
        return config;
    }

    /// <summary>A GET whose query are the options.</summary>
    private Command Show(string name, string description, string path, string[] filters)
    {
        Option<string?>[] options = [.. filters.Select(static filter => new Option<string?>("--" + filter))];
        Command command = new(name, description);
        foreach (Option<string?> option in options)
            command.Options.Add(option);
        Act(command, (parsed, cancel) => _api.CallAsync("GET", path + Query(options, parsed), cancel));
        return command;
    }

    private static string Query(Option<string?>[] options, ParseResult parsed)
    {
        string query = string.Join('&', options.Where(option => parsed.GetValue(option) is not null)
            .Select(option => $"{option.Name[2..]}={Uri.EscapeDataString(parsed.GetValue(option)!)}"));
        return query.Length > 0 ? "?" + query : "";
    }

    private Command OfOne(string name, string description, Func<string, ParseResult, CancellationToken, Task<JsonDocument>> call)
    {
        Argument<string> id = new("id");
        Command command = new(name, description) { id };
        Act(command, (parsed, cancel) => call(Id(parsed.GetValue(id)), parsed, cancel));
        return command;
    }

    private void Act(Command command, Func<ParseResult, CancellationToken, Task<JsonDocument>> call) => command.SetAction(async (parsed, cancel) =>
    {
        (_api.Url, _api.Key) = (parsed.GetValue(_url), parsed.GetValue(_key));
        try
        {
            using JsonDocument answer = await call(parsed, cancel);
            Printer.Print(answer.RootElement, parsed.GetValue(_json), parsed.InvocationConfiguration.Output);
            return 0;
        }
        catch (ApiException refused)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync(refused.Message);
            return 1;
        }
    });

    private static async Task<byte[]> ReadAsync(string file, CancellationToken cancel)
    {
        try
        {
            return await File.ReadAllBytesAsync(file, cancel);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ApiException($"{file} cannot be read: {fault.Message}");
        }
    }

    private static Option<string?> Settings(string one) =>
        new("--settings") { Description = $"Members of the {one} as a JSON object, or @ and the name of a file that holds it." };

    private static string Id(string? id) => Uri.EscapeDataString(id ?? "");

    private static void Text(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    private static byte[] Body(string? settings, Action<Utf8JsonWriter> write)
    {
        using MemoryStream body = new();
        using (Utf8JsonWriter json = new(body))
        {
            json.WriteStartObject();
            write(json);
            if (settings is not null)
                Copy(json, settings);
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    private static void Copy(Utf8JsonWriter json, string settings)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(settings.StartsWith('@') ? File.ReadAllText(settings[1..]) : settings);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new ApiException("--settings must be a JSON object.");
            foreach (JsonProperty member in document.RootElement.EnumerateObject())
                member.WriteTo(json);
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ApiException($"--settings cannot be read: {e.Message}");
        }
    }
}
