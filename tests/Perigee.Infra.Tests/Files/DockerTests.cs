using System.IO.Compression;
using System.Text.RegularExpressions;
using Perigee.Testing;

namespace Perigee.Infra.Tests.Files;

/// <summary>The images take what is there, and the package for all regions is what was published. No engine runs here: LIVE-RUN.md has the commands.</summary>
public sealed partial class DockerTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "infra-bicep", "docker");

    public static TheoryData<string> Images() => ["functions", "plain"];

    [Theory]
    [MemberData(nameof(Images))]
    public void Image_builds_with_Microsofts_worker_of_what_the_ignore_file_lets_in(string image)
    {
        string[] lines = Instructions(image);
        Assert.All(lines.Where(l => l.StartsWith("FROM ", StringComparison.Ordinal)), from => Assert.Matches(@"^FROM mcr\.microsoft\.com/[a-z/-]+:[\w.-]*10\.0( AS build)?$", from));
        Assert.Contains(lines, l => l.StartsWith("RUN dotnet publish functions -c Release -p:FunctionsWorker=microsoft -o /app", StringComparison.Ordinal));
        Assert.All(lines, l => Assert.Matches("^(FROM|WORKDIR|COPY|RUN|ENV|EXPOSE|USER|VOLUME|ENTRYPOINT) ", l));
        string[] taken = [.. File.ReadAllLines(Path.Combine(Folder, image + ".Dockerfile.dockerignore")).Where(l => l.StartsWith('!')).Select(l => l[1..])];
        Assert.All(taken, path => Assert.True(Path.Exists(Path.Combine(Repository.Root, path)), path));
        // Everything that the build of functions/ imports from the root, and the two folders of its sources.
        Assert.Equal(["!.editorconfig", "!Directory.Build.props", "!Directory.Packages.props", "!functions", "!global.json", "!host.json", "!shared"],
            taken.Select(t => "!" + t).Order(StringComparer.Ordinal));
        Assert.StartsWith("*\n", File.ReadAllText(Path.Combine(Folder, image + ".Dockerfile.dockerignore")), StringComparison.Ordinal);
    }

    [Fact]
    public void Plain_image_starts_the_assembly_that_is_built_as_nobody_special()
    {
        string[] lines = Instructions("plain");
        string name = AssemblyName().Match(File.ReadAllText(Path.Combine(Repository.Root, "functions", "Perigee.Functions.csproj"))).Groups[1].Value;
        Assert.Contains($"ENTRYPOINT [\"dotnet\", \"{name}.dll\"]", lines);
        Assert.Contains("USER $APP_UID", lines);
        string localHost = File.ReadAllText(Path.Combine(Repository.Root, "functions", "LocalHost.cs"));
        Assert.Contains("PERIGEE_URLS", localHost, StringComparison.Ordinal);
        Assert.Contains(lines, l => l.Contains("PERIGEE_URLS=http://0.0.0.0:8080", StringComparison.Ordinal) && l.Contains("PERIGEE_DATA=/data", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_publish_leaves_one_package_for_all_regions()
    {
        string root = Directory.CreateTempSubdirectory("perigee-publish").FullName;
        (string published, string project) = (Path.Combine(root, "published"), Path.Combine(root, "project"));
        Directory.CreateDirectory(Path.Combine(published, "runtimes"));
        Directory.CreateDirectory(project);
        try
        {
            File.WriteAllText(Path.Combine(published, "host.json"), "{}");
            File.WriteAllText(Path.Combine(published, "runtimes", "a.so"), "a");
            File.Copy(Path.Combine(Repository.Root, "functions", "Directory.Build.targets"), Path.Combine(project, "Directory.Build.targets"));
            string file = Path.Combine(project, "p.csproj");
            File.WriteAllText(file, "<Project Sdk=\"Microsoft.NET.Sdk\"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup></Project>");
            (int exit, string output, string errors) = await Programs.RunAsync("dotnet", ["msbuild", "-nologo", "-t:PackageForRegions", $"-p:PublishDir={published}/", file]);
            Assert.True(exit == 0, output + errors);
            using ZipArchive zip = ZipFile.OpenRead(Path.Combine(project, "obj", "gateway.zip"));
            Assert.Equal(["host.json", "runtimes/a.so"], zip.Entries.Select(e => e.FullName).Order(StringComparer.Ordinal));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static string[] Instructions(string image) => [.. File.ReadAllText(Path.Combine(Folder, image + ".Dockerfile"))
        .Replace("\\\n", "", StringComparison.Ordinal).Split('\n').Where(l => l.Length > 0 && !l.StartsWith('#'))];

    [GeneratedRegex("<AssemblyName>([^<]+)<")]
    private static partial Regex AssemblyName();
}
