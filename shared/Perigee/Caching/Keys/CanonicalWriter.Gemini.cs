using System.Buffers;

namespace Perigee.Caching.Keys;

/// <content>generateContent.</content>
internal partial struct CanonicalWriter
{
    /// <summary>How many calls a result looks back for its own: nobody makes more at once, and the work stays bounded.</summary>
    private const int MostCalls = 128;

    private void Gemini()
    {
        Frame body = Scan(GeminiShapes.Body, 0);
        GeminiInstruction(body);
        int contents = TakeList(body, Known.Turns);
        if (contents >= 0)
        {
            for (int i = contents + 1; i < Tokens[contents].Next; i = Tokens[i].Next)
                GeminiContent(i);
        }

        int tools = TakeList(body, Known.Tools);
        if (tools >= 0)
            GeminiTools(tools);
        GeminiChoice(body, tools >= 0);
        int settings = TakeObject(body, Known.Settings);
        Frame frame = settings >= 0 ? Scan(GeminiShapes.Settings, settings) : new Frame(GeminiShapes.Settings, _entryCount);
        GeminiFormat(frame);
        Settings(frame);
        Rest(ref frame);
        Rest(ref body);
    }

    private void GeminiInstruction(in Frame body)
    {
        int system = TakeObject(body, Known.System);
        if (system < 0)
            return;
        Frame frame = Scan(GeminiShapes.Instruction, system);
        int parts = TakeList(frame, Known.Content);
        if (parts < 0)
        {
            _entryCount = frame.Start;
            Leave(body, system);
            return;
        }

        Message(ref frame, (byte)'s', parts, GeminiShapes.Part);
    }

    private void GeminiContent(int at)
    {
        if (!IsObject(at))
        {
            _spoke = (byte)'?';
            OpenTurn((byte)'?');
            Odd(GeminiShapes.Content, at);
            return;
        }

        Frame content = Scan(GeminiShapes.Content, at);

        // "user" is the default: what is left is another word.
        int said = Take(content, Known.Role);
        byte role = said < 0 ? (byte)'u' : Is(said, "model"u8) ? (byte)'a' : (byte)'?';
        if (role == '?')
            Leave(content, said);
        Message(ref content, role, TakeList(content, Known.Content), GeminiShapes.Part);
    }

    private void GeminiPart(ref Frame part)
    {
        if (TakeText(part, Known.Text) is var text and >= 0)
        {
            Say(text);
            PartRest(ref part);
        }
        else if (TakeObject(part, Known.Source) is var source and >= 0 && GeminiPicture(source))
        {
            PartRest(ref part);
        }
        else if (TakeObject(part, Known.Arguments) is var call and >= 0)
        {
            LeaveAll(part);
            TakeObject(part, Known.Arguments);
            GeminiCall(call);
            Rest(ref part);
        }
        else
        {
            OddPart(ref part);
        }
    }

    private bool GeminiPicture(int source)
    {
        Frame inner = Scan(GeminiShapes.Inline, source);
        int type = TakeText(inner, Known.MediaType);
        bool picture = type >= 0 && (Tokens[type].Escaped
            ? _question.Text(Tokens[type]).StartsWith("image/", StringComparison.Ordinal)
            : Inside(type).StartsWith("image/"u8));
        if (type >= 0)
            Leave(inner, type);
        if (picture && Picture(inner))
        {
            Rest(ref inner);
            return true;
        }

        _entryCount = inner.Start;
        return false;
    }

    private void GeminiCall(int at)
    {
        _tools = true;
        NoText((byte)'c');
        Frame call = Scan(GeminiShapes.Call, at);
        int id = TakeText(call, Known.Id);
        int name = TakeText(call, Known.Name);
        Named((byte)'I', id);
        Named((byte)'N', name);
        Schema(call, (byte)'A', Known.Arguments);
        Rest(ref call);
        Put((byte)'E');
        if (id < 0 || name < 0)
            return;
        _calls ??= ArrayPool<int>.Shared.Rent(2 * MostCalls);
        _calls[2 * (_callCount % MostCalls)] = id;
        _calls[(2 * (_callCount % MostCalls)) + 1] = name;
        _callCount++;
    }

