using Perigee.Caching.Near;

namespace Perigee.Tests.Caching.Near;

public sealed class AnswersAgreeTests
{
    [Theory]
    [InlineData("Paris", "paris.")]
    [InlineData("**Paris**", "Paris")]
    [InlineData("The capital of France is Paris.", "Paris")]
    [InlineData("It's 8,849 metres.", "8849 metres")]
    [InlineData("5.0", "5")]
    [InlineData("Yes.", "Yes, it is.")]
    [InlineData("1. Mercury\n2. Venus\n3. Earth", "1) Mercury 2) Venus 3) Earth")]
    public void Same_said_otherwise_agrees(string cached, string fresh) => Expect(Agreement.Agree, cached, fresh);

    [Theory]
    [InlineData("Paris", "Lyon")]
    [InlineData("Yes", "No")]
    [InlineData("Yes, a whale is a mammal.", "No, a whale is a mammal, not a fish.")]
    [InlineData("True", "False")]
    [InlineData("8849 metres", "8611 metres")]
    [InlineData("The answer is 42.", "The answer is 43.")]
    [InlineData("-5 degrees", "5 degrees")]
    [InlineData("The capital is Canberra", "It is Wellington")]
    public void Other_facts_disagree(string cached, string fresh) => Expect(Agreement.Disagree, cached, fresh);

    [Theory]
    [InlineData("", "Paris")]
    [InlineData("Prices go up", "Prices go down")]
    [InlineData("Prices do not fall", "Prices fall")]
    [InlineData("You should take it before meals", "You should take it after meals")]
    [InlineData("Yes, whales are mammals", "Whales are mammals")]
    [InlineData("The bridge was finished in 1932", "The bridge was finished in 1932 after 8 years")]
    [InlineData("Photosynthesis turns light, water and carbon dioxide into sugar and oxygen in the chloroplasts of plants.",
        "Plants use sunlight to make food: they take in water and CO2 and give off oxygen.")]
    [InlineData("colour", "color")]
    public void What_words_do_not_tell_stays_undecided(string cached, string fresh) => Expect(Agreement.Undecided, cached, fresh);

    [Fact]
    public void Long_answers_with_nearly_the_same_words_agree()
    {
        string text = string.Join(' ', Enumerable.Range(0, 200).Select(static i => $"statement{(char)('a' + (i % 26))}{(char)('a' + (i / 26))}"));
        Expect(Agreement.Agree, text, text + " besides");
        Expect(Agreement.Undecided, text, text + " 17");
        Expect(Agreement.Undecided, text, "not " + text);
    }

    private static void Expect(Agreement expected, string cached, string fresh)
    {
        Assert.Equal(expected, AnswersAgree.Compare(cached, fresh));
        Assert.Equal(expected, AnswersAgree.Compare(fresh, cached));
    }
}
