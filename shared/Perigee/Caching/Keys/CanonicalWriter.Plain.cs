using System.Text;
using System.Text.Json;
using Perigee.Wire;

namespace Perigee.Caching.Keys;

/// <content>Plain canonical JSON: sorted members, no white space, texts decoded, numbers by their value.</content>
internal partial struct CanonicalWriter
{
    /// <summary>From here on members are sorted by the library, whose cost does not grow with the square of their number.</summary>
    private const int Many = 24;

    /// <summary>Writes a question that is no conversation.</summary>
    /// <param name="operation">The operation's name: equal bodies of two operations are two questions.</param>
    /// <param name="ignored">The shape whose ignored fields are left out at the top.</param>
    public void Other(ReadOnlySpan<char> operation, Shape ignored)
    {
        Put((byte)'N');
        Put(Version);
        Span<byte> name = stackalloc byte[64];
        Text(name[..Encoding.UTF8.GetBytes(operation[..Math.Min(operation.Length, 20)], name)]);
        Frame frame = Scan(ignored, 0);
        Rest(ref frame);
    }

    /// <summary>Writes any value.</summary>
    /// <param name="index">Where it is.</param>
    /// <param name="at">Its token.</param>
    /// <param name="marks">Whether <c>cache_control</c> is left out at any depth.</param>
    private void Plain(JsonIndex index, int at, bool marks)
    {
        JsonIndex.Token token = index.Tokens[at];
        switch (token.Type)
        {
            case JsonTokenType.StartObject:
                PlainObject(index, at, marks);
                break;
            case JsonTokenType.StartArray:
                Put((byte)'[');
                for (int i = at + 1; i < token.Next; i = index.Tokens[i].Next)
                    Plain(index, i, marks);
                Put((byte)']');
                break;
            case JsonTokenType.String:
                Text(index, at);
                break;
            case JsonTokenType.Number:
                Number(index.Raw(index.Tokens[at]));
                break;
            default:
                Put(token.Type switch { JsonTokenType.True => (byte)'t', JsonTokenType.False => (byte)'f', _ => (byte)'n' });
                break;
        }
    }

    private void PlainObject(JsonIndex index, int at, bool marks)
    {
        Put((byte)'{');
        int start = _entryCount;
        for (int i = at + 1; i < index.Tokens[at].Next; i = index.Tokens[i + 1].Next)
        {
            if (!marks || !index.NameIs(index.Tokens[i], "cache_control"u8))
                Push(new Entry { Name = i, Field = -1 });
        }

        int end = _entryCount;
        Sort(index, null, start, end);
        for (int i = start; i < end; i++)
        {
            int name = _entries[i].Name;
            Text(index, name);
            Plain(index, name + 1, marks);
        }

        _entryCount = start;
        Put((byte)'}');
    }

    /// <summary>Members are few and mostly in one order already: insertion sort. It keeps equal ones in their order.</summary>
    private readonly void Sort(JsonIndex index, Shape? shape, int start, int end)
    {
        Span<Entry> some = _entries.AsSpan(start, end - start);
        if (some.Length > Many)
        {
            some.Sort(new ByName(index, shape));
            return;
        }

        for (int i = 1; i < some.Length; i++)
        {
            Entry entry = some[i];
            int j = i - 1;
            while (j >= 0 && ByName.Compare(index, shape, some[j], entry) > 0)
            {
                some[j + 1] = some[j];
                j--;
            }

            some[j + 1] = entry;
        }
    }

    private sealed class ByName(JsonIndex index, Shape? shape) : IComparer<Entry>
    {
        public static int Compare(JsonIndex index, Shape? shape, Entry x, Entry y)
        {
            int order = NameOf(index, shape, x).SequenceCompareTo(NameOf(index, shape, y));
            return order != 0 ? order : x.Name.CompareTo(y.Name);
        }

        public int Compare(Entry x, Entry y) => Compare(index, shape, x, y);

        private static ReadOnlySpan<byte> NameOf(JsonIndex index, Shape? shape, Entry entry)
        {
            if (entry.Field >= 0)
                return shape!.Fields[entry.Field].Utf8;
            ref readonly JsonIndex.Token token = ref index.Tokens[entry.Name];

            // No client escapes names: the few that do pay for it.
            return token.Escaped ? Encoding.UTF8.GetBytes(index.Text(token)) : index.Raw(token)[1..^1];
        }
    }
}
