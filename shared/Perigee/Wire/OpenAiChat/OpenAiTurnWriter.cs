namespace Perigee.Wire.OpenAiChat;

/// <summary>
/// Writes the conversation. Results of tools come right after the turn that called them, one message each; what they hold besides text follows in
/// the user's next message, since a message of a tool can only hold text.
/// </summary>
internal sealed class OpenAiTurnWriter(ChatQuestion question, Translation translation, JsonOut json, OpenAiToolNames names)
{
    private readonly OpenAiPartWriter _parts = new(question, translation, json);
    private readonly OpenAiHistoryWriter _history = new(question, translation, json);
    private readonly HashSet<ToolResultPart> _answered = new(ReferenceEqualityComparer.Instance);
    private readonly List<ChatPart> _carried = [];
    private bool _afterTool;
    private bool _spoken;

    private ModelTraits Traits => translation.Traits;

    /// <summary>Writes <c>messages</c>.</summary>
    /// <param name="instruction">What the gateway itself has to tell the model, or null. It stands last of the opening instructions.</param>
    public GatewayError? Write(string? instruction)
    {
        int count = question.Turns.Count;
        if (count > 0 && !Traits.Prefill && question.Turns[^1] is { Role: Role.Assistant } last && !last.Parts.Exists(p => p is ToolCallPart))
        {
            count--;
            if (translation.Drop(last.Place.In(question.Dialect), Loss.Hint, "The model does not go on with a last message of the assistant's.") is { } error)
                return error;
        }

        json.Name("messages"u8).Array();
        for (int i = 0; i < count; i++)
        {
            ChatTurn turn = question.Turns[i];
            if (!_spoken && turn.Role is not (Role.System or Role.Developer))
            {
                Instruct(instruction);
                _spoken = true;
            }

            if (Turn(turn, i) is { } error)
                return error;
        }

        if (!_spoken)
            Instruct(instruction);
        GatewayError? fault = Carried();
        json.EndArray();
        return fault;
    }

    private GatewayError? Turn(ChatTurn turn, int at) => turn.Role switch
    {
        Role.System or Role.Developer => System(turn),
        Role.Assistant => Carried() ?? Assistant(turn) ?? Results(turn, at),
        _ => Results(turn.Parts.OfType<ToolResultPart>()) ?? User(turn),
    };

    private void Instruct(string? instruction)
    {
        if (instruction is null)
            return;
        json.Object();
        json.Name("role"u8).Text("system"u8);
        json.Name("content"u8).Plain(instruction);
        json.EndObject();
    }

    private GatewayError? System(ChatTurn turn)
    {
        if (turn.Parts.Count == 0)
            return null;
        bool folded = _spoken && !Traits.MiddleSystem;
        GatewayError? error = Carried();
        Break();
        if (error is not null)
            return error;
        json.Object();
        json.Name("role"u8).Text(folded ? "user"u8 : turn.Role == Role.Developer && Traits.DeveloperRole ? "developer"u8 : "system"u8);
        List<ChatPart> parts = turn.Parts;
        if (folded)
        {
            // The mark tells the model that it is not the user who speaks.
            parts = [new TextPart(WireText.Of("<system>"), turn.Place), .. parts, new TextPart(WireText.Of("</system>"), turn.Place)];
        }

        error = Named(turn) ?? _parts.Content(parts);
        json.EndObject();
        return error;
    }

    private GatewayError? User(ChatTurn turn)
    {
        List<ChatPart> parts = turn.Parts.FindAll(p => p is not ToolResultPart);
        if (parts.Count == 0 && (turn.Role == Role.Tool || turn.Parts.Count > 0))
            return null;
        Break();
        parts.InsertRange(0, _carried);
        _carried.Clear();
        json.Object();
        json.Name("role"u8).Text("user"u8);
        GatewayError? error = Named(turn) ?? _parts.Content(parts);
        json.EndObject();
        return error;
    }

    /// <summary>Mistral refuses the user's words right after a tool's result.</summary>
    private void Break()
    {
        if (_afterTool && Traits.AssistantAfterTool)
        {
            json.Object();
            json.Name("role"u8).Text("assistant"u8);
            json.Name("content"u8).Text("OK."u8);
            json.EndObject();
        }

        _afterTool = false;
    }

    private GatewayError? Named(ChatTurn turn)
    {
        if (turn.Name.IsEmpty)
            return null;
        if (!Traits.MessageNames)
            return translation.Drop(turn.Place.In(question.Dialect) + ".name", Loss.Hint, "The model's provider takes no names of speakers.");
        json.Name("name"u8).Text(turn.Name);
        return null;
    }

