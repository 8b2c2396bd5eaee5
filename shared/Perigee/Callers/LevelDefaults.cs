using System.Buffers;
using System.Text.Json;

namespace Perigee.Callers;

/// <summary>
/// Members that are put into questions that lack them: <c>{"temperature":0.2,"anthropic":{"max_tokens":1000}}</c>. Names are the dialects' own;
/// what stands under the word for a dialect is for that one alone.
/// </summary>
internal static class LevelDefaults
{
    private const int MostBytes = 8 * 1024;
    private const int MostMembers = 64;

    /// <summary>What a request itself has to say: what is asked, of whom, and in what shape.</summary>
    private static readonly string[] Never = ["model", "models", "messages", "input", "prompt", "contents", "stream", "fallbacks"];

    /// <summary>Reads and checks them.</summary>
    /// <returns>A copy that outlives the document, or null.</returns>
    public static JsonElement? Read(LevelFields fields)
    {
        if (fields.Object("defaults") is not { } json)
            return null;
        if (json.GetRawText().Length > MostBytes)
            fields.Fault("defaults", $"must have at most {MostBytes} bytes");
        Check(fields, json, "defaults");
        foreach (JsonProperty member in json.EnumerateObject())
        {
            if (!CallerScope.DialectWords.Contains(member.Name, StringComparer.Ordinal))
                continue;
            if (member.Value.ValueKind == JsonValueKind.Object)
                Check(fields, member.Value, $"defaults.{member.Name}");
            else
                fields.Fault($"defaults.{member.Name}", "must be an object: the members for this dialect");
        }

        return json.Clone();
    }

    /// <summary>Adds them to a list in which narrower levels come later and win.</summary>
    public static void AddTo(List<DefaultMember> members, JsonElement? defaults)
    {
        if (defaults is not { } json)
            return;
        foreach (JsonProperty member in json.EnumerateObject())
        {
            if (!CallerScope.DialectWords.Contains(member.Name, StringComparer.Ordinal))
            {
                Add(members, member, null);
                continue;
            }

            foreach (JsonProperty inner in member.Value.EnumerateObject())
                Add(members, inner, member.Name);
        }
    }

    private static void Add(List<DefaultMember> members, JsonProperty member, string? dialect)
    {
        ArrayBufferWriter<byte> text = new(64);
        using (Utf8JsonWriter json = new(text))
        {
            json.WriteStartObject();
            json.WritePropertyName(member.Name);
            json.WriteRawValue(member.Value.GetRawText());
            json.WriteEndObject();
        }

        members.RemoveAll(other => other.Name == member.Name && other.Dialect == dialect);
        members.Add(new DefaultMember(member.Name, text.WrittenMemory[1..^1].ToArray(), dialect));
    }

    private static void Check(LevelFields fields, JsonElement json, string path)
    {
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (JsonProperty member in json.EnumerateObject())
        {
            if (Never.Contains(member.Name, StringComparer.Ordinal))
                fields.Fault($"{path}.{member.Name}", "cannot have a default: each request says it itself");
            else if (!seen.Add(member.Name))
                fields.Fault(path, "holds a member twice");
            else if (member.Name.Length is 0 or > 64)
                fields.Fault(path, "holds a name that no request has: 1 to 64 characters");
        }

        if (seen.Count > MostMembers)
            fields.Fault(path, $"has {seen.Count} members; at most {MostMembers} are taken");
    }
}
