using System.Text.Json;
using System.Text.Json.Nodes;
using Perigee.Testing;
using YamlDotNet.RepresentationModel;

namespace Perigee.Infra.Tests.Files;

/// <summary>YAML files of the repository as JSON.</summary>
internal static class Yaml
{
    public static JsonElement Read(params string[] path)
    {
        using StreamReader reader = File.OpenText(Path.Combine([Repository.Root, .. path]));
        return Parse(reader);
    }

    public static JsonElement Parse(TextReader reader)
    {
        YamlStream stream = [];
        stream.Load(reader);
        return JsonSerializer.SerializeToElement(Convert(Assert.Single(stream.Documents).RootNode));
    }

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode map => new JsonObject(map.Children.Select(pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, Convert(pair.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Convert)]),
        YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain, Value: "true" or "false" } flag => JsonValue.Create(flag.Value == "true"),
        YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain } number when long.TryParse(number.Value, out long whole) => JsonValue.Create(whole),
        YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain, Value: "" or "~" or "null" } => null,
        YamlScalarNode text => JsonValue.Create(text.Value),
        _ => throw new InvalidDataException($"{node.NodeType} at {node.Start}"),
    };
}