    private GatewayError? Assistant(ChatTurn turn)
    {
        List<ChatPart> content = turn.Parts.FindAll(p => p is TextPart { Text.IsEmpty: false } or MediaPart);
        List<RefusalPart> refusals = [.. turn.Parts.OfType<RefusalPart>()];
        List<ToolCallPart> calls = [.. turn.Parts.OfType<ToolCallPart>()];
        if (_history.Lost(turn) is { } lost)
            return lost;
        if (content.Count == 0 && refusals.Count == 0 && calls.Count == 0 && !_history.Says(turn))
            return null;
        if (content.Find(p => p is MediaPart media && OpenAiPartWriter.TextOf(media) is null) is { } media)
            return translation.Drop(media.Place.In(question.Dialect), Loss.Contract, $"{OpenAiChatQuestionWriter.Dialect} has no files in the assistant's messages.");
        _afterTool = false;
        json.Object();
        json.Name("role"u8).Text("assistant"u8);
        GatewayError? error = Named(turn);
        if (content.Count == 0 && (calls.Count > 0 || refusals.Count > 0) && !Traits.PlainContent)
            json.Name("content"u8).Null();
        else
            error ??= _parts.Content(content);
        _history.Write(turn);
        if (refusals.Count > 0)
        {
            json.Name("refusal"u8).BeginText();
            foreach (RefusalPart refusal in refusals)
                json.Piece(refusal.Text.Escaped.Span);
            json.EndText();
        }

        error ??= Calls(calls);
        json.EndObject();
        return error;
    }

    private GatewayError? Calls(List<ToolCallPart> calls)
    {
        if (calls.Count == 0)
            return null;
        json.Name("tool_calls"u8).Array();
        foreach (ToolCallPart call in calls)
        {
            if (call.Mark is not null && OpenAiMarks.Lost(translation) is { } lost)
                return lost;
            json.Object();
            json.Name("id"u8).Text(OpenAiCallId.Fit(call.Id, Traits.ToolIds));
            json.Name("type"u8).Text("function"u8);
            json.Name("function"u8).Object();
            json.Name("name"u8).Text(names[call.Name]);
            json.Name("arguments"u8).Text(WireText.Encode(call.Arguments.Span));
            json.EndObject();
            json.EndObject();
        }

        json.EndArray();
        return null;
    }

    /// <summary>The results of a turn's calls, wherever before the assistant's next turn they stand.</summary>
    private GatewayError? Results(ChatTurn assistant, int at)
    {
        List<byte[]> ids = [.. assistant.Parts.OfType<ToolCallPart>().Select(c => c.Id.Escaped.ToArray())];
        for (int i = at + 1; ids.Count > 0 && i < question.Turns.Count && question.Turns[i].Role != Role.Assistant; i++)
        {
            if (Results(question.Turns[i].Parts.OfType<ToolResultPart>().Where(r => ids.Exists(id => r.CallId.Escaped.Span.SequenceEqual(id)))) is { } error)
                return error;
        }

        return null;
    }

    private GatewayError? Results(IEnumerable<ToolResultPart> results)
    {
        foreach (ToolResultPart result in results)
        {
            if (_answered.Add(result) && Result(result) is { } error)
                return error;
        }

        return null;
    }

    private GatewayError? Result(ToolResultPart result)
    {
        _afterTool = true;
        List<WireText> texts = [];
        List<ChatPart> files = [];
        foreach (ChatPart part in result.Parts)
        {
            WireText? text = part switch
            {
                TextPart own => own.Text,
                RefusalPart refusal => refusal.Text,
                MediaPart file => OpenAiPartWriter.TextOf(file),
                _ => null,
            };
            if (text is null)
                files.Add(part);
            texts.Add(text ?? WireText.Of($"[{Word(part)}: see the user's next message]"));
        }

        byte[] id = OpenAiCallId.Fit(result.CallId, Traits.ToolIds);
        if (files.Count > 0)
        {
            _carried.Add(new TextPart(new WireText((byte[])[.. "Files of the tool result "u8, .. id, .. ":"u8]), result.Place));
            _carried.AddRange(files);
        }

        json.Object();
        json.Name("role"u8).Text("tool"u8);
        json.Name("tool_call_id"u8).Text(id);
        GatewayError? error = ResultText(result, texts);
        json.EndObject();
        return error;
    }

    private GatewayError? ResultText(ToolResultPart result, List<WireText> texts)
    {
        CacheMark? mark = result.Mark ?? result.Parts.Find(p => p.Mark is not null)?.Mark;
        bool marked = mark is not null && Traits.CacheMarks;
        json.Name("content"u8);
        if (marked)
        {
            json.Array();
            json.Object();
            json.Name("type"u8).Text("text"u8);
            json.Name("text"u8);
        }

        json.BeginText();

        // OpenAI has no mark for failure: the text has to tell.
        if (result.IsError && !(texts.Count > 0 && texts[0].Decode().StartsWith("Error", StringComparison.OrdinalIgnoreCase)))
            json.Piece("Error: "u8);
        for (int i = 0; i < texts.Count; i++)
        {
            if (i > 0)
                json.Piece("\\n"u8);
            json.Piece(texts[i].Escaped.Span);
        }

        json.EndText();
        if (!marked)
            return mark is null ? null : OpenAiMarks.Lost(translation);
        GatewayError? error = OpenAiMarks.Write(mark, translation, json);
        json.EndObject();
        json.EndArray();
        return error;
    }

    private static string Word(ChatPart part) => part is MediaPart media ? media.Kind switch
    {
        MediaKind.Image => "image",
        MediaKind.Audio => "sound",
        MediaKind.Video => "film",
        _ => "document",
    } : "content";

    /// <summary>Files of results after which the user says nothing.</summary>
    private GatewayError? Carried()
    {
        if (_carried.Count == 0)
            return null;
        Break();
        List<ChatPart> parts = [.. _carried];
        _carried.Clear();
        json.Object();
        json.Name("role"u8).Text("user"u8);
        GatewayError? error = _parts.Content(parts);
        json.EndObject();
        return error;
    }
}
