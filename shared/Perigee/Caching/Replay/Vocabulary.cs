using System.Text.Json;
using Perigee.Wire.Gemini;

namespace Perigee.Caching.Replay;

/// <summary>
/// Whether an answer holds only what the verbs between the dialects can say. The readers pass over the rest in silence, which is right for an
/// answer under way, where nothing better can be had; of a kept one a fresh answer can be had instead.
/// </summary>
/// <remarks>
/// Bookkeeping that says nothing of the answer (<c>system_fingerprint</c>, <c>service_tier</c>, safety ratings ...) may be lost. The traces of
/// the provider's own search may be, into another dialect: there the citations are all that a client gets from any provider.
/// </remarks>
internal static class Vocabulary
{
    private static readonly JsonReaderOptions Deep = new() { MaxDepth = 256 };

    /// <summary>What a JSON value is in its dialect.</summary>
    private enum Place
    {
        /// <summary>Nothing to look into.</summary>
        Known,

        /// <summary>Nothing that has a verb: must be null, false or empty.</summary>
        Never,
        OpenAiAnswer,
        OpenAiChoice,
        OpenAiLogprobs,
        OpenAiMessage,
        OpenAiContent,
        OpenAiContentType,
        OpenAiCall,
        OpenAiNote,
        OpenAiNoteType,
        OpenAiImage,
        OpenAiImageUrl,
        AnthropicAnswer,
        AnthropicBlock,
        AnthropicBlockType,
        AnthropicDelta,
        AnthropicDeltaType,
        AnthropicCitation,
        AnthropicCitationType,
        GeminiAnswer,
        GeminiCandidate,
        GeminiContent,
        GeminiPart,
        GeminiInPart,
        GeminiThought,
        GeminiGrounding,
    }

