using System.Text;
using System.Text.Json;

namespace Perigee.Tests.Configuration;

public class SchemaTests
{
    [Fact]
    public void The_schema_and_the_validator_know_the_same_members_and_bounds()
    {
        ConfigurationFaults faults = new();
        Settings.Reader().Read("""
            {"providers":{"x":{"baseUrl":"https://x.example/v1","headers":{}}},"aliases":{},
            "models":{"x/m":{"price":{"input":1,"output":1,"tiers":[{"above":1,"input":1,"output":1}],"later":[{"from":"2026-12-31","input":1,"output":1}]}}},
            "routes":{"r":{"policy":"conditional","targets":[{"target":"x/m","when":{"tools":true}},{"targets":["x/m"]}]}}}
            """u8.ToArray(), faults);
        Assert.Empty(faults.All);

        SortedDictionary<string, string> told = new(StringComparer.Ordinal);
        using JsonDocument schema = JsonDocument.Parse(ConfigurationServices.OpenSchema());
        Walk(schema.RootElement, schema.RootElement, "", told);
        foreach (string visited in told.Keys.Where(key => key.EndsWith('.')).ToArray())
            told.Remove(visited);

        Assert.Equal(
            string.Join("\n", told.Select(pair => $"{pair.Key}: {pair.Value}")),
            string.Join("\n", new SortedDictionary<string, string>(faults.Asked, StringComparer.Ordinal).Select(pair => $"{pair.Key}: {pair.Value}")));
    }

