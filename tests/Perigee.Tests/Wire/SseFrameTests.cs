using System.Text;
using Perigee.Wire;

namespace Perigee.Tests.Wire;

public sealed class SseFrameTests
{
    public static TheoryData<string, string[]> Streams() => new()
    {
        { "data: a\n\ndata: b\n\n", ["|a", "|b"] },
        { "data: a\r\n\r\ndata: b\r\n\r\n", ["|a", "|b"] },
        { "data: a\r\rdata: b\r\r", ["|a", "|b"] },
        { "event: x\ndata:a\n\n", ["x|a"] },
        { ": comment\n\ndata: a\n\n", ["|", "|a"] },
        { "\uFEFFdata: a\n\n", ["|a"] },
        { "data: a\ndata: b\nid: 7\nretry: 3\n\n", ["|a\nb"] },
        { "data: a\n\ndata: unfinished", ["|a", "|unfinished"] },
        { "data: ä€😀\n\n", ["|ä€😀"] },
        { "data\n\n", ["|"] },
        { "", [] },
    };

    [Theory]
    [MemberData(nameof(Streams))]
    public void Reads_events_however_the_bytes_are_cut(string stream, string[] expected)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(stream);
        for (int cut = 1; cut <= Math.Max(1, bytes.Length); cut++)
            Assert.Equal(expected, Read(bytes, cut));
    }

    [Fact]
    public void Frames_cover_every_byte()
    {
        byte[] bytes = Encoding.UTF8.GetBytes("\n\ndata: a\r\n\r\n: c\n\ndata: b\n\ntail");
        int scanned = 0, at = 0;
        while (at < bytes.Length && SseFrame.TryRead(bytes.AsSpan(at), atEnd: true, ref scanned, out SseFrame frame))
            at += frame.Length;
        Assert.Equal(bytes.Length, at);
    }

    private static List<string> Read(byte[] bytes, int cut)
    {
        List<string> events = [];
        int start = 0, scanned = 0;
        for (int end = 0; ; end = Math.Min(bytes.Length, end + cut))
        {
            bool atEnd = end == bytes.Length;
            while (start < end && SseFrame.TryRead(bytes.AsSpan(start, end - start), atEnd, ref scanned, out SseFrame frame))
            {
                events.Add(Encoding.UTF8.GetString(frame.Name) + "|" + Encoding.UTF8.GetString(frame.Data));
                start += frame.Length;
            }

            if (atEnd)
                return events;
        }
    }
}
