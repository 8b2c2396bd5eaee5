using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Perigee.Wire.Gemini;

/// <summary>Reads the parts of a candidate's content: text, thoughts, calls, files, and the signatures that stand on them.</summary>
internal sealed class GeminiPartReader(IStreamSink sink, string seed)
{
    private ArrayBufferWriter<byte>? _scratch;
    private int _made;

    /// <summary>Reads the content at which the reader stands, up to its end.</summary>
    /// <returns>Whether there was something that a person would see.</returns>
    public bool Content(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json, GeminiChoice choice)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return false;
        }

        bool content = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isParts = reader.ValueTextEquals("parts"u8);
            reader.Read();
            if (!isParts || reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType == JsonTokenType.StartObject)
                    content |= Part(ref reader, json, choice);
                else
                    reader.Skip();
            }
        }

        return content;
    }

    /// <summary>Ends a call whose arguments came in pieces.</summary>
    public void CloseCall(GeminiChoice choice)
    {
        if (choice.Open is not { } call)
            return;
        choice.Open = null;
        ArrayBufferWriter<byte> json = new();
        call.Write(json);
        ArrayBufferWriter<byte> scratch = Scratch();
        JsonCopy.Escape(json.WrittenSpan, scratch);
        sink.ToolArguments(choice.Index, call.Index, new JsonText(scratch.WrittenSpan));
        sink.ToolEnd(choice.Index, call.Index);
    }

    private bool Part(scoped ref Utf8JsonReader reader, ReadOnlySpan<byte> json, GeminiChoice choice)
    {
        ReadOnlySpan<byte> text = default, signature = default;
        Utf8JsonReader call = default, file = default;
        bool thought = false, other = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (GeminiNames.Is(ref reader, "text"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.String)
                    text = reader.ValueSpan;
                reader.Skip();
            }
            else if (GeminiNames.Is(ref reader, "thought"u8))
            {
                reader.Read();
                thought = reader.TokenType == JsonTokenType.True;
                reader.Skip();
            }
            else if (GeminiNames.Is(ref reader, "thoughtSignature"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.String)
                    signature = reader.ValueSpan;
                reader.Skip();
            }
            else if (GeminiNames.Is(ref reader, "functionCall"u8))
            {
                reader.Read();
                call = reader;
                reader.Skip();
            }
            else if (GeminiNames.Is(ref reader, "inlineData"u8))
            {
                reader.Read();
                file = reader;
                reader.Skip();
            }
            else
            {
                // Code that ran at the provider, server-side tool calls: they have no form in any other dialect, but they are content.
                reader.Read();
                other |= reader.TokenType == JsonTokenType.StartObject;
                reader.Skip();
            }
        }

        if (!sink.ListensToContent)
        {
            if (call.TokenType == JsonTokenType.StartObject)
                choice.Calls++;
            return other || !text.IsEmpty || !signature.IsEmpty || call.TokenType == JsonTokenType.StartObject || file.TokenType == JsonTokenType.StartObject;
        }

        choice.PartStarts.Add(thought || text.IsEmpty ? -1 : choice.Offsets.ByteCount);
        if (call.TokenType == JsonTokenType.StartObject)
        {
            Call(call, json, choice, signature);
            return true;
        }

        bool media = file.TokenType == JsonTokenType.StartObject && !thought && Media(file, choice);
        if (!text.IsEmpty && thought)
            sink.Reasoning(choice.Index, new JsonText(text));
        else if (!text.IsEmpty)
            Text(choice, text);

        // A signature on code that ran at the provider signs what no other dialect can say.
        if (!signature.IsEmpty && !other)
            sink.Proof(choice.Index, new Proof(ProofOrigin.Google, thought ? ProofKind.Signature : ProofKind.OnText, new JsonText(signature)));
        return other || media || !text.IsEmpty || !signature.IsEmpty;
    }

    private void Text(GeminiChoice choice, ReadOnlySpan<byte> text)
    {
        choice.Offsets.Add(text);
        sink.Text(choice.Index, new JsonText(text));
    }

    private bool Media(Utf8JsonReader reader, GeminiChoice choice)
    {
        ReadOnlySpan<byte> type = default, data = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isType = GeminiNames.Is(ref reader, "mimeType"u8);
            bool isData = reader.ValueTextEquals("data"u8);
            reader.Read();
            if (isType && reader.TokenType == JsonTokenType.String)
                type = reader.ValueSpan;
            else if (isData && reader.TokenType == JsonTokenType.String)
                data = reader.ValueSpan;
            reader.Skip();
        }

        if (!data.IsEmpty)
            sink.Media(choice.Index, new JsonText(type), new JsonText(data), default);
        return !data.IsEmpty;
    }

    private void Call(Utf8JsonReader reader, ReadOnlySpan<byte> json, GeminiChoice choice, ReadOnlySpan<byte> signature)
    {
        ReadOnlySpan<byte> id = default, name = default, arguments = default;
        Utf8JsonReader pieces = default;
        bool goesOn = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isId = reader.ValueTextEquals("id"u8);
            bool isName = reader.ValueTextEquals("name"u8);
            bool isArguments = reader.ValueTextEquals("args"u8);
            bool isPieces = GeminiNames.Is(ref reader, "partialArgs"u8);
            bool isGoing = GeminiNames.Is(ref reader, "willContinue"u8);
            reader.Read();
            int start = (int)reader.TokenStartIndex;
            if (isId && reader.TokenType == JsonTokenType.String)
                id = reader.ValueSpan;
            else if (isName && reader.TokenType == JsonTokenType.String)
                name = reader.ValueSpan;
            else if (isPieces)
                pieces = reader;
            else if (isGoing)
                goesOn = reader.TokenType == JsonTokenType.True;
            bool isObject = reader.TokenType == JsonTokenType.StartObject;
            reader.Skip();
            if (isArguments && isObject)
                arguments = json[start..(int)reader.BytesConsumed];
        }

        if (!name.IsEmpty)
        {
            CloseCall(choice);
            Begin(choice, id, name, signature);
        }
        else if (choice.Open is null)
        {
            return;
        }

        bool inPieces = choice.Open is not null || goesOn || pieces.TokenType == JsonTokenType.StartArray;
        if (!inPieces)
        {
            Complete(choice, arguments);
            return;
        }

        GeminiPartialCall open = choice.Open ??= new GeminiPartialCall(choice.Calls - 1);
        if (pieces.TokenType == JsonTokenType.StartArray)
            open.Add(pieces, json);
        if (!goesOn)
            CloseCall(choice);
    }

    private void Begin(GeminiChoice choice, ReadOnlySpan<byte> id, ReadOnlySpan<byte> name, ReadOnlySpan<byte> signature)
    {
        int index = choice.Calls++;
        if (id.IsEmpty)
            id = Encoding.ASCII.GetBytes($"call_{seed}_{_made++}");
        if (!signature.IsEmpty)
        {
            sink.Proof(choice.Index, new Proof(ProofOrigin.Google, ProofKind.OnCall, new JsonText(signature)) { CallId = new JsonText(id) });
        }

        sink.ToolCall(choice.Index, index, new JsonText(id), new JsonText(name));
    }

    private void Complete(GeminiChoice choice, ReadOnlySpan<byte> arguments)
    {
        int index = choice.Calls - 1;
        if (!arguments.IsEmpty)
        {
            ArrayBufferWriter<byte> scratch = Scratch();
            JsonCopy.Escape(arguments, scratch);
            sink.ToolArguments(choice.Index, index, new JsonText(scratch.WrittenSpan));
        }

        sink.ToolEnd(choice.Index, index);
    }

    private ArrayBufferWriter<byte> Scratch()
    {
        _scratch ??= new ArrayBufferWriter<byte>(256);
        _scratch.ResetWrittenCount();
        return _scratch;
    }
}
