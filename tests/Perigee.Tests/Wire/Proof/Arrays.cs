using System.Text;
using System.Text.Json;
using Perigee.Wire;

namespace Perigee.Tests.Wire.Proof;

/// <summary>Feeds Gemini's streams without <c>alt=sse</c>.</summary>
internal static class Arrays
{
    public static void Feed(IAnswerReader reader, ReadOnlySpan<byte> bytes, Func<int>? cut)
    {
        foreach (JsonElement item in Json.Items(Json.TryParse(Encoding.UTF8.GetString(bytes))))
            reader.ReadEvent(default, Encoding.UTF8.GetBytes(item.GetRawText()));
    }
}
