using System.Buffers;

namespace Perigee.Wire.Gemini;

/// <summary>Writes the parts of a question's turns.</summary>
internal sealed class GeminiPartWriter(ChatQuestion question, Translation translation, GeminiToolNames names, JsonPen pen)
{
    /// <summary>Lets Gemini 3 take a call that another vendor's model made. Source: Google's documentation of thought signatures.</summary>
    private static ReadOnlySpan<byte> NoSignature => "skip_thought_signature_validator"u8;

    private bool IsGemini3 => translation.Traits.Reasoning == ReasoningStyle.ThinkingLevel;

    /// <summary>Writes a turn of the model's.</summary>
    public GatewayError? Model(GeminiContent content)
    {
        bool called = false;
        foreach (ChatPart part in content.Parts)
        {
            switch (part)
            {
                case ToolCallPart call:
                    Call(call, SignatureOf(call, content), first: !called);
                    called = true;
                    break;
                case ReasoningPart { Proof: { Kind: ProofKind.Signature } proof } reasoning:
                    pen.Object().Name("text"u8).Text(reasoning.Text).Name("thought"u8).Bool(true).Name("thoughtSignature"u8).Text(proof.Data).EndObject();
                    break;
                case ReasoningPart { Proof: { Kind: ProofKind.OnText } proof }:
                    pen.Object().Name("text"u8).Text([]).Name("thoughtSignature"u8).Text(proof.Data).EndObject();
                    break;
                case ReasoningPart:
                    break;
                default:
                    if (Other(part) is { } error)
                        return error;
                    break;
            }
        }

        return null;
    }

