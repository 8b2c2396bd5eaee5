using System.Buffers;
using System.Text.Json;

namespace Perigee.Wire.Gemini;

/// <summary>
/// Probabilities of tokens: <c>{"chosenCandidates":[{"token","logProbability"}],"topCandidates":[{"candidates":[...]}]}</c> here, one array
/// of <c>{"token","logprob","bytes","top_logprobs"}</c> in OpenAI's dialect.
/// </summary>
internal static class GeminiLogprobs
{
    /// <summary>Says the object at which the reader stands in OpenAI's form.</summary>
    public static void Read(Utf8JsonReader reader, IStreamSink sink, int choice)
    {
        Utf8JsonReader chosen = default, top = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isChosen = GeminiNames.Is(ref reader, "chosenCandidates"u8);
            bool isTop = GeminiNames.Is(ref reader, "topCandidates"u8);
            reader.Read();
            if (isChosen)
                chosen = reader;
            else if (isTop)
                top = reader;
            reader.Skip();
        }

        if (chosen.TokenType != JsonTokenType.StartArray)
            return;
        ArrayBufferWriter<byte> output = new();
        JsonPen pen = new(output);
        pen.Array();
        bool tops = top.TokenType == JsonTokenType.StartArray;
        while (chosen.Read() && chosen.TokenType == JsonTokenType.StartObject)
        {
            pen.Object();
            Token(ref chosen, pen);
            pen.Name("top_logprobs"u8).Array();
            tops = tops && top.Read() && top.TokenType == JsonTokenType.StartObject;
            if (tops)
                Alternatives(ref top, pen);
            pen.EndArray().EndObject();
        }

        pen.EndArray();
        sink.Logprobs(choice, output.WrittenSpan);
    }

    /// <summary>Adds the entries of OpenAI's array to the members of Google's two.</summary>
    public static void Write(ReadOnlySpan<byte> content, JsonPen chosen, JsonPen top)
    {
        try
        {
            Utf8JsonReader reader = new(content);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
                return;
            while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                Entry(ref reader, chosen, top);
        }
        catch (JsonException)
        {
            // Half an array is no reason to lose the answer.
        }
    }

    private static void Entry(scoped ref Utf8JsonReader reader, JsonPen chosen, JsonPen? top)
    {
        ReadOnlySpan<byte> token = default, number = default;
        Utf8JsonReader alternatives = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isToken = reader.ValueTextEquals("token"u8);
            bool isNumber = reader.ValueTextEquals("logprob"u8);
            bool isTop = reader.ValueTextEquals("top_logprobs"u8);
            reader.Read();
            if (isToken && reader.TokenType == JsonTokenType.String)
                token = reader.ValueSpan;
            else if (isNumber && reader.TokenType == JsonTokenType.Number)
                number = reader.ValueSpan;
            else if (isTop)
                alternatives = reader;
            reader.Skip();
        }

        chosen.Object().Name("token"u8).Text(token);
        if (!number.IsEmpty)
            chosen.Name("logProbability"u8).Raw(number);
        chosen.EndObject();
        if (top is null)
            return;
        top.Object().Name("candidates"u8).Array();
        if (alternatives.TokenType == JsonTokenType.StartArray)
        {
            while (alternatives.Read() && alternatives.TokenType == JsonTokenType.StartObject)
                Entry(ref alternatives, top, null);
        }

        top.EndArray().EndObject();
    }

    private static void Alternatives(scoped ref Utf8JsonReader reader, JsonPen pen)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            {
                pen.Object();
                Token(ref reader, pen);
                pen.EndObject();
            }
        }
    }

    /// <summary>Writes the members of the candidate at which the reader stands.</summary>
    private static void Token(scoped ref Utf8JsonReader reader, JsonPen pen)
    {
        ReadOnlySpan<byte> token = default, number = "0"u8;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isToken = reader.ValueTextEquals("token"u8);
            bool isNumber = GeminiNames.Is(ref reader, "logProbability"u8);
            reader.Read();
            if (isToken && reader.TokenType == JsonTokenType.String)
                token = reader.ValueSpan;
            else if (isNumber && reader.TokenType == JsonTokenType.Number)
                number = reader.ValueSpan;
            reader.Skip();
        }

        pen.Name("token"u8).Text(token).Name("logprob"u8).Raw(number).Name("bytes"u8).Array();
        foreach (byte b in WireText.Unescape(token))
            pen.Number(b);
        pen.EndArray();
    }
}