    private void GeminiResult(int at)
    {
        Frame result = Scan(GeminiShapes.Result, at);
        int id = TakeText(result, Known.CallId);
        int name = TakeText(result, Known.Name);
        Named((byte)'I', id);

        // Other dialects name the call alone: the name says no more where it is the call's.
        if (name >= 0 && !IsNameOf(id, name))
            Leave(result, name);

        // The gateway itself writes what is a text elsewhere as {"result": text}.
        int response = TakeObject(result, Known.Result);
        if (response >= 0 && Tokens[response].Next == response + 3 && _question.NameIs(Tokens[response + 1], "result"u8) && IsString(response + 2))
            Say(response + 2);
        else if (response >= 0)
            Leave(result, response);
        if (TakeList(result, Known.Content) is var parts and >= 0)
        {
            _media = true;
            Leave(result, parts);
        }

        Rest(ref result);
    }

    private readonly bool IsNameOf(int id, int name)
    {
        if (id < 0 || _calls is null)
            return false;
        for (int i = _callCount - 1; i >= 0 && i >= _callCount - MostCalls; i--)
        {
            if (Same(_calls[2 * (i % MostCalls)], id))
                return Same(_calls[(2 * (i % MostCalls)) + 1], name);
        }

        return false;
    }

    private readonly bool Same(int left, int right) => Tokens[left].Escaped || Tokens[right].Escaped
        ? _question.Text(Tokens[left]) == _question.Text(Tokens[right])
        : Inside(left).SequenceEqual(Inside(right));

    private void GeminiTools(int tools)
    {
        Put((byte)'L');
        bool declared = false;
        for (int i = tools + 1; i < Tokens[tools].Next; i = Tokens[i].Next)
        {
            if (!IsObject(i))
            {
                Odd(GeminiShapes.Tool, i);
                continue;
            }

            Frame tool = Scan(GeminiShapes.Tool, i);
            int functions = TakeList(tool, Known.Function);
            if (functions < 0)
            {
                Tagged(ref tool);
                continue;
            }

            // Elsewhere functions do not come in groups.
            if (declared)
                Mark(GeminiShapes.Tool);
            declared = true;
            for (int j = functions + 1; j < Tokens[functions].Next; j = Tokens[j].Next)
            {
                if (!IsObject(j))
                {
                    Odd(GeminiShapes.Function, j);
                    continue;
                }

                Put((byte)'l');
                Frame function = Scan(GeminiShapes.Function, j);
                Declared(ref function);
                Put((byte)'E');
            }

            Rest(ref tool);
        }

        Put((byte)'E');
    }

    private void GeminiChoice(in Frame body, bool tools)
    {
        int config = TakeObject(body, Known.Choice);
        if (config < 0)
            return;
        Frame frame = Scan(GeminiShapes.ToolConfig, config);
        int calling = TakeObject(frame, Known.Choice);
        if (calling >= 0)
        {
            Frame choice = Scan(GeminiShapes.Choice, calling);
            int mode = Take(choice, Known.Type);
            int names = TakeList(choice, Known.Names);
            bool one = names >= 0 && Tokens[names].Next == names + 2 && IsString(names + 1);
            bool understood = !HasRest(choice) && (names < 0 ? mode < 0 || Is(mode, "ANY"u8) || Is(mode, "NONE"u8) : one && Is(mode, "ANY"u8));
            _entryCount = choice.Start;
            if (!understood)
                Leave(frame, calling);
            else if (names >= 0)
                Named((byte)'F', names + 1);
            else if (mode >= 0)
                Put(Is(mode, "ANY"u8) ? (byte)'R' : (byte)'0');
            _tools |= tools;
        }

        Rest(ref frame);
    }

    private void GeminiFormat(in Frame settings)
    {
        int type = Take(settings, Known.Type);
        int schema = TakeObject(settings, Known.Schema);
        if (!Is(type, "application/json"u8))
        {
            if (type >= 0)
                Leave(settings, type);
            if (schema >= 0)
                Leave(settings, schema);
            return;
        }

        Put((byte)'O');
        if (schema < 0)
        {
            Put((byte)'J');
            return;
        }

        Put((byte)'A');
        Plain(_question, schema, marks: false);
    }
}
