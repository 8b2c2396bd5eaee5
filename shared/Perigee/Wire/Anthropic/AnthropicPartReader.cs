namespace Perigee.Wire.Anthropic;

/// <summary>Reads content blocks of messages.</summary>
internal static class AnthropicPartReader
{
    /// <summary>Reads one block.</summary>
    /// <param name="block">The block.</param>
    /// <param name="place">Where it stands.</param>
    /// <param name="role">Who speaks.</param>
    /// <param name="reading">The question.</param>
    /// <param name="parts">Takes what it means: mostly one part.</param>
    public static GatewayError? Read(AnthropicNode block, Place place, Role role, AnthropicReading reading, List<ChatPart> parts) =>
        Read(block, place.In("anthropic"), place, role, reading, parts);

    private static GatewayError? Read(AnthropicNode block, string path, Place place, Role role, AnthropicReading reading, List<ChatPart> parts)
    {
        if (!block.IsObject)
            return AnthropicReading.Fault(path, "Must be a content block, an object with a type.");
        AnthropicNode type = block.Find("type"u8);
        if (!type.IsString)
            return AnthropicReading.Fault($"{path}.type", "Must be the type of a content block.");
        AnthropicNode caching = block.Find("cache_control"u8);
        CacheMark? mark = null;
        if (caching.Exists && AnthropicReading.Mark(caching, () => $"{path}.cache_control", out mark) is { } fault)
            return fault;
        int before = parts.Count;
        string word = type.Decode();
        GatewayError? error = word switch
        {
            "text" => Text(block, path, place, reading, parts),
            "image" => AnthropicMediaReader.Image(block, path, place, reading, parts),
            "document" => AnthropicMediaReader.Document(block, path, place, reading, parts),
            "search_result" => AnthropicMediaReader.SearchResult(block, path, place, reading, parts),
            "tool_use" when role == Role.Assistant => ToolUse(block, path, place, reading, parts),
            "tool_result" when role == Role.User => ToolResult(block, path, place, reading, parts),
            "thinking" when role == Role.Assistant => Thinking(block, path, place, reading, parts),
            "redacted_thinking" when role == Role.Assistant => Redacted(block, path, place, reading, parts),
            "tool_use" or "thinking" or "redacted_thinking" => AnthropicReading.Fault($"{path}.type", $"'{word}' may stand in messages of the assistant's only."),
            "tool_result" => AnthropicReading.Fault($"{path}.type", "'tool_result' may stand in messages of the user's only."),
            "compaction" => Compaction(block, path, place, reading, parts),
            _ => Server(block, word, path, reading),
        };
        if (error is null && mark is not null && parts.Count > before)
            parts[^1] = parts[^1] with { Mark = mark };
        return error;
    }

    /// <summary>Notes every member that is none of these.</summary>
    internal static void Rest(AnthropicNode block, string path, AnthropicReading reading, params ReadOnlySpan<string> known)
    {
        foreach (AnthropicNode.Member member in block.Members())
        {
            string name = member.Name.Decode();
            if (name is "type" or "cache_control" || known.Contains(name) || Says(member) is false)
                continue;
            reading.Unknown(path, member);
        }
    }

    /// <summary>Reads a member that must be a string.</summary>
    internal static GatewayError? Need(AnthropicNode block, ReadOnlySpan<byte> name, string path, string word, out WireText text)
    {
        AnthropicNode value = block.Find(name);
        text = value.IsString ? value.Text : default;
        return value.IsString ? null : AnthropicReading.Fault($"{path}.{word}", value.Exists ? "Must be a string." : "Field required: a string.");
    }

    /// <summary>Citations that are empty or switched off say nothing.</summary>
    private static bool Says(AnthropicNode.Member member) =>
        !member.Name.Is("citations"u8)
        || (member.Value.IsArray ? !member.Value.Raw.Span[1..^1].Trim(" \t\r\n"u8).IsEmpty
            : member.Value.Find("enabled"u8) is { Exists: true, Type: System.Text.Json.JsonTokenType.True });

    private static GatewayError? Text(AnthropicNode block, string path, Place place, AnthropicReading reading, List<ChatPart> parts)
    {
        if (Need(block, "text"u8, path, "text", out WireText text) is { } error)
            return error;
        Rest(block, path, reading, "text");
        parts.Add(new TextPart(text, place));
        return null;
    }

    private static GatewayError? ToolUse(AnthropicNode block, string path, Place place, AnthropicReading reading, List<ChatPart> parts)
    {
        if ((Need(block, "id"u8, path, "id", out WireText id) ?? Need(block, "name"u8, path, "name", out _)) is { } error)
            return error;
        WireText name = block.Find("name"u8).Text;
        AnthropicNode input = block.Find("input"u8);
        if (input.Exists && !input.IsObject)
            return AnthropicReading.Fault($"{path}.input", "Must be an object: the tool's arguments.");
        Rest(block, path, reading, "id", "name", "input", "caller");
        reading.Calls[id.Decode()] = name;
        parts.Add(new ToolCallPart(id, name, input.Exists ? input.Raw : "{}"u8.ToArray(), place));
        return null;
    }

