namespace Perigee.Wire.OpenAiChat;

/// <summary>Reads the messages of a question. Knows which call an earlier turn made, so that results get their tool's name.</summary>
/// <param name="seal">Opens proofs that other dialects' clients carried.</param>
internal sealed class OpenAiTurnReader(ProofSeal seal)
{
    private readonly Dictionary<string, WireText> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WireText> _oldCalls = new(StringComparer.Ordinal);

    /// <summary>Reads <c>messages</c>.</summary>
    public GatewayError? Read(JsonValue messages, List<ChatTurn> turns)
    {
        int at = -1;
        foreach ((_, JsonValue message) in messages)
        {
            if (Message(message, new Place(++at, -1), turns) is { } error)
                return error;
        }

        return at < 0 ? Fault.At("messages", "must hold at least one message") : null;
    }

    /// <summary>The mark <c>cache_control</c> of an object, or null.</summary>
    public static CacheMark? Mark(JsonValue holder) =>
        holder["cache_control"u8] is { IsObject: true } mark && mark["type"u8].Word == "ephemeral" ? new CacheMark(mark["ttl"u8].Word == "1h") : null;

    private GatewayError? Message(JsonValue message, Place place, List<ChatTurn> turns)
    {
        if (!message.IsObject)
            return Fault.At(Path(place), "must be an object");
        string role = message["role"u8].Word;
        Role? known = role switch
        {
            "system" => Role.System,
            "developer" => Role.Developer,
            "user" => Role.User,
            "assistant" => Role.Assistant,
            "tool" or "function" => Role.Tool,
            _ => null,
        };
        if (known is null)
        {
            return Fault.At(Path(place) + ".role",
                message["role"u8].IsThere ? "must be 'system', 'developer', 'user', 'assistant', 'tool' or 'function'" : "is required");
        }

        if (message["name"u8] is { IsThere: true, IsText: false })
            return Fault.At(Path(place) + ".name", "must be a string");
        ChatTurn turn = new(known.Value, [], place) { Name = role == "function" ? default : message["name"u8].Text };
        turns.Add(turn);
        GatewayError? error = known switch
        {
            Role.Assistant => Assistant(message, turn),
            Role.Tool => Result(message, turn, old: role == "function"),
            _ => message["content"u8].IsThere ? OpenAiPartReader.Content(message["content"u8], place, turn.Parts) : Fault.At(Path(place) + ".content", "is required"),
        };
        if (error is null && Mark(message) is { } mark && turn.Parts.Count > 0)
            turn.Parts[^1] = turn.Parts[^1] with { Mark = mark };
        return error;
    }

    private GatewayError? Assistant(JsonValue message, ChatTurn turn)
    {
        Place place = turn.Place;
        List<ReasoningEntry> onCalls = [];
        WireText onText = OpenAiReasoningHistory.Read(message, place, seal, turn.Parts, onCalls);
        int reasoning = turn.Parts.Count;
        if (message["content"u8].IsThere && OpenAiPartReader.Content(message["content"u8], place, turn.Parts) is { } fault)
            return fault;
        if (message["refusal"u8] is { IsThere: true } refusal)
        {
            if (!refusal.IsText)
                return Fault.At(Path(place) + ".refusal", "must be a string");
            if (!refusal.Text.IsEmpty)
                turn.Parts.Add(new RefusalPart(refusal.Text, place));
        }

        // A sound of the model's that the provider keeps under this id: no other provider has it.
        if (message["audio"u8]["id"u8] is { IsText: true } sound)
            turn.Parts.Add(new MediaPart(MediaKind.Audio, MediaSource.FileId, sound.Text, default, place));
        OnText(turn, reasoning, onText);
        if (message["tool_calls"u8] is { IsThere: true } calls)
        {
            if (!calls.IsArray)
                return Fault.At(Path(place) + ".tool_calls", "must be an array");
            int at = 0;
            foreach ((_, JsonValue call) in calls)
            {
                if (Call(call, turn, at++, onCalls) is { } error)
                    return error;
            }
        }

        return message["function_call"u8].IsThere ? OldCall(message["function_call"u8], turn, onCalls) : null;
    }

