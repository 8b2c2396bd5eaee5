using System.Text.Json;

namespace Perigee;

/// <summary>The members of one small object that people wrote, by type; what is wrong with them is collected and not thrown.</summary>
internal readonly struct RuleMembers
{
    private readonly JsonElement _element;
    private readonly string _path;
    private readonly List<(string Path, string Message)> _faults;

    /// <summary>Wraps an object. Members that are not among the known ones, or are there twice, are faults.</summary>
    public RuleMembers(JsonElement element, string path, List<(string Path, string Message)> faults, string[] known)
    {
        (_element, _path, _faults) = (element, path, faults);
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (JsonProperty member in element.EnumerateObject())
        {
            if (!known.Contains(member.Name, StringComparer.Ordinal))
                faults.Add((ConfigurationFaults.Join(path, Shorten(member.Name)), $"is unknown; known here: {string.Join(", ", known)}."));
            else if (!seen.Add(member.Name))
                Fault(member.Name, "is given twice; keep one.");
        }
    }

    /// <summary>Notes a fault of a member.</summary>
    public void Fault(string member, string message) => _faults.Add((ConfigurationFaults.Join(_path, member), message));

    /// <summary>A member that must not be there.</summary>
    public void Refuse(string member, string message)
    {
        if (_element.TryGetProperty(member, out _))
            Fault(member, message);
    }

    /// <summary>A text, or null.</summary>
    public string? Text(string member) => Take(member, JsonValueKind.String, "a string") is { } value ? value.GetString() : null;

    /// <summary>A number that has to be there, or null and a fault.</summary>
    public JsonElement? Number(string member)
    {
        if (!_element.TryGetProperty(member, out _))
            Fault(member, "is needed.");
        return Take(member, JsonValueKind.Number, "a number");
    }

    /// <summary>One of a few words, as its index, or null.</summary>
    public int? Choice(string member, string[] words, bool needed)
    {
        if (!_element.TryGetProperty(member, out _))
        {
            if (needed)
                Fault(member, $"is needed: {string.Join(", ", words)}.");
            return null;
        }

        if (Take(member, JsonValueKind.String, "a string") is not { } value)
            return null;
        int index = Array.IndexOf(words, value.GetString());
        if (index >= 0)
            return index;
        Fault(member, $"is none of: {string.Join(", ", words)}.");
        return null;
    }

    /// <summary>True or false, or null.</summary>
    public bool? Flag(string member)
    {
        if (!_element.TryGetProperty(member, out JsonElement value))
            return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        Fault(member, $"is {LimitRuleJson.Describe(value)}; true or false is needed.");
        return null;
    }

    private JsonElement? Take(string member, JsonValueKind kind, string wanted)
    {
        if (!_element.TryGetProperty(member, out JsonElement value))
            return null;
        if (value.ValueKind == kind)
            return value;
        Fault(member, $"is {LimitRuleJson.Describe(value)}; {wanted} is needed.");
        return null;
    }

    private static string Shorten(string name) => name.Length > 50 ? name[..50] + "..." : name;
}
