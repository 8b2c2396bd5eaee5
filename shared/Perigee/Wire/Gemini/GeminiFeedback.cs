using System.Text.Json;

namespace Perigee.Wire.Gemini;

/// <summary>Reads <c>promptFeedback</c>: a prompt that was blocked is answered without candidates.</summary>
internal static class GeminiFeedback
{
    /// <summary>Reads the object at which the reader stands, up to its end. False where the prompt is not blocked.</summary>
    /// <param name="reader">The reader.</param>
    /// <param name="word">Takes Google's word for the reason, escaped.</param>
    /// <param name="text">Takes the reason in words, escaped.</param>
    public static bool TryRead(scoped ref Utf8JsonReader reader, ref byte[]? word, ref byte[]? text)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return false;
        }

        ReadOnlySpan<byte> reason = default, message = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isReason = GeminiNames.Is(ref reader, "blockReason"u8);
            bool isMessage = GeminiNames.Is(ref reader, "blockReasonMessage"u8);
            reader.Read();
            if (isReason && reader.TokenType == JsonTokenType.String)
                reason = reader.ValueSpan;
            else if (isReason && reader.TokenType == JsonTokenType.Number)
                reason = reader.TryGetInt32(out int number) ? BlockWord(number) : "OTHER"u8;
            else if (isMessage && reader.TokenType == JsonTokenType.String)
                message = reader.ValueSpan;
            reader.Skip();
        }

        if (reason.IsEmpty || reason.SequenceEqual("BLOCK_REASON_UNSPECIFIED"u8))
            return false;
        word = reason.ToArray();
        text = message.IsEmpty ? word : [.. reason, .. ": "u8, .. message];
        return true;
    }

    /// <summary>Source: <c>google.ai.generativelanguage.v1beta.GenerateContentResponse.PromptFeedback.BlockReason</c>.</summary>
    private static ReadOnlySpan<byte> BlockWord(int number) => number switch
    {
        0 => default,
        1 => "SAFETY"u8,
        3 => "BLOCKLIST"u8,
        4 => "PROHIBITED_CONTENT"u8,
        5 => "IMAGE_SAFETY"u8,
        _ => "OTHER"u8,
    };
}
