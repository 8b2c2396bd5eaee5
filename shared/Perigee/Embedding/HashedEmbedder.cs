using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Perigee.Embedding;

/// <summary>
/// Vectors without weights: words and runs of 3 and 4 characters in them, hashed with a sign into a few hundred numbers. It knows no meaning,
/// only shared wording, and that is what the guards after it let pass anyway. Nothing is allocated.
/// </summary>
internal sealed class HashedEmbedder : ITextEmbedder
{
    /// <summary>Numbers in a vector, a power of two. Of 30,000 questions, 256 put 84% of true repeats among the first ten; 1,024 put 86%.</summary>
    public const int Size = 256;

    /// <summary>What stands further back is not looked at: questions of more than some 256 tokens never get here.</summary>
    private const int MostCharacters = 8192;

    private const int MostWordCharacters = 48;
    private const float CommonWeight = 0.25f;
    private const ulong WordSalt = 0x9E37_79B9_7F4A_7C15;

    /// <summary>The weight of one run of characters in a word of so many: all of them together weigh about as much as the word.</summary>
    private static readonly float[] RunWeights = [.. Enumerable.Range(0, MostWordCharacters + 1).Select(static n => n == 0 ? 0 : 0.9f / MathF.Sqrt((2 * n) - 1))];

    /// <inheritdoc/>
    public string Version => "words1";

    /// <inheritdoc/>
    public int Dimensions => Size;

    /// <inheritdoc/>
    public double Threshold => 0.5;

    /// <inheritdoc/>
    public ValueTask<bool> EmbedAsync(string text, Memory<float> vector, CancellationToken cancel) => new(Embed(text, vector.Span));

    /// <summary>The same, at once.</summary>
    public static bool Embed(ReadOnlySpan<char> text, Span<float> vector)
    {
        vector = vector[..Size];
        vector.Clear();
        text = text[..Math.Min(text.Length, MostCharacters)];
        if (text.IsEmpty)
            return false;

        // A word has at most twice as many terms as characters; half of the places stay empty so that probes are short.
        int places = Math.Max(64, (int)BitOperations.RoundUpToPowerOf2((uint)text.Length * 4));
        ulong[] seen = ArrayPool<ulong>.Shared.Rent(places);
        try
        {
            Terms terms = new(vector, seen.AsSpan(0, places));
            terms.AddAll(text);
        }
        finally
        {
            ArrayPool<ulong>.Shared.Return(seen);
        }

        return UnitLength.Give(vector);
    }

    /// <summary>A word's hash, before its bits are spread (the step of FNV-1a, over characters).</summary>
    internal static ulong Hash(ReadOnlySpan<char> word)
    {
        ulong hash = WordSalt;
        foreach (char c in word)
            hash = (hash ^ c) * 0x0000_0100_0000_01B3;
        return hash;
    }

    /// <summary>The terms of one text: each is counted, because its tenth occurrence says less than its first.</summary>
    private readonly ref struct Terms
    {
        private readonly Span<float> _vector;
        private readonly Span<ulong> _seen;

        public Terms(Span<float> vector, Span<ulong> seen)
        {
            seen.Clear();
            _vector = vector;
            _seen = seen;
        }

        public void AddAll(ReadOnlySpan<char> text)
        {
            // The word between its two marks.
            Span<char> word = stackalloc char[MostWordCharacters + 2];
            word[0] = '<';
            int length = 0;
            foreach (char raw in text)
            {
                // Most characters are plain, and the tables of Unicode are slow.
                char c = raw < 128 ? (char)(raw | (char.IsAsciiLetterUpper(raw) ? 0x20 : 0)) : char.ToLowerInvariant(raw);
                if (char.IsAsciiLetterOrDigit(c) || (c >= 128 && char.IsLetterOrDigit(c)))
                {
                    if (length < MostWordCharacters)
                        word[++length] = c;
                }
                else if (length > 0 && c is not ('\'' or '\u2019'))
                {
                    AddWord(word, length);
                    length = 0;
                }
            }

            if (length > 0)
                AddWord(word, length);
        }

        private void AddWord(Span<char> marked, int length)
        {
            ReadOnlySpan<char> word = marked.Slice(1, length);
            ulong hash = Hash(word);
            if (CommonWords.Has(hash))
            {
                Add(Mix(hash), CommonWeight);
                return;
            }

            float weight = Weigh(word);
            Add(Mix(hash), weight);
            marked[length + 1] = '>';
            ReadOnlySpan<ushort> all = MemoryMarshal.Cast<char, ushort>(marked[..(length + 2)]);
            float runWeight = weight * RunWeights[length];
            for (int i = 0; i + 3 <= all.Length; i++)
            {
                // Three or four characters are a number by themselves; a run of three has a zero on top.
                ulong run = all[i] | ((ulong)all[i + 1] << 16) | ((ulong)all[i + 2] << 32);
                Add(Mix(run), runWeight);
                if (i + 4 <= all.Length)
                    Add(Mix(run | ((ulong)all[i + 3] << 48)), runWeight);
            }
        }

        /// <summary>Long words are rare ones, and so are numbers.</summary>
        private static float Weigh(ReadOnlySpan<char> word)
        {
            foreach (char c in word)
            {
                if (char.IsAsciiDigit(c))
                    return 1.2f;
            }

            return 0.6f + (0.05f * Math.Min(word.Length, 12));
        }

        /// <summary>The k-th occurrence weighs 1/k, so that all together weigh about as the logarithm of their number.</summary>
        private void Add(ulong hash, float weight)
        {
            const ulong Counts = 0xFFFF;
            ulong name = (hash & ~Counts) | 1;
            int place = (int)(hash >> 20) & (_seen.Length - 1);
            while (_seen[place] != 0 && (_seen[place] & ~Counts) != (name & ~Counts))
                place = (place + 1) & (_seen.Length - 1);
            ulong count = _seen[place] == 0 ? 1 : Math.Min((_seen[place] & Counts) + 1, Counts);
            _seen[place] = (name & ~Counts) | count;
            _vector[(int)(hash >> 40) & (Size - 1)] += (long)hash >= 0 ? weight / count : -weight / count;
        }

        /// <summary>Spreads the bits (the finalizer of SplitMix64).</summary>
        private static ulong Mix(ulong x)
        {
            x = (x ^ (x >> 30)) * 0xBF58_476D_1CE4_E5B9;
            x = (x ^ (x >> 27)) * 0x94D0_49BB_1331_11EB;
            return x ^ (x >> 31);
        }
    }
}
