using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Perigee.Telemetry.Content;

/// <summary>
/// Writes messages, or the parts of one, in the schemas of the conventions (gen-ai-input-messages.json, gen-ai-output-messages.json,
/// gen-ai-system-instructions.json): a JSON array as text. Every text of others passes through the budget.
/// </summary>
internal sealed class MessageWriter : IDisposable
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly ArrayBufferWriter<byte> _text = new();
    private readonly Utf8JsonWriter _json;
    private readonly ContentBudget _budget;

    public MessageWriter(ContentBudget budget)
    {
        _budget = budget;
        _budget.Renew();
        _json = new Utf8JsonWriter(_text, Options);
        _json.WriteStartArray();
    }

    /// <summary>Whether nothing more has room: what follows need not be looked at.</summary>
    public bool IsFull => _budget.IsSpent;

    /// <summary>Begins a message.</summary>
    /// <param name="role"><c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</param>
    public void Begin(string role)
    {
        _json.WriteStartObject();
        _json.WriteString("role"u8, role);
        _json.WriteStartArray("parts"u8);
    }

    /// <summary>Ends it.</summary>
    /// <param name="finish">Why an answer ended; null in a question.</param>
    public void End(string? finish = null)
    {
        _json.WriteEndArray();
        if (finish is not null)
            _json.WriteString("finish_reason"u8, finish == "tool_calls" ? "tool_call" : finish);
        _json.WriteEndObject();
    }

    /// <summary>A text.</summary>
    public void Text(string content) => Plain("text", content);

    /// <summary>What a model thought.</summary>
    public void Reasoning(string content) => Plain("reasoning", content);

    /// <summary>A call of a tool. The arguments stay a text: what was cut or redacted need not be JSON any more.</summary>
    public void Call(string id, string name, string arguments)
    {
        _json.WriteStartObject();
        _json.WriteString("type"u8, "tool_call");
        _json.WriteString("id"u8, _budget.Take(id));
        _json.WriteString("name"u8, _budget.Take(name));
        _json.WriteString("arguments"u8, _budget.Take(arguments));
        _json.WriteEndObject();
    }

    /// <summary>What a tool gave back.</summary>
    public void Result(string id, string response)
    {
        _json.WriteStartObject();
        _json.WriteString("type"u8, "tool_call_response");
        _json.WriteString("id"u8, _budget.Take(id));
        _json.WriteString("response"u8, _budget.Take(response));
        _json.WriteEndObject();
    }

    /// <summary>That there was a picture or a sound, not the thing itself: nobody reads megabytes of Base64 in a span.</summary>
    /// <param name="modality"><c>image</c>, <c>audio</c>, <c>video</c> or <c>document</c>.</param>
    /// <param name="type">Its media type, or empty.</param>
    public void Media(string modality, string type)
    {
        _json.WriteStartObject();
        _json.WriteString("type"u8, "blob");
        _json.WriteString("modality"u8, modality);
        _json.WriteString("mime_type"u8, _budget.Take(type));
        _json.WriteString("content"u8, "");
        _json.WriteEndObject();
    }

    /// <summary>Something that the schemas have no word for.</summary>
    public void Other()
    {
        _json.WriteStartObject();
        _json.WriteString("type"u8, "other");
        _json.WriteEndObject();
    }

    /// <summary>Ends the array.</summary>
    /// <returns>The attribute's text.</returns>
    public string Close()
    {
        _json.WriteEndArray();
        _json.Flush();
        return Encoding.UTF8.GetString(_text.WrittenSpan);
    }

    /// <inheritdoc/>
    public void Dispose() => _json.Dispose();

    private void Plain(string type, string content)
    {
        _json.WriteStartObject();
        _json.WriteString("type"u8, type);
        _json.WriteString("content"u8, _budget.Take(content));
        _json.WriteEndObject();
    }
}
