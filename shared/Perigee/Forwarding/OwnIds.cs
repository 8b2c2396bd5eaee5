using System.Buffers;
using System.Text.Json;

namespace Perigee.Forwarding;

/// <summary>A provider lists what the owner's whole account holds; a caller may see only what it made itself.</summary>
internal static class OwnIds
{
    /// <summary>The list with only those items of <c>data</c> whose <c>id</c> is the caller's.</summary>
    public static async ValueTask<ReadOnlyMemory<byte>> OnlyAsync(ReadOnlyMemory<byte> list, Func<string, ValueTask<bool>> isOwn)
    {
        using JsonDocument document = JsonDocument.Parse(ReadableJson.Of(list));
        ArrayBufferWriter<byte> output = new(list.Length);
        using Utf8JsonWriter json = new(output);
        json.WriteStartObject();
        foreach (JsonProperty member in document.RootElement.EnumerateObject())
        {
            if (!member.NameEquals("data"u8) || member.Value.ValueKind != JsonValueKind.Array)
            {
                // Cursors of other people's items are ids too.
                if (!member.NameEquals("first_id"u8) && !member.NameEquals("last_id"u8))
                    member.WriteTo(json);
                continue;
            }

            json.WriteStartArray("data"u8);
            foreach (JsonElement item in member.Value.EnumerateArray())
            {
                if (item.ValueKind == JsonValueKind.Object && item.TryGetProperty("id", out JsonElement id)
                    && id.ValueKind == JsonValueKind.String && await isOwn(id.GetString()!))
                {
                    item.WriteTo(json);
                }
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        await json.FlushAsync();
        return output.WrittenMemory;
    }
}
