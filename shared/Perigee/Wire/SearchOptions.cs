using System.Text.Json;

namespace Perigee.Wire;

/// <summary>The options of a web search: each dialect has its own, and none is carried over.</summary>
internal static class SearchOptions
{
    /// <summary>The options of a declaration that say something: none of them is carried over.</summary>
    public static List<string> Of(ServerTool tool)
    {
        List<string> options = [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(tool.Json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return options;
            foreach (JsonProperty member in document.RootElement.EnumerateObject())
            {
                if (member.Value.ValueKind is JsonValueKind.Null || member.NameEquals("type"u8) || member.NameEquals("name"u8) || member.NameEquals("cache_control"u8))
                    continue;
                if (member.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array && member.Value.GetRawText().AsSpan().Trim().Length <= 2)
                    continue;
                options.Add($"{tool.Field}.{member.Name}");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not an object that says anything.
        }

        return options;
    }
}
