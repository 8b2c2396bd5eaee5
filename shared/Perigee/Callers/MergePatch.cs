using System.Buffers;
using System.Text.Json;

namespace Perigee.Callers;

/// <summary>JSON Merge Patch (RFC 7396): members of the patch take the place of those of the same name, null takes them away, objects are merged.</summary>
internal static class MergePatch
{
    /// <summary>The outcome.</summary>
    public static byte[] Apply(JsonElement target, JsonElement patch)
    {
        ArrayBufferWriter<byte> body = new(1024);
        using (Utf8JsonWriter json = new(body))
            Write(json, target, patch);
        return body.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, JsonElement? target, JsonElement patch)
    {
        if (patch.ValueKind != JsonValueKind.Object)
        {
            patch.WriteTo(json);
            return;
        }

        json.WriteStartObject();
        if (target is { ValueKind: JsonValueKind.Object } old)
        {
            foreach (JsonProperty member in old.EnumerateObject())
            {
                if (!patch.TryGetProperty(member.Name, out _))
                    member.WriteTo(json);
            }
        }

        foreach (JsonProperty member in patch.EnumerateObject())
        {
            if (member.Value.ValueKind == JsonValueKind.Null)
                continue;
            json.WritePropertyName(member.Name);
            Write(json, target is { ValueKind: JsonValueKind.Object } whole && whole.TryGetProperty(member.Name, out JsonElement inner) ? inner : null, member.Value);
        }

        json.WriteEndObject();
    }
}
