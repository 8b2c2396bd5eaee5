using System.Text.Json;
using System.Xml.Linq;

namespace Perigee.Tests.Architecture;

/// <summary>Holds every package of every project to a pin: without one, which version comes along is the feed's choice.</summary>
public sealed class PackageGraphTests
{
    [Fact]
    public void Every_package_of_the_graph_is_pinned_to_the_version_in_use()
    {
        Dictionary<string, string> pins = XDocument.Load(Repository.Path("Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(pin => pin.Attribute("Include")!.Value, pin => pin.Attribute("Version")!.Value, StringComparer.OrdinalIgnoreCase);
        List<string> faults = [];
        int read = 0;
        foreach (string project in Projects())
        {
            string assets = Path.Combine(Path.GetDirectoryName(project)!, "obj", "project.assets.json");

            if (!File.Exists(assets))
                continue;
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(assets));
            JsonProperty[] libraries = [.. document.RootElement.GetProperty("libraries").EnumerateObject()];

            // Microsoft's worker packages bring what they bring: their graph is theirs.
            if (libraries.Any(library => library.Name.StartsWith("Microsoft.Azure.Functions.Worker/", StringComparison.OrdinalIgnoreCase)))
                continue;
            read++;
            foreach (JsonProperty library in libraries)
            {
                if (library.Value.GetProperty("type").GetString() != "package")
                    continue;
                string[] parts = library.Name.Split('/');
                if (!pins.TryGetValue(parts[0], out string? pinned))
                    faults.Add($"{Path.GetFileName(project)}: {library.Name} has no pin");
                else if (pinned != parts[1])
                    faults.Add($"{Path.GetFileName(project)}: {library.Name} is pinned to {pinned}");
            }
        }

        Assert.True(read >= 4);
        Assert.Empty(faults.Distinct());
    }

    [Fact]
    public void No_project_states_a_version_of_its_own()
    {
        foreach (string project in Projects())
        {
            foreach (XElement reference in XDocument.Load(project).Descendants("PackageReference"))
                Assert.True(reference.Attribute("Version") is null, $"{Path.GetFileName(project)}: {reference}");
        }
    }

    private static IEnumerable<string> Projects() => Directory.EnumerateFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories)
        .Where(path => !path.Contains("worker-probe", StringComparison.Ordinal) && !path.Contains("node_modules", StringComparison.Ordinal)
            && !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));
}
