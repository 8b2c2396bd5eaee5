using System.Text;
using Perigee.Wire.Gemini;

namespace Perigee.Tests.Wire.Gemini;

public sealed class JsonArrayFrameTests
{
    public static TheoryData<string, string[]> Streams() => new()
    {
        { "[{\"a\":1}\n,\r\n{\"b\":[{}]}\n]", ["{\"a\":1}", "{\"b\":[{}]}", "]"] },
        { "[{\"t\":\"}]\\\"{[\\\\\"},{\"ü\":\"😀\"}]\n", ["{\"t\":\"}]\\\"{[\\\\\"}", "{\"ü\":\"😀\"}", "]", ""] },
        { "[]", ["]"] },
        { "{\"error\":{}}", ["{\"error\":{}}"] },
        { "[{\"a\":1},{\"b\":\"unfin", ["{\"a\":1}", "broken {\"b\":\"unfin"] },
        { "[{\"a\":1}\n,", ["{\"a\":1}", ""] },
        { "", [] },
    };

    [Theory]
    [MemberData(nameof(Streams))]
    public void Finds_the_elements_however_the_bytes_are_cut(string stream, string[] expected)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(stream);
        for (int cut = 1; cut <= Math.Max(1, bytes.Length); cut++)
        {
            // A line end behind the bracket is a frame of its own or none, as the cuts fall.
            Assert.Equal(expected, Read(bytes, cut, out int covered));
            Assert.Equal(bytes.Length, covered);
        }
    }

    private static List<string> Read(byte[] bytes, int cut, out int start)
    {
        List<string> frames = [];
        JsonArrayScan scan = default;
        start = 0;
        for (int end = 0; ; end = Math.Min(bytes.Length, end + cut))
        {
            bool atEnd = end == bytes.Length;
            while (start < end && JsonArrayFrame.TryRead(bytes.AsSpan(start, end - start), atEnd, ref scan, out JsonArrayFrame frame))
            {
                frames.Add(frame.Closed ? "]" : (frame.Whole ? "" : "broken ") + Encoding.UTF8.GetString(frame.Data));
                start += frame.Length;
            }

            if (atEnd)
                return frames;
        }
    }
}
