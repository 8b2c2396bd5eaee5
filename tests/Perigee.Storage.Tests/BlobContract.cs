namespace Perigee.Storage.Tests;

public sealed class EmbeddedBlobTests(EmbeddedPlace place) : BlobContract(place), IClassFixture<EmbeddedPlace>;

public sealed class AzuriteBlobTests(AzuritePlace place) : BlobContract(place);

/// <summary>What every blob container does.</summary>
public abstract class BlobContract(IPlace place)
{
    private readonly string _name = "c-" + Guid.NewGuid().ToString("N");

    private IBlobs Blobs => place.Open().Blobs(_name);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> OddNames { get; } = new(
        "a", "CON", "nul.txt", "a b", "a+b%20c", "50%", "%41", "q?x=1&y=#z", "*<>|\":;", "~tilde", "-dash", ".hidden", "a..b", "é/漢字/𝄞",
        "logs/v1/gateway/dt=2026-11-22/hour=18/region=weu/0a1b2c3d-1795371600000-000001-0199.ndjson.gz",
        "x/" + new string('n', 700), new string('%', 300) + "/" + new string('é', 150), "trailing space ", "a.b/c.d/e.f");

    [Fact]
    public async Task A_container_that_nobody_wrote_to_is_empty()
    {
        Assert.Null(await Blobs.OpenAsync("a", Cancel));
        Assert.Empty(await ListAsync(""));
        Assert.False(await Blobs.RemoveAsync("a", Cancel));
    }

    [Fact]
    public async Task The_first_write_stays()
    {
        Assert.True(await WriteAsync("a/b.txt", "first"));
        Assert.False(await WriteAsync("a/b.txt", "second"));
        Assert.Equal("first", await ReadAsync("a/b.txt"));
    }

    [Fact]
    public async Task Of_many_writers_one_wins_and_its_bytes_are_whole()
    {
        // Many short rounds from one starting line: the window of a check before a rename is microseconds wide.
        for (int round = 0; round < 100; round++)
        {
            string name = $"race/{round}";
            string[] contents = [.. Enumerable.Range(0, 8).Select(static n => new string((char)('a' + n), 5_000))];
            TaskCompletionSource start = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Task<bool>[] writers = [.. contents.Select(content => Task.Run(async () =>
            {
                await start.Task;
                return await WriteAsync(name, content);
            }))];
            start.SetResult();
            bool[] won = await Task.WhenAll(writers);
            int winner = Array.IndexOf(won, true);
            Assert.Single(won, static w => w);
            Assert.Equal(contents[winner], await ReadAsync(name));
        }
    }

    [Fact]
    public async Task Listing_is_by_prefix_in_ordinal_order()
    {
        string[] names = ["B", "a", "a-b", "a.b", "a/b", "a/b.c", "a/b/c", "a0", "b/x", "é"];
        foreach (string name in names.Reverse())
            await WriteAsync(name, name);
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        Assert.Equal(names, await ListAsync(""));
        Assert.Equal(["a", "a-b", "a.b", "a/b", "a/b.c", "a/b/c", "a0"], await ListAsync("a"));
        Assert.Equal(["a/b", "a/b.c", "a/b/c"], await ListAsync("a/"));
        Assert.Equal(["a/b", "a/b.c", "a/b/c"], await ListAsync("a/b"));
        Assert.Equal(["a/b/c"], await ListAsync("a/b/"));
        Assert.Empty(await ListAsync("a//"));
        Assert.Empty(await ListAsync("../"));
        Assert.Empty(await ListAsync("zz/y"));
        Assert.Equal(5, (await Blobs.ListAsync("a/b.c", Cancel).SingleAsync(Cancel)).Length);
    }

    [Theory]
    [MemberData(nameof(OddNames))]
    public async Task Odd_names_are_names(string name)
    {
        Assert.True(await WriteAsync(name, name));
        Assert.False(await WriteAsync(name, "again"));
        Assert.True(await WriteAsync(name + "/below", "child"));
        Assert.Equal(name, await ReadAsync(name));
        Assert.Equal("child", await ReadAsync(name + "/below"));
        Assert.Equal([name, name + "/below"], await ListAsync(""));
        Assert.True(await Blobs.RemoveAsync(name, Cancel));
        Assert.False(await Blobs.RemoveAsync(name, Cancel));
        Assert.Equal([name + "/below"], await ListAsync(""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData("../a")]
    [InlineData("a/../../b")]
    [InlineData("a/./b")]
    [InlineData("a.")]
    [InlineData("a\\b")]
    [InlineData("a\u0000b")]
    [InlineData("a\nb")]
    public async Task Names_that_could_lead_elsewhere_are_refused(string name)
    {
        await Assert.ThrowsAsync<ArgumentException>(async () => await Blobs.WriteAsync(name, "x"u8.ToArray(), "text/plain", Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Blobs.OpenAsync(name, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Blobs.RemoveAsync(name, Cancel));
    }

    [Fact]
    public void Containers_and_tables_have_names_that_Azure_takes()
    {
        IStorage storage = place.Open();
        foreach (string name in (string[])["ab", "Upper", "a--b", "-ab", "ab-", "a/b", "../x", "a b", new string('a', 64), "abc\n"])
            Assert.Throws<ArgumentException>(() => storage.Blobs(name));
        foreach (string name in (string[])["ab", "1abc", "a-b", "a_b", "../x", "a b", new string('a', 64), "abc\n"])
            Assert.Throws<ArgumentException>(() => storage.Table(name));
    }

    [Fact]
    public async Task A_large_blob_comes_back_whole()
    {
        byte[] content = new byte[8 * 1024 * 1024];
        new Random(1).NextBytes(content);
        Assert.True(await Blobs.WriteAsync("large.bin", content, "application/octet-stream", Cancel));
        await using Stream stream = (await Blobs.OpenAsync("large.bin", Cancel))!;
        using MemoryStream copy = new();
        await stream.CopyToAsync(copy, Cancel);
        Assert.True(content.AsSpan().SequenceEqual(copy.ToArray()));
        Assert.Equal(content.Length, (await Blobs.ListAsync("", Cancel).SingleAsync(Cancel)).Length);
    }

    [Fact]
    public async Task An_empty_blob_is_a_blob()
    {
        Assert.True(await WriteAsync("empty", ""));
        Assert.Equal("", await ReadAsync("empty"));
        Assert.False(await WriteAsync("empty", "x"));
    }

    private async Task<bool> WriteAsync(string name, string content) =>
        await Blobs.WriteAsync(name, System.Text.Encoding.UTF8.GetBytes(content), "text/plain", Cancel);

    private async Task<string?> ReadAsync(string name)
    {
        await using Stream? stream = await Blobs.OpenAsync(name, Cancel);
        return stream is null ? null : await new StreamReader(stream).ReadToEndAsync(Cancel);
    }

    private async Task<List<string>> ListAsync(string prefix) =>
        await Blobs.ListAsync(prefix, Cancel).Select(static item => item.Name).ToListAsync(Cancel);
}
