using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Perigee.Wire.Gemini;

/// <summary>countTokens: the same question, asked for its length. Source: the discovery document, "CountTokensRequest" and "CountTokensResponse".</summary>
internal static class GeminiCount
{
    /// <summary>Writes an answer.</summary>
    public static void WriteAnswer(IBufferWriter<byte> output, long tokens) => new JsonPen(output).Object().Name("totalTokens"u8).Number(tokens).EndObject();

    /// <summary>Reads an answer. False where it holds no number.</summary>
    public static bool TryReadAnswer(ReadOnlySpan<byte> body, out long tokens)
    {
        tokens = 0;
        try
        {
            Utf8JsonReader reader = new(body);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isTotal = GeminiNames.Is(ref reader, "totalTokens"u8);
                reader.Read();
                if (isTotal && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out tokens))
                    return true;
                reader.Skip();
            }
        }
        catch (JsonException)
        {
            // No answer, then.
        }

        return false;
    }

    /// <summary>Writes a question of any dialect as a body of countTokens. The form with tools and instructions wants the model's name inside.</summary>
    public static GatewayError? WriteQuestion(ChatQuestion question, Translation translation, IBufferWriter<byte> output)
    {
        string model = translation.Model.StartsWith("models/", StringComparison.Ordinal) ? translation.Model : "models/" + translation.Model;
        JsonPen pen = new(output);
        pen.Object().Name("generateContentRequest"u8).Object().Name("model"u8).Plain(model);
        GatewayError? error = GeminiQuestionWriter.WriteMembers(question, translation, pen);
        pen.EndObject().EndObject();
        return error;
    }

    /// <summary>Reads a client's body: the question itself, or the conversation alone.</summary>
    public static bool TryRead(JsonIndex body, in QuestionContext context, [NotNullWhen(true)] out ChatQuestion? question, [NotNullWhen(false)] out GatewayError? error)
    {
        GeminiNode root = new(body, 0);
        if (root.Find("generateContentRequest"u8) is not { } inner)
            return GeminiQuestionReader.TryRead(root, context, out question, out error);
        if (inner.IsObject)
            return GeminiQuestionReader.TryRead(inner, context, out question, out error);
        question = null;
        error = inner.Wrong("must be an object: the question.");
        return false;
    }
}
