using System.Text.Json;
using Perigee.Caching.Keys;
using Perigee.Wire;

namespace Perigee.Tests.Caching.Keys;

/// <summary>No field of a request without a class: who adds one to an API has to say here what it means to the cache.</summary>
public sealed class FieldsTests
{
    /// <summary>Documented request fields, kept by hand from the vendors' references.</summary>
    private static readonly Dictionary<DialectFamily, string> Documented = new()
    {
        [DialectFamily.OpenAi] = """
            model messages audio frequency_penalty presence_penalty function_call functions logit_bias logprobs top_logprobs max_completion_tokens max_tokens metadata modalities moderation n
            parallel_tool_calls prediction prompt_cache_key prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop store stream stream_options
            temperature tool_choice tools top_p user verbosity web_search_options models provider route cache session_id
            messages[].role messages[].content messages[].name messages[].refusal messages[].tool_calls messages[].function_call messages[].audio messages[].tool_call_id
            messages[].content[].type messages[].content[].text messages[].content[].image_url messages[].content[].input_audio messages[].content[].file messages[].content[].refusal
            messages[].content[].image_url.url messages[].content[].image_url.detail messages[].tool_calls[].id messages[].tool_calls[].type messages[].tool_calls[].function messages[].tool_calls[].custom
            messages[].tool_calls[].function.name messages[].tool_calls[].function.arguments tools[].type tools[].function tools[].custom
            tools[].function.name tools[].function.description tools[].function.parameters tools[].function.strict tool_choice.type tool_choice.function tool_choice.custom tool_choice.allowed_tools
            tool_choice.function.name response_format.type response_format.json_schema
            response_format.json_schema.name response_format.json_schema.schema response_format.json_schema.strict response_format.json_schema.description
            """,
        [DialectFamily.Anthropic] = """
            model max_tokens messages system stop_sequences stream temperature top_p top_k thinking output_config output_format tools tool_choice metadata service_tier cache_control container context_management
            mcp_servers speed inference_geo messages[].role messages[].content messages[].content[].type messages[].content[].text messages[].content[].citations messages[].content[].cache_control
            messages[].content[].source messages[].content[].title messages[].content[].context messages[].content[].id messages[].content[].name messages[].content[].input messages[].content[].tool_use_id
            messages[].content[].content messages[].content[].is_error messages[].content[].thinking messages[].content[].signature messages[].content[].data
            messages[].content[].source.type messages[].content[].source.media_type messages[].content[].source.data messages[].content[].source.url messages[].content[].source.file_id
            messages[].content[].source.content tools[].name tools[].description tools[].input_schema tools[].strict tools[].cache_control tools[].type tools[].defer_loading tools[].input_examples
            tools[].eager_input_streaming tools[].allowed_callers tool_choice.type tool_choice.name tool_choice.disable_parallel_tool_use output_config.effort output_config.format
            output_config.format.type output_config.format.schema system[].type system[].text system[].cache_control system[].citations
            """,
        [DialectFamily.Gemini] = """
            contents systemInstruction tools toolConfig safetySettings cachedContent labels generationConfig store serviceTier model modelArmorConfig contents[].role contents[].parts
            contents[].parts[].text contents[].parts[].thought contents[].parts[].thoughtSignature contents[].parts[].inlineData contents[].parts[].fileData contents[].parts[].functionCall
            contents[].parts[].functionResponse contents[].parts[].executableCode contents[].parts[].codeExecutionResult contents[].parts[].videoMetadata contents[].parts[].mediaResolution
            contents[].parts[].inlineData.mimeType contents[].parts[].inlineData.data contents[].parts[].inlineData.displayName
            contents[].parts[].functionCall.id contents[].parts[].functionCall.name contents[].parts[].functionCall.args contents[].parts[].functionCall.partialArgs contents[].parts[].functionCall.willContinue
            contents[].parts[].functionResponse.id contents[].parts[].functionResponse.name contents[].parts[].functionResponse.response contents[].parts[].functionResponse.parts
            contents[].parts[].functionResponse.willContinue contents[].parts[].functionResponse.scheduling systemInstruction.role systemInstruction.parts
            tools[].functionDeclarations tools[].googleSearch tools[].googleSearchRetrieval tools[].codeExecution tools[].urlContext tools[].fileSearch tools[].computerUse tools[].googleMaps
            tools[].functionDeclarations[].name tools[].functionDeclarations[].description tools[].functionDeclarations[].parameters tools[].functionDeclarations[].parametersJsonSchema
            tools[].functionDeclarations[].response tools[].functionDeclarations[].responseJsonSchema tools[].functionDeclarations[].behavior
            toolConfig.functionCallingConfig toolConfig.retrievalConfig toolConfig.functionCallingConfig.mode toolConfig.functionCallingConfig.allowedFunctionNames
            generationConfig.temperature generationConfig.topP generationConfig.topK generationConfig.candidateCount generationConfig.maxOutputTokens generationConfig.stopSequences generationConfig.seed
            generationConfig.presencePenalty generationConfig.frequencyPenalty generationConfig.responseLogprobs generationConfig.logprobs generationConfig.responseMimeType generationConfig.responseSchema
            generationConfig.responseJsonSchema generationConfig.responseModalities generationConfig.thinkingConfig generationConfig.mediaResolution generationConfig.speechConfig generationConfig.imageConfig
            generationConfig.enableEnhancedCivicAnswers
            """,
    };

