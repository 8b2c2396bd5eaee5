using System.Text.Json;
using Perigee.Testing;

namespace Perigee.Infra.Tests.Bicep;

/// <summary>What main.bicep deploys with some parameters, as the Bicep CLI predicts it.</summary>
internal sealed class Snapshot
{
    public const string Subscription = "00000000-0000-0000-0000-000000000001";

    private Snapshot(string name, JsonElement root)
    {
        Name = name;
        Resources = [.. root.GetProperty("predictedResources").EnumerateArray()];
        Settings = Resources.Where(r => Type(r) == "Microsoft.Web/sites/config")
            .ToDictionary(r => Text(r, "name").Split('/')[0], r => r.GetProperty("properties"), StringComparer.Ordinal);
    }

    public static string Folder { get; } = Path.Combine(Repository.Root, "tests", "Perigee.Infra.Tests", "Snapshots");

    public static IReadOnlyList<string> Names { get; } =
        [.. Directory.GetFiles(Folder, "*.bicepparam").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    public string Name { get; }

    public IReadOnlyList<JsonElement> Resources { get; }

    /// <summary>The app settings, by app.</summary>
    public IReadOnlyDictionary<string, JsonElement> Settings { get; }

    public static Snapshot Read(string name) =>
        new(name, JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, name + ".snapshot.json"))).RootElement);

    public static string Type(JsonElement resource) => Text(resource, "type");

    public static string Text(JsonElement element, string member) => element.GetProperty(member).GetString()!;

    public IEnumerable<JsonElement> Of(string type) => Resources.Where(r => Type(r) == type);

    /// <summary>The value at a path of members, or null.</summary>
    public static JsonElement? At(JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (string member in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(member, out element))
                return null;
        }

        return element;
    }
}