    private static GatewayError? ToolResult(AnthropicNode block, string path, Place place, AnthropicReading reading, List<ChatPart> parts)
    {
        if (Need(block, "tool_use_id"u8, path, "tool_use_id", out WireText id) is { } error)
            return error;
        AnthropicNode failed = block.Find("is_error"u8);
        if (failed.Exists && !failed.IsBoolean)
            return AnthropicReading.Fault($"{path}.is_error", "Must be true or false.");
        AnthropicNode content = block.Find("content"u8);
        List<ChatPart> inner = [];
        if (content.IsString)
        {
            inner.Add(new TextPart(content.Text, place));
        }
        else if (content.IsArray)
        {
            int index = 0;
            foreach (AnthropicNode item in content.Items())
            {
                string where = $"{path}.content[{index++}]";
                AnthropicNode type = item.Find("type"u8);
                if (type.IsString && !type.Is("text"u8) && !type.Is("image"u8) && !type.Is("document"u8) && !type.Is("search_result"u8))
                {
                    if (!type.Is("tool_reference"u8))
                        return AnthropicReading.Fault($"{where}.type", "Must be \"text\", \"image\", \"document\" or \"search_result\".");
                    reading.Set(Parameter.Unknown, where, item);
                }
                else if (Read(item, where, place, Role.User, reading, inner) is { } fault)
                {
                    return fault;
                }
            }
        }
        else if (content.Exists)
        {
            return AnthropicReading.Fault($"{path}.content", "Must be a string or an array of content blocks.");
        }

        Rest(block, path, reading, "tool_use_id", "is_error", "content");
        parts.Add(new ToolResultPart(id, inner, place)
        {
            Name = reading.Calls.GetValueOrDefault(id.Decode()),
            IsError = failed.Type == System.Text.Json.JsonTokenType.True,
        });
        return null;
    }

    private static GatewayError? Thinking(AnthropicNode block, string path, Place place, AnthropicReading reading, List<ChatPart> parts)
    {
        AnthropicNode text = block.Find("thinking"u8);
        AnthropicNode signature = block.Find("signature"u8);
        if (text.Exists && !text.IsString)
            return AnthropicReading.Fault($"{path}.thinking", "Must be a string.");
        if (signature.Exists && !signature.IsString)
            return AnthropicReading.Fault($"{path}.signature", "Must be a string.");
        Rest(block, path, reading, "thinking", "signature");
        KeptProof? proof = signature.Exists && !signature.Text.IsEmpty ? Proof(signature.Text, ProofKind.Signature, reading) : null;
        WireText said = text.Exists ? text.Text : default;
        if (proof is not null || !said.IsEmpty)
            parts.Add(new ReasoningPart(said, proof, place));
        return null;
    }

    private static GatewayError? Redacted(AnthropicNode block, string path, Place place, AnthropicReading reading, List<ChatPart> parts)
    {
        if (Need(block, "data"u8, path, "data", out WireText data) is { } error)
            return error;
        Rest(block, path, reading, "data");
        if (!data.IsEmpty && Proof(data, ProofKind.Redacted, reading) is { } proof)
            parts.Add(new ReasoningPart(default, proof, place));
        return null;
    }

    /// <summary>Anthropic's own proof, or what an envelope of ours holds. A false envelope is no proof at all: nobody else could read it.</summary>
    private static KeptProof? Proof(WireText data, ProofKind kind, AnthropicReading reading) =>
        ProofSeal.IsEnvelope(data.Escaped.Span) ? reading.Seal.Open(data.Escaped.Span) : new KeptProof(ProofOrigin.Anthropic, kind, data);

    /// <summary>What stands for the conversation up to here: a summary in plain text.</summary>
    private static GatewayError? Compaction(AnthropicNode block, string path, Place place, AnthropicReading reading, List<ChatPart> parts)
    {
        AnthropicNode content = block.Find("content"u8);
        if (content.IsString)
            parts.Add(new TextPart(content.Text, place));
        else
            reading.Set(Parameter.Unknown, path, block);
        return null;
    }

    /// <summary>
    /// What the provider's own tools did in earlier turns: nobody else can read it, and the text around it says what came of it. Left out, and
    /// named. Anything else is content whose loss would change the question.
    /// </summary>
    private static GatewayError? Server(AnthropicNode block, string word, string path, AnthropicReading reading)
    {
        if (word is not ("server_tool_use" or "mcp_tool_use" or "fallback") && !word.EndsWith("_tool_result", StringComparison.Ordinal))
            return AnthropicReading.Fault($"{path}.type", $"'{word}' is no content block that can be translated for the model that was asked. Leave it out, or choose a model of Anthropic's.");
        reading.Set(Parameter.Unknown, path, block);
        return null;
    }
}
