using System.Text;
using System.Text.Json;
using Perigee.Routing;

namespace Perigee.Forwarding;

/// <summary>
/// Finds in an answer, as it passes, what only its provider will know again: encrypted reasoning of Responses, containers and files of
/// Messages. Remembered at once in this process; the storage is written beside the answer. Sources: OpenAI API reference, "Reasoning items";
/// Anthropic, "Code execution tool" (container, file_id).
/// </summary>
/// <param name="origins">Remembers.</param>
/// <param name="tenant">Whose answer it is.</param>
/// <param name="provider">Who made it.</param>
/// <param name="responses">Whether it is one of Responses, else of Messages.</param>
internal sealed class AnswerIds(Origins origins, string tenant, string provider, bool responses)
{
    private List<Task>? _writes;

    /// <summary>Looks at an event's data, or a whole answer. What is no JSON is passed by.</summary>
    public void Look(ReadOnlySpan<byte> json)
    {
        // Almost no event holds any: one search through the bytes says so.
        if (responses ? json.IndexOf("encrypted_content\""u8) < 0 : json.IndexOf("\"container\""u8) < 0 && json.IndexOf("\"file_id\""u8) < 0)
            return;
        try
        {
            Read(json);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The relay has its own way of telling that an answer is broken.
        }
    }

    /// <summary>Until what was found can be known elsewhere. Never fails.</summary>
    public async ValueTask EndAsync()
    {
        foreach (Task write in (IEnumerable<Task>?)_writes ?? [])
            await write.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Read(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json);
        bool container = false;
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
                continue;
            if (responses && reader.ValueTextEquals("encrypted_content"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.String)
                    (_writes ??= []).Add(origins.RememberReasoning(tenant, reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(reader.GetString()!) : reader.ValueSpan, provider));
            }
            else if (!responses && reader.ValueTextEquals("container"u8))
            {
                reader.Read();
                container = reader.TokenType == JsonTokenType.StartObject;
            }
            else if (!responses && (reader.ValueTextEquals("file_id"u8) || (container && reader.ValueTextEquals("id"u8))))
            {
                container = false;
                reader.Read();
                if (reader.TokenType == JsonTokenType.String)
                    (_writes ??= []).Add(origins.RememberAsync(tenant, reader.GetString()!, provider, CancellationToken.None).AsTask());
            }
        }
    }
}
