using Perigee.Caching;
using Perigee.Caching.Store;
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
        CachedAnswer back = AnswerRow.Read(Row(answer), null)!;
        Assert.Equal(answer.Body.ToArray(), back.Body.ToArray());
        Assert.Equal(answer with { Body = default }, back with { Body = default });
    }

    [Theory]
    [InlineData("length", 299_999)]
    [InlineData("length", int.MaxValue)]
    [InlineData("length", -1)]
    [InlineData("sha256", null)]
    [InlineData("expires", null)]
    [InlineData("codec", "raw")]
    [InlineData("codec", "zstd")]
    [InlineData("finish", 1000)]
    [InlineData("type", "text/plain\r\nx: y")]
    [InlineData("bodyLength", 10)]
    [InlineData("body0", null)]
    public void Damaged_row_is_a_miss(string name, object? value)
    {
        TableRow row = Row(Make(300_000));
        row.Set(name, value);
        Assert.Null(AnswerRow.Read(row, null));
    }

    [Fact]
    public void Bytes_that_inflate_to_more_than_the_row_says_are_never_inflated_further()
    {
        // 16 MiB of one byte pack to less than a thousandth; a row that claims ten of them gets a buffer of ten.
        PackedBody bomb = PackedBody.Pack(new byte[CachedAnswer.MostBytes]);
        Assert.InRange(bomb.Stored.Length, 1, CachedAnswer.MostBytes / 1000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Null(PackedBody.Unpack(bomb.Stored, true, 10, bomb.Hash));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
        Assert.Equal(CachedAnswer.MostBytes, PackedBody.Unpack(bomb.Stored, true, CachedAnswer.MostBytes, bomb.Hash)!.Length);
    }

    private static TableRow Row(CachedAnswer answer) => AnswerRow.Write(new CacheKey("p", "r"), answer, PackedBody.Pack(answer.Body), null);

    private static CachedAnswer Make(int size) => new(
        Enumerable.Range(0, size).Select(i => (byte)(i / 7)).ToArray(), new AnswerForm("openai-chat", true, false, true))
    {
        ContentType = "application/json",
        Model = "m",
        Usage = new TokenUsage(1, 2, 3, 4, 5) { InputCacheWriteHour = 6, InputAudio = 7, WebSearches = 8 },
        Finish = FinishReason.Stop,
        StoredAt = Then,
        Expires = Then.AddHours(1),
        Source = "0123",
        Target = "p/m",
        Question = "abc",
        Took = TimeSpan.FromMilliseconds(1234),
        Began = Then.AddSeconds(-2),
        PicoDollars = 17,
        Scope = new CacheScope("t", "n", "m", "r"),
    };
}
