using System.Buffers;
using System.Text.Json;

namespace Perigee;

/// <summary>
/// Limits as people write them, in perigee.json and in the management API:
/// <c>{"meter":"tokens","amount":100000,"per":"minute","model":"openai/*"}</c>.
/// </summary>
internal static class LimitRuleJson
{
    /// <summary>The most limits of one owner: each is a counter that every request of the owner pays for.</summary>
    public const int Most = 20;

    private const int LongestName = 64;

    /// <summary>Far above any real limit, and far enough below 2^63 that sums of such amounts are exact. In dollars a billion.</summary>
    private const long Largest = 1_000_000_000_000_000;

    private const string NeededAmount = "has to be a whole number from 1 to 1000000000000000.";

    private static readonly string[] Members = ["name", "meter", "amount", "per", "window", "timeZone", "model", "storageDown", "strict", "clamp"];
    private static readonly string[] Meters = ["requests", "input-tokens", "output-tokens", "tokens", "concurrency", "money"];
    private static readonly string[] Periods = ["second", "minute", "hour", "day", "week", "month", "total"];
    private static readonly string[] Windows = ["sliding", "fixed"];
    private static readonly string[] Downs = ["deny", "share"];

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    private static readonly SearchValues<char> ZoneCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/");

    /// <summary>Reads a list of limits. Two that would share a counter are a fault.</summary>
    /// <param name="element">The list.</param>
    /// <param name="level">Whose limits they are.</param>
    /// <param name="owner">The id of the owner, safe in a table key.</param>
    /// <param name="path">Where the list stands, for faults (<c>limits</c>).</param>
    /// <param name="faults">What is wrong is added here.</param>
    /// <returns>The limits that are sound.</returns>
    public static IReadOnlyList<LimitRule> ReadAll(JsonElement element, LimitLevel level, string owner, string path, List<(string Path, string Message)> faults)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            faults.Add((path, $"is {Describe(element)}; a list of limits is needed."));
            return [];
        }

        if (element.GetArrayLength() > Most)
        {
            faults.Add((path, $"has {element.GetArrayLength()} limits; at most {Most} are taken."));
            return [];
        }

        List<LimitRule> rules = [];
        int index = 0;
        foreach (JsonElement item in element.EnumerateArray())
        {
            string at = $"{path}[{index++}]";
            if (Read(item, level, owner, at, faults) is not { } rule)
                continue;
            if (rules.Exists(other => other.Name == rule.Name))
                faults.Add(($"{at}.name", $"is '{rule.Name}', like that of another limit here: they would share a counter. Give each a 'name'."));
            else
                rules.Add(rule);
        }

        return rules;
    }

    /// <summary>Reads one limit.</summary>
    /// <param name="element">The object.</param>
    /// <param name="level">Whose limit it is.</param>
    /// <param name="owner">The id of the owner, safe in a table key.</param>
    /// <param name="path">Where it stands, for faults (<c>limits[0]</c>).</param>
    /// <param name="faults">What is wrong is added here: all of it, and never a value.</param>
    /// <returns>The limit, or null where it has a fault.</returns>
    public static LimitRule? Read(JsonElement element, LimitLevel level, string owner, string path, List<(string Path, string Message)> faults)
    {
        int before = faults.Count;
        if (element.ValueKind != JsonValueKind.Object)
        {
            faults.Add((path, $"is {Describe(element)}; an object such as {{\"meter\":\"requests\",\"amount\":60,\"per\":\"minute\"}} is needed."));
            return null;
        }

        RuleMembers members = new(element, path, faults, Members);
        int? meterWord = members.Choice("meter", Meters, needed: true);
        LimitMeter? meter = meterWord is { } word ? (LimitMeter)word : null;
        long? amount = Amount(members, meter);
        LimitPeriod? period = Period(members, meter);
        LimitWindow? window = Window(members, meter, period);
        string? zone = Zone(members, period, window);
        string? model = Model(members);
        int? down = members.Choice("storageDown", Downs, needed: false);
        bool strict = members.Flag("strict") ?? false;
        bool? clamp = members.Flag("clamp");
        if (clamp == true && meter is not (null or LimitMeter.Money))
            members.Fault("clamp", "goes with meter 'money' only.");
        string? name = Name(members);
        if (faults.Count > before)
            return null;
        return new LimitRule
        {
            Name = name ?? UsualName(meter!.Value, period!.Value, model),
            Level = level,
            Owner = owner,
            Meter = meter!.Value,
            Amount = amount!.Value,
            Period = period!.Value,
            Window = window!.Value,
            TimeZone = zone ?? "UTC",
            Model = model,
            StorageDown = down == 1 ? WhenStorageDown.Share : WhenStorageDown.Deny,
            Strict = strict,
            Clamp = clamp ?? false,
        };
    }

    /// <summary>Writes a limit as it would be read again, with what was left out filled in.</summary>
    public static void Write(Utf8JsonWriter json, LimitRule rule)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, rule.Name);
        json.WriteString("meter"u8, Meters[(int)rule.Meter]);
        if (rule.Meter == LimitMeter.Money)
            json.WriteNumber("amount"u8, rule.Amount / 1_000_000m);
        else
            json.WriteNumber("amount"u8, rule.Amount);
        if (rule.Period != LimitPeriod.None)
            json.WriteString("per"u8, WordOf(rule.Period));
        if (rule.Meter != LimitMeter.Concurrency && rule.Period != LimitPeriod.Total)
            json.WriteString("window"u8, Windows[(int)rule.Window]);
        if (rule.Window == LimitWindow.Fixed && rule.Period != LimitPeriod.Total)
            json.WriteString("timeZone"u8, rule.TimeZone);
        if (rule.Model is not null)
            json.WriteString("model"u8, rule.Model);
        json.WriteString("storageDown"u8, Downs[(int)rule.StorageDown]);
        json.WriteBoolean("strict"u8, rule.Strict);
        if (rule.Meter == LimitMeter.Money)
            json.WriteBoolean("clamp"u8, rule.Clamp);
        json.WriteEndObject();
    }

    /// <summary>What a limit without a name of its own is called: meter, period and model. Safe in a table key, as a name has to be.</summary>
    public static string UsualName(LimitMeter meter, LimitPeriod period, string? model = null)
    {
        string name = period == LimitPeriod.None ? Meters[(int)meter] : $"{Meters[(int)meter]}-{WordOf(period)}";
        return model is null ? name : $"{name}-{model.Replace('/', '.')}";
    }

    private static string WordOf(LimitPeriod period) => Periods[(int)period - 1];

    private static long? Amount(RuleMembers members, LimitMeter? meter)
    {
        if (members.Number("amount") is not { } value || meter is null)
            return null;
        if (meter != LimitMeter.Money)
        {
            if (value.TryGetInt64(out long count) && count is >= 1 and <= Largest)
                return count;
            members.Fault("amount", NeededAmount);
            return null;
        }

        if (!value.TryGetDecimal(out decimal dollars) || dollars is <= 0 or > Largest / 1_000_000)
            members.Fault("amount", "has to be more than 0 and at most 1000000000 dollars.");
        else if (decimal.Truncate(dollars * 1_000_000) is var micro && micro == dollars * 1_000_000)
            return (long)micro;
        else
            members.Fault("amount", "has more than 6 decimals: a micro-dollar is the smallest amount.");
        return null;
    }

    private static LimitPeriod? Period(RuleMembers members, LimitMeter? meter)
    {
        if (meter == LimitMeter.Concurrency)
        {
            members.Refuse("per", "does not go with meter 'concurrency': it counts what is under way now.");
            return LimitPeriod.None;
        }

        return members.Choice("per", Periods, needed: true) is { } index ? (LimitPeriod)(index + 1) : null;
    }

    private static LimitWindow? Window(RuleMembers members, LimitMeter? meter, LimitPeriod? period)
    {
        if (meter == LimitMeter.Concurrency)
        {
            members.Refuse("window", "does not go with meter 'concurrency'.");
            return LimitWindow.Sliding;
        }

        int? said = members.Choice("window", Windows, needed: false);
        if (period is LimitPeriod.Month or LimitPeriod.Total)
        {
            if (said == (int)LimitWindow.Sliding)
                members.Fault("window", "has to be 'fixed' for a month or in total.");
            return LimitWindow.Fixed;
        }

        if (said is { } window)
            return (LimitWindow)window;
        return meter == LimitMeter.Money && period is LimitPeriod.Day or LimitPeriod.Week ? LimitWindow.Fixed : LimitWindow.Sliding;
    }

    private static string? Zone(RuleMembers members, LimitPeriod? period, LimitWindow? window)
    {
        if (members.Text("timeZone") is not { } zone)
            return null;
        if (period == LimitPeriod.Total || window == LimitWindow.Sliding)
            members.Fault("timeZone", "goes with a fixed window only: a sliding one has no edge in the calendar, and 'total' no end.");
        else if (zone.Length is 0 or > 64 || zone.AsSpan().ContainsAnyExcept(ZoneCharacters) || !char.IsAsciiLetter(zone[0])
            || !TimeZoneInfo.TryFindSystemTimeZoneById(zone, out TimeZoneInfo? found) || !found.HasIanaId)
            members.Fault("timeZone", "is no time zone that is known here: name it as IANA does, such as 'Europe/Vienna'.");
        return zone;
    }

    private static string? Model(RuleMembers members)
    {
        if (members.Text("model") is not { } model)
            return null;
        if (model != "*" && !ConfigurationNames.IsModel(model.EndsWith('*') ? model[..^1] : model))
            members.Fault("model", "has to be a model as clients name it, with '*' at the end for any rest, such as 'openai/*'.");
        return model;
    }

    private static string? Name(RuleMembers members)
    {
        if (members.Text("name") is not { } name)
            return null;
        if (name.Length is 0 or > LongestName || name.AsSpan().ContainsAnyExcept(NameCharacters))
            members.Fault("name", $"has to have 1 to {LongestName} letters, digits, '-', '_' or '.'.");
        return name;
    }

    /// <summary>A kind of JSON in words.</summary>
    internal static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        JsonValueKind.Undefined => "missing",
        _ => "true or false",
    };
}
