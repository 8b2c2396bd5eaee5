using System.Text.Json;

namespace Perigee.Wire.Anthropic;

/// <summary>One value of a question's body. A member that is null is as good as absent.</summary>
internal readonly struct AnthropicNode(JsonIndex index, int at)
{
    /// <summary>What it is; None where it is absent.</summary>
    public JsonTokenType Type => index is null ? JsonTokenType.None : index.Tokens[at].Type;

    /// <summary>Whether it is there.</summary>
    public bool Exists => index is not null;

    /// <summary>Whether it is a string.</summary>
    public bool IsString => Type == JsonTokenType.String;

    /// <summary>Whether it is an object.</summary>
    public bool IsObject => Type == JsonTokenType.StartObject;

    /// <summary>Whether it is an array.</summary>
    public bool IsArray => Type == JsonTokenType.StartArray;

    /// <summary>Whether it is true or false.</summary>
    public bool IsBoolean => Type is JsonTokenType.True or JsonTokenType.False;

    /// <summary>Its bytes.</summary>
    public ReadOnlyMemory<byte> Raw
    {
        get
        {
            JsonIndex.Token token = index.Tokens[at];
            return index.Json.Slice(token.Start, token.Length);
        }
    }

    /// <summary>A string's inside.</summary>
    public WireText Text => new(Raw[1..^1]);

    /// <summary>A string or a name, decoded.</summary>
    public string Decode() => index.Text(index.Tokens[at]);

    /// <summary>Whether a string or a name is this word.</summary>
    public bool Is(ReadOnlySpan<byte> word) => index.NameIs(index.Tokens[at], word);

    /// <summary>Whether it is an integer.</summary>
    public bool IsInteger(out long value)
    {
        value = 0;
        return Type == JsonTokenType.Number && System.Buffers.Text.Utf8Parser.TryParse(Raw.Span, out value, out int used) && used == Raw.Length;
    }

    /// <summary>The value of an object's member; absent where there is none, where it is null, or where this is no object.</summary>
    public AnthropicNode Find(ReadOnlySpan<byte> name)
    {
        foreach (Member member in Members())
        {
            if (member.Name.Is(name))
                return member.Value;
        }

        return default;
    }

    /// <summary>The members of an object that are not null; none where this is no object.</summary>
    public MemberCursor Members() => IsObject ? new MemberCursor(index, at + 1, index.Tokens[at].Next) : default;

    /// <summary>The items of an array; none where this is none.</summary>
    public ItemCursor Items() => IsArray ? new ItemCursor(index, at + 1, index.Tokens[at].Next) : default;

    /// <summary>One member.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Value">Its value.</param>
    public readonly record struct Member(AnthropicNode Name, AnthropicNode Value);

    /// <summary>Goes through members.</summary>
    public struct MemberCursor(JsonIndex index, int next, int end)
    {
        private int _next = next;

        /// <summary>The member.</summary>
        public Member Current { get; private set; }

        /// <summary>For foreach.</summary>
        public readonly MemberCursor GetEnumerator() => this;

        /// <summary>The next one.</summary>
        public bool MoveNext()
        {
            while (_next < end)
            {
                int at = _next;
                _next = index.Tokens[at + 1].Next;
                if (index.Tokens[at + 1].Type == JsonTokenType.Null)
                    continue;
                Current = new Member(new AnthropicNode(index, at), new AnthropicNode(index, at + 1));
                return true;
            }

            return false;
        }
    }

    /// <summary>Goes through items.</summary>
    public struct ItemCursor(JsonIndex index, int next, int end)
    {
        private int _next = next;

        /// <summary>The item.</summary>
        public AnthropicNode Current { get; private set; }

        /// <summary>For foreach.</summary>
        public readonly ItemCursor GetEnumerator() => this;

        /// <summary>The next one.</summary>
        public bool MoveNext()
        {
            if (_next >= end)
                return false;
            Current = new AnthropicNode(index, _next);
            _next = index.Tokens[_next].Next;
            return true;
        }
    }
}
