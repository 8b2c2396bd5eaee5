using System.Text.Json;
using Perigee.Catalog;

namespace Perigee;

/// <summary>Collects what is wrong, and what the validator asked for: the schema is held against the latter by a test.</summary>
internal sealed class ConfigurationFaults
{
    /// <summary>The faults so far.</summary>
    public List<ConfigurationFault> All { get; } = [];

    /// <summary>Every member ever asked for, with <c>*</c> for names of the operator's choice, and what it has to be.</summary>
    public Dictionary<string, string> Asked { get; } = new(StringComparer.Ordinal);

    /// <summary>Notes a fault.</summary>
    public void Add(string path, string message) => All.Add(new(path, message));

    /// <summary>A path one member deeper, in brackets where a dot would be ambiguous.</summary>
    public static string Join(string path, string member)
    {
        bool plain = member.Length > 0 && member.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '$');
        if (!plain)
            return $"{path}[\"{JsonEncodedText.Encode(member)}\"]";
        return path.Length == 0 ? member : $"{path}.{member}";
    }
}

/// <summary>An object in perigee.json: hands out its members by type and reports, when closed, those that nobody asked for.</summary>
internal sealed partial class ConfigurationSection
{
    private readonly JsonElement _element;
    private readonly string _shape;
    private readonly ConfigurationFaults _faults;
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    /// <summary>Wraps an object. An element of another kind is a fault and reads as empty.</summary>
    public ConfigurationSection(JsonElement element, string path, string shape, ConfigurationFaults faults)
    {
        (_element, Path, _shape, _faults) = (element, path, shape, faults);
        if (element.ValueKind == JsonValueKind.Undefined)
            return;
        if (element.ValueKind != JsonValueKind.Object)
        {
            faults.Add(path.Length == 0 ? "$" : path, $"is {Describe(element)}; an object is needed.");
            _element = default;
            return;
        }

        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (JsonProperty member in element.EnumerateObject())
        {
            if (!seen.Add(member.Name))
                faults.Add(PathOf(member.Name), "is given twice; keep one.");
        }
    }

    /// <summary>Where it stands in the file.</summary>
    public string Path { get; }

    /// <summary>Whether the file has it at all.</summary>
    public bool IsGiven => _element.ValueKind == JsonValueKind.Object;

    /// <summary>The path of a member.</summary>
    public string PathOf(string member) => ConfigurationFaults.Join(Path, member);

    /// <summary>Whether the member is there, of whatever type.</summary>
    public bool Has(string member) => IsGiven && _element.TryGetProperty(member, out _);

    /// <summary>An object member; empty where it is missing.</summary>
    public ConfigurationSection Section(string member)
    {
        Ask(member, "object");
        return new(Find(member), PathOf(member), ShapeOf(member), _faults);
    }

    /// <summary>The members of an object whose names are the operator's choice, as objects.</summary>
    public IEnumerable<(string Name, ConfigurationSection Value)> Sections()
    {
        _faults.Asked[_shape + ".*"] = "object";
        if (!IsGiven)
            yield break;
        foreach (JsonProperty member in _element.EnumerateObject())
        {
            _asked.Add(member.Name);
            yield return (member.Name, new(member.Value, PathOf(member.Name), _shape + ".*", _faults));
        }
    }

    /// <summary>The members of an object whose names are the operator's choice, as texts.</summary>
    public IEnumerable<KeyValuePair<string, string>> Texts()
    {
        _faults.Asked[_shape + ".*"] = "string";
        if (!IsGiven)
            yield break;
        foreach (JsonProperty member in _element.EnumerateObject())
        {
            _asked.Add(member.Name);
            if (member.Value.ValueKind == JsonValueKind.String)
                yield return new(member.Name, member.Value.GetString()!);
            else
                _faults.Add(PathOf(member.Name), $"is {Describe(member.Value)}; a string is needed.");
        }
    }

    /// <summary>A text, or null.</summary>
    public string? Text(string member)
    {
        Ask(member, "string");
        return Take(member, JsonValueKind.String, "a string") is { } value ? value.GetString() : null;
    }

    /// <summary>One of a few words, as its index, or null.</summary>
    public int? Choice(string member, params ReadOnlySpan<string> words)
    {
        Ask(member, $"one of {string.Join(", ", words!)}");
        if (Take(member, JsonValueKind.String, "a string") is not { } value)
            return null;
        int index = words.IndexOf(value.GetString()!);
        if (index >= 0)
            return index;
        IReadOnlyList<string> near = NearestNames.Of(value.GetString()!, words.ToArray(), 1);
        _faults.Add(PathOf(member), $"is none of: {string.Join(", ", words!)}" + (near.Count > 0 ? $"; did you mean {near[0]}?" : "."));
        return null;
    }

