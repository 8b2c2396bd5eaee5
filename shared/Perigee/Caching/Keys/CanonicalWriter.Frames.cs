using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Perigee.Wire;

namespace Perigee.Caching.Keys;

/// <content>
/// Objects that have a <see cref="Shape"/>: what counts is noted, what is understood is taken from there, and the rest is written tagged.
/// So nothing can be lost: who does not take a field leaves it to the rest.
/// </content>
internal partial struct CanonicalWriter
{
    /// <summary>Notes the members of an object that count.</summary>
    private Frame Scan(Shape shape, int at)
    {
        Frame frame = new(shape, _entryCount);
        if (!Note(ref frame, at, asIs: false))
        {
            // Which of two equal members counts is for the provider's parser to say: nothing of this object is understood.
            _entryCount = frame.Start;
            Note(ref frame, at, asIs: true);
        }

        return frame;
    }

    private bool Note(ref Frame frame, int at, bool asIs)
    {
        UInt128 seen = 0;
        for (int i = at + 1; i < Tokens[at].Next; i = Tokens[i + 1].Next)
        {
            int place = asIs ? -1 : frame.Shape.Find(_question, Tokens[i]);
            if (place >= 0)
            {
                UInt128 bit = UInt128.One << place;
                if ((seen & bit) != 0)
                    return false;
                seen |= bit;
                Field field = frame.Shape.Fields[place];
                Tell(field, i + 1);
                if (field.Class is FieldClass.Ignored or FieldClass.Form || IsDefault(field, i + 1))
                    continue;
            }

            Push(new Entry { Name = i, Field = (short)place });
        }

        frame.End = _entryCount;
        return true;
    }

    /// <summary>What the cache wants to know of settings, even where they state a default.</summary>
    private void Tell(Field field, int value)
    {
        ReadOnlySpan<byte> raw = TypeOf(value) == JsonTokenType.Number ? _question.Raw(Tokens[value]) : default;
        if (field.Means == Known.Temperature && raw.Length > 0 && Utf8Parser.TryParse(raw, out double temperature, out _))
            _temperature = temperature;
        else if (field.Means == Known.Count)
            _multiple |= TypeOf(value) != JsonTokenType.Null && !Equal(raw, NumberForm.One);
        else if (field.Means is Known.Tools or Known.Calls || field.Name is "functions" or "function_call" or "mcp_servers")
            _tools |= TypeOf(value) != JsonTokenType.Null && Tokens[value].Length > 2;
    }

    private bool IsDefault(Field field, int value)
    {
        JsonIndex.Token token = Tokens[value];
        if (token.Type == JsonTokenType.Null)
            return true;
        return field.Fold switch
        {
            Fold.One => token.Type == JsonTokenType.Number && Equal(_question.Raw(Tokens[value]), NumberForm.One),
            Fold.Zero => token.Type == JsonTokenType.Number && Equal(_question.Raw(Tokens[value]), NumberForm.Zero),
            Fold.False => token.Type == JsonTokenType.False,
            Fold.True => token.Type == JsonTokenType.True,
            Fold.Empty => token.Type is JsonTokenType.StartArray or JsonTokenType.StartObject && token.Next == value + 1,
            Fold.Word => Is(value, field.WordUtf8),
            Fold.TypeOnly => token.Type == JsonTokenType.StartObject && token.Next == value + 3
                && _question.NameIs(Tokens[value + 1], "type"u8) && Is(value + 2, field.WordUtf8),
            _ => false,
        };
    }

    private bool Equal(ReadOnlySpan<byte> raw, ReadOnlySpan<byte> form)
    {
        int mark = _length;
        Number(raw);
        bool equal = _buffer.AsSpan(mark, _length - mark).SequenceEqual(form);
        _length = mark;
        return equal;
    }

    private void Push(Entry entry)
    {
        if (_entryCount == _entries.Length)
        {
            Entry[] larger = ArrayPool<Entry>.Shared.Rent(_entryCount * 2);
            _entries.AsSpan(0, _entryCount).CopyTo(larger);
            ArrayPool<Entry>.Shared.Return(_entries);
            _entries = larger;
        }

        _entries[_entryCount++] = entry;
    }

