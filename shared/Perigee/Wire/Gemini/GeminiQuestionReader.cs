using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Perigee.Wire.Gemini;

/// <summary>Reads the body of generateContent. Source: the discovery document, "GenerateContentRequest".</summary>
internal static class GeminiQuestionReader
{
    /// <summary>Reads a question.</summary>
    /// <param name="root">The object that holds <c>contents</c>: the body itself, or the question inside one of countTokens.</param>
    /// <param name="context">What the path and the gateway know besides.</param>
    /// <param name="question">The question.</param>
    /// <param name="error">What is wrong with it.</param>
    public static bool TryRead(GeminiNode root, in QuestionContext context, [NotNullWhen(true)] out ChatQuestion? question, [NotNullWhen(false)] out GatewayError? error)
    {
        ChatQuestion read = new("gemini") { Stream = context.Stream ?? false };
        GeminiTurnReader turns = new(read, context.Seal);
        error = null;
        GeminiNode? contents = null;

        // Instructions come first in the conversation wherever they stand in the body.
        if (root.Find("systemInstruction"u8) is { } system)
            error = turns.System(system);
        foreach (GeminiMember member in root.Members)
        {
            if (error is not null)
                break;
            if (member.Is("contents"u8))
                contents = member.Value;
            else if (!member.Is("systemInstruction"u8))
                error = Member(read, member);
        }

        if (error is null && contents is null)
            error = new GatewayError(ErrorKind.BadRequest, "'contents' is missing: the conversation, as a list of {\"role\", \"parts\"}.", "contents");
        error ??= turns.Contents(contents!.Value);
        question = error is null ? read : null;
        return question is not null;
    }

    private static GatewayError? Member(ChatQuestion question, GeminiMember member)
    {
        if (member.Is("tools"u8))
            return GeminiToolReader.Tools(question, member.Value);
        if (member.Is("toolConfig"u8))
            return GeminiToolReader.Config(question, member.Value);
        if (member.Is("generationConfig"u8))
            return Config(question, member.Value);
        if (member.Is("model"u8))
            return Add(question, Parameter.StreamForm, member.Value);
        if (member.Is("safetySettings"u8))
            return Add(question, Parameter.Safety, member.Value);
        if (member.Is("cachedContent"u8))
            return member.Value.IsText ? Add(question, Parameter.CachedContent, member.Value) : member.Value.Wrong("must be a string: the name of the cached content.");
        if (member.Is("labels"u8))
            return member.Value.IsObject ? Add(question, Parameter.Metadata, member.Value) : member.Value.Wrong("must be an object of strings.");
        if (member.Is("store"u8))
            return member.Value.IsBool ? Add(question, Parameter.Store, member.Value) : member.Value.Wrong("must be true or false.");
        return Add(question, member.Is("serviceTier"u8) ? Parameter.ServiceTier : Parameter.Unknown, member.Value);
    }

    private static GatewayError? Config(ChatQuestion question, GeminiNode config)
    {
        if (!config.IsObject)
            return config.Wrong("must be an object.");
        foreach (GeminiMember member in config.Members)
        {
            if (Setting(question, member) is { } error)
                return error;
        }

        return Format(question, config);
    }

    private static GatewayError? Setting(ChatQuestion question, GeminiMember member)
    {
        GeminiNode value = member.Value;
        if (member.Is("temperature"u8))
            return Real(question, Parameter.Temperature, value);
        if (member.Is("topP"u8))
            return Real(question, Parameter.TopP, value);
        if (member.Is("presencePenalty"u8))
            return Real(question, Parameter.PresencePenalty, value);
        if (member.Is("frequencyPenalty"u8))
            return Real(question, Parameter.FrequencyPenalty, value);
        if (member.Is("topK"u8))
            return Whole(question, Parameter.TopK, value);
        if (member.Is("candidateCount"u8))
            return Whole(question, Parameter.Choices, value);
        if (member.Is("maxOutputTokens"u8))
            return Whole(question, Parameter.MaxOutput, value);
        if (member.Is("seed"u8))
            return Whole(question, Parameter.Seed, value);
        if (member.Is("logprobs"u8))
            return Whole(question, Parameter.TopLogprobs, value);
        if (member.Is("responseLogprobs"u8))
            return value.IsBool ? Add(question, Parameter.Logprobs, value) : value.Wrong("must be true or false.");
        if (member.Is("stopSequences"u8))
            return Stop(question, value);
        if (member.Is("responseModalities"u8))
            return Modalities(question, value);
        if (member.Is("thinkingConfig"u8))
            return Thinking(question, value);
        if (member.Is("speechConfig"u8) || member.Is("mediaResolution"u8) || member.Is("imageConfig"u8))
            return Add(question, Parameter.Media, value);
        if (member.Is("responseMimeType"u8) || member.Is("responseSchema"u8) || member.Is("responseJsonSchema"u8) || IsOldJsonSchema(member))
            return null;
        return Add(question, Parameter.Unknown, value);
    }

