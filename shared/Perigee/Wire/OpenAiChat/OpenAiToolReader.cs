namespace Perigee.Wire.OpenAiChat;

/// <summary>Reads which tools there are and which must be called, in the present form and in the one before it (<c>functions</c>).</summary>
internal static class OpenAiToolReader
{
    /// <summary>Reads <c>tools</c>.</summary>
    public static GatewayError? Tools(JsonValue tools, ChatQuestion question)
    {
        if (!tools.IsArray)
            return Fault.At("tools", "must be an array");
        int at = -1;
        foreach ((_, JsonValue tool) in tools)
        {
            string field = $"tools[{++at}]";
            JsonValue type = tool["type"u8];
            if (!tool.IsObject || !type.IsText)
                return Fault.At(tool.IsObject ? field + ".type" : field, tool.IsObject ? "must be a string" : "must be an object");
            if (type.Word == "function")
            {
                if (Function(tool["function"u8], field, field + ".function", OpenAiTurnReader.Mark(tool) ?? OpenAiTurnReader.Mark(tool["function"u8]), question) is { } error)
                    return error;
                continue;
            }

            bool search = type.Word.StartsWith("web_search", StringComparison.Ordinal) || type.Word == "openrouter:web_search";
            question.ServerTools.Add(new ServerTool(search ? ServerToolKind.WebSearch : ServerToolKind.Other, type.Word, tool.Raw, field));
        }

        return null;
    }

    /// <summary>Reads the old <c>functions</c>.</summary>
    public static GatewayError? Functions(JsonValue functions, ChatQuestion question)
    {
        if (!functions.IsArray)
            return Fault.At("functions", "must be an array");
        int at = -1;
        foreach ((_, JsonValue function) in functions)
        {
            string field = $"functions[{++at}]";
            if (Function(function, field, field, null, question) is { } error)
                return error;
        }

        return null;
    }

    /// <summary>Reads <c>tool_choice</c> or the old <c>function_call</c>.</summary>
    public static GatewayError? Choice(JsonValue choice, string field, ChatQuestion question)
    {
        if (choice.IsText)
        {
            ChoiceKind? kind = choice.Word switch
            {
                "auto" => ChoiceKind.Auto,
                "none" => ChoiceKind.None,
                "required" or "any" => ChoiceKind.Required,
                _ => null,
            };
            if (kind is null)
                return Fault.At(field, "must be 'none', 'auto', 'required' or an object");
            question.Choice = new ToolChoice(kind.Value, [], field);
            return null;
        }

        if (!choice.IsObject)
            return Fault.At(field, "must be a string or an object");
        if (field == "function_call")
            return Named(choice, field + ".name", field, question);
        return choice["type"u8].Word switch
        {
            "function" => Named(choice["function"u8], field + ".function.name", field, question),
            "custom" => Named(choice["custom"u8], field + ".custom.name", field, question),
            "allowed_tools" => Allowed(choice["allowed_tools"u8].IsObject ? choice["allowed_tools"u8] : choice, field, question),
            "auto" or "none" or "required" or "any" => Choice(choice["type"u8], field, question),
            _ => Fault.At(field + ".type", "must be 'function', 'custom' or 'allowed_tools'"),
        };
    }

    private static GatewayError? Function(JsonValue function, string field, string path, CacheMark? mark, ChatQuestion question)
    {
        if (!function.IsObject)
            return Fault.At(path, "must be an object");
        if (!function["name"u8].IsText || function["name"u8].Text.IsEmpty)
            return Fault.At(path + ".name", function["name"u8].IsThere ? "must be a string that is not empty" : "is required");
        if (function["description"u8] is { IsThere: true, IsText: false })
            return Fault.At(path + ".description", "must be a string");
        if (function["parameters"u8] is { IsThere: true, IsObject: false })
            return Fault.At(path + ".parameters", "must be an object");
        if (function["strict"u8] is { IsThere: true, IsBool: false })
            return Fault.At(path + ".strict", "must be a boolean");
        question.Tools.Add(new ChatTool(function["name"u8].Text, function["parameters"u8].Raw, field)
        {
            Description = function["description"u8].Text,
            Strict = function["strict"u8].IsThere ? function["strict"u8].IsTrue : null,
            Mark = mark,
        });
        return null;
    }

    private static GatewayError? Named(JsonValue function, string path, string field, ChatQuestion question)
    {
        if (!function["name"u8].IsText)
            return Fault.At(path, function["name"u8].IsThere ? "must be a string" : "is required");
        question.Choice = new ToolChoice(ChoiceKind.Named, [function["name"u8].Text], field);
        return null;
    }

    private static GatewayError? Allowed(JsonValue allowed, string field, ChatQuestion question)
    {
        bool required = allowed["mode"u8].Word == "required";
        if (!required && allowed["mode"u8].Word != "auto")
            return Fault.At(field + ".allowed_tools.mode", "must be 'auto' or 'required'");
        if (!allowed["tools"u8].IsArray)
            return Fault.At(field + ".allowed_tools.tools", "must be an array");
        List<WireText> names = [];
        foreach ((_, JsonValue tool) in allowed["tools"u8])
        {
            JsonValue name = tool["function"u8]["name"u8] is { IsThere: true } inner ? inner : tool["name"u8];
            if (!name.IsText)
                return Fault.At($"{field}.allowed_tools.tools[{names.Count}].function.name", "must be a string");
            names.Add(name.Text);
        }

        question.Choice = new ToolChoice(required ? ChoiceKind.Named : ChoiceKind.Allowed, names, field);
        return null;
    }
}
