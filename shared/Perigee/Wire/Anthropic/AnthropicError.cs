using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Perigee.Wire.Anthropic;

/// <summary>
/// Anthropic's error object, <c>{"type":"error","error":{"type","message"}}</c>. Source: Anthropic's API reference, "Errors".
/// </summary>
internal static class AnthropicError
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether the body is an error that Anthropic's SDKs read.</summary>
    public static bool IsOwn(ReadOnlySpan<byte> body)
    {
        try
        {
            // To its end: what has something behind it is no JSON.
            Utf8JsonReader whole = new(body, AnthropicEvent.Options);
            while (whole.Read())
            {
            }

            AnthropicEvent outer = AnthropicEvent.Read(body);
            if (!outer.Type.SequenceEqual("error"u8) || outer.Error.IsEmpty || outer.Error[0] != (byte)'{')
                return false;
            Read(outer.Error, out JsonText message, out JsonText word);
            return !message.IsEmpty && !word.IsEmpty;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Reads the inner object, or a bare string in its place. What it does not say is empty.</summary>
    public static void Read(ReadOnlySpan<byte> json, out JsonText message, out JsonText word)
    {
        message = word = default;
        Utf8JsonReader reader = new(json, AnthropicEvent.Options);
        if (!reader.Read())
            return;
        if (reader.TokenType == JsonTokenType.String)
            message = new JsonText(reader.ValueSpan);
        if (reader.TokenType != JsonTokenType.StartObject)
            return;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isMessage = reader.ValueTextEquals("message"u8);
            bool isWord = !isMessage && reader.ValueTextEquals("type"u8);
            reader.Read();
            if (isMessage && reader.TokenType == JsonTokenType.String)
                message = new JsonText(reader.ValueSpan);
            else if (isWord && reader.TokenType == JsonTokenType.String)
                word = new JsonText(reader.ValueSpan);
            reader.Skip();
        }
    }

    /// <summary>Writes the object.</summary>
    public static void Write(IBufferWriter<byte> output, GatewayError error)
    {
        using Utf8JsonWriter json = new(output, Options);
        json.WriteStartObject();
        json.WriteString("type"u8, "error"u8);
        json.WriteStartObject("error"u8);
        json.WriteString("type"u8, Type(error.Status));
        json.WriteString("message"u8, error.Message);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Anthropic's word for an error with this status.</summary>
    public static ReadOnlySpan<byte> Type(int status) => status switch
    {
        401 => "authentication_error"u8,
        402 => "billing_error"u8,
        403 => "permission_error"u8,
        404 => "not_found_error"u8,
        408 or 504 => "timeout_error"u8,
        409 => "conflict_error"u8,
        413 => "request_too_large"u8,
        429 => "rate_limit_error"u8,
        503 or 529 => "overloaded_error"u8,
        >= 500 => "api_error"u8,
        _ => "invalid_request_error"u8,
    };

    /// <summary>The status that a word stands for, or 0.</summary>
    public static int Status(ReadOnlySpan<byte> word) =>
        word.SequenceEqual("overloaded_error"u8) ? 529
        : word.SequenceEqual("rate_limit_error"u8) ? 429
        : word.SequenceEqual("api_error"u8) ? 500
        : word.SequenceEqual("invalid_request_error"u8) ? 400
        : word.SequenceEqual("authentication_error"u8) ? 401
        : word.SequenceEqual("billing_error"u8) ? 402
        : word.SequenceEqual("permission_error"u8) ? 403
        : word.SequenceEqual("not_found_error"u8) ? 404
        : word.SequenceEqual("conflict_error"u8) ? 409
        : word.SequenceEqual("request_too_large"u8) ? 413
        : word.SequenceEqual("timeout_error"u8) ? 504
        : 0;
}
