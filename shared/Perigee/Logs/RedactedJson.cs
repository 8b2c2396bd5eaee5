using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Perigee.Logs.Redacting;

namespace Perigee.Logs;

/// <summary>
/// JSON made anew without what must go, value by value: for what would not be JSON any more if its bytes were redacted as a text. A number that
/// has to go becomes a text.
/// </summary>
internal static class RedactedJson
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The JSON without what the redactor finds.</summary>
    /// <param name="json">One JSON value.</param>
    /// <param name="texts">Says what has to go.</param>
    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> json, Redactor texts)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        ArrayBufferWriter<byte> output = new(json.Length);
        try
        {
            using Utf8JsonWriter writer = new(output, Options);
            Write(writer, document.RootElement, texts);
            writer.Flush();
            return output.WrittenMemory;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair in it: no text, and nothing to be told.
            return "{}"u8.ToArray();
        }
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value, Redactor texts)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (JsonProperty member in value.EnumerateObject())
                {
                    writer.WritePropertyName(texts.Redact(member.Name));

                    // Here a value is not seen beside its name, so the name alone decides.
                    if (member.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number && SecretNames.IsSecret(Encoding.UTF8.GetBytes(member.Name), out _))
                        writer.WriteStringValue(Redactor.Mark);
                    else
                        Write(writer, member.Value, texts);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (JsonElement one in value.EnumerateArray())
                    Write(writer, one, texts);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(texts.Redact(value.GetString()!));
                break;
            case JsonValueKind.Number:
                string number = value.GetRawText(), clean = texts.Redact(number);
                if (ReferenceEquals(number, clean))
                    writer.WriteRawValue(number);
                else
                    writer.WriteStringValue(clean);
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }
}