    /// <summary>Google's signature on text stands with the last text of the turn; without text it is of reasoning that is not shown.</summary>
    private static void OnText(ChatTurn turn, int from, WireText signature)
    {
        if (signature.IsEmpty)
            return;
        KeptProof proof = new(ProofOrigin.Google, ProofKind.OnText, signature);
        for (int i = turn.Parts.Count - 1; i >= from; i--)
        {
            if (turn.Parts[i] is TextPart text)
            {
                turn.Parts[i] = text with { Proof = proof };
                return;
            }
        }

        turn.Parts.Insert(from, new ReasoningPart(default, new KeptProof(ProofOrigin.Google, ProofKind.Signature, signature), turn.Place));
    }

    private GatewayError? Call(JsonValue call, ChatTurn turn, int at, List<ReasoningEntry> onCalls)
    {
        string path = $"{Path(turn.Place)}.tool_calls[{at}]";
        if (!call.IsObject)
            return Fault.At(path, "must be an object");
        if (call["type"u8] is { IsThere: true } type && type.Word != "function")
        {
            return new GatewayError(ErrorKind.BadRequest, $"'{path}' is a call of the type '{type.Word}', which this model's provider does not know. Use function tools, or choose another model.", path)
            {
                Code = "unsupported_parameter",
            };
        }

        JsonValue function = call["function"u8];
        if (!function.IsObject)
            return Fault.At(path + ".function", function.IsThere ? "must be an object" : "is required");
        if (!function["name"u8].IsText)
            return Fault.At(path + ".function.name", function["name"u8].IsThere ? "must be a string" : "is required");
        if (call["id"u8] is { IsThere: true, IsText: false })
            return Fault.At(path + ".id", "must be a string");
        WireText id = call["id"u8].Text.IsEmpty ? WireText.Of($"call_{turn.Place.Turn}_{at}") : call["id"u8].Text;
        JsonValue signature = call["extra_content"u8]["google"u8]["thought_signature"u8];
        return Add(turn, id, function, path + ".function", OpenAiReasoningHistory.OnCall(signature.Text, id, onCalls, seal));
    }

    private GatewayError? OldCall(JsonValue function, ChatTurn turn, List<ReasoningEntry> onCalls)
    {
        string path = Path(turn.Place) + ".function_call";
        if (!function["name"u8].IsText)
            return Fault.At(path + ".name", "must be a string");
        WireText id = WireText.Of($"call_{turn.Place.Turn}");
        _oldCalls[function["name"u8].Word] = id;
        return Add(turn, id, function, path, OpenAiReasoningHistory.OnCall(default, id, onCalls, seal));
    }

    private GatewayError? Add(ChatTurn turn, WireText id, JsonValue function, string path, KeptProof? proof)
    {
        if (function["arguments"u8] is { IsThere: true, IsText: false, IsObject: false })
            return Fault.At(path + ".arguments", "must be a string of JSON");
        _names[id.Decode()] = function["name"u8].Text;
        turn.Parts.Add(new ToolCallPart(id, function["name"u8].Text, OpenAiArguments.Object(function["arguments"u8]), turn.Place) { Proof = proof });
        return null;
    }

    private GatewayError? Result(JsonValue message, ChatTurn turn, bool old)
    {
        WireText id = message["tool_call_id"u8].Text;
        WireText name = default;
        if (old)
        {
            name = message["name"u8].Text;
            if (!_oldCalls.TryGetValue(message["name"u8].Word, out id))
                id = WireText.Of($"call_{turn.Place.Turn}");
        }
        else if (!message["tool_call_id"u8].IsText)
        {
            return Fault.At(Path(turn.Place) + ".tool_call_id", message["tool_call_id"u8].IsThere ? "must be a string" : "is required");
        }
        else if (!_names.TryGetValue(id.Decode(), out name))
        {
            name = message["name"u8].Text;
        }

        List<ChatPart> parts = [];
        if (message["content"u8].IsThere && OpenAiPartReader.Content(message["content"u8], turn.Place, parts) is { } error)
            return error;
        turn.Parts.Add(new ToolResultPart(id, parts, turn.Place) { Name = name });
        return null;
    }

    private static string Path(Place place) => place.In("openai-chat");
}
