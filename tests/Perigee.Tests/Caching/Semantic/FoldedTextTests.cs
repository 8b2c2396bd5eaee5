using System.Text;
using Perigee.Caching.Semantic;

namespace Perigee.Tests.Caching.Semantic;

public sealed class FoldedTextTests
{
    private static readonly string[] s_pieces =
    [
        "what", "is", "the", "capital", "of", "France", "not", "25", "twenty-five", "please", "hi", ",", ".", "?", "\n", "\"x y\"", "`a`", "http://a.b/c", "don't", "US", "us", "cats",
        "running", "really", "tell me", "can you", "a", "I", "how", "do", "which", "😀", "é", "–", "'", "’s", "5pm", "C++", "(", ")", "to", "from", "C", "thanks", "and", "или", "猫", "\uD800", "\u0301", "per cent", "%",
    ];

    [Fact]
    public void Features_say_all_that_the_guard_needs_and_no_text()
    {
        FoldedText folded = Fold(FoldKeyTests.Hundred());
        byte[] features = folded.ToFeatures();
        FoldedText read = Assert.IsType<FoldedText>(FoldedText.FromFeatures(features));
        Assert.Equal(folded.Units.ToArray(), read.Units.ToArray());
        Assert.Equal(folded.Key, read.Key);
        Assert.InRange(features.Length, 1, 1600);
        Assert.DoesNotContain("database", Encoding.Latin1.GetString(features), StringComparison.Ordinal);
        Assert.DoesNotContain("database", Encoding.Unicode.GetString(features), StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_features_are_none()
    {
        byte[] features = Fold("How do I fix a flat tyre?").ToFeatures();
        for (int i = 0; i < features.Length; i++)
        {
            byte[] damaged = [.. features];
            damaged[i] ^= 0x41;
            Assert.Null(FoldedText.FromFeatures(damaged));
            Assert.Null(FoldedText.FromFeatures(features.AsSpan(0, i)));
        }

        Assert.Null(FoldedText.FromFeatures([.. features, 0]));
        Random random = new(5);
        for (int i = 0; i < 2000; i++)
        {
            byte[] noise = new byte[random.Next(200)];
            random.NextBytes(noise);
            Assert.Null(FoldedText.FromFeatures(noise));
        }
    }

    [Fact]
    public void Nothing_throws_and_both_ways_to_the_key_agree()
    {
        const int Seed = 20251;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}");
        Random random = new(Seed);
        List<FoldedText> all = [];
        byte[] key = new byte[32];
        for (int i = 0; i < 4000; i++)
        {
            string text = i % 4 == 0 ? Noise(random) : Pieces(random);
            bool keyed = FoldKey.TryKey(text, new FoldRules(true, i % 2 == 0), key, out FoldRefusal one);
            bool folded = FoldedText.TryFold(text, new FoldRules(true, i % 2 == 0), out FoldedText? whole, out FoldRefusal two);
            Assert.Equal(keyed, folded);
            Assert.Equal(one, two);
            if (whole is null)
                continue;
            Assert.Equal(key, whole.Key);
            Assert.True(DifferenceGuard.Compare(whole, FoldedText.FromFeatures(whole.ToFeatures())!).Same);
            all.Add(whole);
        }

        Assert.True(all.Count > 500);
        for (int i = 0; i < 200_000; i++)
        {
            FoldedText asked = all[random.Next(all.Count)], kept = all[random.Next(all.Count)];
            bool same = DifferenceGuard.Compare(asked, kept).Same;
            Assert.Equal(same, DifferenceGuard.Compare(kept, asked).Same);
            if (asked.Key.SequenceEqual(kept.Key))
                Assert.True(same);
        }
    }

    internal static FoldedText Fold(string text)
    {
        Assert.True(FoldedText.TryFold(text, default, out FoldedText? folded, out FoldRefusal refusal), refusal.ToString());
        return folded;
    }

    private static string Pieces(Random random)
    {
        StringBuilder text = new();
        for (int i = random.Next(1, 14); i > 0; i--)
            text.Append(s_pieces[random.Next(s_pieces.Length - (random.Next(3) == 0 ? 0 : 6))]).Append(random.Next(6) == 0 ? "" : " ");
        return text.ToString();
    }

    private static string Noise(Random random)
    {
        char[] text = new char[random.Next(1, 1100)];
        for (int i = 0; i < text.Length; i++)
            text[i] = (char)(random.Next(3) switch { 0 => random.Next(32, 127), 1 => random.Next(0, 0x250), _ => random.Next(0, 0x10000) });
        return new string(text);
    }
}
