using System.Buffers;
using System.Globalization;

namespace Perigee.Wire.Gemini;

/// <summary>Reads <c>contents</c> and <c>systemInstruction</c>. Source: the discovery document, "Content" and "Part".</summary>
internal sealed class GeminiTurnReader(ChatQuestion question, ProofSeal seal)
{
    /// <summary>Calls that have no result yet, in order.</summary>
    private readonly List<(WireText Id, string Name)> _waiting = [];

    private int _turn;
    private int _made;

    /// <summary>Reads the instructions: a content whose role says nothing, or text alone.</summary>
    public GatewayError? System(GeminiNode system)
    {
        List<ChatPart> parts = [];
        question.Turns.Add(new ChatTurn(Role.System, parts, new Place(-1, -1)));
        if (system.IsText)
        {
            parts.Add(new TextPart(system.Text, new Place(-1, -1)));
            return null;
        }

        if (!system.IsObject)
            return system.Wrong("must be an object with 'parts'.");
        if (system.Find("parts"u8) is not { } list)
            return system.Wrong("must have 'parts'.");
        if (!list.IsArray && !list.IsObject)
            return list.Wrong("must be an array of parts.");
        int at = 0;
        foreach (GeminiNode part in list.List)
        {
            if (part.Find("text"u8) is not { IsText: true } text)
                return part.Wrong("must be a part with 'text': instructions are text.");
            parts.Add(new TextPart(text.Text, new Place(-1, at++)));
        }

        return null;
    }

    /// <summary>Reads the conversation.</summary>
    public GatewayError? Contents(GeminiNode contents)
    {
        if (!contents.IsArray && !contents.IsObject)
            return contents.Wrong("must be an array of contents.");
        foreach (GeminiNode content in contents.List)
        {
            if (Content(content) is { } error)
                return error;
            _turn++;
        }

        return _turn == 0 ? contents.Wrong("must not be empty.") : null;
    }

    private GatewayError? Content(GeminiNode content)
    {
        if (!content.IsObject)
            return content.Wrong("must be an object with 'role' and 'parts'.");
        Role role = Role.User;
        GeminiNode? list = null;
        foreach (GeminiMember member in content.Members)
        {
            if (member.Is("role"u8))
            {
                string word = member.Value.IsText ? member.Value.Text.Decode() : "?";
                if (word is not ("user" or "model" or "function" or ""))
                    return member.Value.Wrong("must be user or model.");
                role = word == "model" ? Role.Assistant : Role.User;
            }
            else if (member.Is("parts"u8))
            {
                list = member.Value;
            }
            else
            {
                GeminiQuestionReader.Add(question, Parameter.Unknown, member.Value);
            }
        }

        List<ChatPart> parts = [];
        _made = 0;
        if (list is { } written)
        {
            if (!written.IsArray && !written.IsObject)
                return written.Wrong("must be an array of parts.");
            int at = 0;
            foreach (GeminiNode part in written.List)
            {
                if (!part.IsObject)
                    return part.Wrong("must be an object.");
                if (Part(part, new Place(_turn, at++), parts, role) is { } error)
                    return error;
            }
        }

        question.Turns.Add(new ChatTurn(role, parts, new Place(_turn, -1)));
        return null;
    }

