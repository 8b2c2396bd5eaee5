namespace Perigee.Wire.OpenAiChat;

/// <summary>Writes which tools there are, which must be called, and whether several may be at once.</summary>
internal sealed class OpenAiToolWriter(ChatQuestion question, Translation translation, JsonOut json, OpenAiToolNames names)
{
    private ModelTraits Traits => translation.Traits;

    /// <summary>Writes them.</summary>
    /// <param name="format">May bring a tool of its own, whose call is the answer.</param>
    public GatewayError? Write(OpenAiFormat format)
    {
        if (!format.AnswerTool.IsEmpty)
        {
            AnswerTool(format.AnswerTool);
            return null;
        }

        if (ServerTools() is { } unknown)
            return unknown;
        List<ChatTool> tools = Allowed();
        if (tools.Count > 0)
        {
            if (Traits.Refuses.Contains("tools"))
                return translation.Drop(tools[0].Field, Loss.Contract, OpenAiChatQuestionWriter.Refused("tools"));
            json.Name("tools"u8).Array();
            foreach (ChatTool tool in tools)
            {
                if (Tool(tool) is { } error)
                    return error;
            }

            json.EndArray();
        }

        return Choice(tools.Count) ?? Parallel(tools.Count);
    }

    private void AnswerTool(ReadOnlyMemory<byte> schema)
    {
        json.Name("tools"u8).Array();
        json.Object();
        json.Name("type"u8).Text("function"u8);
        json.Name("function"u8).Object();
        json.Name("name"u8).Plain(translation.AnswerTool!);
        json.Name("description"u8).Text("Gives the answer."u8);
        json.Name("parameters"u8).Raw(schema.Span);
        json.EndObject();
        json.EndObject();
        json.EndArray();
        json.Name("tool_choice"u8);
        OneTool(System.Text.Encoding.ASCII.GetBytes(translation.AnswerTool!));
    }

    private GatewayError? ServerTools()
    {
        bool searches = false;
        foreach (ServerTool tool in question.ServerTools)
        {
            if (tool.Kind != ServerToolKind.WebSearch)
                return translation.Drop(tool.Field, Loss.Contract, $"{OpenAiChatQuestionWriter.Dialect} has no tool '{tool.Name}' that the provider runs.");
            if (Traits.Refuses.Contains("web_search_options"))
                return translation.Drop(tool.Field, Loss.Contract, OpenAiChatQuestionWriter.Refused("web_search_options"));
            if (!searches && Search(tool) is { } error)
                return error;
            searches = true;
        }

        return null;
    }

    /// <summary>Where the user is goes along; bounds of the search have no member here.</summary>
    private GatewayError? Search(ServerTool tool)
    {
        ReadOnlySpan<byte> declaration = tool.Json.Span;
        json.Name("web_search_options"u8);
        if (tool.Field == "web_search_options")
        {
            json.Raw(declaration);
            return null;
        }

        json.Object();
        ReadOnlySpan<byte> user = JsonPiece.Member(declaration, "user_location"u8);
        if (JsonPiece.IsObject(user))
        {
            json.Name("user_location"u8).Object();
            json.Name("type"u8).Text("approximate"u8);
            json.Name("approximate"u8).Object();
            foreach (string member in (ReadOnlySpan<string>)["city", "country", "region", "timezone"])
            {
                byte[] name = System.Text.Encoding.ASCII.GetBytes(member);
                if (JsonPiece.TextOf(user, name) is { IsEmpty: false } value)
                    json.Name(name).Text(value.Escaped);
            }

            json.EndObject();
            json.EndObject();
        }

        json.EndObject();
        foreach (string bound in (ReadOnlySpan<string>)["max_uses", "allowed_domains", "blocked_domains"])
        {
            if (!JsonPiece.Member(declaration, System.Text.Encoding.ASCII.GetBytes(bound)).IsEmpty
                && translation.Drop($"{tool.Field}.{bound}", Loss.Hint, $"{OpenAiChatQuestionWriter.Dialect} cannot bound a search.") is { } error)
            {
                return error;
            }
        }

        return null;
    }

