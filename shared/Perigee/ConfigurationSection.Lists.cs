using System.Text.Json;

namespace Perigee;

/// <summary>Members that may have more than one form: lists of names and objects, one text or several, a flag or an object.</summary>
internal sealed partial class ConfigurationSection
{
    /// <summary>
    /// The items of a list that holds names, objects or both; empty where it is missing.
    /// </summary>
    /// <param name="member">The list.</param>
    /// <param name="shape">The name of the objects' shape: one for all the places where such a list may stand, nested ones too.</param>
    public IReadOnlyList<ConfigurationItem> Items(string member, string shape)
    {
        Ask(member, $"array of strings or {shape}");
        if (Take(member, JsonValueKind.Array, "a list") is not { } list)
            return [];
        List<ConfigurationItem> items = [];
        int index = 0;
        foreach (JsonElement item in list.EnumerateArray())
        {
            string path = $"{PathOf(member)}[{index++}]";
            if (item.ValueKind == JsonValueKind.String)
                items.Add(new(path, item.GetString(), null));
            else if (item.ValueKind == JsonValueKind.Object)
                items.Add(new(path, null, new(item, path, shape, _faults)));
            else
                _faults.Add(path, $"is {Describe(item)}; a string or an object is needed.");
        }

        return items;
    }

    /// <summary>The items of a list of objects; empty where it is missing.</summary>
    public IReadOnlyList<ConfigurationSection> Objects(string member)
    {
        Ask(member, "array of objects");
        string shape = ShapeOf(member) + ".*";
        _faults.Asked[shape] = "object";
        if (Take(member, JsonValueKind.Array, "a list") is not { } list)
            return [];
        int index = 0;
        return [.. list.EnumerateArray().Select(item => new ConfigurationSection(item, $"{PathOf(member)}[{index++}]", shape, _faults))];
    }

    /// <summary>The shape of a list's objects is asked for even where there are none, so that the schema can be held against it.</summary>
    public ConfigurationSection NoObject(string member) => new(default, PathOf(member), ShapeOf(member) + ".*", _faults);

    /// <summary>The items of a list of objects of a shape that several lists share; empty where it is missing.</summary>
    /// <param name="member">The list.</param>
    /// <param name="shape">The name of the objects' shape.</param>
    public IReadOnlyList<ConfigurationSection> Objects(string member, string shape)
    {
        Ask(member, $"array of {shape}");
        if (Take(member, JsonValueKind.Array, "a list") is not { } list)
            return [];
        List<ConfigurationSection> items = [];
        int index = 0;
        foreach (JsonElement item in list.EnumerateArray())
            items.Add(new(item, $"{PathOf(member)}[{index++}]", shape, _faults));
        return items;
    }

    /// <summary>Limits, as <see cref="LimitRuleJson"/> reads them; empty where the list is missing.</summary>
    public IReadOnlyList<LimitRule> Limits(string member, LimitLevel level, string owner)
    {
        Ask(member, "array of limit");
        JsonElement value = Find(member);
        if (value.ValueKind == JsonValueKind.Undefined)
            return [];
        List<(string Path, string Message)> faults = [];
        IReadOnlyList<LimitRule> rules = LimitRuleJson.ReadAll(value, level, owner, PathOf(member), faults);
        foreach ((string path, string message) in faults)
            _faults.Add(path, message);
        return rules;
    }

    /// <summary>Whether a list is there and holds something, be it faulty.</summary>
    public bool HasItems(string member) => Find(member) is { ValueKind: not JsonValueKind.Undefined } value
        && (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > 0);

    /// <summary>A list of whole numbers, or null where it is missing.</summary>
    /// <param name="member">The list.</param>
    /// <param name="least">The smallest that is taken.</param>
    /// <param name="most">The largest that is taken.</param>
    /// <param name="count">The most numbers that are taken.</param>
    public IReadOnlyList<int>? WholeNumbers(string member, int least, int most, int count)
    {
        Ask(member, $"array of integers {least}..{most}");
        if (Take(member, JsonValueKind.Array, "a list") is not { } list)
            return null;
        List<int> numbers = [];
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int number) && number >= least && number <= most)
                numbers.Add(number);
            else
                Fault(member, $"has to hold whole numbers from {least} to {most}, and nothing else.");
        }

        if (list.GetArrayLength() > count)
            Fault(member, $"has {list.GetArrayLength()} entries; at most {count} are taken.");
        return numbers;
    }

    /// <summary>One text or a list of them, or null.</summary>
    public IReadOnlyList<string>? Some(string member)
    {
        Ask(member, "string or array of strings");
        JsonElement value = Find(member);
        return value.ValueKind == JsonValueKind.Undefined ? null : SomeOf(value, PathOf(member));
    }

    /// <summary>The members of an object whose names are the operator's choice, each one text or a list of them.</summary>
    public IReadOnlyList<KeyValuePair<string, IReadOnlyList<string>>> SomeByName()
    {
        _faults.Asked[_shape + ".*"] = "string or array of strings";
        if (!IsGiven)
            return [];
        List<KeyValuePair<string, IReadOnlyList<string>>> members = [];
        foreach (JsonProperty member in _element.EnumerateObject())
        {
            _asked.Add(member.Name);
            members.Add(new(member.Name, SomeOf(member.Value, PathOf(member.Name))));
        }

        return members;
    }

    /// <summary>An object, or true for all its defaults; false is as if it were missing (<see cref="IsWanted"/>).</summary>
    public ConfigurationSection SectionOrFlag(string member)
    {
        Ask(member, "boolean or object");
        JsonElement value = Find(member);
        return value.ValueKind switch
        {
            JsonValueKind.Undefined or JsonValueKind.False => new(default, PathOf(member), ShapeOf(member), _faults) { IsWanted = false },
            JsonValueKind.True => new(default, PathOf(member), ShapeOf(member), _faults),
            _ => new(value, PathOf(member), ShapeOf(member), _faults),
        };
    }

    /// <summary>Of what <see cref="SectionOrFlag"/> gives: whether it is there and not false.</summary>
    public bool IsWanted { get; private init; } = true;

    private List<string> SomeOf(JsonElement value, string path)
    {
        List<string> texts = [];
        if (value.ValueKind == JsonValueKind.String)
        {
            texts.Add(value.GetString()!);
        }
        else if (value.ValueKind == JsonValueKind.Array)
        {
            int index = 0;
            foreach (JsonElement item in value.EnumerateArray())
            {
                if (item.ValueKind == JsonValueKind.String)
                    texts.Add(item.GetString()!);
                else
                    _faults.Add($"{path}[{index}]", $"is {Describe(item)}; a string is needed.");
                index++;
            }

            if (index == 0)
                _faults.Add(path, "is an empty list: nothing could ever be in it.");
        }
        else
        {
            _faults.Add(path, $"is {Describe(value)}; a string or a list of strings is needed.");
        }

        return texts;
    }
}

/// <summary>One item of a list that may hold names and objects.</summary>
/// <param name="Path">Where it stands in the file.</param>
/// <param name="Text">The name, or null.</param>
/// <param name="Section">The object, or null.</param>
internal sealed record ConfigurationItem(string Path, string? Text, ConfigurationSection? Section);
