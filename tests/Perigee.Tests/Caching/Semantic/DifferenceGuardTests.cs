using Perigee.Caching.Semantic;

namespace Perigee.Tests.Caching.Semantic;

public sealed class DifferenceGuardTests
{
    [Theory]
    [InlineData("How do I buy a house in Texas?", "How do I purchase a house in Texas?")]
    [InlineData("How to reverse a string in Python?", "How do I reverse a string in Python?")]
    [InlineData("How can I reverse a string in Python?", "How do I reverse a string in Python?")]
    [InlineData("capital of France", "What is the capital of France?")]
    [InlineData("What is generally the boiling point of gold in degrees?", "What is the boiling point of gold in degrees?")]
    [InlineData("how does a refrigirator keep food cold", "How does a fridge keep food cold?")]
    [InlineData("What is the fastest way to learn to swim?", "What is the fastest method to learn to swim?")]
    public void Near_repeats_are_the_same(string asked, string kept)
    {
        FoldedText one = FoldedTextTests.Fold(asked), other = FoldedTextTests.Fold(kept);
        Assert.False(one.Key.SequenceEqual(other.Key));
        Assert.Equal(new GuardVerdict(true, "same"), DifferenceGuard.Compare(one, other));
    }

    [Theory]
    [InlineData("Convert 10 km to miles", "Convert 100 km to miles", "number")]
    [InlineData("Is aspirin safe for dogs?", "Is aspirin not safe for dogs?", "negation")]
    [InlineData("Fly from Paris to London", "Fly from London to Paris", "order")]
    [InlineData("What is the capital of Bhutan?", "What is the capital of Tuvalux?", "entity")]
    [InlineData("Why is the sky blue?", "When is the sky blue?", "question")]
    [InlineData("Explain \"foo bar\"", "Explain \"foo baz\"", "quote")]
    [InlineData("Fix file a.txt", "Fix file b.txt", "identifier")]
    [InlineData("Compute 5 + 3", "Compute 5 * 3", "symbol")]
    [InlineData("How do I cook turkey for 10 people?", "How do I cook Turkey for 10 people?", "case")]
    [InlineData("Sort my list of names", "Sort your list of names", "function")]
    [InlineData("How do I bake bread?", "How do I bake sweet bread?", "word")]
    public void The_first_difference_is_named(string asked, string kept, string word) =>
        Assert.Equal(new GuardVerdict(false, word), DifferenceGuard.Compare(FoldedTextTests.Fold(asked), FoldedTextTests.Fold(kept)));
}