    /// <summary>
    /// The tools to send. A choice among several is said with <c>allowed_tools</c> to OpenAI itself, whose cache then keeps the list; to servers
    /// that only resemble it by sending no others.
    /// </summary>
    private List<ChatTool> Allowed()
    {
        if (question.Choice is not { Kind: ChoiceKind.Named or ChoiceKind.Allowed } choice || SaysAllowed || (choice.Kind == ChoiceKind.Named && choice.Names.Count == 1))
            return question.Tools;
        HashSet<string> allowed = [.. choice.Names.Select(n => n.Decode())];
        return question.Tools.FindAll(t => allowed.Contains(t.Name.Decode()));
    }

    /// <summary>The role of developers is known to OpenAI and its true copies alone, and so is this.</summary>
    private bool SaysAllowed => Traits.DeveloperRole;

    private GatewayError? Tool(ChatTool tool)
    {
        json.Object();
        json.Name("type"u8).Text("function"u8);
        json.Name("function"u8).Object();
        json.Name("name"u8).Text(names[tool.Name]);
        if (!tool.Description.IsEmpty)
            json.Name("description"u8).Text(tool.Description);
        byte[]? flat = Traits.RootUnions || tool.Schema.IsEmpty ? null : OpenAiSchema.WithoutRootUnion(tool.Schema);
        json.Name("parameters"u8).Raw(flat ?? (tool.Schema.Length <= 2 ? OpenAiSchema.Nothing : tool.Schema.Span));
        json.Name("strict"u8).Bool(tool.Strict ?? false);
        json.EndObject();
        GatewayError? error = OpenAiMarks.Write(tool.Mark, translation, json);
        json.EndObject();
        return error;
    }

    private GatewayError? Choice(int tools)
    {
        if (question.Choice is not { } choice)
            return null;
        bool forced = choice.Kind is ChoiceKind.Required or ChoiceKind.Named;
        if (tools == 0)
            return translation.Drop(choice.Field, forced ? Loss.Hint : Loss.None, "There is no tool to choose.");
        if (forced && !Traits.ForcedTools)
            return translation.Drop(choice.Field, Loss.Contract, "The model cannot be made to call a tool.");
        if (Traits.Refuses.Contains("tool_choice"))
            return translation.Drop(choice.Field, forced || choice.Kind == ChoiceKind.None ? Loss.Contract : Loss.None, OpenAiChatQuestionWriter.Refused("tool_choice"));
        json.Name("tool_choice"u8);
        switch (choice.Kind)
        {
            case ChoiceKind.None:
                json.Text("none"u8);
                break;
            case ChoiceKind.Named when choice.Names.Count == 1:
                OneTool(names[choice.Names[0]]);
                break;
            case ChoiceKind.Named or ChoiceKind.Allowed when SaysAllowed:
                AllowedTools(choice);
                break;
            case ChoiceKind.Required or ChoiceKind.Named:
                json.Plain(Traits.RequiredWord ?? "required");
                break;
            default:
                json.Text("auto"u8);
                break;
        }

        return null;
    }

    private void OneTool(ReadOnlySpan<byte> name)
    {
        json.Object();
        json.Name("type"u8).Text("function"u8);
        json.Name("function"u8).Object();
        json.Name("name"u8).Text(name);
        json.EndObject();
        json.EndObject();
    }

    private void AllowedTools(ToolChoice choice)
    {
        json.Object();
        json.Name("type"u8).Text("allowed_tools"u8);
        json.Name("allowed_tools"u8).Object();
        json.Name("mode"u8).Text(choice.Kind == ChoiceKind.Named ? "required"u8 : "auto"u8);
        json.Name("tools"u8).Array();
        foreach (WireText name in choice.Names)
            OneTool(names[name]);
        json.EndArray();
        json.EndObject();
        json.EndObject();
    }

    /// <summary>Several calls are allowed anyway: only the wish for one at a time is said.</summary>
    private GatewayError? Parallel(int tools)
    {
        if (question.Parallel is not { Allowed: false } parallel || tools == 0)
            return null;
        if (Traits.Refuses.Contains("parallel_tool_calls"))
            return translation.Drop(parallel.Field, Loss.Hint, OpenAiChatQuestionWriter.Refused("parallel_tool_calls"));
        json.Name("parallel_tool_calls"u8).Bool(false);
        return null;
    }
}
