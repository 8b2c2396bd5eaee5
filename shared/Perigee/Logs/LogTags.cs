using System.Text.Json;

namespace Perigee.Logs;

/// <summary>Writes what a request says of itself: a few short texts, redacted.</summary>
internal static class LogTags
{
    private const int Most = 16;
    private const int LongestName = 64;
    private const int LongestValue = 256;

    /// <summary>Writes <c>tags</c>; nothing where the text is no JSON object.</summary>
    public static void Write(Utf8JsonWriter json, string text, CleanTexts texts)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text);
        }
        catch (JsonException)
        {
            return;
        }

        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return;
            json.WriteStartObject("tags"u8);
            int count = 0;
            foreach (JsonProperty member in document.RootElement.EnumerateObject())
            {
                if (member.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array or JsonValueKind.Null)
                    continue;
                if (++count > Most)
                    break;
                try
                {
                    string value = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : member.Value.GetRawText();

                    // A member whose name tells a secret ("password") hides its value: name and value are looked at together.
                    json.WriteString(Short(texts.Of(member.Name), LongestName), Short(texts.OfMember(member.Name, value), LongestValue));
                }
                catch (InvalidOperationException)
                {
                    // A lone surrogate is no text.
                }
            }

            json.WriteEndObject();
        }
    }

    // Redacted already: what is cut off is no half secret.
    private static string Short(string text, int most) => text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
}
