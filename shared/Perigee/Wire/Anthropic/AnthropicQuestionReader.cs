using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Perigee.Wire.Anthropic;

/// <summary>Reads a question of Anthropic Messages: the outer members. Source: Anthropic's API reference, "Create a Message".</summary>
internal static class AnthropicQuestionReader
{
    /// <summary>Reads a question.</summary>
    /// <param name="body">The body.</param>
    /// <param name="context">What is known besides.</param>
    /// <param name="counting">Whether its tokens are only to be counted.</param>
    /// <param name="question">The question.</param>
    /// <param name="error">What is wrong with it.</param>
    public static bool TryRead(
        JsonIndex body, in QuestionContext context, bool counting, [NotNullWhen(true)] out ChatQuestion? question, [NotNullWhen(false)] out GatewayError? error)
    {
        AnthropicReading reading = new(new ChatQuestion("anthropic"), context.Seal);
        AnthropicNode root = new(body, 0);
        error = Read(root, reading, counting);
        if (context.Stream is { } stream)
            reading.Question.Stream = stream;
        question = error is null ? reading.Question : null;
        return error is null;
    }

    private static GatewayError? Read(AnthropicNode root, AnthropicReading reading, bool counting)
    {
        AnthropicNode messages = root.Find("messages"u8);
        if (!messages.Exists)
            return AnthropicReading.Fault("messages", "Field required. Send an array of messages.");
        if (!messages.IsArray)
            return AnthropicReading.Fault("messages", "Must be an array of messages.");
        if (!counting && !root.Find("max_tokens"u8).Exists)
            return AnthropicReading.Fault("max_tokens", "Field required. Say how many tokens the answer may have at most.");

        // The system prompt comes first, wherever in the body it stands.
        if (System(root.Find("system"u8), reading) is { } system)
            return system;
        foreach (AnthropicNode.Member member in root.Members())
        {
            if (Member(member, reading) is { } error)
                return error;
        }

        if (AnthropicReasoning.Read(root, reading) is { } reasoning)
            return reasoning;
        return Messages(messages, reading);
    }

    private static GatewayError? Member(AnthropicNode.Member member, AnthropicReading reading)
    {
        AnthropicNode value = member.Value;
        string name = member.Name.Decode();
        switch (name)
        {
            case "model" or "messages" or "system" or "thinking" or "output_config":
                return null;
            case "max_tokens":
                return value.IsInteger(out long most) && most > 0 ? Set(Parameter.MaxOutput) : AnthropicReading.Fault(name, "Must be an integer above 0.");
            case "temperature":
                return value.Type == JsonTokenType.Number ? Set(Parameter.Temperature) : AnthropicReading.Fault(name, "Must be a number from 0 to 1.");
            case "top_p":
                return value.Type == JsonTokenType.Number ? Set(Parameter.TopP) : AnthropicReading.Fault(name, "Must be a number from 0 to 1.");
            case "top_k":
                return value.IsInteger(out _) ? Set(Parameter.TopK) : AnthropicReading.Fault(name, "Must be an integer.");
            case "stream":
                if (!value.IsBoolean)
                    return AnthropicReading.Fault(name, "Must be true or false.");
                reading.Question.Stream = value.Type == JsonTokenType.True;
                return null;
            case "stop_sequences":
                return StopSequences(value, reading);
            case "tools":
                return AnthropicToolReader.Tools(value, reading);
            case "tool_choice":
                return AnthropicToolReader.Choice(value, reading);
            case "output_format":
                return AnthropicReasoning.Format(value, name, reading);
            case "metadata":
                return Metadata(value, reading);
            case "service_tier":
                return value.IsString ? Set(Parameter.ServiceTier) : AnthropicReading.Fault(name, "Must be a string.");
            case "cache_control":
                return AnthropicReading.Mark(value, () => name, out _) ?? Set(Parameter.AutoCache);
            case "container":
                return Set(Parameter.State);
            case "context_management":
                return Set(Parameter.ContextManagement);
            case "mcp_servers":
                // An empty list asks for nothing.
                return value.IsArray && value.Raw.Span[1..^1].Trim(" \t\r\n"u8).IsEmpty ? null : Set(Parameter.McpServers);
            case "speed" or "inference_geo":
                return Set(Parameter.Placement);
            case "anthropic_version":
                // Where Bedrock and Vertex take what is a header elsewhere.
                return Set(Parameter.StreamForm);
            default:
                return Set(Parameter.Unknown);
        }

        GatewayError? Set(Parameter parameter)
        {
            reading.Set(parameter, name, value);
            return null;
        }
    }

