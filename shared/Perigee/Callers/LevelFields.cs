using System.Globalization;
using System.Text.Json;

namespace Perigee.Callers;

/// <summary>The members of an object from outside, by type. Null is as if it were missing: that is how a merge patch takes something away.</summary>
internal readonly struct LevelFields(JsonElement json, List<(string Path, string Message)> faults)
{
    private const string Type = "is not of the type that it must have";

    /// <summary>What is wrong so far.</summary>
    public List<(string Path, string Message)> Faults => faults;

    /// <summary>Notes what is wrong with a member.</summary>
    public void Fault(string path, string message) => faults.Add((path, message));

    /// <summary>A member of whatever type, or null.</summary>
    public JsonElement? Any(string member) =>
        json.TryGetProperty(member, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A text, or null.</summary>
    public string? Text(string member, out bool faulty)
    {
        faulty = false;
        if (Any(member) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.String)
        {
            try
            {
                return value.GetString();
            }
            catch (InvalidOperationException)
            {
                // Half of a surrogate pair, escaped.
            }
        }

        faulty = true;
        Fault(member, Type);
        return null;
    }

    /// <summary>One of a few words, or null.</summary>
    public string? Word(string member, string what, params ReadOnlySpan<string> words)
    {
        string? word = Text(member, out _);
        if (word is null || words.Contains(word))
            return word;
        string[] all = [.. words];
        Fault(member, $"must be {string.Join(", ", all[..^1].Select(static one => $"'{one}'"))} or '{all[^1]}': {what}");
        return null;
    }

    /// <summary>True or false, or null.</summary>
    public bool? Flag(string member)
    {
        if (Any(member) is not { } value)
            return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        Fault(member, Type);
        return null;
    }

    /// <summary>A whole number within bounds, or null.</summary>
    public long? Number(string member, long least, long most, string remark)
    {
        if (Any(member) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Number)
            Fault(member, Type);
        else if (value.TryGetInt64(out long number) && number >= least && number <= most)
            return number;
        else
            Fault(member, $"must be a whole number, {least} to {most}; {remark}");
        return null;
    }

    /// <summary>A share in percent, or null.</summary>
    public double? Share(string member)
    {
        if (Any(member) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Number)
            Fault(member, Type);
        else if (value.TryGetDouble(out double number) && number is >= 0 and <= 100)
            return number;
        else
            Fault(member, "must be a number from 0 (no bodies) to 100 (all)");
        return null;
    }

    /// <summary>A moment, or null.</summary>
    public DateTimeOffset? Moment(string member)
    {
        if (Any(member) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.String && value.TryGetDateTimeOffset(out DateTimeOffset moment))
            return moment;
        Fault(member, Type + ": a moment such as '2030-01-31T00:00:00Z'");
        return null;
    }

    /// <summary>A list of texts, not empty; or null.</summary>
    public List<string>? Texts(string member, int most)
    {
        if (Any(member) is not { } value)
            return null;
        if (value.ValueKind != JsonValueKind.Array)
        {
            Fault(member, Type + ": a list of strings");
            return null;
        }

        if (value.GetArrayLength() == 0 || value.GetArrayLength() > most)
        {
            Fault(member, $"must have 1 to {most} items; leave it out to allow all");
            return null;
        }

        List<string> texts = [];
        foreach (JsonElement item in value.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.String)
                texts.Add(item.GetString()!);
            else
                Fault(string.Create(CultureInfo.InvariantCulture, $"{member}[{texts.Count}]"), "must be a string");
        }

        return texts;
    }

    /// <summary>An object, or null.</summary>
    public JsonElement? Object(string member)
    {
        if (Any(member) is not { } value)
            return null;
        if (value.ValueKind == JsonValueKind.Object)
            return value;
        Fault(member, Type + ": an object");
        return null;
    }
}
