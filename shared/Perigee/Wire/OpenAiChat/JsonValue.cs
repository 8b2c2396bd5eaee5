using System.Text.Json;

namespace Perigee.Wire.OpenAiChat;

/// <summary>One value of an indexed body: what a reader of questions asks of it. Hands out slices of the body, decodes only names and words.</summary>
/// <param name="index">The index, or null for a value that is absent.</param>
/// <param name="at">The position of its token.</param>
internal readonly struct JsonValue(JsonIndex? index, int at)
{
    /// <summary>What it is; absent and null are both <see cref="JsonTokenType.None"/>.</summary>
    public JsonTokenType Type => index is null || index.Tokens[at].Type == JsonTokenType.Null ? JsonTokenType.None : index.Tokens[at].Type;

    /// <summary>Whether it is there and not null.</summary>
    public bool IsThere => Type != JsonTokenType.None;

    /// <summary>Whether it is a string.</summary>
    public bool IsText => Type == JsonTokenType.String;

    /// <summary>Whether it is an object.</summary>
    public bool IsObject => Type == JsonTokenType.StartObject;

    /// <summary>Whether it is an array.</summary>
    public bool IsArray => Type == JsonTokenType.StartArray;

    /// <summary>Whether it is true or false.</summary>
    public bool IsBool => Type is JsonTokenType.True or JsonTokenType.False;

    /// <summary>Whether it is the value true.</summary>
    public bool IsTrue => Type == JsonTokenType.True;

    /// <summary>Whether it is a number without fraction that fits a long.</summary>
    public bool IsInteger => Type == JsonTokenType.Number && TryInteger(out _);

    /// <summary>Its bytes; empty where it is absent or null.</summary>
    public ReadOnlyMemory<byte> Raw => IsThere ? index!.Json.Slice(Token.Start, Token.Length) : default;

    /// <summary>The text of a string, as it stands; empty for anything else.</summary>
    public WireText Text => IsText ? new WireText(index!.Json.Slice(Token.Start + 1, Token.Length - 2)) : default;

    private JsonIndex.Token Token => index!.Tokens[at];

    /// <summary>The decoded text of a string; empty for anything else.</summary>
    public string Word => IsText ? index!.Text(Token) : "";

    /// <summary>The value as a whole number.</summary>
    public bool TryInteger(out long value)
    {
        value = 0;
        return Type == JsonTokenType.Number && System.Buffers.Text.Utf8Parser.TryParse(Raw.Span, out value, out int used) && used == Token.Length;
    }

    /// <summary>A member of an object; absent where this is none or it has no such member.</summary>
    public JsonValue this[ReadOnlySpan<byte> name]
    {
        get
        {
            if (!IsObject)
                return default;
            ReadOnlySpan<JsonIndex.Token> tokens = index!.Tokens;
            for (int i = at + 1; i < tokens[at].Next; i = tokens[i + 1].Next)
            {
                if (index.NameIs(tokens[i], name))
                    return new JsonValue(index, i + 1);
            }

            return default;
        }
    }

    /// <summary>The items of an array, or the members of an object with their names; nothing of anything else.</summary>
    public Enumerator GetEnumerator() => new(index, at, IsArray || IsObject, IsObject);

    /// <summary>Walks over items or members.</summary>
    public struct Enumerator(JsonIndex? index, int container, bool any, bool named)
    {
        private int _next = container + 1;
        private int _current;

        /// <summary>The item, or the member's name and value.</summary>
        public readonly (string Name, JsonValue Value) Current =>
            named ? (index!.Text(index.Tokens[_current]), new JsonValue(index, _current + 1)) : ("", new JsonValue(index, _current));

        /// <summary>Goes to the next.</summary>
        public bool MoveNext()
        {
            if (!any || _next >= index!.Tokens[container].Next)
                return false;
            _current = _next;
            _next = index.Tokens[named ? _current + 1 : _current].Next;
            return true;
        }
    }
}
