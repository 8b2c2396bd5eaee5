using System.Text;
using Perigee.Wire;

namespace Perigee.Caching.Keys;

/// <summary>What every documented field of a chat request means to the cache: the tables that the walk itself reads by.</summary>
internal static class Fields
{
    /// <summary>The objects of one dialect whose fields have a class.</summary>
    public static IReadOnlyList<Shape> Of(DialectFamily dialect) => dialect switch
    {
        DialectFamily.OpenAi => OpenAiShapes.All,
        DialectFamily.Anthropic => AnthropicShapes.All,
        _ => GeminiShapes.All,
    };

    /// <summary>The class of a field.</summary>
    /// <param name="dialect">The dialect.</param>
    /// <param name="path">Its path: <c>messages[].content[].type</c>.</param>
    /// <returns>Null where nobody has thought about it. What stands inside a field that is written as it is has that field's class.</returns>
    public static FieldClass? Classify(DialectFamily dialect, string path)
    {
        int dot = path.LastIndexOf('.');
        string parent = dot < 0 ? "" : path[..dot];
        foreach (Shape shape in Of(dialect))
        {
            if (!shape.Paths.Contains(parent))
                continue;
            int at = shape.Find(Encoding.UTF8.GetBytes(path[(dot + 1)..].Replace("[]", "", StringComparison.Ordinal)));
            return at < 0 ? null : shape.Fields[at].Class;
        }

        if (dot < 0)
            return null;
        return Classify(dialect, parent) switch
        {
            FieldClass.Default => FieldClass.Relevant,
            var some => some,
        };
    }
}
