using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text.Json;
using Perigee.Wire;

namespace Perigee.Caching;

/// <summary>
/// The canonical form of a question and its hash: the order of members, white space and the way strings are escaped do not matter,
/// every other thing does. Only the members listed here are left out: they say who asks or how it is billed, never what is asked.
/// </summary>
internal static class QuestionKey
{
    /// <summary>Members of the body's top level that do not change the answer.</summary>
    public static FrozenSet<string> Ignored { get; } = new[]
    {
        "user", "safety_identifier", "metadata", "prompt_cache_key", "prompt_cache_retention", "session_id", "store",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>The hash of the canonical form, in lower-case hex.</summary>
    public static string Hash(JsonIndex question)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(question.Json.Length + 64);
        Writer writer = new(question, buffer);
        try
        {
            writer.Object(0, top: true);
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(writer.Written, hash);
            return Convert.ToHexStringLower(hash);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(writer.Buffer);
        }
    }

    private ref struct Writer(JsonIndex question, byte[] buffer)
    {
        private readonly ReadOnlySpan<JsonIndex.Token> _tokens = question.Tokens;
        private int _length;

        public byte[] Buffer { get; private set; } = buffer;

        public readonly ReadOnlySpan<byte> Written => Buffer.AsSpan(0, _length);

        public void Object(int at, bool top)
        {
            Put((byte)'{');
            int members = 0;
            for (int i = at + 1; i < _tokens[at].Next; i = _tokens[i + 1].Next)
                members++;
            int[] names = ArrayPool<int>.Shared.Rent(Math.Max(1, members));
            int count = 0;
            bool sorted = true;
            for (int i = at + 1; i < _tokens[at].Next; i = _tokens[i + 1].Next)
            {
                if (top && question.NameIn(_tokens[i], Ignored))
                    continue;
                sorted &= count == 0 || Compare(names[count - 1], i) <= 0;
                names[count++] = i;
            }

            if (!sorted)
                Sort(names.AsSpan(0, count));
            for (int i = 0; i < count; i++)
            {
                if (i > 0)
                    Put((byte)',');
                Scalar(names[i]);
                Put((byte)':');
                Value(names[i] + 1);
            }

            ArrayPool<int>.Shared.Return(names);
            Put((byte)'}');
        }

        private void Value(int at)
        {
            switch (_tokens[at].Type)
            {
                case JsonTokenType.StartObject:
                    Object(at, top: false);
                    break;
                case JsonTokenType.StartArray:
                    Put((byte)'[');
                    for (int i = at + 1; i < _tokens[at].Next; i = _tokens[i].Next)
                    {
                        if (i > at + 1)
                            Put((byte)',');
                        Value(i);
                    }

                    Put((byte)']');
                    break;
                default:
                    Scalar(at);
                    break;
            }
        }

        /// <summary>
        /// A name, string, number or word. Strings go in decoded, with their length before them: all spellings of one text are one, and no
        /// text can look like the structure around it.
        /// </summary>
        private void Scalar(int at)
        {
            ref readonly JsonIndex.Token token = ref _tokens[at];
            ReadOnlySpan<byte> raw = question.Raw(token);
            if (token.Type is not (JsonTokenType.String or JsonTokenType.PropertyName))
            {
                Put(raw);
                return;
            }

            Put((byte)'"');
            int lengthAt = _length;
            Reserve(raw.Length + 4);
            _length += 4;
            if (!token.Escaped || !TryDecode(raw))
                Put(raw[1..^1]);
            BinaryPrimitives.WriteInt32LittleEndian(Buffer.AsSpan(lengthAt), _length - lengthAt - 4);
        }

        private bool TryDecode(ReadOnlySpan<byte> raw)
        {
            Utf8JsonReader reader = new(raw);
            reader.Read();
            try
            {
                _length += reader.CopyString(Buffer.AsSpan(_length));
                return true;
            }
            catch (InvalidOperationException)
            {
                // A lone surrogate: its raw spelling is as good as any.
                return false;
            }
        }

        private readonly int Compare(int left, int right)
        {
            ref readonly JsonIndex.Token a = ref _tokens[left];
            ref readonly JsonIndex.Token b = ref _tokens[right];
            return a.Escaped || b.Escaped
                ? string.CompareOrdinal(question.Text(a), question.Text(b))
                : question.Raw(a).SequenceCompareTo(question.Raw(b));
        }

        /// <summary>Members of one object are few and mostly in one order already: insertion sort.</summary>
        private readonly void Sort(Span<int> names)
        {
            for (int i = 1; i < names.Length; i++)
            {
                int name = names[i];
                int j = i - 1;
                while (j >= 0 && Compare(names[j], name) > 0)
                {
                    names[j + 1] = names[j];
                    j--;
                }

                names[j + 1] = name;
            }
        }

        private void Put(byte value)
        {
            Reserve(1);
            Buffer[_length++] = value;
        }

        private void Put(ReadOnlySpan<byte> bytes)
        {
            Reserve(bytes.Length);
            bytes.CopyTo(Buffer.AsSpan(_length));
            _length += bytes.Length;
        }

        private void Reserve(int bytes)
        {
            if (_length + bytes <= Buffer.Length)
                return;
            byte[] larger = ArrayPool<byte>.Shared.Rent((_length + bytes) * 2);
            Written.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(Buffer);
            Buffer = larger;
        }
    }
}
