using System.Text;
using Perigee.Forwarding;

namespace Perigee.Tests.Forwarding;

public sealed class KeyMaskTests
{
    private const string Key = "sk-proj-ABCDEFGH12345678";

    [Theory]
    [InlineData("Incorrect API key provided: sk-proj-ABCDEFGH12345678.", "Incorrect API key provided: ***")]
    [InlineData("key sk-pro***5678 is bad", "key *** is bad")]
    [InlineData("ends in 345678 only", "ends in *** only")]
    [InlineData("nothing here", "nothing here")]
    public void Takes_out_what_shows_the_key(string text, string expected)
    {
        Assert.Equal(expected, KeyMask.Mask(text, Key));
        Assert.Equal(expected, Encoding.UTF8.GetString(KeyMask.Mask(Encoding.UTF8.GetBytes(text), Key).Span));
    }
}
