using Perigee.Benchmarks.Semantic;
using Perigee.Caching.Semantic;

namespace Perigee.Tests.Caching.Semantic;

/// <summary>
/// Tier near looks only at questions with the asked one's skeleton, so that whatever the guard would take for the same must have it: a skeleton
/// that is too narrow loses hits unseen.
/// </summary>
public sealed class SkeletonTests
{
    private static readonly string[] MayBeAdded = ["the", "generally", "typically", "usually", "normally", "basically", "really", "actually", "exactly"];

    private static readonly (string One, string Other)[] MayStandFor =
    [
        ("buy", "purchase"), ("start", "begin"), ("improve", "enhance"), ("use", "utilize"), ("build", "construct"), ("reduce", "decrease"), ("car", "automobile"),
        ("kid", "child"), ("fridge", "refrigerator"), ("lawyer", "attorney"), ("mom", "mother"), ("fastest", "quickest"), ("big", "large"), ("way", "method"),
        ("How do I", "How to"), ("How do I", "How can I"), ("How to", "How can I"), ("What is the", "the"), ("What is the", ""), ("What is", "What's"),
    ];

    [Fact]
    public void What_the_guard_takes_for_the_same_has_one_skeleton()
    {
        int same = 0;
        foreach (Pair pair in PairSets.Make(PairSets.Seed).All)
            same += Holds(pair.A.Text, pair.B.Text, orByKey: true) ? 1 : 0;

        Assert.InRange(same, 500, int.MaxValue);
    }

    [Fact]
    public void Nor_do_small_changes_at_any_place_tell_them_apart()
    {
        Random dice = new(PairSets.Seed);
        int same = 0;
        foreach (Pair pair in PairSets.Make(PairSets.Seed).All)
        {
            string changed = pair.A.Text;
            for (int changes = dice.Next(1, 3); changes > 0; changes--)
                changed = Change(changed, dice);
            same += Holds(pair.A.Text, changed, orByKey: false) ? 1 : 0;
        }

        Assert.InRange(same, 300, int.MaxValue);
    }

    /// <summary>Whether the guard passes two questions, by its walk or also by their keys; fails where it passes them and their skeletons differ.</summary>
    private static bool Holds(string one, string other, bool orByKey)
    {
        if (!FoldedText.TryFold(one, default, out FoldedText? a, out _) || !FoldedText.TryFold(other, default, out FoldedText? b, out _) || !DifferenceGuard.Compare(a, b).Same)
            return false;
        Assert.True(Skeletons.Of(a.Units) == Skeletons.Of(b.Units), $"{one} / {other}");
        return orByKey || !a.Key.SequenceEqual(b.Key);
    }

    private static string Change(string text, Random dice)
    {
        if (dice.Next(2) == 0)
        {
            (string one, string other) = MayStandFor[dice.Next(MayStandFor.Length)];
            return dice.Next(2) == 0 ? text.Replace(one, other, StringComparison.OrdinalIgnoreCase) : other.Length > 0 ? text.Replace(other, one, StringComparison.OrdinalIgnoreCase) : text;
        }

        string[] words = text.Split(' ');
        int at = dice.Next(words.Length);
        return string.Join(' ', words.Take(at).Append(MayBeAdded[dice.Next(MayBeAdded.Length)]).Concat(words.Skip(at)));
    }
}
