using System.Buffers;

namespace Perigee.Wire.Anthropic;

/// <summary>How an answer's end is said in Anthropic's words.</summary>
internal static class AnthropicEnding
{
    /// <summary>Writes the members, without brackets.</summary>
    /// <param name="output">Takes them.</param>
    /// <param name="ending">The end.</param>
    /// <param name="calls">Whether the answer calls tools: many servers say only "stop" then.</param>
    /// <param name="refused">Whether some of the text was a refusal.</param>
    public static void Write(IBufferWriter<byte> output, in Ending ending, bool calls, bool refused)
    {
        AnthropicJson json = new(output);
        ReadOnlySpan<byte> reason = Word(ending.Reason, calls, refused);
        json.Text("stop_reason"u8, reason);
        if (ending.Reason == FinishReason.StopSequence && !ending.Sequence.IsEmpty)
            json.Text("stop_sequence"u8, ending.Sequence.Escaped);
        else
            json.Raw("stop_sequence"u8, "null"u8);
        if (reason.SequenceEqual("refusal"u8))
        {
            json.Name("stop_details"u8);
            json.Open('{');
            json.Text("type"u8, "refusal"u8);
            json.Raw("category"u8, "null"u8);
            if (ending.Explanation.IsEmpty)
                json.Raw("explanation"u8, "null"u8);
            else
                json.Text("explanation"u8, ending.Explanation.Escaped);
            json.Close('}');
        }

        // A word that nobody knows is not lost: SDKs pass over members that they do not know.
        if (ending.Reason == FinishReason.Other && !ending.Word.IsEmpty)
            json.Text("native_stop_reason"u8, ending.Word.Escaped);
    }

    private static ReadOnlySpan<byte> Word(FinishReason reason, bool calls, bool refused) => reason switch
    {
        FinishReason.Length => "max_tokens"u8,
        FinishReason.ContextFull => "model_context_window_exceeded"u8,
        FinishReason.StopSequence => "stop_sequence"u8,
        FinishReason.Pause => "pause_turn"u8,
        FinishReason.ContentFilter or FinishReason.Refusal => "refusal"u8,
        _ => calls ? "tool_use"u8 : refused ? "refusal"u8 : "end_turn"u8,
    };
}
