namespace Perigee.Wire.Gemini;

/// <summary>
/// Google's words for why a candidate ended, as words or as their numbers in <c>google.ai.generativelanguage.v1beta.Candidate.FinishReason</c>
/// (the answer to <c>enum-encoding=int</c>). Vertex counts otherwise from 6 on, but it answers in words.
/// </summary>
internal static class GeminiFinish
{
    private static readonly (byte[] Word, FinishReason Reason)[] Words =
    [
        ("FINISH_REASON_UNSPECIFIED"u8.ToArray(), FinishReason.None),
        ("STOP"u8.ToArray(), FinishReason.Stop),
        ("MAX_TOKENS"u8.ToArray(), FinishReason.Length),
        ("SAFETY"u8.ToArray(), FinishReason.ContentFilter),
        ("RECITATION"u8.ToArray(), FinishReason.ContentFilter),
        ("OTHER"u8.ToArray(), FinishReason.Other),
        ("LANGUAGE"u8.ToArray(), FinishReason.ContentFilter),
        ("BLOCKLIST"u8.ToArray(), FinishReason.ContentFilter),
        ("PROHIBITED_CONTENT"u8.ToArray(), FinishReason.ContentFilter),
        ("SPII"u8.ToArray(), FinishReason.ContentFilter),
        ("MALFORMED_FUNCTION_CALL"u8.ToArray(), FinishReason.MalformedCall),
        ("IMAGE_SAFETY"u8.ToArray(), FinishReason.ContentFilter),
        ("UNEXPECTED_TOOL_CALL"u8.ToArray(), FinishReason.MalformedCall),

        // From here on only words are known.
        ("TOO_MANY_TOOL_CALLS"u8.ToArray(), FinishReason.MalformedCall),
        ("IMAGE_PROHIBITED_CONTENT"u8.ToArray(), FinishReason.ContentFilter),
        ("IMAGE_RECITATION"u8.ToArray(), FinishReason.ContentFilter),
        ("IMAGE_OTHER"u8.ToArray(), FinishReason.ContentFilter),
        ("MODEL_ARMOR"u8.ToArray(), FinishReason.ContentFilter),
        ("NO_IMAGE"u8.ToArray(), FinishReason.Other),
        ("CONTINUATION"u8.ToArray(), FinishReason.Other),
        ("MALFORMED_RESPONSE"u8.ToArray(), FinishReason.Other),
        ("MISSING_THOUGHT_SIGNATURE"u8.ToArray(), FinishReason.Other),
        ("ESCALATION"u8.ToArray(), FinishReason.Other),
    ];

    private const int Numbered = 13;

    /// <summary>What a word means. The copy of the word is kept as long as the answer.</summary>
    public static FinishReason Read(ReadOnlySpan<byte> word, out byte[] kept)
    {
        foreach ((byte[] known, FinishReason reason) in Words)
        {
            if (word.SequenceEqual(known))
            {
                kept = known;
                return reason;
            }
        }

        kept = word.ToArray();
        return FinishReason.Other;
    }

    /// <summary>What a number means.</summary>
    public static FinishReason Read(int number, out byte[] word)
    {
        if (number is >= 0 and < Numbered)
        {
            word = Words[number].Word;
            return Words[number].Reason;
        }

        word = [];
        return FinishReason.Other;
    }

    /// <summary>The word for a reason: the provider's own where it is one of Google's for the same.</summary>
    public static ReadOnlySpan<byte> Word(FinishReason reason, ReadOnlySpan<byte> own, bool refused)
    {
        foreach ((byte[] known, FinishReason meaning) in Words)
        {
            if (meaning == reason && reason is FinishReason.ContentFilter or FinishReason.MalformedCall or FinishReason.Other && own.SequenceEqual(known))
                return known;
        }

        return reason switch
        {
            FinishReason.Length or FinishReason.ContextFull => "MAX_TOKENS"u8,
            FinishReason.ContentFilter or FinishReason.Refusal => "SAFETY"u8,
            FinishReason.MalformedCall => "MALFORMED_FUNCTION_CALL"u8,
            FinishReason.Error or FinishReason.Other => "OTHER"u8,
            _ => refused ? "SAFETY"u8 : "STOP"u8,
        };
    }
}
