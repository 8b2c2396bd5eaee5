using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;
using Perigee.Wire;

namespace Perigee.Caching.Keys;

/// <summary>
/// Writes the canonical form of a question: every token in the form that all dialects share, left out by its class, or tagged with its
/// dialect and place. The form is prefix-free, so that no two questions look alike by how their parts meet. Nothing here throws.
/// </summary>
internal partial struct CanonicalWriter
{
    /// <summary>Another version never meets the hashes of this one.</summary>
    private const byte Version = 2;

    private readonly JsonIndex _question;
    private byte[] _buffer;
    private int _length;

    /// <summary>Members of the objects that are open, innermost last.</summary>
    private Entry[] _entries;
    private int _entryCount;

    private double? _temperature;
    private bool _multiple;
    private bool _tools;
    private bool _media;
    private int _turns;

    /// <summary>The role of the open turn, how many parts it has, and where its text stands if that is all it has.</summary>
    private byte _role;
    private int _parts;
    private int _text;
    private int _textStart;
    private int _textEnd;

    /// <summary>Who spoke last, where messages hold results beside other parts, and whether a result was the last of it.</summary>
    private byte _spoke;
    private bool _endedInResult;

    /// <summary>The tokens of ids and names of the last calls.</summary>
    private int[]? _calls;
    private int _callCount;

    /// <summary>Starts one. To be disposed, once and not as a copy.</summary>
    /// <param name="question">The question.</param>
    public CanonicalWriter(JsonIndex question)
    {
        _question = question;
        _buffer = ArrayPool<byte>.Shared.Rent(question.Json.Length + 256);
        _entries = ArrayPool<Entry>.Shared.Rent(64);
    }

    private readonly ReadOnlySpan<JsonIndex.Token> Tokens => _question.Tokens;

    /// <summary>The hash of what was written.</summary>
    public readonly string Hash() => Hash(_buffer.AsSpan(0, _length));

    /// <summary>Gives everything back to the pools.</summary>
    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        ArrayPool<Entry>.Shared.Return(_entries);
        if (_calls is not null)
            ArrayPool<int>.Shared.Return(_calls);
        _buffer = [];
        _entries = [];
        _calls = null;
    }

    private static string Hash(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return Convert.ToHexStringLower(hash);
    }

    private readonly JsonTokenType TypeOf(int at) => Tokens[at].Type;

    private readonly bool IsString(int at) => at >= 0 && Tokens[at].Type == JsonTokenType.String;

    private readonly bool IsObject(int at) => at >= 0 && Tokens[at].Type == JsonTokenType.StartObject;

    /// <summary>Whether it is a list with something in it.</summary>
    private readonly bool IsList(int at) => at >= 0 && Tokens[at].Type == JsonTokenType.StartArray && Tokens[at].Next > at + 1;

    private readonly bool Is(int at, ReadOnlySpan<byte> text) => IsString(at) && _question.NameIs(Tokens[at], text);

    private void Put(byte value)
    {
        Reserve(1);
        _buffer[_length++] = value;
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    /// <summary>A text of known bytes.</summary>
    private void Text(ReadOnlySpan<byte> bytes)
    {
        Put((byte)'"');
        Reserve(4);
        BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(_length), bytes.Length);
        _length += 4;
        Put(bytes);
    }

    private void Text(int at) => Text(_question, at);

    /// <summary>
    /// A name or string, decoded, with its length before it: all spellings of one text are one, and no text can look like the structure
    /// around it. One that is no text (half a surrogate pair) keeps its spelling, and a mark of its own.
    /// </summary>
    private void Text(JsonIndex index, int at)
    {
        ReadOnlySpan<byte> raw = index.Raw(index.Tokens[at])[1..^1];
        if (!index.Tokens[at].Escaped)
        {
            Text(raw);
            return;
        }

        int mark = _length;
        Reserve(raw.Length + 5);
        int written = JsonEscapes.Decode(raw, _buffer.AsSpan(_length + 5));
        _buffer[mark] = written < 0 ? (byte)'r' : (byte)'"';
        if (written < 0)
        {
            raw.CopyTo(_buffer.AsSpan(_length + 5));
            written = raw.Length;
        }

        BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(mark + 1), written);
        _length = mark + 5 + written;
    }

    /// <summary>A number as digits without zeros at either end and a power of ten: 1, 1.0 and 10e-1 are one.</summary>
    private void Number(ReadOnlySpan<byte> raw)
    {
        Reserve(raw.Length + 24);
        _length += NumberForm.Write(raw, _buffer.AsSpan(_length));
    }

    private void Reserve(int bytes)
    {
        if (_length + bytes <= _buffer.Length)
            return;
        byte[] larger = ArrayPool<byte>.Shared.Rent((_length + bytes) * 2);
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
