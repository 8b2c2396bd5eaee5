using Perigee.Wire;
using Perigee.Wire.Gemini;

namespace Perigee.Tests.Wire.Proving;

/// <summary>Feeds Gemini's streams without <c>alt=sse</c>, as they come in pieces.</summary>
internal static class Arrays
{
    public static void Feed(IAnswerReader reader, ReadOnlySpan<byte> bytes, Func<int>? cut)
    {
        int start = 0, end = 0;
        JsonArrayScan scan = default;
        while (true)
        {
            end = cut is null ? bytes.Length : Math.Min(bytes.Length, end + cut());
            bool atEnd = end == bytes.Length;
            while (start < end && JsonArrayFrame.TryRead(bytes[start..end], atEnd, ref scan, out JsonArrayFrame frame))
            {
                if (!frame.Whole)
                    return;
                if (!frame.Data.IsEmpty)
                    reader.ReadEvent(default, frame.Data);
                start += frame.Length;
            }

            if (atEnd)
                return;
        }
    }
}
