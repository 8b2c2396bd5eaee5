namespace Perigee.Wire.OpenAiChat;

/// <summary>The parts of an answer that stand the same in chunks and in whole messages.</summary>
internal static class OpenAiDetails
{
    /// <summary>Writes the members of an entry of <c>reasoning_details</c> that hold a proof.</summary>
    /// <param name="json">Inside the entry, behind its type.</param>
    /// <param name="proof">The proof. Its origin is known.</param>
    /// <param name="text">The reasoning that a signature signs, where it was not said in entries of its own.</param>
    public static void Proof(JsonOut json, in Proof proof, ReadOnlySpan<byte> text)
    {
        if (proof.Kind == ProofKind.Signature)
        {
            json.Name("text"u8).Text(text);
            json.Name("signature"u8).Text(proof.Data.Escaped);
        }
        else
        {
            json.Name("data"u8).Text(proof.Data.Escaped);
            if (!proof.CallId.IsEmpty)
                json.Name("id"u8).Text(proof.CallId.Escaped);
        }

        json.Name("format"u8).Text(OpenAiWords.Format(proof.Origin));
    }

    /// <summary>Writes an annotation. OpenAI requires both places: 0 and 0, as OpenRouter has it, says that none is known.</summary>
    public static void Citation(JsonOut json, in Citation citation)
    {
        json.Object();
        json.Name("type"u8).Text("url_citation"u8);
        json.Name("url_citation"u8).Object();
        json.Name("start_index"u8).Number(Math.Max(0, citation.Start));
        json.Name("end_index"u8).Number(Math.Max(0, citation.End));
        json.Name("url"u8).Text(citation.Url.Escaped);
        json.Name("title"u8).Text(citation.Title.Escaped);
        if (!citation.Quoted.IsEmpty)
            json.Name("content"u8).Text(citation.Quoted.Escaped);
        json.EndObject();
        json.EndObject();
    }

    /// <summary>Writes a picture as OpenRouter does.</summary>
    public static void Image(JsonOut json, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data, int index)
    {
        json.Object();
        json.Name("type"u8).Text("image_url"u8);
        json.Name("image_url"u8).Object();
        json.Name("url"u8).BeginText();
        json.Piece("data:"u8);
        json.Piece(type);
        json.Piece(";base64,"u8);
        json.Piece(data);
        json.EndText();
        json.EndObject();
        json.Name("index"u8).Number(index);
        json.EndObject();
    }

    /// <summary>Whether media is sound: anything else goes out as a picture.</summary>
    public static bool IsSound(JsonText type, JsonText transcript) => type.Escaped.StartsWith("audio/"u8) || !transcript.IsEmpty;

    /// <summary>Writes the sound's id, which the gateway makes: no provider could be asked for it again.</summary>
    public static void SoundId(JsonOut json, AnswerShape shape) => json.Name("id"u8).Plain("audio_" + shape.Id);

    /// <summary>Writes why a choice ended.</summary>
    /// <param name="json">Inside the choice.</param>
    /// <param name="ending">Why.</param>
    /// <param name="calls">Whether it calls tools.</param>
    public static void Finish(JsonOut json, in Ending ending, bool calls)
    {
        json.Name("finish_reason"u8).Text(OpenAiWords.Word(ending.Reason, calls));
        if (!ending.Sequence.IsEmpty)
            json.Name("stop_sequence"u8).Text(ending.Sequence.Escaped);
        if (!ending.Word.IsEmpty && OpenAiWords.SaysMore(ending.Reason))
            json.Name("native_finish_reason"u8).Text(ending.Word.Escaped);
    }
}
