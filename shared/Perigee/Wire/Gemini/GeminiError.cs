using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Perigee.Wire.Gemini;

/// <summary>
/// Google's error object, <c>{"error":{"code","message","status","details"}}</c>; streams without <c>alt=sse</c> hold it in an array.
/// Sources: google.rpc.Code and google.rpc.error_details.
/// </summary>
internal static class GeminiError
{
    /// <summary>Writes the body of an error.</summary>
    public static void Write(IBufferWriter<byte> output, GatewayError error)
    {
        int status = error.Status == 529 ? 503 : error.Status;
        JsonPen pen = new(output);
        pen.Object().Name("error"u8).Object()
            .Name("code"u8).Number(status)
            .Name("message"u8).Plain(error.Message)
            .Name("status"u8).Plain(Word(status));
        if (error.Code is not null || error.Param is not null || error.RetryAfter is not null)
        {
            pen.Name("details"u8).Array();
            if (error.Code is not null)
            {
                pen.Object().Name("@type"u8).Text("type.googleapis.com/google.rpc.ErrorInfo"u8)
                    .Name("reason"u8).Plain(error.Code.ToUpperInvariant()).Name("domain"u8).Text("perigee"u8).EndObject();
            }

            if (error.Param is not null)
            {
                pen.Object().Name("@type"u8).Text("type.googleapis.com/google.rpc.BadRequest"u8).Name("fieldViolations"u8).Array()
                    .Object().Name("field"u8).Plain(error.Param).Name("description"u8).Plain(error.Message).EndObject().EndArray().EndObject();
            }

            if (error.RetryAfter is { } wait)
            {
                string seconds = Math.Max(0, Math.Ceiling(wait.TotalSeconds)).ToString("0", CultureInfo.InvariantCulture);
                pen.Object().Name("@type"u8).Text("type.googleapis.com/google.rpc.RetryInfo"u8).Name("retryDelay"u8).Plain(seconds + "s").EndObject();
            }

            pen.EndArray();
        }

        pen.EndObject().EndObject();
    }

    /// <summary>Ends a stream of events with an error.</summary>
    public static void WriteEvent(IBufferWriter<byte> output, GatewayError error)
    {
        output.Write("data: "u8);
        Write(output, error);
        output.Write("\r\n\r\n"u8);
    }

    /// <summary>Ends a stream that is one JSON array with an error.</summary>
    /// <param name="output">Takes the bytes.</param>
    /// <param name="error">The error.</param>
    /// <param name="first">Whether nothing of the array was written before.</param>
    public static void WriteArrayError(IBufferWriter<byte> output, GatewayError error, bool first)
    {
        output.Write(first ? "["u8 : ",\r\n"u8);
        Write(output, error);
        output.Write("]"u8);
    }

    /// <summary>Whether a body is Google's error, alone or in an array.</summary>
    public static bool IsOwn(ReadOnlySpan<byte> body)
    {
        try
        {
            Utf8JsonReader reader = new(body);
            if (!reader.Read() || (reader.TokenType == JsonTokenType.StartArray && !reader.Read()) || reader.TokenType != JsonTokenType.StartObject)
                return false;
            bool message = false, own = false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isError = reader.ValueTextEquals("error"u8);
                reader.Read();
                if (!isError || reader.TokenType != JsonTokenType.StartObject)
                {
                    reader.Skip();
                    continue;
                }

                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    bool isMessage = reader.ValueTextEquals("message"u8);
                    bool isStatus = reader.ValueTextEquals("status"u8);
                    bool isCode = reader.ValueTextEquals("code"u8);
                    reader.Read();
                    message |= isMessage && reader.TokenType == JsonTokenType.String;
                    own |= (isStatus && reader.TokenType == JsonTokenType.String) || (isCode && reader.TokenType == JsonTokenType.Number);
                    reader.Skip();
                }
            }

            while (reader.Read())
            {
            }

            return message && own;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>
    /// What an error says: its message and word, both escaped, and the HTTP status that it stands for. A bad key is 400 with Google and
    /// 401 here, so that it counts as what it is.
    /// </summary>
    public static Said Read(ReadOnlySpan<byte> json)
    {
        Said said = new() { Message = "The provider reported an error."u8 };
        Utf8JsonReader reader = new(json, GeminiNames.Deep);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isError = reader.ValueTextEquals("error"u8);
            reader.Read();
            if (isError && reader.TokenType == JsonTokenType.String)
                said.Message = reader.ValueSpan;
            else if (isError && reader.TokenType == JsonTokenType.StartObject)
                Members(ref reader, ref said, json);
            reader.Skip();
        }

        if (said.Message.IndexOf("API key not valid"u8) >= 0)
            said.Status = 401;
        if (said.Status == 0)
            said.Status = StatusOf(said.Word);
        return said;
    }

    private static void Members(scoped ref Utf8JsonReader reader, scoped ref Said said, ReadOnlySpan<byte> json)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isMessage = reader.ValueTextEquals("message"u8);
            bool isWord = reader.ValueTextEquals("status"u8);
            bool isCode = reader.ValueTextEquals("code"u8);
            bool isDetails = reader.ValueTextEquals("details"u8);
            reader.Read();
            int start = (int)reader.TokenStartIndex;
            if (isMessage && reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty)
                said.Message = reader.ValueSpan;
            else if (isWord && reader.TokenType == JsonTokenType.String)
                said.Word = reader.ValueSpan;
            else if (isCode && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out int code) && code is >= 400 and < 600 && said.Status == 0)
                said.Status = code;
            reader.Skip();
            if (isDetails && json[start..(int)reader.BytesConsumed].IndexOf("\"API_KEY_INVALID\""u8) >= 0)
                said.Status = 401;
        }
    }

    /// <summary>Google's word for an HTTP status.</summary>
    private static string Word(int status) => status switch
    {
        401 => "UNAUTHENTICATED",
        402 or 429 => "RESOURCE_EXHAUSTED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        408 or 504 => "DEADLINE_EXCEEDED",
        409 => "ABORTED",
        499 => "CANCELLED",
        501 => "UNIMPLEMENTED",
        503 => "UNAVAILABLE",
        >= 500 => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    };

    private static int StatusOf(ReadOnlySpan<byte> word) =>
        word.SequenceEqual("INVALID_ARGUMENT"u8) || word.SequenceEqual("FAILED_PRECONDITION"u8) || word.SequenceEqual("OUT_OF_RANGE"u8) ? 400
        : word.SequenceEqual("UNAUTHENTICATED"u8) ? 401
        : word.SequenceEqual("PERMISSION_DENIED"u8) ? 403
        : word.SequenceEqual("NOT_FOUND"u8) ? 404
        : word.SequenceEqual("RESOURCE_EXHAUSTED"u8) ? 429
        : word.SequenceEqual("UNAVAILABLE"u8) ? 503
        : word.SequenceEqual("DEADLINE_EXCEEDED"u8) ? 504
        : word.SequenceEqual("INTERNAL"u8) || word.SequenceEqual("UNKNOWN"u8) ? 500
        : 0;

    /// <summary>What an error says.</summary>
    public ref struct Said
    {
        /// <summary>Its text, escaped.</summary>
        public ReadOnlySpan<byte> Message;

        /// <summary>Its word, escaped; may be empty.</summary>
        public ReadOnlySpan<byte> Word;

        /// <summary>The HTTP status, or 0.</summary>
        public int Status;
    }
}