    /// <summary>Takes the value of a field that will be written in the common form.</summary>
    /// <returns>Its token; -1 where there is none, or where two members claim to be it.</returns>
    private readonly int Take(in Frame frame, Known means)
    {
        int found = -1;
        for (int i = frame.Start; i < frame.End; i++)
        {
            if (_entries[i].Field < 0 || frame.Shape.Fields[_entries[i].Field].Means != means)
                continue;
            if (found >= 0)
                return -1;
            found = i;
        }

        if (found < 0)
            return -1;
        _entries[found].Taken = true;
        return _entries[found].Name + 1;
    }

    /// <summary>Takes the value of a field if it is a text.</summary>
    private readonly int TakeText(in Frame frame, Known means)
    {
        int at = Take(frame, means);
        if (at < 0 || IsString(at))
            return at;
        Leave(frame, at);
        return -1;
    }

    /// <summary>Takes the value of a field if it is an object.</summary>
    private readonly int TakeObject(in Frame frame, Known means)
    {
        int at = Take(frame, means);
        if (at < 0 || IsObject(at))
            return at;
        Leave(frame, at);
        return -1;
    }

    /// <summary>Takes the value of a field if it is a list with something in it.</summary>
    private readonly int TakeList(in Frame frame, Known means)
    {
        int at = Take(frame, means);
        if (at < 0 || IsList(at))
            return at;
        Leave(frame, at);
        return -1;
    }

    /// <summary>Leaves a value to the rest after all.</summary>
    private readonly void Leave(in Frame frame, int value)
    {
        for (int i = frame.Start; i < frame.End; i++)
        {
            if (_entries[i].Name == value - 1)
                _entries[i].Taken = false;
        }
    }

    /// <summary>Leaves everything to the rest.</summary>
    private readonly void LeaveAll(in Frame frame)
    {
        for (int i = frame.Start; i < frame.End; i++)
            _entries[i].Taken = false;
    }

    /// <summary>Whether anything is left for the rest.</summary>
    private readonly bool HasRest(in Frame frame)
    {
        for (int i = frame.Start; i < frame.End; i++)
        {
            if (!_entries[i].Taken)
                return true;
        }

        return false;
    }

    /// <summary>Writes what nobody took, in the order of the names and tagged with the kind of object, and ends the frame.</summary>
    private void Rest(ref Frame frame)
    {
        if (HasRest(frame))
        {
            Sort(_question, frame.Shape, frame.Start, frame.End);
            for (int i = frame.Start; i < frame.End; i++)
            {
                Entry entry = _entries[i];
                if (entry.Taken)
                    continue;
                Put((byte)'X');
                Put(frame.Shape.Id);
                Field? field = entry.Field < 0 ? null : frame.Shape.Fields[entry.Field];
                if (field is null)
                    Text(entry.Name);
                else
                    Text(field.Utf8);
                Plain(_question, entry.Name + 1, field?.Marks ?? false);
            }
        }

        _entryCount = frame.Start;
    }

    /// <summary>Writes an object of which nothing is understood but the classes of its fields.</summary>
    private void Tagged(ref Frame frame)
    {
        LeaveAll(frame);
        Put((byte)'P');
        Put(frame.Shape.Id);
        Rest(ref frame);
        Put((byte)'E');
    }

    /// <summary>Writes a value that is not what it should be.</summary>
    private void Odd(Shape shape, int at)
    {
        Put((byte)'Y');
        Put(shape.Id);
        Plain(_question, at, marks: false);
    }

    /// <summary>A member that counts.</summary>
    private struct Entry
    {
        /// <summary>Its name's token; its value's is the next.</summary>
        public int Name;

        /// <summary>Its place in the shape, or -1.</summary>
        public short Field;

        /// <summary>Whether it was written in the common form.</summary>
        public bool Taken;
    }

    /// <summary>The members of one object that count, on the stack of entries.</summary>
    private struct Frame(Shape shape, int start)
    {
        /// <summary>What kind of object it is.</summary>
        public readonly Shape Shape = shape;

        /// <summary>Its first entry.</summary>
        public readonly int Start = start;

        /// <summary>Behind its last entry.</summary>
        public int End = start;
    }
}
