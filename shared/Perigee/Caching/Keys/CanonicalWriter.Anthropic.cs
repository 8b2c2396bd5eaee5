using System.Text.Json;

namespace Perigee.Caching.Keys;

/// <content>Messages.</content>
internal partial struct CanonicalWriter
{
    private void Anthropic()
    {
        Frame body = Scan(AnthropicShapes.Body, 0);
        int system = Take(body, Known.System);
        if (IsString(system))
        {
            OpenTurn((byte)'s');
            Say(system);
            Put((byte)'E');
        }
        else if (IsList(system))
        {
            OpenTurn((byte)'s');
            AnthropicBlocks(system);
            Put((byte)'E');
        }
        else if (system >= 0)
        {
            Leave(body, system);
        }

        int messages = TakeList(body, Known.Turns);
        if (messages >= 0)
        {
            for (int i = messages + 1; i < Tokens[messages].Next; i = Tokens[i].Next)
                AnthropicMessage(i);
        }

        int tools = TakeList(body, Known.Tools);
        if (tools >= 0)
        {
            Put((byte)'L');
            for (int i = tools + 1; i < Tokens[tools].Next; i = Tokens[i].Next)
                AnthropicTool(i);
            Put((byte)'E');
        }

        AnthropicChoice(body, tools >= 0);
        AnthropicOutput(body);
        Settings(body);
        Rest(ref body);
    }

    private void AnthropicMessage(int at)
    {
        if (!IsObject(at))
        {
            _spoke = (byte)'?';
            OpenTurn((byte)'?');
            Odd(AnthropicShapes.Message, at);
            return;
        }

        Frame message = Scan(AnthropicShapes.Message, at);
        int said = Take(message, Known.Role);

        // A message of the system's before any other would look like the system prompt, which is a field of its own here.
        byte role = Is(said, "user"u8) ? (byte)'u'
            : Is(said, "assistant"u8) ? (byte)'a'
            : Is(said, "system"u8) && _turns > 0 ? (byte)'s'
            : (byte)'?';
        if (role == '?' && said >= 0)
            Leave(message, said);
        int content = Take(message, Known.Content);
        if (IsString(content))
        {
            if (role == 'u' && _spoke == 'u' && _endedInResult)
                Mark(AnthropicShapes.Block);
            _spoke = role;
            _endedInResult = false;
            OpenTurn(role);
            Say(content);
            EndTurn(ref message);
            return;
        }

        if (content >= 0 && !IsList(content))
        {
            Leave(message, content);
            content = -1;
        }

        Message(ref message, role, content, AnthropicShapes.Block);
    }

    private void AnthropicBlocks(int list)
    {
        for (int i = list + 1; i < Tokens[list].Next; i = Tokens[i].Next)
        {
            if (!IsObject(i))
            {
                NoText((byte)'y');
                _media = true;
                Odd(AnthropicShapes.Block, i);
                continue;
            }

            Frame block = Scan(AnthropicShapes.Block, i);
            AnthropicBlock(ref block);
        }
    }

    private void AnthropicBlock(ref Frame block)
    {
        int type = Take(block, Known.Type);
        if (Is(type, "text"u8) && TakeText(block, Known.Text) is var text and >= 0)
        {
            Say(text);
            PartRest(ref block);
        }
        else if (Is(type, "tool_use"u8))
        {
            _tools = true;
            NoText((byte)'c');
            Named((byte)'I', TakeText(block, Known.Id));
            Named((byte)'N', TakeText(block, Known.Name));
            Schema(block, (byte)'A', Known.Arguments);
            Rest(ref block);
            Put((byte)'E');
        }
        else if (Is(type, "image"u8) && AnthropicPicture(block))
        {
            PartRest(ref block);
        }
        else
        {
            OddPart(ref block);
        }
    }

    private bool AnthropicPicture(in Frame block)
    {
        int source = TakeObject(block, Known.Source);
        if (source < 0)
            return false;
        Frame inner = Scan(AnthropicShapes.Source, source);
        int type = Take(inner, Known.Type);
        if (Is(type, "base64"u8) && Picture(inner))
        {
            Rest(ref inner);
            return true;
        }

        if (Is(type, "url"u8) && TakeText(inner, Known.Url) is var url and >= 0)
        {
            PictureAt(url);
            Rest(ref inner);
            return true;
        }

        _entryCount = inner.Start;
        return false;
    }

    private void AnthropicResult(in Frame block)
    {
        Named((byte)'I', TakeText(block, Known.CallId));
        int content = Take(block, Known.Content);
        if (IsString(content))
            Say(content);
        else if (IsList(content))
            AnthropicBlocks(content);
        else if (content >= 0)
            Leave(block, content);
    }

    private void AnthropicTool(int at)
    {
        if (!IsObject(at))
        {
            Odd(AnthropicShapes.Tool, at);
            return;
        }

        // A type that is not the default's is a tool of the provider's own.
        Frame tool = Scan(AnthropicShapes.Tool, at);
        if (Take(tool, Known.Type) >= 0)
        {
            Tagged(ref tool);
            return;
        }

        Put((byte)'l');
        Declared(ref tool);
        Put((byte)'E');
    }

    private void AnthropicChoice(in Frame body, bool tools)
    {
        int choice = TakeObject(body, Known.Choice);
        if (choice < 0)
            return;
        Frame frame = Scan(AnthropicShapes.Choice, choice);
        int type = Take(frame, Known.Type);
        int name = Take(frame, Known.Name);
        int parallel = Take(frame, Known.Parallel);
        bool one = IsString(name) && Is(type, "tool"u8);
        byte kind = Is(type, "any"u8) ? (byte)'R' : Is(type, "none"u8) ? (byte)'0' : one ? (byte)'F' : Is(type, "auto"u8) && tools ? (byte)'a' : (byte)'?';
        bool understood = kind != '?' && one == (name >= 0) && (parallel < 0 || TypeOf(parallel) == JsonTokenType.True) && !HasRest(frame);
        _entryCount = frame.Start;
        if (!understood)
        {
            Leave(body, choice);
            return;
        }

        if (kind == 'F')
            Named((byte)'F', name);
        else if (kind != 'a')
            Put(kind);
        if (parallel >= 0)
            Put((byte)'1');
    }

    private void AnthropicOutput(in Frame body)
    {
        int output = TakeObject(body, Known.Settings);
        if (output < 0)
            return;
        Frame frame = Scan(AnthropicShapes.Output, output);
        int format = TakeObject(frame, Known.Format);
        if (format >= 0)
        {
            Frame inner = Scan(AnthropicShapes.Format, format);
            int type = Take(inner, Known.Type);
            int schema = TakeObject(inner, Known.Schema);
            if (Is(type, "json_schema"u8) && schema >= 0 && !HasRest(inner))
            {
                Put((byte)'O');
                Put((byte)'A');
                Plain(_question, schema, marks: false);
            }
            else
            {
                Leave(frame, format);
            }

            _entryCount = inner.Start;
        }

        Rest(ref frame);
    }
}
