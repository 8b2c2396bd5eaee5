namespace Perigee.Wire.Anthropic;

/// <summary>
/// Which tools are declared, which of them must be called, and how the form of the answer is asked for: by <c>output_config.format</c>, or,
/// where the model does not know that, as the input of a tool that it has to call.
/// </summary>
internal sealed class AnthropicToolPlan
{
    private const string Language = "Anthropic Messages";

    private AnthropicToolPlan(ChatQuestion question) => Names = new AnthropicNames(question);

    /// <summary>The functions.</summary>
    public List<ChatTool> Tools { get; private set; } = [];

    /// <summary>Whether the provider may search the web.</summary>
    public bool Search { get; private set; }

    /// <summary>The names that are sent.</summary>
    public AnthropicNames Names { get; }

    /// <summary>The tool whose input is the answer, or null.</summary>
    public string? AnswerTool { get; private set; }

    /// <summary>The schema of <see cref="AnswerTool"/> or of <c>output_config.format</c>; or empty.</summary>
    public ReadOnlyMemory<byte> AnswerSchema { get; private set; }

    /// <summary>What else is said of <see cref="AnswerTool"/>.</summary>
    public WireText AnswerDescription { get; private set; }

    /// <summary>Whether the model is only told in words that it has to answer in JSON.</summary>
    public bool JsonInWords { get; private set; }

    /// <summary><c>auto</c>, <c>any</c>, <c>tool</c>, <c>none</c>; or null.</summary>
    public string? Choice { get; private set; }

    /// <summary>The tool of the choice <c>tool</c>.</summary>
    public string? ChoiceName { get; private set; }

    /// <summary>Whether no more than one tool may be called at once.</summary>
    public bool Single { get; private set; }

    /// <summary>Whether any tool is declared.</summary>
    public bool Any => Tools.Count > 0 || Search || AnswerTool is not null;

    /// <summary>Whether a tool must be called.</summary>
    public bool Forced => Choice is "any" or "tool";

    /// <summary>Makes the plan.</summary>
    /// <param name="question">The question.</param>
    /// <param name="translation">Whom it is for.</param>
    /// <param name="thinks">Whether the client wants the model to think in a manner that allows of no forced tool.</param>
    /// <param name="plan">The plan.</param>
    public static GatewayError? Make(ChatQuestion question, Translation translation, bool thinks, out AnthropicToolPlan plan)
    {
        plan = new AnthropicToolPlan(question) { Tools = question.Tools };
        return plan.Server(question, translation) ?? plan.Choose(question, translation) ?? plan.Form(question, translation, thinks);
    }

    private GatewayError? Server(ChatQuestion question, Translation translation)
    {
        foreach (ServerTool tool in question.ServerTools)
        {
            if (tool.Kind != ServerToolKind.WebSearch)
                return translation.Drop(tool.Field, Loss.Contract, $"The provider's tool '{tool.Name}' has no counterpart in {Language}.");
            Search = true;
            foreach (string option in SearchOptions.Of(tool))
            {
                if (translation.Drop(option, Loss.Hint, $"The web search of {Language} has no such option.") is { } error)
                    return error;
            }
        }

        return null;
    }

    private GatewayError? Choose(ChatQuestion question, Translation translation)
    {
        ToolChoice? choice = question.Choice;
        if (choice is not null)
        {
            bool forced = choice.Kind is ChoiceKind.Required or ChoiceKind.Named;
            if (forced && Tools.Count == 0 && !Search)
                return new GatewayError(ErrorKind.BadRequest, $"'{choice.Field}' demands a tool, but there are no tools. Add 'tools', or leave '{choice.Field}' out.", choice.Field);
            if (forced && !translation.Traits.ForcedTools)
                return translation.Drop(choice.Field, Loss.Contract, "The model does not let a tool be forced.");
            if (choice.Kind == ChoiceKind.Allowed || choice is { Kind: ChoiceKind.Named, Names.Count: > 1 })
            {
                HashSet<string> allowed = [.. choice.Names.Select(name => name.Decode())];
                Tools = [.. Tools.Where(tool => allowed.Contains(tool.Name.Decode()))];
                if (Tools.Count == 0)
                    return new GatewayError(ErrorKind.BadRequest, $"'{choice.Field}' names no tool that is in 'tools'.", choice.Field);
            }

            if (Any)
            {
                Choice = choice.Kind switch
                {
                    ChoiceKind.None => "none",
                    ChoiceKind.Required => "any",
                    ChoiceKind.Named => choice.Names.Count == 1 ? "tool" : "any",
                    _ => "auto",
                };
                ChoiceName = Choice == "tool" ? Names.Of(choice.Names[0]) : null;
            }
        }

        if (question.Parallel is { Allowed: false } && Any && Choice != "none")
        {
            Single = true;
            Choice ??= "auto";
        }

        return null;
    }

    private GatewayError? Form(ChatQuestion question, Translation translation, bool thinks)
    {
        if (question.Format is not { } format)
            return null;
        bool schema = !format.Schema.IsEmpty;
        if (schema && translation.Traits.Formats is FormatSupport.Schema or FormatSupport.SchemaOnly)
        {
            SortedSet<string> bounds = new(StringComparer.Ordinal);
            AnswerSchema = AnthropicSchema.OfAnswer(format.Schema, bounds);
            foreach (string bound in bounds)
            {
                if (translation.Drop($"{format.Field}.{bound}", Loss.Hint, $"A format of {Language} holds no such bound.") is { } error)
                    return error;
            }

            return null;
        }

        // Any object at all: where tools have a say, words must do, for a tool that takes anything would be called instead of them.
        bool free = !thinks && !Forced && !Search && translation.Traits.ForcedTools;
        if (!schema && (!free || Tools.Count > 0))
        {
            JsonInWords = true;
            return null;
        }

        if (!free)
        {
            return translation.Drop(format.Field, Loss.Contract,
                "The model answers in a given form only as a tool that it is forced to call, which goes with neither thinking nor web search nor another forced tool.");
        }

        AnswerTool = Names.Free("json_response");
        AnswerSchema = AnthropicSchema.OfTool(schema ? format.Schema : "{\"type\":\"object\"}"u8.ToArray());
        AnswerDescription = format.Description;
        if (Tools.Count > 0 && Choice != "none")
        {
            // It may still call the others first; once it has what it needs, the answer is a call like them.
            Choice = "any";
            Single = true;
        }
        else
        {
            Choice = "tool";
            ChoiceName = AnswerTool;
        }

        return null;
    }
}