    private static bool IsOldJsonSchema(GeminiMember member) => member.Name.Escaped.Span.SequenceEqual("_responseJsonSchema"u8);

    private static GatewayError? Real(ChatQuestion question, Parameter parameter, GeminiNode value) =>
        value.IsNumber ? Add(question, parameter, value) : value.Wrong("must be a number.");

    private static GatewayError? Whole(ChatQuestion question, Parameter parameter, GeminiNode value)
    {
        if (!value.TryLong(out long number))
            return value.Wrong("must be a whole number.");
        question.Settings.Add(new Setting(parameter, value.Path, Encoding.ASCII.GetBytes(number.ToString(System.Globalization.CultureInfo.InvariantCulture))));
        return null;
    }

    private static GatewayError? Stop(ChatQuestion question, GeminiNode value)
    {
        if (!value.IsArray)
            return value.Wrong("must be an array of strings.");
        int count = 0;
        foreach (GeminiNode item in value.Items)
        {
            if (!item.IsText)
                return item.Wrong("must be a string.");
            count++;
        }

        return count == 0 ? null : Add(question, Parameter.Stop, value);
    }

    private static GatewayError? Modalities(ChatQuestion question, GeminiNode value)
    {
        if (!value.IsArray)
            return value.Wrong("must be an array of strings.");
        bool text = true;
        foreach (GeminiNode item in value.Items)
            text &= (item.IsText && item.Text.Decode().Equals("TEXT", StringComparison.OrdinalIgnoreCase)) || (item.IsNumber && item.Json.Span.SequenceEqual("1"u8));

        // Text is what every model answers with: nothing to be said elsewhere.
        return text ? null : Add(question, Parameter.Modalities, value);
    }

    private static GatewayError? Thinking(ChatQuestion question, GeminiNode config)
    {
        if (!config.IsObject)
            return config.Wrong("must be an object.");
        ReasoningAsk ask = new(config.Path) { Shown = false };
        foreach (GeminiMember member in config.Members)
        {
            GeminiNode value = member.Value;
            if (member.Is("includeThoughts"u8))
            {
                if (!value.IsBool)
                    return value.Wrong("must be true or false.");
                ask = ask with { Shown = value.Type == System.Text.Json.JsonTokenType.True };
            }
            else if (member.Is("thinkingBudget"u8))
            {
                if (!value.TryLong(out long budget) || budget < -1)
                    return value.Wrong("must be a whole number: -1 lets the model decide, 0 switches thinking off.");
                ask = budget switch { 0 => ask with { Off = true }, -1 => ask with { Adaptive = true }, _ => ask with { Budget = budget } };
            }
            else if (member.Is("thinkingLevel"u8))
            {
                string level = value.IsText ? value.Text.Decode().ToLowerInvariant() : "";
                if (level is not ("minimal" or "low" or "medium" or "high" or "thinking_level_unspecified"))
                    return value.Wrong("must be MINIMAL, LOW, MEDIUM or HIGH.");
                if (level != "thinking_level_unspecified")
                    ask = ask with { Effort = level };
            }
            else
            {
                Add(question, Parameter.Unknown, value);
            }
        }

        question.Reasoning = ask;
        return null;
    }

    /// <summary>The form of the answer, from the three members that make it up.</summary>
    private static GatewayError? Format(ChatQuestion question, GeminiNode config)
    {
        GeminiNode? type = config.Find("responseMimeType"u8);
        GeminiNode? schema = config.Find("responseJsonSchema"u8) ?? config.Find("_responseJsonSchema"u8);
        GeminiNode? subset = config.Find("responseSchema"u8);
        string word = "";
        if (type is { } written)
        {
            if (!written.IsText)
                return written.Wrong("must be a string: text/plain or application/json.");
            word = written.Text.Decode();
            if (word == "text/plain")
                return null;
            if (word != "application/json")
            {
                // One word out of a list (text/x.enum) and what else may come: the answer would be of another form.
                Add(question, Parameter.State, written);
                return null;
            }
        }

        if ((schema ?? subset) is { IsObject: false } wrong)
            return wrong.Wrong("must be an object: a JSON Schema.");
        if (schema is { } full)
            question.Format = new AnswerFormat(full.Json, full.Path);
        else if (subset is { } old)
            question.Format = new AnswerFormat(OpenApiSchema.ToJsonSchema(old), old.Path);
        else if (type is { } json)
            question.Format = new AnswerFormat(default, json.Path);
        return null;
    }

    /// <summary>Keeps a member as it stands.</summary>
    internal static GatewayError? Add(ChatQuestion question, Parameter parameter, GeminiNode value)
    {
        question.Settings.Add(new Setting(parameter, value.Path, value.Json));
        return null;
    }
}
