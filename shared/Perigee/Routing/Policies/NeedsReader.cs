using Perigee.Wire;
using Perigee.Wire.OpenAiChat;

namespace Perigee.Routing.Policies;

/// <summary>Reads <see cref="RequestNeeds"/> from the index of a body. Members of other types than the dialect's are as good as absent: the provider judges them.</summary>
internal static class NeedsReader
{
    private const int BytesPerToken = 4;

    /// <summary>What the needs of this exchange are.</summary>
    public static RequestNeeds Read(Exchange exchange)
    {
        if (exchange.Question is not { } question)
            return new RequestNeeds { Stream = exchange.Stream, Upload = exchange.Upload is not null };
        JsonValue body = new(question, 0);
        MediaTally media = new();
        RequestNeeds needs = exchange.Operation switch
        {
            { Speaks: DialectFamily.Anthropic } => OfAnthropic(body, media),
            { Speaks: DialectFamily.Gemini } => OfGemini(body, media),
            { Name: "responses" } => OfResponses(body, media),
            _ => OfChat(body, media),
        };
        return needs with
        {
            Tokens = Math.Max(1, (question.Json.Length - media.Bytes) / BytesPerToken) + media.Tokens,
            Images = media.Images,
            Audio = media.Audio,
            Video = media.Video,
            Files = media.Files,
            Stream = exchange.Stream,
            Upload = exchange.Upload is not null,
        };
    }

    private static RequestNeeds OfChat(JsonValue body, MediaTally media)
    {
        foreach ((_, JsonValue message) in List(body["messages"u8]))
        {
            foreach ((_, JsonValue part) in List(message["content"u8]))
                media.OpenAi(part);
        }

        (bool tools, bool server) = OpenAiTools(body["tools"u8]);
        return new RequestNeeds
        {
            MaxOutput = Number(body["max_completion_tokens"u8]) ?? Number(body["max_tokens"u8]),
            Tools = tools || List(body["functions"u8]).Any,
            ServerTools = server || body["web_search_options"u8].IsObject,
            Speech = Has(body["modalities"u8], "audio"),
            Schema = body["response_format"u8]["type"u8].Word == "json_schema",
            Reasoning = IsEffort(body["reasoning_effort"u8]) || IsEffort(body["reasoning"u8]["effort"u8])
                || body["reasoning"u8]["enabled"u8].IsTrue || body["thinking"u8]["type"u8].Word == "enabled",
            Kept = body["store"u8].IsTrue,
            User = Text(body["user"u8]) ?? Text(body["safety_identifier"u8]),
            CacheKey = Text(body["prompt_cache_key"u8]),
        };
    }

    private static RequestNeeds OfResponses(JsonValue body, MediaTally media)
    {
        foreach ((_, JsonValue item) in List(body["input"u8]))
        {
            foreach ((_, JsonValue part) in List(item["content"u8]))
                media.OpenAi(part);
            foreach ((_, JsonValue part) in List(item["output"u8]))
                media.OpenAi(part);
            media.OpenAi(item["output"u8]);
        }

        (bool tools, bool server) = OpenAiTools(body["tools"u8]);
        return new RequestNeeds
        {
            MaxOutput = Number(body["max_output_tokens"u8]),
            Tools = tools,
            ServerTools = server,
            Schema = body["text"u8]["format"u8]["type"u8].Word == "json_schema",
            Reasoning = IsEffort(body["reasoning"u8]["effort"u8]) || body["reasoning"u8]["summary"u8].IsText,

            // Responses are kept unless the client says otherwise.
            Kept = body["store"u8].Type != System.Text.Json.JsonTokenType.False || body["background"u8].IsTrue
                || body["previous_response_id"u8].IsThere || body["conversation"u8].IsThere,
            User = Text(body["user"u8]) ?? Text(body["safety_identifier"u8]),
            CacheKey = Text(body["prompt_cache_key"u8]),
        };
    }

