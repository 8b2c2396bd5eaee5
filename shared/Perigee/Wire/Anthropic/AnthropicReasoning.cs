namespace Perigee.Wire.Anthropic;

/// <summary>Reads how much to think and in what form to answer: <c>thinking</c> and <c>output_config</c>.</summary>
internal static class AnthropicReasoning
{
    /// <summary>Reads both members.</summary>
    public static GatewayError? Read(AnthropicNode root, AnthropicReading reading)
    {
        AnthropicNode config = root.Find("output_config"u8);
        AnthropicNode effort = default;
        if (config.Exists && !config.IsObject)
            return AnthropicReading.Fault("output_config", "Must be an object.");
        foreach (AnthropicNode.Member member in config.Members())
        {
            if (member.Name.Is("effort"u8))
            {
                if (!member.Value.IsString)
                    return AnthropicReading.Fault("output_config.effort", "Must be a string.");
                effort = member.Value;
            }
            else if (!member.Name.Is("format"u8))
            {
                reading.Unknown("output_config", member);
            }
            else if (Format(member.Value, "output_config.format", reading) is { } error)
            {
                return error;
            }
        }

        ReasoningAsk? ask = null;
        if (Thinking(root.Find("thinking"u8), reading, ref ask) is { } fault)
            return fault;
        if (effort.Exists && ask is { Off: true })
            reading.Set(Parameter.Unknown, "output_config.effort", effort);
        else if (effort.Exists)
            ask = (ask ?? new ReasoningAsk("output_config.effort")) with { Effort = effort.Decode() };
        reading.Question.Reasoning = ask;
        return null;
    }

    /// <summary>Reads a form of the answer.</summary>
    public static GatewayError? Format(AnthropicNode value, string path, AnthropicReading reading)
    {
        if (!value.IsObject)
            return AnthropicReading.Fault(path, "Must be an object such as {\"type\":\"json_schema\",\"schema\":{...}}.");
        AnthropicNode type = value.Find("type"u8);
        if (!type.IsString || !type.Is("json_schema"u8))
            return AnthropicReading.Fault($"{path}.type", "Must be \"json_schema\".");
        AnthropicNode schema = value.Find("schema"u8);
        if (!schema.IsObject)
            return AnthropicReading.Fault($"{path}.schema", "Must be a JSON Schema, an object.");
        foreach (AnthropicNode.Member member in value.Members())
        {
            if (!member.Name.Is("type"u8) && !member.Name.Is("schema"u8))
                reading.Unknown(path, member);
        }

        reading.Question.Format = new AnswerFormat(schema.Raw, path);
        return null;
    }

    private static GatewayError? Thinking(AnthropicNode value, AnthropicReading reading, ref ReasoningAsk? ask)
    {
        if (!value.Exists)
            return null;
        AnthropicNode type = value.Find("type"u8);
        if (!type.IsString)
            return AnthropicReading.Fault("thinking.type", "Must be \"enabled\", \"adaptive\" or \"disabled\".");
        ask = new ReasoningAsk("thinking");
        if (type.Is("disabled"u8))
        {
            ask = ask with { Off = true };
        }
        else if (type.Is("enabled"u8))
        {
            if (!value.Find("budget_tokens"u8).IsInteger(out long budget) || budget < 1)
                return AnthropicReading.Fault("thinking.budget_tokens", "Must be an integer of at least 1024.");
            ask = ask with { Budget = budget };
        }
        else if (type.Is("adaptive"u8) || type.Is("between_tools"u8))
        {
            // No other dialect can say where to think: of "between tools" the thinking stays.
            if (type.Is("between_tools"u8))
                reading.Set(Parameter.Unknown, "thinking.type", type);
            ask = ask with { Adaptive = true };
        }
        else
        {
            return AnthropicReading.Fault("thinking.type", "Must be \"enabled\", \"adaptive\" or \"disabled\".");
        }

        foreach (AnthropicNode.Member member in value.Members())
        {
            if (member.Name.Is("display"u8) && member.Value.IsString && member.Value.Is("omitted"u8))
                ask = ask with { Shown = false };
            else if (member.Name.Is("display"u8) && member.Value.IsString && member.Value.Is("summarized"u8))
                ask = ask with { Shown = true };
            else if (!member.Name.Is("type"u8) && !member.Name.Is("budget_tokens"u8))
                reading.Unknown("thinking", member);
        }

        return null;
    }
}
