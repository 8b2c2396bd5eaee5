using System.Text;
using Perigee.Caching;
using Perigee.Caching.Keys;
using Perigee.Front;
using Perigee.Wire;

namespace Perigee.Tests.Caching.Keys;

/// <summary>Keys of bodies.</summary>
internal static class KeyRig
{
    public static Operation Chat { get; } = Operations.All.Single(o => o.Name == "chat");

    public static Operation Messages { get; } = Operations.All.Single(o => o.Name == "messages");

    public static Operation Gemini { get; } = Operations.Gemini with { Name = "gemini.generate", Asks = Asks.Conversation };

    public static Operation Of(DialectFamily dialect) => dialect switch
    {
        DialectFamily.OpenAi => Chat,
        DialectFamily.Anthropic => Messages,
        _ => Gemini,
    };

    public static string Hash(DialectFamily dialect, string json) => Read(dialect, json).Hash;

    public static QuestionParts Read(DialectFamily dialect, string json)
    {
        Assert.True(JsonIndex.TryParse(Encoding.UTF8.GetBytes(json), out JsonIndex? index, out string? fault), fault);
        using (index)
        {
            QuestionParts parts = QuestionKey.Read(Of(dialect), index, semantic: true);
            Assert.Equal(parts.Hash, QuestionKey.Hash(Of(dialect), index));
            return parts;
        }
    }
}