    [Fact]
    public void The_schema_lies_beside_the_app_too() =>
        Assert.Equal(
            new StreamReader(ConfigurationServices.OpenSchema(), Encoding.UTF8).ReadToEnd(),
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "perigee.schema.json")));

    [Fact]
    public void The_schema_names_every_kind_of_provider()
    {
        using JsonDocument schema = JsonDocument.Parse(ConfigurationServices.OpenSchema());

        IEnumerable<string?> kinds = schema.RootElement.GetProperty("$defs").GetProperty("provider").GetProperty("properties")
            .GetProperty("kind").GetProperty("enum").EnumerateArray().Select(kind => kind.GetString());

        Assert.Equal(Perigee.Providers.ProviderRows.Shipped.All.Select(row => row.Name), kinds);
    }

    [Fact]
    public void The_defaults_in_the_schema_are_the_real_ones()
    {
        using JsonDocument schema = JsonDocument.Parse(ConfigurationServices.OpenSchema());
        JsonElement properties = schema.RootElement.GetProperty("properties");
        JsonElement shapes = schema.RootElement.GetProperty("$defs");
        GatewayOptions defaults = Settings.Read("");

        long Of(string section, string member) => (shapes.TryGetProperty(section, out JsonElement shape) ? shape : properties.GetProperty(section)).GetProperty("properties").GetProperty(member).GetProperty("default").GetInt64();
        Assert.Equal(defaults.Limits.BodyBytes, Of("limits", "bodyBytes"));
        Assert.Equal(defaults.Limits.UploadBytes, Of("limits", "uploadBytes"));
        Assert.Equal(defaults.Cache.Ttl.TotalSeconds, Of("cache", "ttlSeconds"));
        Assert.Equal(defaults.Cache.MostTtl.TotalSeconds, Of("cache", "mostTtlSeconds"));
        Assert.Equal(defaults.Cache.CallLease.TotalSeconds, Of("cache", "callLeaseSeconds"));
        Assert.Equal(defaults.Cache.Semantic.MostTemperature, Of("semanticCache", "mostTemperature"));
        Assert.Equal(defaults.Cache.MemoryBytes, Of("cache", "memoryBytes"));
        Assert.Equal(defaults.Cache.LookupBudget.TotalMilliseconds, Of("cache", "lookupMilliseconds"));
        Assert.Equal(defaults.Timeouts.Connect.TotalSeconds, Of("timeouts", "connectSeconds"));
        Assert.Equal(defaults.Timeouts.FirstToken.TotalSeconds, Of("timeouts", "firstTokenSeconds"));
        Assert.Equal(defaults.Timeouts.Idle.TotalSeconds, Of("timeouts", "idleSeconds"));
        Assert.Equal(defaults.Timeouts.Total.TotalSeconds, Of("timeouts", "totalSeconds"));
        Assert.Equal(defaults.Timeouts.Hold.TotalSeconds, Of("timeouts", "holdSeconds"));
        Assert.Equal(defaults.Retries.Most, Of("retries", "max"));
        Assert.Equal(defaults.Retries.Base.TotalMilliseconds, Of("retries", "baseMilliseconds"));
        Assert.Equal(defaults.Retries.LongestWait.TotalMilliseconds, Of("retries", "waitMilliseconds"));
        Assert.Equal(defaults.Retries.LongestLastWait.TotalMilliseconds, Of("retries", "lastWaitMilliseconds"));
        Assert.Equal(defaults.Retries.BudgetPercent, Of("retries", "budgetPercent"));
        Assert.Equal(defaults.Breaker.Failures, Of("breaker", "failures"));
        Assert.Equal(defaults.Breaker.Percent, Of("breaker", "percent"));
        Assert.Equal(defaults.Breaker.Window.TotalSeconds, Of("breaker", "windowSeconds"));
        Assert.Equal(defaults.Breaker.Open.TotalSeconds, Of("breaker", "openSeconds"));
        Assert.Equal(defaults.Breaker.LongestOpen.TotalSeconds, Of("breaker", "longestOpenSeconds"));
        Assert.Equal(defaults.Logs.FlushAfter.TotalSeconds, Of("logs", "flushSeconds"));
        Assert.Equal(defaults.Usage.FlushAfter.TotalSeconds, Of("usage", "flushSeconds"));
        Assert.Equal(defaults.Usage.MinuteDays, Of("usage", "minuteDays"));
        Assert.Equal(defaults.Usage.HourDays, Of("usage", "hourDays"));
        Assert.Equal(defaults.Usage.DayDays, Of("usage", "dayDays"));
        Assert.Equal(defaults.Usage.MostGroups, Of("usage", "mostGroups"));
        Assert.Equal(defaults.Logs.FlushBytes, Of("logs", "flushBytes"));
    }

    private static void Walk(JsonElement root, JsonElement node, string path, SortedDictionary<string, string> told)
    {
        if (node.TryGetProperty("$ref", out JsonElement reference))
            node = Resolve(root, reference);
        if (path.Length > 0)
            told[path] = Describe(path, node);
        if (node.TryGetProperty("properties", out JsonElement properties))
        {
            foreach (JsonProperty member in properties.EnumerateObject())
                Walk(root, member.Value, path.Length == 0 ? member.Name : $"{path}.{member.Name}", told);
        }

        // Items of a shape of their own go by its name, wherever they stand: they may hold themselves.
        if (node.TryGetProperty("items", out JsonElement items) && items.TryGetProperty("anyOf", out JsonElement forms))
        {
            JsonElement shape = forms.EnumerateArray().Single(form => form.TryGetProperty("$ref", out _)).GetProperty("$ref");
            string name = shape.GetString()!["#/$defs/".Length..];
            if (told.TryAdd(name + ".", ""))
            {
                Walk(root, Resolve(root, shape), name, told);
                told.Remove(name);
            }
        }

        if (node.TryGetProperty("items", out JsonElement objects) && objects.TryGetProperty("properties", out _))
            Walk(root, objects, path + ".*", told);

        // Limits have a reader of their own, the management API's too.
        if (node.TryGetProperty("items", out items) && items.TryGetProperty("$ref", out JsonElement one) && Shape(one) is var shapeName && shapeName != "limit" && told.TryAdd(shapeName + ".", ""))
        {
            Walk(root, Resolve(root, one), shapeName, told);
            told.Remove(shapeName);
        }

        if (node.TryGetProperty("additionalProperties", out JsonElement additional) && additional.ValueKind == JsonValueKind.Object)
            Walk(root, additional, path + ".*", told);
    }

    private static JsonElement Resolve(JsonElement root, JsonElement reference) => root.GetProperty("$defs").GetProperty(Shape(reference));

    private static string Shape(JsonElement reference) => reference.GetString()!["#/$defs/".Length..];

    // kind is a list of rows in the schema and checked against the rows by the validator.
    private static string Describe(string path, JsonElement node) =>
        path == "providers.*.kind" ? "string"
        : node.TryGetProperty("enum", out JsonElement words) ? $"one of {string.Join(", ", words.EnumerateArray().Select(word => word.GetString()))}"
        : node.GetProperty("type").ValueKind == JsonValueKind.Array ? Forms(node.GetProperty("type"))
        : node.TryGetProperty("items", out JsonElement items) && items.TryGetProperty("anyOf", out _) ? "array of strings or target"
        : node.TryGetProperty("items", out JsonElement objects) && objects.TryGetProperty("properties", out _) ? "array of objects"
        : node.TryGetProperty("items", out items) && items.TryGetProperty("$ref", out JsonElement shape) ? $"array of {Shape(shape)}"
        : node.TryGetProperty("items", out items) && items.TryGetProperty("minimum", out JsonElement least) ? $"array of integers {least.GetInt64()}..{items.GetProperty("maximum").GetInt64()}"
        : node.GetProperty("type").GetString() switch
        {
            "integer" => $"integer {node.GetProperty("minimum").GetInt64()}..{node.GetProperty("maximum").GetInt64()}",
            "number" when node.TryGetProperty("maximum", out JsonElement most) =>
                FormattableString.Invariant($"number {node.GetProperty("minimum").GetDouble()}..{most.GetDouble()}"),
            "array" => "array of strings",
            { } type => type,
            null => "",
        };

    private static string Forms(JsonElement types) =>
        string.Join(" or ", types.EnumerateArray().Select(type => type.GetString() == "array" ? "array of strings" : type.GetString()));
}