    /// <summary>Writes a turn of the user's: first one result for each call of the turn before, in its order.</summary>
    public GatewayError? User(GeminiContent content, GeminiContent? before)
    {
        List<ToolResultPart> results = [.. content.Parts.OfType<ToolResultPart>()];
        List<ChatPart> files = [];
        foreach (ChatPart part in before?.Parts ?? [])
        {
            if (part is not ToolCallPart call)
                continue;
            int at = results.FindIndex(result => result.CallId.Escaped.Span.SequenceEqual(call.Id.Escaped.Span));
            if (Result(call, at < 0 ? null : results[at], files) is { } error)
                return error;
            if (at >= 0)
                results.RemoveAt(at);
        }

        foreach (ChatPart file in files)
        {
            if (Other(file) is { } error)
                return error;
        }

        foreach (ChatPart part in content.Parts)
        {
            // A result whose call is not in the turn before has no place as one: what it says is kept as words.
            if (part is ToolResultPart stray)
            {
                if (results.Contains(stray) && Stray(stray) is { } error)
                    return error;
            }
            else if (Other(part) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    private static ReadOnlyMemory<byte> SignatureOf(ToolCallPart call, GeminiContent content)
    {
        if (call.Proof is { Origin: ProofOrigin.Google } proof)
            return proof.Data.Escaped;
        foreach (ChatPart part in content.Parts)
        {
            if (part is ReasoningPart { Proof: { Kind: ProofKind.OnCall } carried } && carried.CallId.Escaped.Span.SequenceEqual(call.Id.Escaped.Span))
                return carried.Data.Escaped;
        }

        return default;
    }

    private void Call(ToolCallPart call, ReadOnlyMemory<byte> signature, bool first)
    {
        pen.Object().Name("functionCall"u8).Object();
        if (IsGemini3)
            pen.Name("id"u8).Text(call.Id);
        pen.Name("name"u8).Plain(names.Sent(call.Name.Decode())).Name("args"u8).Raw(call.Arguments.IsEmpty ? "{}"u8 : call.Arguments.Span).EndObject();
        if (!signature.IsEmpty)
            pen.Name("thoughtSignature"u8).Text(signature.Span);
        else if (first && IsGemini3)
            pen.Name("thoughtSignature"u8).Text(NoSignature);
        pen.EndObject();
    }

    private GatewayError? Result(ToolCallPart call, ToolResultPart? result, List<ChatPart> files)
    {
        pen.Object().Name("functionResponse"u8).Object();

        // Gemini 3 gives ids and wants them back; older models, and Vertex for long, know none and go by the order.
        if (IsGemini3)
            pen.Name("id"u8).Text(call.Id);
        pen.Name("name"u8).Plain(names.Sent(call.Name.Decode())).Name("response"u8);
        List<ChatPart> media = [];
        if (result is null)
        {
            pen.Raw("{\"error\":\"No result was given.\"}"u8);
        }
        else
        {
            Response(result);
            media = result.Parts.FindAll(part => part is not TextPart);
        }

        GatewayError? error = null;
        if (IsGemini3 && media.Exists(IsInline))
        {
            pen.Name("parts"u8).Array();
            foreach (ChatPart part in media)
            {
                if (IsInline(part))
                    error ??= Other(part);
                else
                    files.Add(part);
            }

            pen.EndArray();
        }
        else
        {
            files.AddRange(media);
        }

        pen.EndObject().EndObject();
        return error;
    }

    private static bool IsInline(ChatPart part) => part is MediaPart { Source: MediaSource.Data };

    private void Response(ToolResultPart result)
    {
        if (question.Dialect == "gemini" && !result.Response.IsEmpty)
        {
            pen.Raw(result.Response.Span);
            return;
        }

        byte[] text = TextOf(result);
        ReadOnlySpan<byte> json = WireText.Unescape(text);
        bool isObject = json.Length > 1 && json.TrimStart(" \t\r\n"u8) is [(byte)'{', ..] && JsonCopy.IsObject(json);
        if (isObject && !result.IsError)
        {
            pen.Compact(json);
            return;
        }

        pen.Object().Name(result.IsError ? "error"u8 : "result"u8);
        if (isObject)
            pen.Compact(json);
        else
            pen.Text(text);
        pen.EndObject();
    }

    private static byte[] TextOf(ToolResultPart result)
    {
        ArrayBufferWriter<byte> text = new();
        foreach (ChatPart part in result.Parts)
        {
            if (part is TextPart words)
                text.Write(words.Text.Escaped.Span);
        }

        return text.WrittenSpan.ToArray();
    }

    private GatewayError? Stray(ToolResultPart result)
    {
        string of = result.Name.IsEmpty ? "" : " of " + result.Name.Decode();
        pen.Object().Name("text"u8).Text([.. WireText.Encode($"Result{of}: "), .. TextOf(result)]).EndObject();
        foreach (ChatPart part in result.Parts)
        {
            if (part is not TextPart && Other(part) is { } error)
                return error;
        }

        return null;
    }

    /// <summary>Text and files, which both sides may say.</summary>
    private GatewayError? Other(ChatPart part)
    {
        switch (part)
        {
            case TextPart text:
                pen.Object().Name("text"u8).Text(text.Text);
                if (text.Proof is { Origin: ProofOrigin.Google } proof)
                    pen.Name("thoughtSignature"u8).Text(proof.Data);
                pen.EndObject();
                return null;
            case RefusalPart refusal:
                pen.Object().Name("text"u8).Text(refusal.Text).EndObject();
                return null;
            case MediaPart media:
                return Media(media);
            case ToolResultPart result:
                return Stray(result);
            default:
                return null;
        }
    }

    private GatewayError? Media(MediaPart media)
    {
        string field = media.Place.In(question.Dialect);
        switch (media.Source)
        {
            case MediaSource.Text:
                pen.Object().Name("text"u8).Text(media.Value).EndObject();
                return null;
            case MediaSource.Data:
                string stated = media.Type.IsEmpty ? Usual(media.Kind) : media.Type.Decode();
                pen.Object().Name("inlineData"u8).Object()
                    .Name("mimeType"u8).Plain(GeminiMedia.TypeOfData(media.Value.Escaped.Span) ?? stated)
                    .Name("data"u8).Text(media.Value).EndObject().EndObject();
                return null;
            case MediaSource.FileId when question.Dialect != "gemini":
                return translation.Drop(field, Loss.Contract, "The id of a file means nothing to another vendor; send the file itself.");
            default:
                bool fetches = media.Kind == MediaKind.Document ? translation.Traits.FetchesDocuments : translation.Traits.FetchesImages;
                if (media.Source == MediaSource.Url && !fetches && question.Dialect != "gemini")
                    return translation.Drop(field, Loss.Contract, "It fetches nothing from addresses; send the file itself.");
                string guessed = GeminiMedia.TypeOfUrl(media.Value.Decode());
                string type = !media.Type.IsEmpty ? media.Type.Decode() : guessed.Length > 0 ? guessed : Usual(media.Kind);
                pen.Object().Name("fileData"u8).Object().Name("mimeType"u8).Plain(type).Name("fileUri"u8).Text(media.Value).EndObject().EndObject();
                return null;
        }
    }

    /// <summary>Google wants a type in any case; this is the likeliest of each kind.</summary>
    private static string Usual(MediaKind kind) => kind switch
    {
        MediaKind.Image => "image/jpeg",
        MediaKind.Audio => "audio/wav",
        MediaKind.Video => "video/mp4",
        _ => "application/pdf",
    };
}
