using System.Buffers;
using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Perigee.Wire;

/// <summary>
/// One pass over a JSON object that notes where every token stands: what the steps need to know of a question is looked up here, what has
/// to change is spliced by these positions, and the cache key is derived from it. The text itself stays as it came.
/// </summary>
internal sealed class JsonIndex : IDisposable
{
    /// <summary>Deeper than any tool schema seen in practice, shallow enough for recursion.</summary>
    private const int MaxDepth = 128;

    /// <summary>No request field of any dialect has a longer name.</summary>
    private const int LongestKnownName = 64;

    private static readonly JsonReaderOptions Options = new() { MaxDepth = MaxDepth, CommentHandling = JsonCommentHandling.Disallow };

    private Token[] _tokens;

    private JsonIndex(ReadOnlyMemory<byte> json, Token[] tokens, int count)
    {
        Json = json;
        _tokens = tokens;
        Count = count;
    }

    /// <summary>The text that is indexed.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>The number of tokens.</summary>
    public int Count { get; }

    /// <summary>The tokens in the order of the text. Token 0 is the object itself; its members follow as name, value, name, value.</summary>
    public ReadOnlySpan<Token> Tokens => _tokens.AsSpan(0, Count);

    /// <summary>Indexes a body.</summary>
    /// <param name="json">The whole body. Must stay unchanged as long as the index lives.</param>
    /// <param name="index">The index, or null.</param>
    /// <param name="fault">Why there is none: for the client, with the place of the fault.</param>
    public static bool TryParse(ReadOnlyMemory<byte> json, [NotNullWhen(true)] out JsonIndex? index, [NotNullWhen(false)] out string? fault)
    {
        // The reader below looks at structure only; whoever decodes a text later must find one.
        if (!Utf8.IsValid(json.Span))
        {
            index = null;
            fault = "The body is not valid UTF-8: send JSON in UTF-8.";
            return false;
        }

        Token[] tokens = ArrayPool<Token>.Shared.Rent(64);
        int count = 0;
        Span<int> open = stackalloc int[MaxDepth + 1];
        int depth = 0;
        index = null;
        fault = null;
        try
        {
            Utf8JsonReader reader = new(json.Span, Options);
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray)
                {
                    ref Token container = ref tokens[open[--depth]];
                    container.Length = (int)reader.BytesConsumed - container.Start;
                    container.Next = count;
                    continue;
                }

                if (count == tokens.Length)
                    tokens = Grow(tokens, count);
                int start = (int)reader.TokenStartIndex;

                // After a name the reader has also swallowed the colon: a name ends where its value span does, plus the quote.
                int length = reader.TokenType == JsonTokenType.PropertyName ? reader.ValueSpan.Length + 2 : (int)reader.BytesConsumed - start;
                tokens[count] = new Token { Start = start, Length = length, Next = count + 1, Type = reader.TokenType, Escaped = reader.ValueIsEscaped };
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                    open[depth++] = count;
                count++;
            }

