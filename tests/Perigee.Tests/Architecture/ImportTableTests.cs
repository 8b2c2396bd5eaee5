using System.Text.RegularExpressions;

namespace Perigee.Tests.Architecture;

/// <summary>Holds the code to the import table of shared/README.md.</summary>
public sealed partial class ImportTableTests
{
    private static readonly Dictionary<string, HashSet<string>> Table = ReadTable();

    public static TheoryData<string> Folders() => [.. Table.Keys];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Folder_imports_only_what_its_row_allows(string folder)
    {
        List<string> faults = [];
        foreach (string file in Sources(folder))
        {
            foreach (string imported in Imports(File.ReadAllText(file)))
            {
                if (!imported.Equals(folder, StringComparison.OrdinalIgnoreCase) && !Table[folder].Contains(imported))
                    faults.Add($"{Path.GetRelativePath(Repository.Root, file)} uses {imported}");
            }
        }

        Assert.Empty(faults);
    }

    [Fact]
    public void Every_folder_of_the_gateway_has_a_row()
    {
        IEnumerable<string> folders = Directory.GetDirectories(Repository.Path("shared", "Perigee")).Select(path => Path.GetFileName(path)!)
            .Where(name => name is not ("bin" or "obj") && Directory.GetFiles(Repository.Path("shared", "Perigee", name), "*.cs", SearchOption.AllDirectories).Length > 0);
        Assert.Empty(folders.Except(Table.Keys));
    }

    [Theory]
    [InlineData("Storage")]
    [InlineData("Embedding")]
    [InlineData("Wire")]
    public void Lowest_folders_do_not_know_the_exchange(string folder)
    {
        foreach (string file in Sources(folder))
            Assert.DoesNotMatch(@"\b(Exchange|Caller|GatewayOptions|Operation|Target|Attempt)\b\s+\w", Code(File.ReadAllText(file)));
    }

    [Fact]
    public void Reader_of_the_table_sees_a_forbidden_import()
    {
        Assert.Contains("Forwarding", Imports("using Perigee.Forwarding;\nnamespace Perigee.Caching;"));
        Assert.Contains("Forwarding", Imports("namespace Perigee.Caching;\nclass A { Forwarding.Upstreams x; }"));
        Assert.Contains("Limits", Imports("namespace Perigee.Caching;\nclass A { object x = Perigee.Limits.Lease.None; }"));
        Assert.Empty(Imports("// see Forwarding.Upstreams\nnamespace Perigee.Caching;"));
    }

    private static IEnumerable<string> Sources(string folder)
    {
        string path = folder switch
        {
            "functions" => Repository.Path("functions"),
            "Perigee.Azure" or "Perigee.Cli" or "Perigee.Embedded" => Repository.Path("shared", folder),
            _ => Repository.Path("shared", "Perigee", folder),
        };
        return Directory.Exists(path)
            ? Directory.EnumerateFiles(path, "*.cs", SearchOption.AllDirectories).Where(file => !Output().IsMatch(Path.GetRelativePath(path, file)))
            : [];
    }

    /// <summary>The folders that a source names: by a using line, or by a name qualified with a folder's.</summary>
    private static HashSet<string> Imports(string source)
    {
        string code = Code(source);
        HashSet<string> found = [];
        foreach (Match match in UsingLine().Matches(code))
            found.Add(match.Groups[1].Value);
        string body = NamespaceLine().Replace(UsingLine().Replace(code, ""), "");
        foreach (Match match in QualifiedName().Matches(body))
            found.Add(match.Groups[1].Value);
        foreach (string folder in Table.Keys)
        {
            if (Regex.IsMatch(body, $@"(?<![\w.""]){Regex.Escape(folder)}\.[A-Z]\w+") && !Regex.IsMatch(body, $@"\b{Regex.Escape(folder)}\s*[{{=;)]"))
                found.Add(folder);
        }

        return found;
    }

    private static string Code(string source) => StringLiteral().Replace(Comment().Replace(source, ""), "\"\"");

    private static Dictionary<string, HashSet<string>> ReadTable()
    {
        string[] lines = File.ReadAllLines(Repository.Path("shared", "README.md"));
        int start = Array.FindIndex(lines, line => line.StartsWith("| folder | may import |", StringComparison.Ordinal));
        Assert.True(start >= 0, "shared/README.md has no import table.");
        return lines.Skip(start + 2).TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .ToDictionary(cells => cells[1], cells => cells[2].Split(',', StringSplitOptions.TrimEntries).Where(name => name != "nothing").ToHashSet());
    }

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex("\"(?:[^\"\\\\\n]|\\\\.)*\"")]
    private static partial Regex StringLiteral();

    [GeneratedRegex(@"^\s*(?:global )?using (?:static )?(?:\w+ = )?Perigee\.(\w+)[^;]*;", RegexOptions.Multiline)]
    private static partial Regex UsingLine();

    [GeneratedRegex(@"^namespace [^;]+;", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"\bPerigee\.([A-Z]\w+)\.")]
    private static partial Regex QualifiedName();

    [GeneratedRegex(@"(^|[/\\])(bin|obj)[/\\]")]
    private static partial Regex Output();
}
