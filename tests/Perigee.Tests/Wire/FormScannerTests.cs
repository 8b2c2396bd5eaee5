using System.IO.Pipelines;
using System.Text;
using Perigee.Wire;

namespace Perigee.Tests.Wire;

public sealed class FormScannerTests
{
    private const string File = "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\nContent-Type: audio/mpeg\r\n\r\n\r\n--not\r\n--B-no\0bytes\r\n";
    private const string Model = "--B\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n";

    [Theory]
    [InlineData(Model + File + "--B--\r\n", "whisper-1")]
    [InlineData(File + Model + "--B--\r\n", "whisper-1")]
    [InlineData("preamble\r\n" + File + Model + "--B--\r\n", "whisper-1")]
    [InlineData(File + "--B--\r\n" + Model, null)]
    [InlineData("no form at all", null)]
    public void Finds_the_field_however_the_bytes_are_cut(string form, string? expected)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(form);
        for (int cut = 1; cut <= bytes.Length; cut++)
        {
            FormScanner scanner = new("B", "model");
            for (int at = 0; at < bytes.Length; at += cut)
                scanner.Feed(bytes.AsSpan(at, Math.Min(cut, bytes.Length - at)));
            Assert.Equal(expected, scanner.Value);
            if (expected is not null)
                Assert.Equal(expected, Encoding.UTF8.GetString(bytes.AsSpan((int)scanner.ValueStart, scanner.ValueLength)));
        }
    }

    [Theory]
    [InlineData(Model + File + "--B--\r\n", 10)]
    [InlineData(File + Model + "--B--\r\n", 10)]
    [InlineData(File + Model + "--B--\r\n", 3_000_000)]
    public async Task Upload_passes_every_byte_and_exchanges_the_model(string form, int padding)
    {
        form = form.Replace("bytes", new string('x', padding), StringComparison.Ordinal);
        byte[] bytes = Encoding.UTF8.GetBytes(form);
        await using FormUpload upload = new(PipeReader.Create(new MemoryStream(bytes)), "multipart/form-data; boundary=B", bytes.Length, 10_000_000);
        await upload.FindModelAsync("B", TestContext.Current.CancellationToken);
        Assert.Equal("whisper-1", upload.Model);
        MemoryStream sent = new();
        int steps = 0;
        upload.Progress = () => steps++;
        await upload.CopyToAsync(sent, "other/model", TestContext.Current.CancellationToken);
        Assert.Equal(form.Replace("whisper-1", "other/model", StringComparison.Ordinal), Encoding.UTF8.GetString(sent.ToArray()));
        Assert.Equal(sent.Length, upload.LengthWith("other/model"));
        Assert.True(steps > 0);
    }

    [Fact]
    public async Task Upload_above_the_limit_is_cut()
    {
        byte[] bytes = new byte[5000];
        await using FormUpload upload = new(PipeReader.Create(new MemoryStream(bytes)), "multipart/form-data; boundary=B", null, 4999);
        await Assert.ThrowsAsync<IOException>(() => upload.CopyToAsync(Stream.Null, null, TestContext.Current.CancellationToken));
        Assert.True(upload.TooLarge);
    }
}