            if (count == 0 || tokens[0].Type != JsonTokenType.StartObject)
                fault = "The body must be one JSON object.";
        }
        catch (JsonException e)
        {
            fault = depth >= MaxDepth ? $"The body is nested more than {MaxDepth} levels deep." : $"The body is not valid JSON: see line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.";
        }

        if (fault is null)
        {
            index = new JsonIndex(json, tokens, count);
            if (index.DuplicateName() is not { } name)
                return true;

            // Parsers differ in which of two equal members counts: what the gateway checked must be what the provider reads.
            fault = $"The member '{name}' stands twice in the body.";
            index = null;
        }

        ArrayPool<Token>.Shared.Return(tokens);
        return false;
    }

    /// <summary>The bytes of a token: of a container everything up to its closing bracket, of a string with its quotes.</summary>
    public ReadOnlySpan<byte> Raw(in Token token) => Json.Span.Slice(token.Start, token.Length);

    /// <summary>The position of the value of a top-level member, or -1.</summary>
    public int FindTopLevel(ReadOnlySpan<byte> name)
    {
        ReadOnlySpan<Token> tokens = Tokens;
        for (int i = 1; i < tokens.Length; i = tokens[i + 1].Next)
        {
            if (NameIs(tokens[i], name))
                return i + 1;
        }

        return -1;
    }

    /// <summary>The type of a top-level member's value; <see cref="JsonTokenType.None"/> where it is absent.</summary>
    public JsonTokenType TopLevelType(ReadOnlySpan<byte> name) => FindTopLevel(name) is var at and >= 0 ? _tokens[at].Type : JsonTokenType.None;

    /// <summary>The text of a top-level string member, decoded. False where it is absent or not a string.</summary>
    public bool TryGetTopLevelString(ReadOnlySpan<byte> name, [NotNullWhen(true)] out string? value)
    {
        int at = FindTopLevel(name);
        value = at >= 0 && _tokens[at].Type == JsonTokenType.String ? Text(_tokens[at]) : null;
        return value is not null;
    }

    /// <summary>The decoded text of a string or name token.</summary>
    public string Text(in Token token)
    {
        ReadOnlySpan<byte> inside = Inside(token);
        if (!token.Escaped)
            return Encoding.UTF8.GetString(inside);
        Utf8JsonReader reader = new(Raw(token));
        reader.Read();
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate escape: no text of ours can equal it, so its raw form will do.
            return Encoding.UTF8.GetString(inside);
        }
    }

    /// <summary>Whether a name token is this name, however it is escaped.</summary>
    public bool NameIs(in Token token, ReadOnlySpan<byte> name) =>
        token.Escaped ? Encoding.UTF8.GetString(name) == Text(token) : Inside(token).SequenceEqual(name);

    /// <summary>Whether a name token is one of these names, however it is escaped.</summary>
    public bool NameIn(in Token token, FrozenSet<string> names)
    {
        if (names.Count == 0)
            return false;
        ReadOnlySpan<byte> inside = Inside(token);
        Span<char> name = stackalloc char[LongestKnownName];
        if (token.Escaped || inside.Length > name.Length)
            return token.Escaped && names.Contains(Text(token));
        int length = Encoding.UTF8.GetChars(inside, name);
        return names.GetAlternateLookup<ReadOnlySpan<char>>().Contains(name[..length]);
    }

    /// <summary>Gives the tokens back to the pool.</summary>
    public void Dispose()
    {
        Token[] tokens = _tokens;
        _tokens = [];
        if (tokens.Length > 0)
            ArrayPool<Token>.Shared.Return(tokens);
    }

    private ReadOnlySpan<byte> Inside(in Token token) => Json.Span.Slice(token.Start + 1, token.Length - 2);

    private string? DuplicateName()
    {
        ReadOnlySpan<Token> tokens = Tokens;
        HashSet<string>? escaped = null;
        for (int i = 1; i < tokens.Length; i = tokens[i + 1].Next)
        {
            if (tokens[i].Escaped)
                escaped ??= [];
        }

        // Only a body that escapes its names, which no client does, pays for decoding them.
        for (int i = 1; i < tokens.Length; i = tokens[i + 1].Next)
        {
            if (escaped is not null)
            {
                if (!escaped.Add(Text(tokens[i])))
                    return Text(tokens[i]);
                continue;
            }

            ReadOnlySpan<byte> name = Inside(tokens[i]);
            for (int j = 1; j < i; j = tokens[j + 1].Next)
            {
                if (Inside(tokens[j]).SequenceEqual(name))
                    return Text(tokens[i]);
            }
        }

        return null;
    }

    private static Token[] Grow(Token[] tokens, int count)
    {
        Token[] larger = ArrayPool<Token>.Shared.Rent(tokens.Length * 2);
        tokens.AsSpan(0, count).CopyTo(larger);
        ArrayPool<Token>.Shared.Return(tokens);
        return larger;
    }

    /// <summary>One token and the extent of what it opens.</summary>
    public struct Token
    {
        /// <summary>The offset of its first byte.</summary>
        public int Start;

        /// <summary>Its length in bytes; of a container up to its closing bracket.</summary>
        public int Length;

        /// <summary>The position of the first token that is not inside this one.</summary>
        public int Next;

        /// <summary>What it is. Ends of containers have no token of their own.</summary>
        public JsonTokenType Type;

        /// <summary>Whether a string or name holds escapes.</summary>
        public bool Escaped;
    }
}
