using System.Buffers;
using System.Text.Json;
using Perigee.Wire;

namespace Perigee.Caching.Keys;

/// <content>Chat completions.</content>
internal partial struct CanonicalWriter
{
    private void OpenAi()
    {
        Frame body = Scan(OpenAiShapes.Body, 0);
        int messages = TakeList(body, Known.Turns);
        if (messages >= 0)
        {
            for (int i = messages + 1; i < Tokens[messages].Next; i = Tokens[i].Next)
                OpenAiMessage(i);
        }

        int tools = TakeList(body, Known.Tools);
        if (tools >= 0)
        {
            Put((byte)'L');
            for (int i = tools + 1; i < Tokens[tools].Next; i = Tokens[i].Next)
                OpenAiTool(i);
            Put((byte)'E');
        }

        OpenAiChoice(body, tools >= 0);
        int parallel = Take(body, Known.Parallel);
        if (parallel >= 0 && TypeOf(parallel) == JsonTokenType.False)
            Put((byte)'1');
        else if (parallel >= 0)
            Leave(body, parallel);
        OpenAiFormat(body);
        Settings(body);
        Rest(ref body);
    }

    private void OpenAiMessage(int at)
    {
        if (!IsObject(at))
        {
            OpenTurn((byte)'?');
            Odd(OpenAiShapes.Message, at);
            return;
        }

        Frame message = Scan(OpenAiShapes.Message, at);
        int said = Take(message, Known.Role);
        byte role = Is(said, "user"u8) ? (byte)'u'
            : Is(said, "assistant"u8) ? (byte)'a'
            : Is(said, "system"u8) ? (byte)'s'
            : Is(said, "developer"u8) ? (byte)'d'
            : Is(said, "tool"u8) ? (byte)'t'
            : (byte)'?';
        if (role == '?' && said >= 0)
            Leave(message, said);
        OpenTurn(role);
        _tools |= role == 't';
        if (role == 't')
            Named((byte)'I', TakeText(message, Known.CallId));
        int content = Take(message, Known.Content);
        if (IsString(content))
            Say(content);
        else if (IsList(content))
            OpenAiParts(content);
        else if (content >= 0)
            Leave(message, content);

        int calls = TakeList(message, Known.Calls);
        if (calls >= 0)
        {
            for (int i = calls + 1; i < Tokens[calls].Next; i = Tokens[i].Next)
                OpenAiCall(i);
        }

        EndTurn(ref message);
    }

    private void OpenAiParts(int list)
    {
        for (int i = list + 1; i < Tokens[list].Next; i = Tokens[i].Next)
        {
            if (!IsObject(i))
            {
                NoText((byte)'y');
                _media = true;
                Odd(OpenAiShapes.Part, i);
                continue;
            }

            Frame part = Scan(OpenAiShapes.Part, i);
            int type = Take(part, Known.Type);
            if (Is(type, "text"u8) && TakeText(part, Known.Text) is var text and >= 0)
            {
                Say(text);
                PartRest(ref part);
            }
            else if (!Is(type, "image_url"u8) || !OpenAiPicture(part))
            {
                OddPart(ref part);
            }
            else
            {
                PartRest(ref part);
            }
        }
    }

