using System.Buffers;
using System.Text.Json;
using Perigee.Wire;

namespace Perigee.Caching.Asking;

/// <summary>A body without some members of its top level.</summary>
internal static class Members
{
    /// <summary>Makes it. The caller disposes it.</summary>
    public static JsonIndex? Without(JsonIndex question, IReadOnlyList<string> names)
    {
        ArrayBufferWriter<byte> output = new(question.Json.Length);
        using (Utf8JsonWriter json = new(output, new JsonWriterOptions { SkipValidation = true }))
        {
            json.WriteStartObject();
            ReadOnlySpan<JsonIndex.Token> tokens = question.Tokens;
            for (int i = 1; i < tokens.Length; i = tokens[i + 1].Next)
            {
                string name = question.Text(tokens[i]);
                if (names.Contains(name, StringComparer.Ordinal))
                    continue;
                json.WritePropertyName(name);
                json.WriteRawValue(question.Raw(tokens[i + 1]), skipInputValidation: true);
            }

            json.WriteEndObject();
        }

        return JsonIndex.TryParse(output.WrittenMemory, out JsonIndex? rest, out _) ? rest : null;
    }
}
