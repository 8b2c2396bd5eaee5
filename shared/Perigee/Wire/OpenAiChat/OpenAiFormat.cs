namespace Perigee.Wire.OpenAiChat;

/// <summary>
/// The form of the answer, by what the target can: <c>response_format</c> where it has one that fits, else a tool that must be called and whose
/// arguments become the answer, else words.
/// </summary>
internal sealed class OpenAiFormat(ChatQuestion question, Translation translation)
{
    private const string ToolName = "json_response";

    private Way _way;

    /// <summary>What the model is told in words, or null.</summary>
    public string? Instruction { get; private set; }

    /// <summary>The schema of the tool whose call is the answer, or empty where there is none.</summary>
    public ReadOnlyMemory<byte> AnswerTool { get; private set; }

    private enum Way
    {
        None,
        Object,
        Schema,
    }

    /// <summary>Decides how; the error says that there is no way.</summary>
    public GatewayError? Settle()
    {
        if (question.Format is not { } format)
            return null;
        FormatSupport support = translation.Traits.Formats;
        if (translation.Traits.Refuses.Contains("response_format"))
            support = FormatSupport.None;
        bool hasSchema = !format.Schema.IsEmpty;
        if (support == FormatSupport.Schema || (support == FormatSupport.SchemaOnly && hasSchema) || (support == FormatSupport.Object && !hasSchema))
        {
            _way = hasSchema ? Way.Schema : Way.Object;
        }
        else if (support == FormatSupport.SchemaOnly)
        {
            // Any object is a schema too.
            _way = Way.Schema;
        }
        else if (hasSchema && support == FormatSupport.None && translation.Traits.ForcedTools && question is { Tools.Count: 0, ServerTools.Count: 0 })
        {
            translation.AnswerTool = ToolName;
            AnswerTool = format.Schema;
            return null;
        }
        else if (hasSchema && support == FormatSupport.None)
        {
            return translation.Drop(format.Field, Loss.Contract, "The model's provider cannot bind its answer to a schema.");
        }
        else
        {
            _way = support == FormatSupport.Object ? Way.Object : Way.None;
            Instruction = hasSchema
                ? "Answer with one JSON object only, without any other text. It must follow this JSON Schema:\n" + System.Text.Encoding.UTF8.GetString(format.Schema.Span)
                : "Answer with one JSON object only, without any other text.";
            return translation.Drop(format.Field, Loss.Hint, "The model's provider cannot bind its answer to this form; the model is only told so in words.");
        }

        // OpenAI and DeepSeek refuse to be bound to JSON where no message mentions the word.
        if (_way == Way.Object && !MentionsJson())
            Instruction = "Answer with one JSON object only, without any other text.";
        return null;
    }

    /// <summary>Writes <c>response_format</c>, where that is the way.</summary>
    public GatewayError? Write(JsonOut json)
    {
        if (_way == Way.None)
            return null;
        json.Name("response_format"u8).Object();
        if (_way == Way.Object)
        {
            json.Name("type"u8).Text("json_object"u8);
            json.EndObject();
            return null;
        }

        AnswerFormat format = question.Format!;
        json.Name("type"u8).Text("json_schema"u8);
        json.Name("json_schema"u8).Object();
        json.Name("name"u8).Plain(format.Name.IsEmpty ? "response" : OpenAiToolNames.Cleaned(format.Name.Decode()));
        if (!format.Description.IsEmpty)
            json.Name("description"u8).Text(format.Description);
        json.Name("schema"u8).Raw(format.Schema.IsEmpty ? "{\"type\":\"object\"}"u8 : format.Schema.Span);

        // Elsewhere a schema always binds. OpenAI binds only what it can take as strict, and answers 400 to the rest.
        if (format.Strict ?? (!format.Schema.IsEmpty && OpenAiSchema.CanBeStrict(format.Schema)))
            json.Name("strict"u8).Bool(true);
        else if (format.Strict is not null)
            json.Name("strict"u8).Bool(false);
        json.EndObject();
        json.EndObject();
        return null;
    }

    private bool MentionsJson()
    {
        foreach (ChatTurn turn in question.Turns)
        {
            foreach (ChatPart part in turn.Parts)
            {
                if (part is TextPart text && text.Text.Decode().Contains("json", StringComparison.OrdinalIgnoreCase))
                    return true;
            }
        }

        return false;
    }
}
