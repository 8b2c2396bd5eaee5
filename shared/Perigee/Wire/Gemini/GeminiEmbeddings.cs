using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;

namespace Perigee.Wire.Gemini;

/// <summary>
/// embedContent and batchEmbedContents, asked of a provider that speaks OpenAI's embeddings. Sources: the discovery document,
/// "EmbedContentRequest" and "BatchEmbedContentsRequest"; the OpenAI API reference, "Create embeddings".
/// </summary>
internal static class GeminiEmbeddings
{
    /// <summary>Writes a question in OpenAI's form.</summary>
    /// <param name="body">The client's body.</param>
    /// <param name="batch">Whether it is one of batchEmbedContents.</param>
    /// <param name="translation">Names the model; takes what was dropped.</param>
    /// <param name="output">Takes the body.</param>
    /// <returns>Null, or what is wrong with the question.</returns>
    public static GatewayError? WriteQuestion(JsonIndex body, bool batch, Translation translation, IBufferWriter<byte> output)
    {
        GeminiNode root = new(body, 0);
        JsonPen pen = new(output);
        pen.Object().Name("model"u8).Plain(translation.Model).Name("input"u8).Array();
        long? dimensions = null;
        GatewayError? error = batch ? Batch(root, translation, pen, ref dimensions) : One(root, translation, pen, ref dimensions);
        if (error is not null)
            return error;
        pen.EndArray();
        if (dimensions is { } length)
            pen.Name("dimensions"u8).Number(length);
        pen.Name("encoding_format"u8).Text("float"u8).EndObject();
        return null;
    }

    /// <summary>Writes OpenAI's answer in Google's form.</summary>
    /// <returns>Null, or why it is no answer.</returns>
    public static GatewayError? WriteAnswer(ReadOnlyMemory<byte> answer, bool batch, IBufferWriter<byte> output)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(ReadableJson.Of(answer));
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("data"u8, out JsonElement data)
                || data.ValueKind != JsonValueKind.Array)
            {
                return Unusable();
            }

            List<(int Index, JsonElement Values)> vectors = [];
            foreach (JsonElement item in data.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("embedding"u8, out JsonElement values))
                    return Unusable();
                bool numbered = item.TryGetProperty("index"u8, out JsonElement index) && index.ValueKind == JsonValueKind.Number && index.TryGetInt32(out _);
                vectors.Add((numbered ? index.GetInt32() : vectors.Count, values));
            }

            if (vectors.Count == 0)
                return Unusable();
            vectors.Sort(static (a, b) => a.Index.CompareTo(b.Index));
            JsonPen pen = new(output);
            pen.Object();
            if (!batch)
            {
                pen.Name("embedding"u8);
                Values(vectors[0].Values, pen);
            }
            else
            {
                pen.Name("embeddings"u8).Array();
                foreach ((_, JsonElement values) in vectors)
                    Values(values, pen);
                pen.EndArray();
            }

            pen.EndObject();
            return null;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            return Unusable();
        }
    }

    private static GatewayError Unusable() => new(ErrorKind.ProviderFailed, "The provider's answer holds no embeddings.");

    private static GatewayError? Batch(GeminiNode root, Translation translation, JsonPen pen, ref long? dimensions)
    {
        if (root.Find("requests"u8) is not { } requests)
            return new GatewayError(ErrorKind.BadRequest, "'requests' is missing: the list of what is to be embedded.", "requests");
        if (!requests.IsArray)
            return requests.Wrong("must be an array.");
        bool any = false;
        foreach (GeminiNode request in requests.Items)
        {
            if (!request.IsObject)
                return request.Wrong("must be an object with 'content'.");
            long? own = null;
            if (One(request, translation, pen, ref own) is { } error)
                return error;
            if (any && own != dimensions)
                return request.Wrong("asks for another 'outputDimensionality' than the first request; ask for them apart.");
            dimensions = own;
            any = true;
        }

        return any ? null : requests.Wrong("must not be empty.");
    }

    private static GatewayError? One(GeminiNode request, Translation translation, JsonPen pen, ref long? dimensions)
    {
        GeminiNode? content = null;
        foreach (GeminiMember member in request.Members)
        {
            GeminiNode value = member.Value;
            if (member.Is("content"u8))
            {
                content = value;
            }
            else if (member.Is("outputDimensionality"u8))
            {
                if (!value.TryLong(out long length) || length < 1)
                    return value.Wrong("must be a positive whole number.");
                dimensions = length;
            }
            else if (!member.Is("model"u8)
                && translation.Drop(value.Path, Loss.Hint, "OpenAI's embeddings have no such setting.") is { } refused)
            {
                return refused;
            }
        }

        if (content is not { } said)
        {
            string field = request.Path is { Length: > 0 } path ? path + ".content" : "content";
            return new GatewayError(ErrorKind.BadRequest, $"'{field}' is missing: what is to be embedded.", field);
        }

        return Content(said, pen);
    }

    /// <summary>A content is one text, in however many parts it was written.</summary>
    private static GatewayError? Content(GeminiNode content, JsonPen pen)
    {
        if (content.Find("parts"u8) is not { } parts || !(parts.IsArray || parts.IsObject))
            return content.Wrong("must be an object with 'parts'.");
        List<byte> text = [];
        foreach (GeminiNode part in parts.List)
        {
            if (part.Find("text"u8) is not { IsText: true } words)
                return part.Wrong("must be a part with 'text': only text can be embedded there.");
            if (text.Count > 0)
                text.AddRange("\\n"u8);
            text.AddRange(words.Text.Escaped.Span);
        }

        pen.Text(text.ToArray());
        return null;
    }

    /// <summary>The numbers as the provider wrote them; those that come as base64 in spite of the question are floats, least byte first.</summary>
    private static void Values(JsonElement values, JsonPen pen)
    {
        pen.Object().Name("values"u8);
        if (values.ValueKind == JsonValueKind.Array)
        {
            pen.Compact(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(values));
        }
        else
        {
            byte[] bytes = values.ValueKind == JsonValueKind.String ? values.GetBytesFromBase64() : throw new FormatException();
            pen.Array();
            for (int i = 0; i + 4 <= bytes.Length; i += 4)
                pen.Raw(System.Text.Encoding.ASCII.GetBytes(BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(i)).ToString("R", CultureInfo.InvariantCulture)));
            pen.EndArray();
        }

        pen.EndObject();
    }
}
