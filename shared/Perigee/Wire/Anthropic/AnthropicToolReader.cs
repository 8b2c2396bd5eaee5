namespace Perigee.Wire.Anthropic;

/// <summary>Reads <c>tools</c> and <c>tool_choice</c>.</summary>
internal static class AnthropicToolReader
{
    /// <summary>Reads the tools.</summary>
    public static GatewayError? Tools(AnthropicNode value, AnthropicReading reading)
    {
        if (!value.IsArray)
            return AnthropicReading.Fault("tools", "Must be an array.");
        int index = 0;
        foreach (AnthropicNode item in value.Items())
        {
            string path = $"tools[{index++}]";
            if (!item.IsObject)
                return AnthropicReading.Fault(path, "Must be an object with a name and an input_schema.");
            AnthropicNode type = item.Find("type"u8);
            if (type.Exists && !type.IsString)
                return AnthropicReading.Fault($"{path}.type", "Must be a string.");
            if (!type.Exists || type.Is("custom"u8))
            {
                if (Function(item, path, reading) is { } error)
                    return error;
                continue;
            }

            string word = type.Decode();
            ServerToolKind kind = word.StartsWith("web_search", StringComparison.Ordinal) ? ServerToolKind.WebSearch : ServerToolKind.Other;
            reading.Question.ServerTools.Add(new ServerTool(kind, word, item.Raw, path));
        }

        return null;
    }

    /// <summary>Reads the choice.</summary>
    public static GatewayError? Choice(AnthropicNode value, AnthropicReading reading)
    {
        if (!value.IsObject)
            return AnthropicReading.Fault("tool_choice", "Must be an object such as {\"type\":\"auto\"}.");
        AnthropicNode type = value.Find("type"u8);
        AnthropicNode name = value.Find("name"u8);
        ChoiceKind kind;
        WireText[] names = [];
        if (type.IsString && type.Is("auto"u8))
        {
            kind = ChoiceKind.Auto;
        }
        else if (type.IsString && type.Is("any"u8))
        {
            kind = ChoiceKind.Required;
        }
        else if (type.IsString && type.Is("none"u8))
        {
            kind = ChoiceKind.None;
        }
        else if (type.IsString && type.Is("tool"u8))
        {
            if (!name.IsString)
                return AnthropicReading.Fault("tool_choice.name", "Must be the name of a tool.");
            kind = ChoiceKind.Named;
            names = [name.Text];
        }
        else
        {
            return AnthropicReading.Fault("tool_choice.type", "Must be \"auto\", \"any\", \"tool\" or \"none\".");
        }

        reading.Question.Choice = new ToolChoice(kind, names, "tool_choice");
        foreach (AnthropicNode.Member member in value.Members())
        {
            if (member.Name.Is("disable_parallel_tool_use"u8))
            {
                if (!member.Value.IsBoolean)
                    return AnthropicReading.Fault("tool_choice.disable_parallel_tool_use", "Must be true or false.");
                reading.Question.Parallel = new ParallelCalls(member.Value.Type == System.Text.Json.JsonTokenType.False, "tool_choice.disable_parallel_tool_use");
            }
            else if (!member.Name.Is("type"u8) && !member.Name.Is("name"u8))
            {
                reading.Unknown("tool_choice", member);
            }
        }

        return null;
    }

    private static GatewayError? Function(AnthropicNode item, string path, AnthropicReading reading)
    {
        AnthropicNode name = default, schema = default, description = default;
        bool? strict = null;
        CacheMark? mark = null;
        foreach (AnthropicNode.Member member in item.Members())
        {
            AnthropicNode value = member.Value;
            switch (member.Name.Decode())
            {
                case "type":
                    break;
                case "name":
                    name = value;
                    break;
                case "input_schema":
                    schema = value;
                    break;
                case "description":
                    description = value;
                    break;
                case "strict":
                    if (!value.IsBoolean)
                        return AnthropicReading.Fault($"{path}.strict", "Must be true or false.");
                    strict = value.Type == System.Text.Json.JsonTokenType.True;
                    break;
                case "cache_control":
                    if (AnthropicReading.Mark(value, () => $"{path}.cache_control", out mark) is { } error)
                        return error;
                    break;
                case "eager_input_streaming":
                    // Only says in what pieces the arguments come.
                    reading.Set(Parameter.StreamForm, $"{path}.eager_input_streaming", value);
                    break;
                default:
                    reading.Unknown(path, member);
                    break;
            }
        }

        if (!name.IsString || name.Text.IsEmpty)
            return AnthropicReading.Fault($"{path}.name", "Must be the tool's name, a string.");
        if (schema.Exists && !schema.IsObject)
            return AnthropicReading.Fault($"{path}.input_schema", "Must be a JSON Schema, an object.");
        if (description.Exists && !description.IsString)
            return AnthropicReading.Fault($"{path}.description", "Must be a string.");
        reading.Question.Tools.Add(new ChatTool(name.Text, schema.Exists ? schema.Raw : default, path)
        {
            Description = description.Exists ? description.Text : default,
            Strict = strict,
            Mark = mark,
        });
        return null;
    }
}
