using System.Text.Json;

namespace Perigee.Wire.OpenAiChat;

/// <summary>
/// Reads a question of OpenAI's chat completions. Members that are null are as absent, which is how OpenAI takes them. What is of the wrong
/// type is refused here, by its path, since the provider that could refuse it would name a field of another dialect.
/// </summary>
internal sealed class OpenAiChatQuestionReader(JsonIndex body, in QuestionContext context)
{
    private readonly bool? _stream = context.Stream;
    private readonly OpenAiTurnReader _turns = new(context.Seal);
    private bool? _showsReasoning;

    /// <summary>The question, once it is read.</summary>
    public ChatQuestion Question { get; } = new("openai-chat");

    /// <summary>Reads it all; the error says what is wrong with it.</summary>
    public GatewayError? Read()
    {
        Question.Stream = _stream ?? false;
        JsonValue root = new(body, 0);
        if (!root["messages"u8].IsArray)
            return Fault.At("messages", root["messages"u8].IsThere ? "must be an array" : "is required");
        foreach ((string name, JsonValue value) in root)
        {
            if (value.IsThere && Member(root, name, value) is { } error)
                return error;
        }

        if (_showsReasoning is { } shown)
            Question.Reasoning = (Question.Reasoning ?? new ReasoningAsk("include_reasoning")) with { Shown = shown };
        return null;
    }

    private GatewayError? Member(JsonValue root, string name, JsonValue value)
    {
        switch (name)
        {
            case "model":
                return null;
            case "messages":
                return _turns.Read(value, Question.Turns);
            case "stream":
                if (!value.IsBool)
                    return Fault.At(name, "must be a boolean");
                Question.Stream = _stream ?? value.IsTrue;
                return null;
            case "tools":
                return OpenAiToolReader.Tools(value, Question);
            case "functions":
                return OpenAiToolReader.Functions(value, Question);
            case "tool_choice":
            case "function_call":
                return OpenAiToolReader.Choice(value, name, Question);
            case "parallel_tool_calls":
                if (!value.IsBool)
                    return Fault.At(name, "must be a boolean");
                Question.Parallel = new ParallelCalls(value.IsTrue, name);
                return null;
            case "response_format":
                return Format(value);
            case "reasoning_effort":
            case "reasoning":
                return Reasoning(name, value);
            case "include_reasoning":
                if (!value.IsBool)
                    return Fault.At(name, "must be a boolean");
                _showsReasoning = value.IsTrue;
                return null;
            case "web_search_options":
                if (!value.IsObject)
                    return Fault.At(name, "must be an object");
                Question.ServerTools.Add(new ServerTool(ServerToolKind.WebSearch, name, value.Raw, name));
                return null;
            case "max_tokens" when root["max_completion_tokens"u8].IsThere:
                // The newer of the two members counts.
                return null;
            default:
                return Setting(name, value);
        }
    }

    private GatewayError? Setting(string name, JsonValue value)
    {
        (Parameter parameter, Shape shape) = name switch
        {
            "max_completion_tokens" or "max_tokens" => (Parameter.MaxOutput, Shape.Integer),
            "temperature" => (Parameter.Temperature, Shape.Number),
            "top_p" => (Parameter.TopP, Shape.Number),
            "top_k" => (Parameter.TopK, Shape.Integer),
            "stop" => (Parameter.Stop, Shape.Texts),
            "n" => (Parameter.Choices, Shape.Integer),
            "seed" => (Parameter.Seed, Shape.Integer),
            "frequency_penalty" => (Parameter.FrequencyPenalty, Shape.Number),
            "presence_penalty" => (Parameter.PresencePenalty, Shape.Number),
            "logit_bias" => (Parameter.LogitBias, Shape.Object),
            "logprobs" => (Parameter.Logprobs, Shape.Bool),
            "top_logprobs" => (Parameter.TopLogprobs, Shape.Integer),
            "user" or "safety_identifier" => (Parameter.User, Shape.Text),
            "metadata" => (Parameter.Metadata, Shape.Object),
            "store" => (Parameter.Store, Shape.Bool),
            "service_tier" => (Parameter.ServiceTier, Shape.Text),
            "verbosity" => (Parameter.Verbosity, Shape.Text),
            "prompt_cache_key" or "prompt_cache_retention" => (Parameter.PromptCache, Shape.Text),
            "prompt_cache_options" => (Parameter.PromptCache, Shape.Object),
            "prediction" => (Parameter.Prediction, Shape.Object),
            "modalities" => (Parameter.Modalities, Shape.Texts),
            "audio" => (Parameter.Audio, Shape.Object),
            "moderation" => (Parameter.Safety, Shape.Any),
            "stream_options" => (Parameter.StreamForm, Shape.Object),
            "cache_control" => (Parameter.AutoCache, Shape.Object),
            _ => (Parameter.Unknown, Shape.Any),
        };
        if (Wrong(value, shape) is { } fault)
            return Fault.At(name, fault);
        Question.Settings.Add(new Setting(parameter, name, value.Raw));
        return null;
    }

