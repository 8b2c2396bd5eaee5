using Perigee.Wire;

namespace Perigee.Caching.Keys;

/// <content>
/// Messages that hold results of tools beside other parts (Anthropic, Gemini). Each result is a turn of its own, as it is where results are
/// messages; where a message is divided otherwise than that implies, a mark says so.
/// </content>
internal partial struct CanonicalWriter
{
    /// <summary>Writes a message.</summary>
    /// <param name="message">The message. Its role and content are taken.</param>
    /// <param name="role">The role's letter.</param>
    /// <param name="list">Its parts, or -1.</param>
    /// <param name="shape">What a part is.</param>
    private void Message(ref Frame message, byte role, int list, Shape shape)
    {
        bool again = role == 'u' && _spoke == 'u';
        bool after = again && _endedInResult;
        bool open = false;
        _spoke = role;
        _endedInResult = false;
        for (int i = list + 1; list >= 0 && i < Tokens[list].Next; i = Tokens[i].Next)
        {
            bool first = i == list + 1;
            Frame part = IsObject(i) ? Scan(shape, i) : new Frame(shape, _entryCount);
            int result = role == 'u' ? ResultIn(part) : -1;
            if (result >= 0)
            {
                if (open)
                    Put((byte)'E');
                open = false;
                if (first && again)
                    Mark(shape);
                Result(ref part, result);
                _endedInResult = true;
                continue;
            }

            if (!open)
            {
                if (first && after)
                    Mark(shape);
                OpenTurn(role);
                open = true;
            }

            _endedInResult = false;
            if (!IsObject(i))
            {
                NoText((byte)'y');
                _media = true;
                Odd(shape, i);
            }
            else
            {
                Part(ref part);
            }
        }

        if (!open && (list < 0 || HasRest(message)))
        {
            if (list < 0 && after)
                Mark(shape);
            OpenTurn(role);
            open = true;
        }

        if (open)
            EndTurn(ref message);
        else
            Rest(ref message);
    }

    private void Mark(Shape shape)
    {
        Put((byte)'Z');
        Put(shape.Id);
    }

    private int ResultIn(in Frame part)
    {
        if (part.Shape.Dialect == DialectFamily.Gemini)
            return part.End == part.Start + 1 ? TakeObject(part, Known.Result) : -1;
        int type = Take(part, Known.Type);
        if (Is(type, "tool_result"u8))
            return type;
        LeaveAll(part);
        return -1;
    }

    private void Result(ref Frame part, int result)
    {
        _tools = true;
        OpenTurn((byte)'t');
        if (part.Shape.Dialect == DialectFamily.Gemini)
            GeminiResult(result);
        else
            AnthropicResult(part);
        EndTurn(ref part);
    }

    private void Part(ref Frame part)
    {
        if (part.Shape.Dialect == DialectFamily.Gemini)
            GeminiPart(ref part);
        else
            AnthropicBlock(ref part);
    }
}
