using System.Text.Json;

namespace Perigee.Cli;

/// <summary>Lists that come in pages.</summary>
internal static class Pages
{
    /// <summary>All pages as one list.</summary>
    /// <param name="api">The gateway.</param>
    /// <param name="path">The list.</param>
    /// <param name="cancel">Gives up.</param>
    /// <param name="query">What else is asked of it, as a query string.</param>
    public static async Task<JsonDocument> AllAsync(Api api, string path, CancellationToken cancel, string query = "")
    {
        using MemoryStream body = new();
        using (Utf8JsonWriter json = new(body))
        {
            json.WriteStartObject();
            json.WriteString("object"u8, "list");
            json.WriteStartArray("data"u8);
            string? after = null;
            do
            {
                using JsonDocument page = await api.CallAsync("GET", $"{path}?{(query.Length > 0 ? query + "&" : "")}limit=1000{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}", cancel);
                foreach (JsonElement item in page.RootElement.GetProperty("data").EnumerateArray())
                    item.WriteTo(json);
                after = page.RootElement.TryGetProperty("after", out JsonElement next) ? next.GetString() : null;
            }
            while (after is not null);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return JsonDocument.Parse(body.ToArray());
    }
}
