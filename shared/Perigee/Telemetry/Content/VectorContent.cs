using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Perigee.Wire;

namespace Perigee.Telemetry.Content;

/// <summary>
/// The texts that vectors were asked of, as a JSON array in <c>perigee.embeddings.input</c>: the conventions' list for such calls has no
/// attribute for them. Vectors are never shown.
/// </summary>
internal static class VectorContent
{
    /// <summary>Writes them.</summary>
    /// <returns>False: nothing of the answer is shown.</returns>
    public static bool Write(Activity span, JsonIndex body, ContentBudget budget)
    {
        using JsonDocument document = ContentJson.Parse(body.Json);
        JsonElement root = document.RootElement, input = ContentJson.Member(root, "input");
        List<string> texts = [];
        if (ContentJson.Text(input) is { } one)
            Add(one);
        foreach (JsonElement item in ContentJson.Items(input))
            Add(ContentJson.Text(item));
        Gemini(ContentJson.Member(root, "content"));
        foreach (JsonElement request in ContentJson.Items(ContentJson.Member(root, "requests")))
            Gemini(ContentJson.Member(request, "content"));
        if (texts.Count > 0)
            span.SetTag("perigee.embeddings.input", Encoding.UTF8.GetString(ManageJson.ToBytes(json =>
            {
                json.WriteStartArray();
                texts.ForEach(json.WriteStringValue);
                json.WriteEndArray();
            }).Span));
        return false;

        void Gemini(JsonElement content)
        {
            if (content.ValueKind == JsonValueKind.Object)
                Add(string.Join('\n', ContentJson.Items(ContentJson.Member(content, "parts")).Select(static part => ContentJson.Text(part, "text")).OfType<string>()));
        }

        void Add(string? text)
        {
            if (text is not null && !budget.IsSpent)
                texts.Add(budget.Take(text));
            else if (text is not null)
                budget.Leave();
        }
    }
}