    private GatewayError? Part(GeminiNode part, Place place, List<ChatPart> parts, Role role)
    {
        GeminiMember? said = null;
        bool thought = false;
        bool unknown = false;
        ReadOnlyMemory<byte> signature = default;
        foreach (GeminiMember member in part.Members)
        {
            GeminiNode value = member.Value;
            if (member.Is("thought"u8))
            {
                if (!value.IsBool)
                    return value.Wrong("must be true or false.");
                thought = value.Type == global::System.Text.Json.JsonTokenType.True;
            }
            else if (member.Is("thoughtSignature"u8))
            {
                if (!value.IsText)
                    return value.Wrong("must be a string.");
                signature = value.Text.Escaped;
            }
            else if (IsContent(member))
            {
                if (said is { } other)
                    return value.Wrong($"stands beside '{other.Name}': a part is one of them.");
                said = member;
            }
            else
            {
                unknown = true;
                Parameter parameter = member.Is("videoMetadata"u8) || member.Is("mediaResolution"u8) ? Parameter.Media : Parameter.Unknown;
                GeminiQuestionReader.Add(question, parameter, value);
            }
        }

        if (said is not { } one)
        {
            // A part of a kind that is not known is content, which is never left out. In the model's own turns it is the trace of a tool that
            // its provider ran: a hint, dropped and named, or the conversation could not go on elsewhere.
            if (unknown && role != Role.Assistant)
                return part.Wrong("holds nothing that can be translated for the model that was asked. Leave it out, or choose a model of Google's.");
            if (!signature.IsEmpty)
                Text(default, thought, signature, place, parts);
            return null;
        }

        if (one.Is("text"u8))
        {
            if (!one.Value.IsText)
                return one.Value.Wrong("must be a string.");
            Text(one.Value.Text, thought, signature, place, parts);
            return null;
        }

        if (!one.Value.IsObject)
            return one.Value.Wrong("must be an object.");
        if (one.Is("functionCall"u8))
            return Call(one.Value, signature, place, parts);
        if (one.Is("functionResponse"u8))
            return Response(one.Value, place, parts);
        if (one.Is("inlineData"u8))
            return Add(parts, GeminiMediaReader.Inline(one.Value, place, out GatewayError? inline), inline);
        if (one.Is("fileData"u8))
            return Add(parts, GeminiMediaReader.File(one.Value, place, out GatewayError? file), file);
        parts.Add(new TextPart(WireText.Of(GeminiMediaReader.Code(one)), place));
        return null;
    }

    private static bool IsContent(GeminiMember member) =>
        member.Is("text"u8) || member.Is("functionCall"u8) || member.Is("functionResponse"u8) || member.Is("inlineData"u8) || member.Is("fileData"u8)
        || member.Is("executableCode"u8) || member.Is("codeExecutionResult"u8);

    private static GatewayError? Add(List<ChatPart> parts, ChatPart? part, GatewayError? error)
    {
        if (part is not null)
            parts.Add(part);
        return error;
    }

    private void Text(WireText text, bool thought, ReadOnlyMemory<byte> signature, Place place, List<ChatPart> parts)
    {
        KeptProof? proof = Proof(signature, thought ? ProofKind.Signature : ProofKind.OnText, default);
        if (!thought)
        {
            parts.Add(new TextPart(text, place) { Proof = proof });
            return;
        }

        // A client keeps the pieces of a stream as parts of their own, the signature on the last: they are one thought.
        if (parts.Count > 0 && parts[^1] is ReasoningPart { Proof: null } before)
        {
            WireText joined = before.Text.IsEmpty ? text : text.IsEmpty ? before.Text : new WireText((byte[])[.. before.Text.Escaped.Span, .. text.Escaped.Span]);
            parts[^1] = before with { Text = joined, Proof = proof };
        }
        else if (!text.IsEmpty || proof is not null)
        {
            parts.Add(new ReasoningPart(text, proof, place));
        }
    }

    private KeptProof? Proof(ReadOnlyMemory<byte> signature, ProofKind kind, WireText callId)
    {
        ReadOnlySpan<byte> text = signature.Span;
        if (text.IsEmpty || text.SequenceEqual("skip_thought_signature_validator"u8) || text.SequenceEqual("context_engineering_is_the_way_to_go"u8))
            return null;
        return ProofSeal.IsEnvelope(text) ? seal.Open(text) : new KeptProof(ProofOrigin.Google, kind, new WireText(signature)) { CallId = callId };
    }