    private static RequestNeeds OfAnthropic(JsonValue body, MediaTally media)
    {
        foreach ((_, JsonValue message) in List(body["messages"u8]))
        {
            foreach ((_, JsonValue block) in List(message["content"u8]))
            {
                media.Anthropic(block);
                foreach ((_, JsonValue inner) in List(block["content"u8]))
                    media.Anthropic(inner);
            }
        }

        bool tools = false, server = List(body["mcp_servers"u8]).Any;
        foreach ((_, JsonValue tool) in List(body["tools"u8]))
        {
            bool own = !tool["type"u8].IsText || tool["type"u8].Word == "custom";
            (tools, server) = (tools || own, server || !own);
        }

        return new RequestNeeds
        {
            MaxOutput = Number(body["max_tokens"u8]),
            Tools = tools,
            ServerTools = server,
            Schema = body["output_config"u8]["format"u8].IsObject || body["output_format"u8].IsObject,
            Reasoning = body["thinking"u8]["type"u8].Word == "enabled",
            User = Text(body["metadata"u8]["user_id"u8]),
        };
    }

    private static RequestNeeds OfGemini(JsonValue body, MediaTally media)
    {
        foreach ((_, JsonValue content) in List(body["contents"u8]))
        {
            foreach ((_, JsonValue part) in List(content["parts"u8]))
            {
                media.Gemini(part);
                foreach ((_, JsonValue inner) in List(Either(part, "functionResponse"u8, "function_response"u8)["parts"u8]))
                    media.Gemini(inner);
            }
        }

        bool tools = false, server = false;
        foreach ((_, JsonValue tool) in List(body["tools"u8]))
        {
            if (!tool.IsObject)
                continue;
            foreach ((string name, _) in tool)
            {
                bool own = name is "functionDeclarations" or "function_declarations";
                (tools, server) = (tools || own, server || !own);
            }
        }

        JsonValue config = Either(body, "generationConfig"u8, "generation_config"u8);
        JsonValue thinking = Either(config, "thinkingConfig"u8, "thinking_config"u8);
        return new RequestNeeds
        {
            MaxOutput = Number(Either(config, "maxOutputTokens"u8, "max_output_tokens"u8)),
            Tools = tools,
            ServerTools = server,
            Speech = Has(Either(config, "responseModalities"u8, "response_modalities"u8), "AUDIO"),
            Schema = Either(config, "responseSchema"u8, "response_schema"u8).IsObject || Either(config, "responseJsonSchema"u8, "response_json_schema"u8).IsObject,
            Reasoning = Number(Either(thinking, "thinkingBudget"u8, "thinking_budget"u8)) > 0
                || Either(thinking, "thinkingLevel"u8, "thinking_level"u8).IsText || Either(thinking, "includeThoughts"u8, "include_thoughts"u8).IsTrue,
            Kept = body["store"u8].IsTrue,
        };
    }

    private static (bool Tools, bool Server) OpenAiTools(JsonValue list)
    {
        bool tools = false, server = false;
        foreach ((_, JsonValue tool) in List(list))
        {
            bool own = tool["type"u8].Word is "function" or "custom" or "";
            (tools, server) = (tools || own, server || !own);
        }

        return (tools, server);
    }

    // "none" is the wish for no reasoning.
    private static bool IsEffort(JsonValue value) => value.IsText && value.Word != "none";

    private static bool Has(JsonValue list, string word)
    {
        foreach ((_, JsonValue item) in List(list))
        {
            if (item.Word == word)
                return true;
        }

        return false;
    }

    private static JsonValue Either(JsonValue value, ReadOnlySpan<byte> camel, ReadOnlySpan<byte> snake) =>
        value[camel] is { IsThere: true } found ? found : value[snake];

    private static string? Text(JsonValue value) => value.Word is { Length: > 0 } text ? text : null;

    private static long? Number(JsonValue value) => value.TryInteger(out long number) && number >= 0 ? number : null;

    private static Items List(JsonValue value) => new(value.IsArray ? value : default);

    /// <summary>The items of an array; none of anything else.</summary>
    private readonly ref struct Items(JsonValue list)
    {
        public bool Any => list.GetEnumerator().MoveNext();

        public JsonValue.Enumerator GetEnumerator() => list.GetEnumerator();
    }
}
