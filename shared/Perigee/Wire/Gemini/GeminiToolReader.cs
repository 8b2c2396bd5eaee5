using System.Text.Json;

namespace Perigee.Wire.Gemini;

/// <summary>Reads <c>tools</c> and <c>toolConfig</c>. Source: the discovery document, "Tool", "FunctionDeclaration" and "ToolConfig".</summary>
internal static class GeminiToolReader
{
    /// <summary>Reads the list of tools.</summary>
    public static GatewayError? Tools(ChatQuestion question, GeminiNode tools)
    {
        if (!tools.IsArray && !tools.IsObject)
            return tools.Wrong("must be an array of tools.");
        foreach (GeminiNode tool in tools.List)
        {
            if (!tool.IsObject)
                return tool.Wrong("must be an object.");
            foreach (GeminiMember member in tool.Members)
            {
                if (member.Is("functionDeclarations"u8))
                {
                    if (Declarations(question, member.Value) is { } error)
                        return error;
                    continue;
                }

                bool search = member.Is("googleSearch"u8) || member.Is("googleSearchRetrieval"u8);
                ServerToolKind kind = search ? ServerToolKind.WebSearch : ServerToolKind.Other;
                question.ServerTools.Add(new ServerTool(kind, member.Name.Decode(), member.Value.Json, member.Value.Path));
            }
        }

        return null;
    }

    /// <summary>Reads the choice of tools.</summary>
    public static GatewayError? Config(ChatQuestion question, GeminiNode config)
    {
        if (!config.IsObject)
            return config.Wrong("must be an object.");
        foreach (GeminiMember member in config.Members)
        {
            GatewayError? error = member.Is("functionCallingConfig"u8)
                ? Choice(question, member.Value)
                : GeminiQuestionReader.Add(question, Parameter.Unknown, member.Value);
            if (error is not null)
                return error;
        }

        return null;
    }

    private static GatewayError? Declarations(ChatQuestion question, GeminiNode list)
    {
        if (!list.IsArray && !list.IsObject)
            return list.Wrong("must be an array of functions.");
        foreach (GeminiNode declaration in list.List)
        {
            if (!declaration.IsObject)
                return declaration.Wrong("must be an object.");
            if (declaration.Find("name"u8) is not { } name)
                return declaration.Wrong("must have a 'name'.");
            if (!name.IsText || name.Text.IsEmpty)
                return name.Wrong("must be a string that is not empty.");
            WireText description = default;
            ReadOnlyMemory<byte> schema = default;
            foreach (GeminiMember member in declaration.Members)
            {
                GeminiNode value = member.Value;
                if (member.Is("description"u8))
                {
                    if (!value.IsText)
                        return value.Wrong("must be a string.");
                    description = value.Text;
                }
                else if (member.Is("parameters"u8) || member.Is("parametersJsonSchema"u8))
                {
                    if (!value.IsObject)
                        return value.Wrong("must be an object: a schema.");
                    schema = member.Is("parameters"u8) ? OpenApiSchema.ToJsonSchema(value) : value.Json;
                }
                else if (!member.Is("name"u8))
                {
                    GeminiQuestionReader.Add(question, Parameter.Unknown, value);
                }
            }

            question.Tools.Add(new ChatTool(name.Text, schema, declaration.Path) { Description = description });
        }

        return null;
    }

    private static GatewayError? Choice(ChatQuestion question, GeminiNode config)
    {
        if (!config.IsObject)
            return config.Wrong("must be an object.");
        string mode = "";
        string field = config.Path;
        List<WireText> names = [];
        foreach (GeminiMember member in config.Members)
        {
            GeminiNode value = member.Value;
            if (member.Is("mode"u8))
            {
                mode = Mode(value);
                if (mode.Length == 0)
                    return value.Wrong("must be AUTO, ANY, NONE or VALIDATED.");
                field = value.Path;
            }
            else if (member.Is("allowedFunctionNames"u8))
            {
                if (!value.IsArray)
                    return value.Wrong("must be an array of strings.");
                foreach (GeminiNode item in value.Items)
                {
                    if (!item.IsText)
                        return item.Wrong("must be a string.");
                    names.Add(item.Text);
                }
            }
            else
            {
                Parameter parameter = member.Is("streamFunctionCallArguments"u8) ? Parameter.StreamForm : Parameter.Unknown;
                GeminiQuestionReader.Add(question, parameter, value);
            }
        }

        ChoiceKind kind = mode switch
        {
            "ANY" => names.Count > 0 ? ChoiceKind.Named : ChoiceKind.Required,
            "NONE" => ChoiceKind.None,
            _ => names.Count > 0 ? ChoiceKind.Allowed : ChoiceKind.Auto,
        };
        if (mode.Length > 0 || names.Count > 0)
            question.Choice = new ToolChoice(kind, names, field);
        return null;
    }

    /// <summary>VALIDATED is AUTO with calls that are held to their schemas. Numbers: <c>FunctionCallingConfig.Mode</c> of the protocol.</summary>
    private static string Mode(GeminiNode value)
    {
        if (value.Type == JsonTokenType.Number)
            return value.TryLong(out long number) ? number switch { 0 or 1 => "AUTO", 2 => "ANY", 3 => "NONE", _ => "" } : "";
        string word = value.IsText ? value.Text.Decode().ToUpperInvariant() : "";
        return word switch { "AUTO" or "MODE_UNSPECIFIED" or "VALIDATED" => "AUTO", "ANY" or "NONE" => word, _ => "" };
    }
}