    private static GatewayError? StopSequences(AnthropicNode value, AnthropicReading reading)
    {
        if (!value.IsArray)
            return AnthropicReading.Fault("stop_sequences", "Must be an array of strings.");
        int count = 0;
        foreach (AnthropicNode item in value.Items())
        {
            if (!item.IsString)
                return AnthropicReading.Fault($"stop_sequences[{count}]", "Must be a string.");
            count++;
        }

        if (count > 0)
            reading.Set(Parameter.Stop, "stop_sequences", value);
        return null;
    }

    private static GatewayError? Metadata(AnthropicNode value, AnthropicReading reading)
    {
        if (!value.IsObject)
            return AnthropicReading.Fault("metadata", "Must be an object.");
        foreach (AnthropicNode.Member member in value.Members())
        {
            if (!member.Name.Is("user_id"u8))
                reading.Unknown("metadata", member);
            else if (!member.Value.IsString)
                return AnthropicReading.Fault("metadata.user_id", "Must be a string.");
            else
                reading.Set(Parameter.User, "metadata.user_id", member.Value);
        }

        return null;
    }

    private static GatewayError? System(AnthropicNode value, AnthropicReading reading)
    {
        if (!value.Exists)
            return null;
        ChatTurn turn = new(Role.System, [], new Place(-1, -1));
        if (value.IsString)
        {
            turn.Parts.Add(new TextPart(value.Text, new Place(-1, -1)));
        }
        else if (value.IsArray)
        {
            int index = 0;
            foreach (AnthropicNode item in value.Items())
            {
                Place place = new(-1, index++);
                if (!item.IsObject)
                    return AnthropicReading.Fault(place.In("anthropic"), "Must be an object with a type and a text.");
                AnthropicNode type = item.Find("type"u8);
                if (!type.IsString || !type.Is("text"u8))
                    return AnthropicReading.Fault($"{place.In("anthropic")}.type", "Must be \"text\": a system prompt holds nothing else.");
                if (AnthropicPartReader.Read(item, place, Role.System, reading, turn.Parts) is { } error)
                    return error;
            }
        }
        else
        {
            return AnthropicReading.Fault("system", "Must be a string or an array of text blocks.");
        }

        if (turn.Parts.Count > 0)
            reading.Question.Turns.Add(turn);
        return null;
    }

    private static GatewayError? Messages(AnthropicNode messages, AnthropicReading reading)
    {
        int index = 0;
        foreach (AnthropicNode message in messages.Items())
        {
            Place place = new(index++, -1);
            if (Message(message, place, reading) is { } error)
                return error;
        }

        return index > 0 ? null : AnthropicReading.Fault("messages", "At least one message is required.");
    }

    private static GatewayError? Message(AnthropicNode message, Place place, AnthropicReading reading)
    {
        string path = place.In("anthropic");
        if (!message.IsObject)
            return AnthropicReading.Fault(path, "Must be an object with a role and content.");
        AnthropicNode who = default, content = default;
        foreach (AnthropicNode.Member member in message.Members())
        {
            if (member.Name.Is("role"u8))
                who = member.Value;
            else if (member.Name.Is("content"u8))
                content = member.Value;
            else
                reading.Unknown(path, member);
        }

        Role role;
        if (!who.Exists)
            return AnthropicReading.Fault($"{path}.role", "Field required. Say \"user\" or \"assistant\".");
        if (who.IsString && who.Is("user"u8))
            role = Role.User;
        else if (who.IsString && who.Is("assistant"u8))
            role = Role.Assistant;
        else if (who.IsString && who.Is("system"u8))
            role = Role.System;
        else
            return AnthropicReading.Fault($"{path}.role", "Must be \"user\", \"assistant\" or \"system\".");
        ChatTurn turn = new(role, [], place);
        reading.Question.Turns.Add(turn);
        if (content.IsString)
        {
            turn.Parts.Add(new TextPart(content.Text, place));
            return null;
        }

        if (!content.Exists)
            return AnthropicReading.Fault($"{path}.content", "Field required. Send a string or an array of content blocks.");
        if (!content.IsArray)
            return AnthropicReading.Fault($"{path}.content", "Must be a string or an array of content blocks.");
        int index = 0;
        foreach (AnthropicNode block in content.Items())
        {
            if (AnthropicPartReader.Read(block, new Place(place.Turn, index++), role, reading, turn.Parts) is { } error)
                return error;
        }

        AnthropicProofs.Settle(turn.Parts);
        return null;
    }
}
