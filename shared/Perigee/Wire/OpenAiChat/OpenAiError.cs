using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Perigee.Wire.OpenAiChat;

/// <summary>
/// OpenAI's error object, <c>{"error":{"message","type","param","code"}}</c>, which all its dialects share.
/// Source: the OpenAI API reference, "Error codes".
/// </summary>
internal static class OpenAiError
{
    /// <summary>JSON, never HTML: quotes in a message stay readable.</summary>
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether the body is <c>{"error":{"message": "..."}}</c>, which an OpenAI client reads.</summary>
    public static bool IsOwn(ReadOnlySpan<byte> body)
    {
        try
        {
            Utf8JsonReader reader = new(body);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;
            bool found = false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isError = reader.ValueTextEquals("error"u8);
                reader.Read();
                if (isError && reader.TokenType == JsonTokenType.StartObject)
                {
                    int depth = reader.CurrentDepth;
                    while (reader.Read() && reader.CurrentDepth > depth)
                    {
                        if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == depth + 1 && reader.ValueTextEquals("message"u8))
                            found = reader.Read() && reader.TokenType == JsonTokenType.String;
                    }
                }
                else
                {
                    reader.Skip();
                }
            }

            // To its end: what has something behind it is no JSON.
            while (reader.Read())
            {
            }

            return found;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Writes the object of a refusal.</summary>
    public static void Write(IBufferWriter<byte> output, GatewayError error)
    {
        using Utf8JsonWriter json = new(output, Options);
        json.WriteStartObject();
        json.WriteStartObject("error"u8);
        WriteMembers(json, error);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Writes the closing events of a stream that failed.</summary>
    /// <param name="output">Takes the events.</param>
    /// <param name="error">Why it failed.</param>
    /// <param name="ofChoice">Whether the event has the form of a chunk that ends its choice.</param>
    public static void WriteEvent(IBufferWriter<byte> output, GatewayError error, bool ofChoice)
    {
        output.Write("data: "u8);
        using (Utf8JsonWriter json = new(output, Options))
        {
            json.WriteStartObject();
            json.WriteStartObject("error"u8);
            WriteMembers(json, error);
            json.WriteEndObject();
            if (ofChoice)
            {
                json.WriteString("id"u8, ""u8);
                json.WriteString("object"u8, "chat.completion.chunk"u8);
                json.WriteNumber("created"u8, 0);
                json.WriteString("model"u8, ""u8);
                json.WriteStartArray("choices"u8);
                json.WriteStartObject();
                json.WriteNumber("index"u8, 0);
                json.WriteStartObject("delta"u8);
                json.WriteEndObject();
                json.WriteString("finish_reason"u8, "error"u8);
                json.WriteEndObject();
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        output.Write("\n\ndata: [DONE]\n\n"u8);
    }

    /// <summary>Writes the four members.</summary>
    public static void WriteMembers(Utf8JsonWriter json, GatewayError error)
    {
        json.WriteString("message"u8, error.Message);
        json.WriteString("type"u8, Type(error));
        if (error.Param is null)
            json.WriteNull("param"u8);
        else
            json.WriteString("param"u8, error.Param);
        if ((error.Code ?? Code(error.Kind) ?? Code(error.Status)) is { } code)
            json.WriteString("code"u8, code);
        else
            json.WriteNull("code"u8);
    }

    /// <summary>OpenAI's word for the class of an error, by the status that the client sees.</summary>
    public static string Type(GatewayError error) => error.Status switch
    {
        401 => "authentication_error",
        402 => "insufficient_quota",
        403 => "permission_error",
        429 when error.Code == "insufficient_quota" => "insufficient_quota",
        429 => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };

    /// <summary>A code for a provider's refusal that came without one, where the status leaves no doubt.</summary>
    private static string? Code(int status) => status switch
    {
        401 => "invalid_api_key",
        402 => "insufficient_quota",
        404 => "model_not_found",
        429 => "rate_limit_exceeded",
        _ => null,
    };

    private static string? Code(ErrorKind kind) => kind switch
    {
        ErrorKind.Unauthenticated => "invalid_api_key",
        ErrorKind.ModelNotFound => "model_not_found",
        ErrorKind.LimitReached => "rate_limit_exceeded",
        ErrorKind.BudgetSpent => "insufficient_quota",
        ErrorKind.PriceUnknown => "gateway_price_unknown",
        ErrorKind.NotFound => "not_found",
        ErrorKind.MethodNotAllowed => "method_not_allowed",
        ErrorKind.BodyTooLarge => "gateway_body_too_large",
        ErrorKind.UnsupportedMediaType => "gateway_unsupported_media_type",
        ErrorKind.ProviderFailed => "gateway_provider_failed",
        ErrorKind.ProviderTimeout => "gateway_provider_timeout",
        ErrorKind.StorageDown => "gateway_storage_down",
        ErrorKind.Unavailable => "gateway_unavailable",
        ErrorKind.Internal => "gateway_internal_error",
        _ => null,
    };
}
