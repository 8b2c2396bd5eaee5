using System.Text.Json;

namespace Perigee.Cli;

/// <summary>What was used: how every limit stands that holds for a key, a team or an organisation, the narrowest first.</summary>
internal static class LimitUsage
{
    /// <summary>Asks for each level.</summary>
    public static async Task<JsonDocument> OfAsync(Api api, string id, CancellationToken cancel)
    {
        List<string> levels = [id];
        string? kind = id.StartsWith("key_", StringComparison.Ordinal) ? "keys" : id.StartsWith("team_", StringComparison.Ordinal) ? "teams" : null;
        if (kind is not null)
        {
            using JsonDocument one = await api.CallAsync("GET", $"{kind}/{Uri.EscapeDataString(id)}", cancel);
            foreach (string above in (string[])["team", "organisation"])
            {
                if (one.RootElement.TryGetProperty(above, out JsonElement value) && value.ValueKind == JsonValueKind.String)
                    levels.Add(value.GetString()!);
            }
        }

        levels.Add("gateway");
        using MemoryStream body = new();
        using (Utf8JsonWriter json = new(body))
        {
            json.WriteStartObject();
            json.WriteString("object"u8, "list");
            json.WriteStartArray("data"u8);
            foreach (string level in levels)
            {
                using JsonDocument stands = await api.CallAsync("GET", $"limits?owner={Uri.EscapeDataString(level)}", cancel);
                foreach (JsonElement stand in stands.RootElement.GetProperty("limits").EnumerateArray())
                {
                    json.WriteStartObject();
                    json.WriteString("owner"u8, level);
                    foreach (JsonProperty member in stand.EnumerateObject())
                        member.WriteTo(json);
                    json.WriteEndObject();
                }
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return JsonDocument.Parse(body.ToArray());
    }
}