    /// <summary>True or false, or null.</summary>
    public bool? Flag(string member)
    {
        Ask(member, "boolean");
        JsonElement value = Find(member);
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        if (value.ValueKind != JsonValueKind.Undefined)
            _faults.Add(PathOf(member), $"is {Describe(value)}; true or false is needed.");
        return null;
    }

    /// <summary>A whole number within bounds, or null.</summary>
    public long? Number(string member, long least, long most)
    {
        Ask(member, $"integer {least}..{most}");
        if (Take(member, JsonValueKind.Number, "a whole number") is not { } value)
            return null;
        if (value.TryGetInt64(out long number) && number >= least && number <= most)
            return number;
        _faults.Add(PathOf(member), $"has to be a whole number from {least} to {most}.");
        return null;
    }

    /// <summary>A number within bounds, with or without a fraction, or null.</summary>
    public double? Fraction(string member, double least, double most)
    {
        Ask(member, FormattableString.Invariant($"number {least}..{most}"));
        if (Take(member, JsonValueKind.Number, "a number") is not { } value)
            return null;
        if (value.TryGetDouble(out double number) && number >= least && number <= most)
            return number;
        _faults.Add(PathOf(member), FormattableString.Invariant($"has to be a number from {least} to {most}."));
        return null;
    }

    /// <summary>An amount of dollars as micro-dollars, or null. What cannot be told exactly in them is a fault.</summary>
    public long? Dollars(string member)
    {
        Ask(member, "number 0..1000000");
        if (Take(member, JsonValueKind.Number, "a number of dollars") is not { } value)
            return null;
        if (!value.TryGetDecimal(out decimal dollars) || dollars is < 0 or > 1_000_000)
            _faults.Add(PathOf(member), "has to be from 0 to 1000000 dollars.");
        else if (decimal.Truncate(dollars * 1_000_000) is var micro && micro == dollars * 1_000_000)
            return (long)micro;
        else
            _faults.Add(PathOf(member), "has more than 6 decimals: a micro-dollar is the smallest amount.");
        return null;
    }

    /// <summary>A list of texts, or null.</summary>
    public IReadOnlyList<string>? List(string member)
    {
        Ask(member, "array of strings");
        if (Take(member, JsonValueKind.Array, "a list of strings") is not { } value)
            return null;
        List<string> texts = [];
        int index = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.String)
                texts.Add(item.GetString()!);
            else
                _faults.Add($"{PathOf(member)}[{index}]", $"is {Describe(item)}; a string is needed.");
            index++;
        }

        return texts;
    }

    /// <summary>Reports what is wrong with a member that was read.</summary>
    public void Fault(string member, string message) => _faults.Add(PathOf(member), message);

    /// <summary>Takes a member out with a fault of its own in place of "unknown".</summary>
    public void Refuse(string member, string message)
    {
        if (!Has(member))
            return;
        _asked.Add(member);
        _faults.Add(PathOf(member), message);
    }

    /// <summary>Reports the members that nobody asked for.</summary>
    public void Close()
    {
        if (!IsGiven)
            return;
        string[] known = [.. _faults.Asked.Keys
            .Where(path => path.StartsWith(_shape.Length == 0 ? "" : _shape + ".", StringComparison.Ordinal))
            .Select(path => path[(_shape.Length == 0 ? 0 : _shape.Length + 1)..])
            .Where(path => !path.Contains('.', StringComparison.Ordinal))];
        foreach (JsonProperty member in _element.EnumerateObject())
        {
            if (_asked.Add(member.Name))
            {
                IReadOnlyList<string> near = NearestNames.Of(member.Name, known, 1);
                _faults.Add(PathOf(member.Name), "is unknown" + (near.Count > 0
                    ? $"; did you mean {near[0]}?"
                    : $"; known here: {string.Join(", ", known)}."));
            }
        }
    }

    private string ShapeOf(string member) => _shape.Length == 0 ? member : $"{_shape}.{member}";

    private void Ask(string member, string what)
    {
        _asked.Add(member);
        _faults.Asked[ShapeOf(member)] = what;
    }

    private JsonElement Find(string member) => IsGiven && _element.TryGetProperty(member, out JsonElement value) ? value : default;

    private JsonElement? Take(string member, JsonValueKind kind, string wanted)
    {
        JsonElement value = Find(member);
        if (value.ValueKind == kind)
            return value;
        if (value.ValueKind != JsonValueKind.Undefined)
            _faults.Add(PathOf(member), $"is {Describe(value)}; {wanted} is needed.");
        return null;
    }

    private static string Describe(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}