    private GatewayError? Call(GeminiNode call, ReadOnlyMemory<byte> signature, Place place, List<ChatPart> parts)
    {
        if (call.Find("name"u8) is not { } name)
            return call.Wrong("must have a 'name'.");
        if (!name.IsText)
            return name.Wrong("must be a string.");
        WireText id = default;
        ReadOnlyMemory<byte> arguments = "{}"u8.ToArray();
        foreach (GeminiMember member in call.Members)
        {
            GeminiNode value = member.Value;
            if (member.Is("id"u8))
            {
                if (!value.IsText)
                    return value.Wrong("must be a string.");
                id = value.Text;
            }
            else if (member.Is("args"u8))
            {
                if (!value.IsObject)
                    return value.Wrong("must be an object.");
                arguments = value.Json;
            }
        }

        // Where there is no id, the place makes one: the same in every later turn.
        if (id.IsEmpty)
            id = WireText.Of(string.Create(CultureInfo.InvariantCulture, $"call_{_turn}_{_made++}"));
        _waiting.Add((id, name.Text.Decode()));
        parts.Add(new ToolCallPart(id, name.Text, arguments, place) { Proof = Proof(signature, ProofKind.OnCall, id) });
        return null;
    }

    private GatewayError? Response(GeminiNode response, Place place, List<ChatPart> parts)
    {
        if (response.Find("name"u8) is not { } name)
            return response.Wrong("must have a 'name'.");
        if (!name.IsText)
            return name.Wrong("must be a string.");
        WireText id = default;
        List<ChatPart> content = [];
        ReadOnlyMemory<byte> raw = default;
        bool failed = false;
        foreach (GeminiMember member in response.Members)
        {
            GeminiNode value = member.Value;
            if (member.Is("id"u8))
            {
                if (!value.IsText)
                    return value.Wrong("must be a string.");
                id = value.Text;
            }
            else if (member.Is("response"u8))
            {
                if (!value.IsObject)
                    return value.Wrong("must be an object.");
                raw = value.Json;
                content.Insert(0, new TextPart(Result(value, out failed), place));
            }
            else if (member.Is("parts"u8))
            {
                if (Files(value, place, content) is { } error)
                    return error;
            }
            else if (!member.Is("name"u8))
            {
                GeminiQuestionReader.Add(question, Parameter.Unknown, value);
            }
        }

        parts.Add(new ToolResultPart(Match(id, name.Text.Decode()), content, place) { Name = name.Text, IsError = failed, Response = raw });
        return null;
    }

    private static GatewayError? Files(GeminiNode list, Place place, List<ChatPart> content)
    {
        if (!list.IsArray && !list.IsObject)
            return list.Wrong("must be an array of parts.");
        foreach (GeminiNode item in list.List)
        {
            GatewayError? error = null;
            ChatPart? file = item.Find("inlineData"u8) is { IsObject: true } inline ? GeminiMediaReader.Inline(inline, place, out error)
                : item.Find("fileData"u8) is { IsObject: true } stored ? GeminiMediaReader.File(stored, place, out error)
                : null;
            if (file is null)
                return error ?? item.Wrong("must be a part with 'inlineData' or 'fileData'.");
            content.Add(file);
        }

        return null;
    }

    /// <summary>What the tool said: the one string that stands for it where the object holds no more, else the object as JSON.</summary>
    private static WireText Result(GeminiNode response, out bool failed)
    {
        List<GeminiMember> members = [.. response.Members];
        failed = members.Exists(m => m.Is("error"u8));
        if (members is [{ Value.IsText: true } only] && (only.Is("result"u8) || only.Is("output"u8) || only.Is("error"u8)))
            return only.Value.Text;
        ArrayBufferWriter<byte> text = new();
        JsonCopy.Escape(response.Json.Span, text);
        return new WireText(text.WrittenMemory);
    }

    /// <summary>The id of the call that a result answers: the same id, else the first of that name that waits.</summary>
    private WireText Match(WireText id, string name)
    {
        int at = id.IsEmpty ? -1 : _waiting.FindIndex(call => call.Id.Escaped.Span.SequenceEqual(id.Escaped.Span));
        if (at < 0)
            at = _waiting.FindIndex(call => call.Name == name);
        if (at < 0)
            return id.IsEmpty ? WireText.Of(string.Create(CultureInfo.InvariantCulture, $"call_{_turn}_{_made++}")) : id;
        WireText found = _waiting[at].Id;
        _waiting.RemoveAt(at);
        return found;
    }
}
