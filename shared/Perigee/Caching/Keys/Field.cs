using System.Text;

namespace Perigee.Caching.Keys;

/// <summary>One documented field of a request.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Class">What it means to the cache.</param>
/// <param name="Means">What it means in any dialect.</param>
/// <param name="Fold">Which value is its default.</param>
/// <param name="Word">The default, where it is a text.</param>
internal sealed record Field(string Name, FieldClass Class, Known Means = Known.None, Fold Fold = Fold.None, string Word = "")
{
    /// <summary>Its name in bytes.</summary>
    public byte[] Utf8 { get; } = Encoding.UTF8.GetBytes(Name);

    /// <summary>Its other spelling (<c>max_output_tokens</c>): readers of protocol buffers' JSON take both.</summary>
    public byte[] Snake { get; } = Encoding.UTF8.GetBytes(string.Concat(Name.Select(c => char.IsAsciiLetterUpper(c) ? "_" + char.ToLowerInvariant(c) : c.ToString())));

    /// <summary>Its default in bytes, where it is a text.</summary>
    public byte[] WordUtf8 { get; } = Encoding.UTF8.GetBytes(Word);

    /// <summary>Whether <c>cache_control</c> may stand anywhere inside it: a mark, not a word of the question.</summary>
    public bool Marks { get; init; }

    /// <summary>Fields that decide, and that only their own dialect knows.</summary>
    public static IEnumerable<Field> Own(params string[] names) => names.Select(name => new Field(name, FieldClass.Relevant));

    /// <summary>Fields that say nothing of the question.</summary>
    public static IEnumerable<Field> Ignored(params string[] names) => names.Select(name => new Field(name, FieldClass.Ignored));

    /// <summary>Fields of the answer's form.</summary>
    public static IEnumerable<Field> Form(params string[] names) => names.Select(name => new Field(name, FieldClass.Form));

    /// <summary>A field that decides, and that other dialects know.</summary>
    public static IEnumerable<Field> Common(string name, Known means) => [new Field(name, FieldClass.Relevant, means)];

    /// <summary>A field with a default.</summary>
    public static IEnumerable<Field> Default(string name, Fold fold, Known means = Known.None, string word = "") =>
        [new Field(name, FieldClass.Default, means, fold, word)];
}
