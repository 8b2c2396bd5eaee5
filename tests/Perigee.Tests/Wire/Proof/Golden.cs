using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Perigee.Wire;

namespace Perigee.Tests.Wire.Proving;

/// <summary>
/// One file of tests/Perigee.Tests/Golden: a rule of the reference with what goes in and what has to come out. Lines "# name: value" at the
/// head, then sections "## name". What the patterns mean: <see cref="Json.Differs"/>. In inputs, {{seal ORIGIN KIND CALL DATA}} stands for an
/// envelope of this gateway.
/// </summary>
internal sealed partial class Golden
{
    private static readonly JsonSerializerOptions TraitsJson = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    private readonly Dictionary<string, string> _head = [];
    private readonly Dictionary<string, string> _sections = [];

    private Golden(string name) => Name = name;

    public static string Folder { get; } = Repository.Path("tests", "Perigee.Tests", "Golden");

    public string Name { get; }

    public string From => this["from"] ?? "";

    public string To => this["to"] ?? "";

    public bool AnyDropped => this["dropped"] == "any";

    public bool? Stream => this["stream"] is { } stream ? stream == "true" : null;

    public string? this[string name] => _head.GetValueOrDefault(name);

    public static IEnumerable<string> Names => Directory.EnumerateFiles(Folder, "*.golden", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(Folder, f).Replace('\\', '/')[..^".golden".Length]).Order(StringComparer.Ordinal);

    public static Golden Load(string name)
    {
        Golden golden = new(name);
        string? section = null;
        StringBuilder text = new();
        foreach (string line in File.ReadAllText(Path.Combine(Folder, name + ".golden")).ReplaceLineEndings("\n").Split('\n'))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
            {
                golden.Keep(section, text);
                section = line[3..].Trim();
            }
            else if (section is null)
            {
                if (line.StartsWith("# ", StringComparison.Ordinal) && line.IndexOf(": ", StringComparison.Ordinal) is var at and > 0)
                    golden._head[line[2..at]] = line[(at + 2)..].Trim();
            }
            else
            {
                text.Append(line).Append('\n');
            }
        }

        golden.Keep(section, text);
        return golden;
    }

    public string? Section(string name) => _sections.GetValueOrDefault(name);

    public JsonElement Expectation(string name = "expect") => Json.Parse(Section(name) ?? throw new InvalidOperationException($"{Name} has no section {name}."));

    public ModelTraits Traits()
    {
        ModelTraits usual = Dialects.UsualTraits(To);
        if (this["traits"] is not { } json)
            return usual;
        JsonObject members = JsonSerializer.SerializeToNode(usual, TraitsJson)!.AsObject();
        members.Remove("refuses");
        FrozenSet<string> refuses = usual.Refuses;
        foreach ((string name, JsonNode? value) in JsonNode.Parse(json)!.AsObject())
        {
            if (name == "refuses")
                refuses = value!.AsArray().Select(v => (string)v!).ToFrozenSet();
            else
                members[name] = value?.DeepClone();
        }

        return members.Deserialize<ModelTraits>(TraitsJson)! with { Refuses = refuses };
    }

    public AnswerShape Shape(bool stream)
    {
        JsonElement? shape = this["shape"] is { } json ? Json.Parse(json) : null;
        return Dialects.Shape(
            stream,
            asArray: Json.Get(shape, "array") is { ValueKind: JsonValueKind.True },
            usage: Json.Get(shape, "usage") is not { ValueKind: JsonValueKind.False },
            reasoning: Json.Get(shape, "reasoning") is not { ValueKind: JsonValueKind.False },
            tools: Json.Get(shape, "tools") is { } tools ? tools.EnumerateObject().ToDictionary(m => m.Name, m => m.Value.GetString()!) : null);
    }

    private static string Sealed(string text) => Seal().Replace(text, match =>
    {
        Proof proof = new(Enum.Parse<ProofOrigin>(match.Groups[1].Value), Enum.Parse<ProofKind>(match.Groups[2].Value), WireText.Of(match.Groups[4].Value).Text)
        {
            CallId = WireText.Of(match.Groups[3].Value == "-" ? "" : match.Groups[3].Value).Text,
        };
        return Encoding.ASCII.GetString(Dialects.Seal.Wrap(proof));
    });

    private void Keep(string? section, StringBuilder text)
    {
        if (section is not null)
            _sections[section] = Sealed(text.ToString().TrimEnd('\n'));
        text.Clear();
    }

    [GeneratedRegex(@"\{\{seal (\w+) (\w+) (\S+) (\S+)\}\}")]
    private static partial Regex Seal();
}
