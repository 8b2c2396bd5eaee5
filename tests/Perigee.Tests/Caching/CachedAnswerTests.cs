using Perigee.Caching;
using Perigee.Storage;
using Perigee.Wire;

namespace Perigee.Tests.Caching;

public sealed class CachedAnswerTests
{
    private static readonly DateTimeOffset Then = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(4096)]
    [InlineData(300_000)]
    public void Row_gives_back_what_was_kept(int size)
    {
        CachedAnswer answer = Make(size);
        CachedAnswer back = CachedAnswer.FromRow(answer.ToRow("p", "r")!)!;
        Assert.Equal(answer.Body.ToArray(), back.Body.ToArray());
        Assert.Equal(answer with { Body = default }, back with { Body = default });
    }

    [Fact]
    public void Answer_that_compresses_badly_beyond_a_row_is_not_shared()
    {
        byte[] noise = new byte[1_500_000];
        new Random(7).NextBytes(noise);
        Assert.Null((Make(0) with { Body = noise }).ToRow("p", "r"));
    }

    [Theory]
    [InlineData("length", 299_999)]
    [InlineData("length", int.MaxValue)]
    [InlineData("length", -1)]
    [InlineData("sha256", null)]
    [InlineData("expires", null)]
    [InlineData("codec", "raw")]
    public void Damaged_row_is_a_miss(string name, object? value)
    {
        TableRow row = Make(300_000).ToRow("p", "r")!;
        row.Set(name, value);
        Assert.Null(CachedAnswer.FromRow(row));
    }

    private static CachedAnswer Make(int size) => new(
        Enumerable.Range(0, size).Select(i => (byte)(i / 7)).ToArray(), new AnswerForm("openai-chat", true, false, true))
    {
        ContentType = "application/json",
        Model = "m",
        Usage = new TokenUsage(1, 2, 3, 4, 5),
        Finish = FinishReason.Stop,
        StoredAt = Then,
        Expires = Then.AddHours(1),
        Source = "0123",
        Target = "p/m",
        Question = "abc",
        Took = TimeSpan.FromMilliseconds(1234),
        PicoDollars = 17,
    };
}