    [Fact]
    public void Every_documented_field_has_a_class()
    {
        foreach ((DialectFamily dialect, string list) in Documented)
        {
            foreach (string path in list.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
                Assert.True(Fields.Classify(dialect, path) is not null, $"{dialect} {path}");
        }

        Assert.Null(Fields.Classify(DialectFamily.OpenAi, "messages[].brand_new"));
        Assert.Null(Fields.Classify(DialectFamily.Gemini, "generationConfig.brandNew"));
        Assert.Equal(FieldClass.Ignored, Fields.Classify(DialectFamily.Anthropic, "metadata.user_id"));
        Assert.Equal(FieldClass.Relevant, Fields.Classify(DialectFamily.OpenAi, "tools[].function.parameters.properties.user"));
    }

    [Fact]
    public void Every_recorded_field_has_a_class()
    {
        Assert.SkipUnless(Corpus.IsHere, Corpus.Absent);
        SortedSet<string> without = [];
        foreach ((DialectFamily dialect, JsonElement body) in Requests.Recorded())
            Visit(dialect, body, "", without);
        Assert.True(without.Count == 0, string.Join('\n', without));
    }

    [Fact]
    public void Shapes_have_numbers_of_their_own_and_fields_once()
    {
        Shape[] all = [.. OpenAiShapes.All, .. AnthropicShapes.All, .. GeminiShapes.All, OtherShapes.Body];
        Assert.Equal(all.Length, all.Select(shape => shape.Id).Distinct().Count());
        foreach (Shape shape in all)
        {
            Assert.InRange(shape.Fields.Length, 1, 128);
            Assert.Equal(shape.Fields.Length, shape.Fields.Select(field => field.Name).Distinct().Count());
        }
    }

    private static void Visit(DialectFamily dialect, JsonElement value, string path, SortedSet<string> without)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in value.EnumerateArray())
                Visit(dialect, item, path + "[]", without);
        }

        if (value.ValueKind != JsonValueKind.Object || Requests.ShapeAt(dialect, path) is null)
            return;
        foreach (JsonProperty member in value.EnumerateObject())
        {
            string below = Requests.Below(dialect, path, member.Name);
            if (Fields.Classify(dialect, below) is null)
                without.Add($"{dialect} {below}");
            Visit(dialect, member.Value, below, without);
        }
    }
}