    private bool OpenAiPicture(in Frame part)
    {
        int image = TakeObject(part, Known.Image);
        if (image < 0)
            return false;
        Frame inner = Scan(OpenAiShapes.Image, image);
        int url = TakeText(inner, Known.Url);
        if (url < 0)
        {
            _entryCount = inner.Start;
            return false;
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent(Tokens[url].Length);
        ReadOnlySpan<byte> place = Inside(url);
        if (Tokens[url].Escaped && JsonEscapes.Decode(place, buffer) is var length and >= 0)
            place = buffer.AsSpan(0, length);
        int comma = place.IndexOf(";base64,"u8);
        if (place.StartsWith("data:"u8) && comma > 0)
            Picture(place[5..comma], place[(comma + 8)..]);
        else
            PictureAt(url);
        ArrayPool<byte>.Shared.Return(buffer);
        Rest(ref inner);
        return true;
    }

    private void OpenAiCall(int at)
    {
        if (!IsObject(at))
        {
            NoText((byte)'y');
            Odd(OpenAiShapes.Call, at);
            return;
        }

        NoText((byte)'c');
        Frame call = Scan(OpenAiShapes.Call, at);
        int function = TakeObject(call, Known.Function);
        Named((byte)'I', TakeText(call, Known.Id));
        if (function >= 0)
        {
            Frame called = Scan(OpenAiShapes.Called, function);
            if (called.End == called.Start)
                Leave(call, function);
            Named((byte)'N', TakeText(called, Known.Name));
            int arguments = TakeText(called, Known.Arguments);
            if (arguments >= 0 && !OpenAiArguments(arguments))
                Leave(called, arguments);
            Rest(ref called);
        }

        Rest(ref call);
        Put((byte)'E');
    }

    /// <summary>Arguments are JSON in a text: compared as JSON where they are an object. False, and nothing written, where they are not.</summary>
    private bool OpenAiArguments(int text)
    {
        byte[]? buffer = null;
        ReadOnlyMemory<byte> json = _question.Json.Slice(Tokens[text].Start + 1, Tokens[text].Length - 2);
        if (Tokens[text].Escaped)
        {
            buffer = ArrayPool<byte>.Shared.Rent(json.Length);
            int length = JsonEscapes.Decode(json.Span, buffer);
            json = buffer.AsMemory(0, Math.Max(0, length));
        }

        bool parsed = JsonIndex.TryParse(json, out JsonIndex? index, out _);
        if (parsed)
        {
            Put((byte)'A');
            Plain(index!, 0, marks: false);
            index!.Dispose();
        }

        if (buffer is not null)
            ArrayPool<byte>.Shared.Return(buffer);
        return parsed;
    }

    private void OpenAiTool(int at)
    {
        if (!IsObject(at))
        {
            Odd(OpenAiShapes.Tool, at);
            return;
        }

        Frame tool = Scan(OpenAiShapes.Tool, at);
        int function = TakeObject(tool, Known.Function);
        if (function < 0 || Take(tool, Known.Type) >= 0)
        {
            Tagged(ref tool);
            return;
        }

        Put((byte)'l');
        Frame inner = Scan(OpenAiShapes.Function, function);
        Declared(ref inner);
        Rest(ref tool);
        Put((byte)'E');
    }

    private void OpenAiChoice(in Frame body, bool tools)
    {
        int choice = Take(body, Known.Choice);
        if (choice < 0)
            return;
        if (IsObject(choice))
        {
            Frame named = Scan(OpenAiShapes.Choice, choice);
            int function = TakeObject(named, Known.Function);
            Frame chosen = function >= 0 ? Scan(OpenAiShapes.Chosen, function) : default;
            int name = function >= 0 ? TakeText(chosen, Known.Name) : -1;
            bool plain = name >= 0 && !HasRest(chosen) && !HasRest(named);
            _entryCount = named.Start;
            if (plain)
            {
                Named((byte)'F', name);
                return;
            }
        }

        // The default where there are tools.
        if (Is(choice, "auto"u8) && tools)
            return;
        if (Is(choice, "none"u8))
            Put((byte)'0');
        else if (Is(choice, "required"u8))
            Put((byte)'R');
        else
            Leave(body, choice);
    }

    private void OpenAiFormat(in Frame body)
    {
        int format = TakeObject(body, Known.Format);
        if (format < 0)
        {
            return;
        }

        Frame frame = Scan(OpenAiShapes.Format, format);
        int type = Take(frame, Known.Type);
        int inner = TakeObject(frame, Known.Format);
        Put((byte)'O');
        if (Is(type, "json_object"u8) && inner < 0 && !HasRest(frame))
        {
            Put((byte)'J');
            _entryCount = frame.Start;
            return;
        }

        if (!Is(type, "json_schema"u8) || inner < 0)
        {
            Tagged(ref frame);
            return;
        }

        // A schema that binds, under the name that the gateway itself gives to schemas of dialects without names, is everyone's.
        Frame schema = Scan(OpenAiShapes.Schema, inner);
        int name = Take(schema, Known.Name);
        int strict = Take(schema, Known.Strict);
        int what = TakeObject(schema, Known.Schema);
        if (Is(name, "response"u8) && strict >= 0 && TypeOf(strict) == JsonTokenType.True && what >= 0 && !HasRest(schema))
        {
            Put((byte)'A');
            Plain(_question, what, marks: false);
        }
        else
        {
            Tagged(ref schema);
        }

        _entryCount = schema.Start;
        Rest(ref frame);
    }
}