    /// <summary>Whether a whole answer or one event can be said whole.</summary>
    /// <param name="dialect">The dialect's name.</param>
    /// <param name="json">The answer, or an event's data. What is no JSON is not covered.</param>
    /// <param name="same">Whether it is to be said in the same dialect, whose clients would miss more.</param>
    public static bool Covers(string dialect, ReadOnlySpan<byte> json, bool same)
    {
        try
        {
            Utf8JsonReader reader = new(json, Deep);
            return reader.Read() && Covers(ref reader, Root(dialect), same) && !reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private static Place Root(string dialect) => dialect switch
    {
        "anthropic" => Place.AnthropicAnswer,
        "gemini" => Place.GeminiAnswer,
        _ => Place.OpenAiAnswer,
    };

    /// <summary>Goes through the value that the reader stands on, to its end.</summary>
    private static bool Covers(ref Utf8JsonReader reader, Place place, bool same)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartArray when place is not (Place.Known or Place.Never):
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    if (!Covers(ref reader, place, same))
                        return false;
                }

                return true;
            case JsonTokenType.StartObject when place is not (Place.Known or Place.Never):
                return Members(ref reader, place, same);
            case JsonTokenType.String when place is not (Place.Known or Place.Never):
                return IsSaid(ref reader, place, same);
            default:
                long start = reader.TokenStartIndex;
                bool empty = reader.TokenType is JsonTokenType.Null or JsonTokenType.False || (reader.TokenType == JsonTokenType.String && reader.ValueSpan.IsEmpty);
                bool isList = reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject;
                reader.Skip();
                return place != Place.Never || empty || (isList && reader.BytesConsumed - start == 2);
        }
    }

    private static bool Members(ref Utf8JsonReader reader, Place place, bool same)
    {
        bool thought = false, file = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Place inside = Enter(ref reader, place, same);
            reader.Read();
            thought |= inside == Place.GeminiThought && reader.TokenType == JsonTokenType.True;
            file |= inside == Place.GeminiInPart;
            inside = inside is Place.GeminiThought or Place.GeminiInPart ? Place.Known : inside;
            if (!Covers(ref reader, inside, same))
                return false;
        }

        // Pictures that a model drew while it thought have no verb.
        return !(thought && file);
    }

    private static Place Enter(ref Utf8JsonReader name, Place place, bool same) => place switch
    {
        Place.OpenAiAnswer => name.ValueTextEquals("choices"u8) ? Place.OpenAiChoice : Place.Known,
        Place.OpenAiChoice => OpenAiChoice(ref name),
        Place.OpenAiLogprobs => name.ValueTextEquals("content"u8) ? Place.Known : Place.Never,
        Place.OpenAiMessage => OpenAiMessage(ref name),
        Place.OpenAiContent => name.ValueTextEquals("type"u8) ? Place.OpenAiContentType : name.ValueTextEquals("image_url"u8) ? Place.OpenAiImageUrl : Place.Known,
        Place.OpenAiCall => name.ValueTextEquals("custom"u8) ? Place.Never : Place.Known,
        Place.OpenAiNote => name.ValueTextEquals("type"u8) ? Place.OpenAiNoteType : Place.Known,
        Place.OpenAiImage => name.ValueTextEquals("image_url"u8) ? Place.OpenAiImageUrl : Place.Known,
        Place.OpenAiImageUrl => name.ValueTextEquals("url"u8) ? Place.OpenAiImageUrl : Place.Known,
        Place.AnthropicAnswer => AnthropicAnswer(ref name),
        Place.AnthropicBlock => name.ValueTextEquals("type"u8) ? Place.AnthropicBlockType : name.ValueTextEquals("citations"u8) ? Place.AnthropicCitation : Place.Known,
        Place.AnthropicDelta => name.ValueTextEquals("type"u8) ? Place.AnthropicDeltaType : name.ValueTextEquals("citation"u8) ? Place.AnthropicCitation : Place.Known,
        Place.AnthropicCitation => name.ValueTextEquals("type"u8) ? Place.AnthropicCitationType : Place.Known,
        Place.GeminiAnswer => GeminiNames.Is(ref name, "candidates"u8) ? Place.GeminiCandidate : Place.Known,
        Place.GeminiCandidate => GeminiCandidate(ref name, same),
        Place.GeminiContent => GeminiNames.Is(ref name, "parts"u8) ? Place.GeminiPart : Place.Known,
        Place.GeminiPart => GeminiPart(ref name),
        Place.GeminiGrounding => GeminiNames.Is(ref name, "groundingChunks"u8) || GeminiNames.Is(ref name, "groundingSupports"u8) ? Place.Known : Place.Never,
        _ => Place.Known,
    };

    /// <summary>Legacy completions share the dialect, not the verbs: their <c>text</c> is no message.</summary>
    private static Place OpenAiChoice(ref Utf8JsonReader name) =>
        name.ValueTextEquals("delta"u8) || name.ValueTextEquals("message"u8) ? Place.OpenAiMessage
        : name.ValueTextEquals("logprobs"u8) ? Place.OpenAiLogprobs
        : name.ValueTextEquals("text"u8) ? Place.Never
        : Place.Known;

    private static Place OpenAiMessage(ref Utf8JsonReader name)
    {
        if (name.ValueTextEquals("content"u8))
            return Place.OpenAiContent;
        if (name.ValueTextEquals("tool_calls"u8))
            return Place.OpenAiCall;
        if (name.ValueTextEquals("annotations"u8))
            return Place.OpenAiNote;
        if (name.ValueTextEquals("images"u8))
            return Place.OpenAiImage;
        return name.ValueTextEquals("role"u8) || name.ValueTextEquals("refusal"u8) || name.ValueTextEquals("function_call"u8)
            || name.ValueTextEquals("reasoning"u8) || name.ValueTextEquals("reasoning_content"u8) || name.ValueTextEquals("reasoning_text"u8)
            || name.ValueTextEquals("reasoning_details"u8) || name.ValueTextEquals("extra_content"u8)
            ? Place.Known
            : Place.Never;
    }

    private static Place AnthropicAnswer(ref Utf8JsonReader name) =>
        name.ValueTextEquals("content"u8) || name.ValueTextEquals("content_block"u8) ? Place.AnthropicBlock
        : name.ValueTextEquals("message"u8) ? Place.AnthropicAnswer
        : name.ValueTextEquals("delta"u8) ? Place.AnthropicDelta
        : Place.Known;

    private static Place GeminiCandidate(ref Utf8JsonReader name, bool same) =>
        GeminiNames.Is(ref name, "content"u8) ? Place.GeminiContent
        : GeminiNames.Is(ref name, "groundingMetadata"u8) ? (same ? Place.GeminiGrounding : Place.Known)
        : GeminiNames.Is(ref name, "urlContextMetadata"u8) ? Place.Never
        : Place.Known;

    private static Place GeminiPart(ref Utf8JsonReader name) =>
        GeminiNames.Is(ref name, "text"u8) || GeminiNames.Is(ref name, "thoughtSignature"u8) || GeminiNames.Is(ref name, "functionCall"u8) ? Place.Known
        : GeminiNames.Is(ref name, "thought"u8) ? Place.GeminiThought
        : GeminiNames.Is(ref name, "inlineData"u8) ? Place.GeminiInPart
        : Place.Never;

    /// <summary>Whether a word or address is one that the readers say.</summary>
    private static bool IsSaid(ref Utf8JsonReader value, Place place, bool same) => place switch
    {
        Place.OpenAiContentType => value.ValueTextEquals("text"u8) || value.ValueTextEquals("thinking"u8) || value.ValueTextEquals("image_url"u8),
        Place.OpenAiNoteType => value.ValueTextEquals("url_citation"u8),
        Place.OpenAiImageUrl => value.ValueSpan.StartsWith("data:"u8),
        Place.AnthropicBlockType => value.ValueTextEquals("text"u8) || value.ValueTextEquals("thinking"u8) || value.ValueTextEquals("redacted_thinking"u8)
            || value.ValueTextEquals("tool_use"u8) || (!same && (value.ValueTextEquals("server_tool_use"u8) || value.ValueTextEquals("web_search_tool_result"u8))),
        Place.AnthropicDeltaType => value.ValueTextEquals("text_delta"u8) || value.ValueTextEquals("input_json_delta"u8) || value.ValueTextEquals("thinking_delta"u8)
            || value.ValueTextEquals("signature_delta"u8) || value.ValueTextEquals("citations_delta"u8),
        Place.AnthropicCitationType => value.ValueTextEquals("web_search_result_location"u8),
        _ => true,
    };
}
