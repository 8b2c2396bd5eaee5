using System.Text;
using Microsoft.ML.Tokenizers;
using Perigee.Wire;

namespace Perigee.Forwarding;

/// <summary>
/// Counts the tokens of a question for providers that do not: every text of it by OpenAI's o200k vocabulary, four for the frame of each message
/// and eight for that of each tool, a picture or page of a file as the least that providers bill for one (85). An estimate: families differ by up to a fifth.
/// </summary>
internal static class TokenCount
{
    private const int PerMessage = 4;
    private const int PerTool = 8;
    private const int PerFile = 85;

    private static readonly Lazy<TiktokenTokenizer> Words = new(static () => TiktokenTokenizer.CreateForEncoding("o200k_base"));

    /// <summary>The tokens of a question.</summary>
    public static long Of(ChatQuestion question)
    {
        long total = 0;
        foreach (ChatTurn turn in question.Turns)
            total += PerMessage + Of(turn.Parts);
        foreach (ChatTool tool in question.Tools)
            total += PerTool + Of(tool.Name) + Of(tool.Description) + Of(tool.Schema);
        return total + (question.Format is { } format ? Of(format.Schema) : 0);
    }

    private static long Of(List<ChatPart> parts)
    {
        long total = 0;
        foreach (ChatPart part in parts)
        {
            total += part switch
            {
                TextPart text => Of(text.Text),
                RefusalPart refusal => Of(refusal.Text),
                ReasoningPart reasoning => Of(reasoning.Text),
                ToolCallPart call => PerTool + Of(call.Name) + Of(call.Arguments),
                ToolResultPart result => PerTool + Of(result.Parts),
                MediaPart { Source: MediaSource.Text } text => Of(text.Value),
                _ => PerFile,
            };
        }

        return total;
    }

    private static long Of(WireText text) => text.IsEmpty ? 0 : Words.Value.CountTokens(text.Decode());

    private static long Of(ReadOnlyMemory<byte> json) => json.IsEmpty ? 0 : Words.Value.CountTokens(Encoding.UTF8.GetString(json.Span));
}
