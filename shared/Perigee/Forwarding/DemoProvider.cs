using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Forwarding;

/// <summary>
/// The provider that is built in: <c>demo/echo</c> answers chat, completions and embeddings from the question alone, so that a newcomer
/// without any key sees the whole gateway work. It stands where the network would, so everything before it is real.
/// </summary>
internal sealed class DemoProvider(TimeProvider time) : HttpMessageHandler
{
    private const string Model = "echo";
    private const int DefaultDimensions = 256;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        byte[] body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        string path = request.RequestUri!.OriginalString.Split('?')[0];
        if (request.Method != HttpMethod.Post || body.Length == 0)
            return Refuse(404, "The demo answers chat, completions and embeddings only.");
        using JsonDocument question = JsonDocument.Parse(ReadableJson.Of(body));
        JsonElement root = question.RootElement;
        if (!root.TryGetProperty("model", out JsonElement model) || model.GetString() != Model)
            return Refuse(404, "The demo has one model: demo/echo.");
        string id = Convert.ToHexStringLower(SHA256.HashData(body))[..24];
        bool stream = root.TryGetProperty("stream", out JsonElement flag) && flag.ValueKind == JsonValueKind.True;
        if (path.EndsWith("/chat/completions", StringComparison.Ordinal))
            return Chat(root, "chatcmpl-demo" + id, stream);
        if (path.EndsWith("/completions", StringComparison.Ordinal))
            return Completion(root, "cmpl-demo" + id, stream);
        if (path.EndsWith("/embeddings", StringComparison.Ordinal))
            return Embeddings(root);
        return Refuse(404, "The demo answers chat, completions and embeddings only.");
    }

    private HttpResponseMessage Chat(JsonElement root, string id, bool stream)
    {
        if (!root.TryGetProperty("messages", out JsonElement messages) || messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
            return Refuse(400, "'messages' must be an array with at least one message.");
        string asked = LastText(messages);
        string answer = Answer(asked);
        return stream
            ? Stream(root, id, "chat.completion.chunk", answer, asked, (json, piece, first) =>
            {
                json.WriteStartObject("delta"u8);
                if (first)
                    json.WriteString("role"u8, "assistant"u8);
                if (piece is not null)
                    json.WriteString("content"u8, piece);
                json.WriteEndObject();
            })
            : Whole(id, "chat.completion", answer, asked, (json, text) =>
            {
                json.WriteStartObject("message"u8);
                json.WriteString("role"u8, "assistant"u8);
                json.WriteString("content"u8, text);
                json.WriteNull("refusal"u8);
                json.WriteEndObject();
            });
    }

    private HttpResponseMessage Completion(JsonElement root, string id, bool stream)
    {
        string asked = root.TryGetProperty("prompt", out JsonElement prompt) && prompt.ValueKind == JsonValueKind.String ? prompt.GetString()! : "";
        string answer = Answer(asked);
        return stream
            ? Stream(root, id, "text_completion", answer, asked, (json, piece, _) => json.WriteString("text"u8, piece ?? ""))
            : Whole(id, "text_completion", answer, asked, (json, text) => json.WriteString("text"u8, text));
    }

    private static string Answer(string asked) =>
        $"This is Perigee's built-in demo: no model was asked. You said: {(asked.Length == 0 ? "(nothing in text)" : asked)}";

    private HttpResponseMessage Whole(string id, string kind, string answer, string asked, Action<Utf8JsonWriter, string> say)
    {
        ArrayBufferWriter<byte> output = new();
        using (Utf8JsonWriter json = new(output))
        {
            Open(json, id, kind);
            json.WriteStartArray("choices"u8);
            json.WriteStartObject();
            json.WriteNumber("index"u8, 0);
            say(json, answer);
            json.WriteNull("logprobs"u8);
            json.WriteString("finish_reason"u8, "stop"u8);
            json.WriteEndObject();
            json.WriteEndArray();
            Usage(json, asked, answer);
            json.WriteEndObject();
        }

        return Reply(200, "application/json", output);
    }

    private HttpResponseMessage Stream(
        JsonElement root, string id, string kind, string answer, string asked, Action<Utf8JsonWriter, string?, bool> say)
    {
        bool usage = root.TryGetProperty("stream_options", out JsonElement options) && options.ValueKind == JsonValueKind.Object
            && options.TryGetProperty("include_usage", out JsonElement include) && include.ValueKind == JsonValueKind.True;
        ArrayBufferWriter<byte> output = new();
        string[] words = answer.Split(' ');
        for (int i = 0; i <= words.Length; i++)
        {
            string? piece = i == words.Length ? null : i == 0 ? words[i] : " " + words[i];
            Event(output, json =>
            {
                Open(json, id, kind);
                json.WriteStartArray("choices"u8);
                json.WriteStartObject();
                json.WriteNumber("index"u8, 0);
                say(json, piece, i == 0);
                json.WriteNull("logprobs"u8);
                if (piece is null)
                    json.WriteString("finish_reason"u8, "stop"u8);
                else
                    json.WriteNull("finish_reason"u8);
                json.WriteEndObject();
                json.WriteEndArray();
                json.WriteEndObject();
            });
        }

        if (usage)
        {
            Event(output, json =>
            {
                Open(json, id, kind);
                json.WriteStartArray("choices"u8);
                json.WriteEndArray();
                Usage(json, asked, answer);
                json.WriteEndObject();
            });
        }

        output.Write("data: [DONE]\n\n"u8);
        return Reply(200, "text/event-stream", output);
    }

    private static HttpResponseMessage Embeddings(JsonElement root)
    {
        if (!root.TryGetProperty("input", out JsonElement input))
            return Refuse(400, "'input' must be a string or an array.");
        int dimensions = DefaultDimensions;
        if (root.TryGetProperty("dimensions", out JsonElement wanted) && (!wanted.TryGetInt32(out dimensions) || dimensions is < 1 or > 4096))
            return Refuse(400, "'dimensions' must be 1 to 4096.");
        bool base64 = root.TryGetProperty("encoding_format", out JsonElement format) && format.ValueEquals("base64"u8);

        // One text, one list of tokens, or a list of either.
        JsonElement[] items = input.ValueKind == JsonValueKind.Array && input.GetArrayLength() > 0 && input[0].ValueKind != JsonValueKind.Number
            ? [.. input.EnumerateArray()]
            : [input];
        ArrayBufferWriter<byte> output = new();
        using (Utf8JsonWriter json = new(output))
        {
            json.WriteStartObject();
            json.WriteString("object"u8, "list"u8);
            json.WriteStartArray("data"u8);
            for (int i = 0; i < items.Length; i++)
            {
                json.WriteStartObject();
                json.WriteString("object"u8, "embedding"u8);
                json.WriteNumber("index"u8, i);
                Vector(json, items[i].ToString(), dimensions, base64);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteString("model"u8, Model);
            json.WriteStartObject("usage"u8);
            int tokens = items.Sum(item => Tokens(item.ToString()));
            json.WriteNumber("prompt_tokens"u8, tokens);
            json.WriteNumber("total_tokens"u8, tokens);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Reply(200, "application/json", output);
    }

    /// <summary>A unit vector of hashed words: equal texts are equal, texts that share words are near. No meaning beyond that.</summary>
    private static void Vector(Utf8JsonWriter json, string text, int dimensions, bool base64)
    {
        float[] vector = new float[dimensions];
        foreach (string word in text.ToLowerInvariant().Split([' ', '\t', '\n', '\r', '.', ',', '?', '!'], StringSplitOptions.RemoveEmptyEntries))
        {
            uint hash = BinaryPrimitives.ReadUInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(word)));
            vector[hash % (uint)dimensions] += (hash & 0x80000000) == 0 ? 1 : -1;
        }

        float norm = MathF.Sqrt(vector.Sum(x => x * x));
        if (norm == 0)
            vector[0] = norm = 1;
        for (int i = 0; i < dimensions; i++)
            vector[i] /= norm;
        if (base64)
        {
            byte[] bytes = new byte[dimensions * 4];
            for (int i = 0; i < dimensions; i++)
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * 4), vector[i]);
            json.WriteBase64String("embedding"u8, bytes);
            return;
        }

        json.WriteStartArray("embedding"u8);
        foreach (float x in vector)
            json.WriteNumberValue(x);
        json.WriteEndArray();
    }

    private void Open(Utf8JsonWriter json, string id, string kind)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("object"u8, kind);
        json.WriteNumber("created"u8, time.GetUtcNow().ToUnixTimeSeconds());
        json.WriteString("model"u8, Model);
        json.WriteString("system_fingerprint"u8, "perigee_demo"u8);
    }

    private static void Usage(Utf8JsonWriter json, string asked, string answer)
    {
        json.WriteStartObject("usage"u8);
        json.WriteNumber("prompt_tokens"u8, Tokens(asked));
        json.WriteNumber("completion_tokens"u8, Tokens(answer));
        json.WriteNumber("total_tokens"u8, Tokens(asked) + Tokens(answer));
        json.WriteEndObject();
    }

    /// <summary>Words: the demo has no tokenizer and bills nobody.</summary>
    private static int Tokens(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length;

    private static string LastText(JsonElement messages)
    {
        foreach (JsonElement message in messages.EnumerateArray().Reverse())
        {
            if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("role", out JsonElement role)
                || role.ValueKind != JsonValueKind.String || !role.ValueEquals("user"u8)
                || !message.TryGetProperty("content", out JsonElement content))
            {
                continue;
            }

            if (content.ValueKind == JsonValueKind.String)
                return content.GetString()!;
            if (content.ValueKind == JsonValueKind.Array)
            {
                return string.Join(' ', content.EnumerateArray()
                    .Where(part => part.ValueKind == JsonValueKind.Object && part.TryGetProperty("text", out JsonElement text) && text.ValueKind == JsonValueKind.String)
                    .Select(part => part.GetProperty("text").GetString()));
            }
        }

        return "";
    }

    private static void Event(ArrayBufferWriter<byte> output, Action<Utf8JsonWriter> write)
    {
        output.Write("data: "u8);
        using (Utf8JsonWriter json = new(output))
            write(json);
        output.Write("\n\n"u8);
    }

    private static HttpResponseMessage Refuse(int status, string message)
    {
        ArrayBufferWriter<byte> output = new();
        OpenAiError.Write(output, new GatewayError(status == 404 ? ErrorKind.NotFound : ErrorKind.BadRequest, message));
        return Reply(status, "application/json", output);
    }

    private static HttpResponseMessage Reply(int status, string type, ArrayBufferWriter<byte> body)
    {
        ByteArrayContent content = new(body.WrittenSpan.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        HttpResponseMessage reply = new((HttpStatusCode)status) { Content = content };
        reply.Headers.TryAddWithoutValidation("x-request-id", "demo-" + body.WrittenCount.ToString(CultureInfo.InvariantCulture));
        return reply;
    }
}
