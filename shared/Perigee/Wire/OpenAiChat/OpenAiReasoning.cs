using System.Text.Json;

namespace Perigee.Wire.OpenAiChat;

/// <summary>
/// Says the reasoning of one choice. Where a provider says it twice (OpenRouter: as text and as <c>reasoning_details</c>), the details count,
/// which also hold the proofs; where they hold proofs alone, the text counts.
/// </summary>
internal sealed class OpenAiReasoning(IStreamSink sink, int choice)
{
    private int _index = -1;
    private bool _open;

    /// <summary>Says what a message or delta holds.</summary>
    /// <param name="text">The reasoning as text, or empty.</param>
    /// <param name="details">The array <c>reasoning_details</c>, or empty.</param>
    /// <param name="calls">Takes the proofs that stand on calls.</param>
    public void Say(JsonText text, ReadOnlySpan<byte> details, OpenAiCalls calls)
    {
        bool isArray = JsonPiece.IsArray(details);
        if (!text.IsEmpty && !(isArray && HasText(details)))
        {
            _open = true;
            sink.Reasoning(choice, text);
        }

        if (!isArray)
            return;
        Utf8JsonReader reader = new(details);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            Detail(JsonPiece.Raw(ref reader, details), calls);
    }

    private static bool HasText(ReadOnlySpan<byte> details)
    {
        Utf8JsonReader reader = new(details);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (!TextOf(JsonPiece.Raw(ref reader, details)).IsEmpty)
                return true;
        }

        return false;
    }

    private static JsonText TextOf(ReadOnlySpan<byte> detail) =>
        JsonPiece.TextOf(detail, "text"u8) is { IsEmpty: false } text ? text : JsonPiece.TextOf(detail, "summary"u8);

    private void Detail(ReadOnlySpan<byte> detail, OpenAiCalls calls)
    {
        int index = JsonPiece.NumberOf(detail, "index"u8);
        if (index >= 0 && index != _index)
        {
            if (_open)
                sink.ReasoningEnd(choice);
            (_index, _open) = (index, false);
        }

        if (TextOf(detail) is { IsEmpty: false } text)
        {
            _open = true;
            sink.Reasoning(choice, text);
        }

        ProofOrigin origin = OpenAiWords.Origin(JsonPiece.TextOf(detail, "format"u8).Escaped);
        if (JsonPiece.TextOf(detail, "signature"u8) is { IsEmpty: false } signature)
        {
            _open = false;
            sink.Proof(choice, new Proof(origin, ProofKind.Signature, signature));
        }

        if (JsonPiece.TextOf(detail, "data"u8) is not { IsEmpty: false } data)
            return;
        JsonText id = JsonPiece.TextOf(detail, "id"u8);
        if (origin == ProofOrigin.Google && !id.IsEmpty)
            calls.Hold(new KeptProof(origin, ProofKind.OnCall, data.Keep()) { CallId = id.Keep() });
        else
            sink.Proof(choice, new Proof(origin, origin == ProofOrigin.Google ? ProofKind.OnText : ProofKind.Redacted, data));
    }
}
