using System.IO.Compression;
using System.Text.Json;

namespace Perigee.Acceptance.Tests.Logging;

/// <summary>The lines of log blobs, read by nothing of the gateway's.</summary>
internal sealed class LogLines
{
    private readonly (string Stream, JsonElement[] Lines)[] _blobs;

    /// <param name="blobs">The packed blobs, by name.</param>
    public LogLines(IReadOnlyDictionary<string, byte[]> blobs)
    {
        (string Name, string Text)[] texts = [.. blobs.Select(blob => (blob.Key, Unpack(blob.Value)))];
        Text = string.Join('\n', texts.Select(text => text.Text));
        _blobs =
        [
            .. texts.Select(text => (
                text.Name.Replace('\\', '/').Split('/').SkipWhile(part => part != "v1").ElementAt(1),
                text.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToArray())),
        ];
    }

    /// <summary>All of them as they are.</summary>
    public string Text { get; }

    /// <summary>How many blobs a stream has.</summary>
    public int Blobs(string stream) => _blobs.Count(blob => blob.Stream == stream);

    /// <summary>The lines of a kind.</summary>
    public IEnumerable<JsonElement> Of(string kind, string? stream = null) =>
        _blobs.Where(blob => stream is null || blob.Stream == stream).SelectMany(blob => blob.Lines).Where(line => Kind(line) == kind);

    /// <summary>How long the first exchange of each blob waited until the blob was made.</summary>
    public IEnumerable<TimeSpan> Waits(string stream, string kind) => _blobs
        .Where(blob => blob.Stream == stream && blob.Lines.Any(line => Kind(line) == kind))
        .Select(blob => At(blob.Lines[^1]) - blob.Lines.Where(line => Kind(line) == kind).Min(line => At(line) + TimeSpan.FromMilliseconds(line.GetProperty("totalMs").GetDouble())));

    /// <summary>The times between the blobs of a stream, in order.</summary>
    public IEnumerable<TimeSpan> Pauses(string stream)
    {
        DateTimeOffset[] made = [.. Of("footer", stream).Select(At).Order()];
        return made.Skip(1).Zip(made, static (later, sooner) => later - sooner);
    }

    /// <summary>
    /// What a stream of one process that ended well has: in each blob lines of its kind and then a footer that counts them, all numbers once and
    /// without gaps, nothing dropped or lost, and a last word.
    /// </summary>
    public void AreWhole(string stream, string kind)
    {
        JsonElement[][] blobs = [.. _blobs.Where(blob => blob.Stream == stream).Select(blob => blob.Lines)];
        Assert.NotEmpty(blobs);
        foreach (JsonElement[] lines in blobs)
        {
            Assert.All(lines[..^1], line => Assert.Equal(kind, Kind(line)));
            Assert.Equal("footer", Kind(lines[^1]));
            Assert.Equal((stream, lines.Length - 1), (lines[^1].GetProperty("stream").GetString(), lines[^1].GetProperty("records").GetInt32()));
        }

        long[] numbers = [.. Of(kind, stream).Select(line => line.GetProperty("seq").GetInt64()).Order()];
        Assert.Equal(Enumerable.Range(1, numbers.Length).Select(number => (long)number), numbers);
        JsonElement[] footers = [.. Of("footer", stream).OrderBy(footer => footer.GetProperty("blob").GetInt64())];
        Assert.Equal(Enumerable.Range(1, footers.Length), footers.Select(footer => footer.GetProperty("blob").GetInt32()));
        Assert.Equal([footers[^1].GetProperty("blob").GetInt32()], footers.Where(footer => footer.GetProperty("final").GetBoolean()).Select(footer => footer.GetProperty("blob").GetInt32()));
        Assert.Equal(numbers.Length, footers[^1].GetProperty("taken").GetInt64());
    }

    private static DateTimeOffset At(JsonElement line) => line.GetProperty("time").GetDateTimeOffset();

    private static string Kind(JsonElement line) => line.GetProperty("kind").GetString()!;

    private static string Unpack(byte[] blob)
    {
        using StreamReader reader = new(new GZipStream(new MemoryStream(blob), CompressionMode.Decompress));
        return reader.ReadToEnd();
    }
}