    private static string? Wrong(JsonValue value, Shape shape) => shape switch
    {
        Shape.Integer => value.IsInteger ? null : "must be an integer",
        Shape.Number => value.Type == JsonTokenType.Number ? null : "must be a number",
        Shape.Bool => value.IsBool ? null : "must be a boolean",
        Shape.Text => value.IsText ? null : "must be a string",
        Shape.Object => value.IsObject ? null : "must be an object",
        Shape.Texts => value.IsText || AllTexts(value) ? null : "must be a string or an array of strings",
        _ => null,
    };

    private static bool AllTexts(JsonValue array)
    {
        if (!array.IsArray)
            return false;
        foreach ((_, JsonValue item) in array)
        {
            if (!item.IsText)
                return false;
        }

        return true;
    }

    private GatewayError? Format(JsonValue value)
    {
        switch (value["type"u8].Word)
        {
            case "text":
                return null;
            case "json_object":
                Question.Format = new AnswerFormat(default, "response_format");
                return null;
            case "json_schema":
                JsonValue inner = value["json_schema"u8];
                if (!inner.IsObject)
                    return Fault.At("response_format.json_schema", "must be an object with 'name' and 'schema'");
                if (inner["schema"u8] is { IsThere: true, IsObject: false })
                    return Fault.At("response_format.json_schema.schema", "must be an object");
                if (inner["name"u8] is { IsThere: true, IsText: false })
                    return Fault.At("response_format.json_schema.name", "must be a string");
                Question.Format = new AnswerFormat(inner["schema"u8].Raw, "response_format")
                {
                    Name = inner["name"u8].Text,
                    Description = inner["description"u8].Text,
                    Strict = inner["strict"u8].IsBool ? inner["strict"u8].IsTrue : null,
                };
                return null;
            default:
                return value.IsObject
                    ? Fault.At("response_format.type", "must be 'text', 'json_object' or 'json_schema'")
                    : Fault.At("response_format", "must be an object");
        }
    }

    /// <summary>OpenAI's <c>reasoning_effort</c> and OpenRouter's <c>reasoning</c>. Where both stand, the object says more and counts.</summary>
    private GatewayError? Reasoning(string name, JsonValue value)
    {
        bool isObject = name == "reasoning";
        if (isObject != value.IsObject || (!isObject && !value.IsText))
            return Fault.At(name, isObject ? "must be an object" : "must be a string");
        JsonValue effort = isObject ? value["effort"u8] : value;
        string path = isObject ? "reasoning.effort" : name;
        if (effort.IsThere && effort.Word is not ("none" or "minimal" or "low" or "medium" or "high" or "xhigh" or "max"))
            return Fault.At(path, "must be one of 'none', 'minimal', 'low', 'medium', 'high', 'xhigh' and 'max'");
        if (!isObject)
        {
            Question.Reasoning ??= new ReasoningAsk(name) { Off = effort.Word == "none", Effort = effort.Word == "none" ? null : effort.Word };
            return null;
        }

        long budget = 0;
        if (value["max_tokens"u8] is { IsThere: true } most && (!most.TryInteger(out budget) || budget < 0))
            return Fault.At("reasoning.max_tokens", "must be an integer that is not negative");
        foreach (string flag in (ReadOnlySpan<string>)["enabled", "exclude"])
        {
            if (value[System.Text.Encoding.ASCII.GetBytes(flag)] is { IsThere: true, IsBool: false })
                return Fault.At($"reasoning.{flag}", "must be a boolean");
        }

        JsonValue enabled = value["enabled"u8];
        bool off = effort.Word == "none" || (enabled.IsBool && !enabled.IsTrue);
        Question.Reasoning = new ReasoningAsk(name)
        {
            Off = off,
            Effort = off || !effort.IsThere ? null : effort.Word,
            Budget = off || budget == 0 ? null : budget,
            Adaptive = !off && !effort.IsThere && budget == 0 && enabled.IsTrue,
            Shown = value["exclude"u8].IsBool ? !value["exclude"u8].IsTrue : null,
        };
        return null;
    }

    private enum Shape
    {
        Any,
        Integer,
        Number,
        Bool,
        Text,
        Texts,
        Object,
    }
}
