using Perigee.Caching.Semantic;

namespace Perigee.Tests.Caching.Semantic;

public sealed class FoldKeyTests
{
    [Theory]
    [InlineData("What is the capital of France?", "Hi! Could you please tell me what the capital of France is? Thanks in advance!")]
    [InlineData("What is the capital of France?", "what's the capital of france")]
    [InlineData("What is the capital of France?", "WHAT IS THE CAPITAL OF FRANCE")]
    [InlineData("What is the capital of France?", "Hello, I was wondering what is the capital of France, please?")]
    [InlineData("What is the capital of France?", "Waht is the captial of France?")]
    [InlineData("What is the capital of France?", "I'd like to know what the capital of France is.")]
    [InlineData("How do vaccines work?", "How does a vaccine work?")]
    [InlineData("How does photosynthesis work?", "Can you tell me how photosynthesis works?")]
    [InlineData("Explain how vaccines work.", "Could you explain to me how a vaccine works, please?")]
    [InlineData("How do I reverse a string in Python?", "how do i reverse a string in python")]
    [InlineData("How do I reverse a string in Python?", "Hey there, how do I actually reverse strings in Python? Thanks!")]
    [InlineData("Why don't cats like water?", "Why do not cats like water?")]
    [InlineData("Why don't cats like water?", "why dont cats like water")]
    [InlineData("What is the favourite colour of bees?", "What is the favorite color of bees?")]
    [InlineData("Is it safe to eat raw eggs?", "Is it really safe to eat raw eggs?")]
    [InlineData("Convert 1,000 meters to feet", "Please convert 1000 metres to feet.")]
    [InlineData("List twenty-five uses of salt", "Please list 25 uses of salt")]
    [InlineData("Summarize the plot of “Hamlet”.", "Summarise the plot of \"Hamlet\"")]
    [InlineData("How can I improve my writing skills?", "How can I improve my writing skills")]
    [InlineData("What is the difference between TCP and UDP?", "Hi Claude, what's the difference between tcp and udp?")]
    [InlineData("Write a poem about cats", "Would you please write a poem about cats? Thank you!")]
    [InlineData("Who wrote Romeo and Juliet?", "Do you know who wrote Romeo and Juliet?")]
    [InlineData("How does the brain store memories?", "How does the brain stroe memories?")]
    public void Manner_does_not_matter(string left, string right) => Assert.Equal(Key(left), Key(right));

    internal static string Key(string text)
    {
        Span<byte> key = stackalloc byte[32];
        return FoldKey.TryKey(text, default, key, out FoldRefusal refusal) ? Convert.ToHexString(key) : refusal.ToString() + ":" + text;
    }
}
