using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Perigee.Wire;

namespace Perigee.Caching.Keys;

/// <content>Conversations: what the dialects share.</content>
internal partial struct CanonicalWriter
{
    private static ReadOnlySpan<Known> Numbers =>
        [Known.MaxTokens, Known.Temperature, Known.TopP, Known.TopK, Known.Seed, Known.Count, Known.Presence, Known.Frequency];

    /// <summary>Writes a conversation.</summary>
    public void Conversation(DialectFamily dialect)
    {
        Put((byte)'Q');
        Put(Version);
        _text = -1;
        switch (dialect)
        {
            case DialectFamily.OpenAi:
                OpenAi();
                break;
            case DialectFamily.Anthropic:
                Anthropic();
                break;
            default:
                Gemini();
                break;
        }
    }

    /// <summary>What the cache needs to know of it. The last thing that is asked of a writer: its bytes change.</summary>
    public QuestionParts Parts(bool semantic)
    {
        QuestionParts parts = new(Hash())
        {
            HasTools = _tools,
            HasMedia = _media,
            Temperature = _temperature,
            Multiple = _multiple,
            Turns = _turns,
        };
        if (!semantic || _role != 'u' || _parts != 1 || _text < 0)
            return parts;

        // The text is cut out and its place marked; all else stays as it is.
        string text = _question.Text(Tokens[_text]);
        _buffer.AsSpan(_textEnd, _length - _textEnd).CopyTo(_buffer.AsSpan(_textStart + 1));
        _buffer[_textStart] = (byte)'?';
        return parts with { LastText = text, Scope = Hash(_buffer.AsSpan(0, _length - _textEnd + _textStart + 1)) };
    }

    private void OpenTurn(byte role)
    {
        Put((byte)'T');
        Put(role);
        _role = role;
        _parts = 0;
        _text = -1;
        if (role is not ((byte)'s' or (byte)'d'))
            _turns++;
    }

    /// <summary>Ends a turn with what nobody took of it.</summary>
    private void EndTurn(ref Frame frame)
    {
        Suspect(frame);
        Rest(ref frame);
        Put((byte)'E');
    }

    /// <summary>A list or object that nobody took may be media of somebody's own.</summary>
    private void Suspect(in Frame frame)
    {
        for (int i = frame.Start; i < frame.End; i++)
            _media |= !_entries[i].Taken && TypeOf(_entries[i].Name + 1) is JsonTokenType.StartObject or JsonTokenType.StartArray;
    }

    private void Say(int text)
    {
        Put((byte)'x');
        _text = _parts++ == 0 ? text : -1;
        _textStart = _length;
        Text(text);
        _textEnd = _length;
    }

    /// <summary>A part that is no text begins.</summary>
    private void NoText(byte kind)
    {
        _parts++;
        _text = -1;
        Put(kind);
    }

    private void OddPart(ref Frame frame)
    {
        _media = true;
        _parts++;
        _text = -1;
        Tagged(ref frame);
    }

    private void PartRest(ref Frame frame)
    {
        if (HasRest(frame))
            _text = -1;
        Suspect(frame);
        Rest(ref frame);
    }

    /// <summary>Writes a picture: its type, and the hash of its base64.</summary>
    private void Picture(ReadOnlySpan<byte> type, ReadOnlySpan<byte> base64)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(base64, hash);
        _media = true;
        NoText((byte)'i');
        Text(type);
        Put(hash);
    }

    private void PictureAt(int url)
    {
        _media = true;
        NoText((byte)'w');
        Text(url);
    }

    /// <summary>A picture whose type and base64 are fields. False where they are no texts to be compared: nothing is written then.</summary>
    private bool Picture(in Frame frame)
    {
        int type = TakeText(frame, Known.MediaType);
        int data = TakeText(frame, Known.Data);
        if (type >= 0 && data >= 0 && !Tokens[type].Escaped && !Tokens[data].Escaped)
        {
            Picture(Inside(type), Inside(data));
            return true;
        }

        // Few escape a slash: the type is most often the place.
        if (type < 0 || data < 0)
            return false;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Tokens[type].Length + Tokens[data].Length);
        int first = JsonEscapes.Decode(Inside(type), buffer);
        int second = first < 0 ? -1 : JsonEscapes.Decode(Inside(data), buffer.AsSpan(first));
        if (second >= 0)
            Picture(buffer.AsSpan(0, first), buffer.AsSpan(first, second));
        ArrayPool<byte>.Shared.Return(buffer);
        return second >= 0;
    }

    private readonly ReadOnlySpan<byte> Inside(int at) => _question.Raw(Tokens[at])[1..^1];

    private void Named(byte tag, int text)
    {
        if (text < 0)
            return;
        Put(tag);
        Text(text);
    }

    private void Schema(in Frame frame, byte tag, Known means)
    {
        int at = TakeObject(frame, means);
        if (at < 0)
            return;
        Put(tag);
        Plain(_question, at, marks: false);
    }

    /// <summary>A function that may be called.</summary>
    private void Declared(ref Frame frame)
    {
        _tools = true;
        Named((byte)'N', TakeText(frame, Known.Name));
        Named((byte)'D', TakeText(frame, Known.Description));
        Schema(frame, (byte)'A', Known.Schema);
        int strict = Take(frame, Known.Strict);
        if (strict >= 0 && TypeOf(strict) == JsonTokenType.True)
            Put((byte)'!');
        else if (strict >= 0)
            Leave(frame, strict);
        Rest(ref frame);
    }

    private void Settings(in Frame frame)
    {
        foreach (Known known in Numbers)
        {
            int at = Take(frame, known);
            if (at < 0)
                continue;
            if (TypeOf(at) != JsonTokenType.Number)
            {
                Leave(frame, at);
                continue;
            }

            Put((byte)'S');
            Put((byte)known);
            Number(_question.Raw(Tokens[at]));
        }

        Stop(frame);
    }

    /// <summary>Where to stop: one text is a list of one.</summary>
    private void Stop(in Frame frame)
    {
        int at = Take(frame, Known.Stop);
        if (at < 0)
            return;
        bool texts = IsString(at) || IsList(at);
        for (int i = at + 1; i < Tokens[at].Next; i = Tokens[i].Next)
            texts &= IsString(i);
        if (!texts)
        {
            Leave(frame, at);
            return;
        }

        Put((byte)'p');
        if (IsString(at))
            Text(at);
        for (int i = at + 1; i < Tokens[at].Next; i = Tokens[i].Next)
            Text(i);
        Put((byte)'E');
    }
}
