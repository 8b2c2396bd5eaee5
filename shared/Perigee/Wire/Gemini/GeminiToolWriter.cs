namespace Perigee.Wire.Gemini;

/// <summary>Writes <c>tools</c> and <c>toolConfig</c>.</summary>
internal static class GeminiToolWriter
{
    /// <summary>Writes both, or says why a tool cannot be offered.</summary>
    public static GatewayError? Write(ChatQuestion question, Translation translation, GeminiToolNames names, JsonPen pen)
    {
        List<ChatTool> tools = Offered(question);
        bool any = tools.Count > 0 || question.ServerTools.Count > 0;
        if (any)
            pen.Name("tools"u8).Array();
        if (tools.Count > 0)
        {
            pen.Object().Name("functionDeclarations"u8).Array();
            foreach (ChatTool tool in tools)
            {
                if (Declaration(tool, translation, names, pen) is { } error)
                    return error;
            }

            pen.EndArray().EndObject();
        }

        foreach (ServerTool tool in question.ServerTools)
        {
            if (Server(tool, question, translation, pen) is { } error)
                return error;
        }

        if (any)
            pen.EndArray();
        return Choice(question, translation, names, tools.Count > 0, pen) ?? Parallel(question, translation);
    }

    /// <summary>Google can restrict the choice only together with forcing it, so where the client only restricts, the rest is not offered.</summary>
    private static List<ChatTool> Offered(ChatQuestion question)
    {
        if (question.Choice is not { Kind: ChoiceKind.Allowed } choice)
            return question.Tools;
        return question.Tools.FindAll(tool => choice.Names.Any(name => name.Decode() == tool.Name.Decode()));
    }

    private static GatewayError? Declaration(ChatTool tool, Translation translation, GeminiToolNames names, JsonPen pen)
    {
        if (tool.Strict == true && translation.Drop(tool.Field + ".strict", Loss.Hint, "Gemini has no such promise for one tool.") is { } error)
            return error;
        pen.Object().Name("name"u8).Plain(names.Sent(tool.Name.Decode()));
        if (!tool.Description.IsEmpty)
            pen.Name("description"u8).Text(tool.Description);
        if (!GeminiSchema.IsEmpty(tool.Schema))
        {
            pen.Name("parametersJsonSchema"u8);
            GeminiSchema.Write(tool.Schema, pen);
        }

        pen.EndObject();
        return null;
    }

    private static GatewayError? Server(ServerTool tool, ChatQuestion question, Translation translation, JsonPen pen)
    {
        if (question.Dialect == "gemini")
            pen.Object().Name(WireText.Encode(tool.Name)).Raw(tool.Json.Span).EndObject();
        else if (tool.Kind == ServerToolKind.WebSearch)
            return Search(tool, translation, pen);
        else
            return translation.Drop(tool.Field, Loss.Contract, $"Gemini has no tool '{tool.Name}'.");
        return null;
    }

    /// <summary>Google's search takes no options: those of others (domains, places, how often) are named.</summary>
    private static GatewayError? Search(ServerTool tool, Translation translation, JsonPen pen)
    {
        pen.Object().Name("googleSearch"u8).Object().EndObject().EndObject();
        foreach (string option in SearchOptions.Of(tool))
        {
            if (translation.Drop(option, Loss.Hint, "Google's search has no such option.") is { } error)
                return error;
        }

        return null;
    }

    private static GatewayError? Choice(ChatQuestion question, Translation translation, GeminiToolNames names, bool any, JsonPen pen)
    {
        if (question.Choice is not { } choice)
            return null;
        bool forced = choice.Kind is ChoiceKind.Required or ChoiceKind.Named;
        if (forced && !any)
            return translation.Drop(choice.Field, Loss.Contract, "There is no function that it could call.");
        if (forced && !translation.Traits.ForcedTools)
            return translation.Drop(choice.Field, Loss.Contract, "It cannot be made to call a tool.");
        if (!any)
            return null;
        pen.Name("toolConfig"u8).Object().Name("functionCallingConfig"u8).Object().Name("mode"u8)
            .Text(forced ? "ANY"u8 : choice.Kind == ChoiceKind.None ? "NONE"u8 : "AUTO"u8);
        if (choice.Kind == ChoiceKind.Named)
        {
            pen.Name("allowedFunctionNames"u8).Array();
            foreach (WireText name in choice.Names)
                pen.Plain(names.Sent(name.Decode()));
            pen.EndArray();
        }

        pen.EndObject().EndObject();
        return null;
    }

    private static GatewayError? Parallel(ChatQuestion question, Translation translation) =>
        question.Parallel is { Allowed: false } parallel ? translation.Drop(parallel.Field, Loss.Hint, "Gemini cannot be kept from calling several tools at once.") : null;
}
