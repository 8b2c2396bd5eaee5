using System.Text;
using Perigee.Wire;

namespace Perigee.Caching.Keys;

/// <summary>The fields of one kind of object of one dialect: the walk reads by this table, and so does the test that looks for fields without a class.</summary>
internal sealed class Shape
{
    /// <summary>Describes one.</summary>
    /// <param name="id">Its number in the canonical form. Never given to another.</param>
    /// <param name="dialect">Whose it is.</param>
    /// <param name="paths">Where it stands: <c>messages[].content[]</c>.</param>
    /// <param name="fields">Its fields; at most 128.</param>
    public Shape(byte id, DialectFamily dialect, string[] paths, params IEnumerable<Field>[] fields)
    {
        Id = id;
        Dialect = dialect;
        Paths = paths;
        Fields = [.. fields.SelectMany(some => some)];
    }

    /// <summary>Its number in the canonical form.</summary>
    public byte Id { get; }

    /// <summary>Whose it is.</summary>
    public DialectFamily Dialect { get; }

    /// <summary>Where it stands.</summary>
    public IReadOnlyList<string> Paths { get; }

    /// <summary>Its fields.</summary>
    public Field[] Fields { get; }

    /// <summary>The place of a field, or -1.</summary>
    public int Find(JsonIndex question, in JsonIndex.Token name) =>
        Find(name.Escaped ? Encoding.UTF8.GetBytes(question.Text(name)) : question.Raw(name)[1..^1]);

    /// <summary>The place of a field, or -1.</summary>
    public int Find(ReadOnlySpan<byte> name)
    {
        for (int i = 0; i < Fields.Length; i++)
        {
            if (name.SequenceEqual(Fields[i].Utf8) || (Dialect == DialectFamily.Gemini && name.SequenceEqual(Fields[i].Snake)))
                return i;
        }

        return -1;
    }
}
