namespace Perigee.Wire.OpenAiChat;

/// <summary>Gives the reasoning of earlier turns back in the form that the target takes.</summary>
internal sealed class OpenAiHistoryWriter(ChatQuestion question, Translation translation, JsonOut json)
{
    private bool _named;

    private ReasoningHistory Form => translation.Traits.ReasoningHistory;

    /// <summary>Whether a turn's message would say anything of its reasoning.</summary>
    public bool Says(ChatTurn turn) => Form switch
    {
        ReasoningHistory.None => false,
        ReasoningHistory.Details => Texts(turn).Any() || turn.Parts.Exists(p => Sendable(p) is not null),
        _ => Texts(turn).Any(),
    };

    /// <summary>Names reasoning that the target does not take back. Once a question: a long conversation has one in every turn.</summary>
    public GatewayError? Lost(ChatTurn turn)
    {
        if (_named)
            return null;
        ChatPart? lost = Form switch
        {
            ReasoningHistory.Details => turn.Parts.Find(p => p is ReasoningPart { Text.IsEmpty: true, Proof: { } proof } && OpenAiWords.Format(proof.Origin).IsEmpty),
            ReasoningHistory.None => turn.Parts.Find(p => p is ReasoningPart),
            _ => turn.Parts.Find(p => p is ReasoningPart { Text.IsEmpty: true }),
        };
        if (lost is null)
            return null;
        _named = true;
        return translation.Drop(lost.Place.In(question.Dialect), Loss.Hint, "The model's provider does not take this reasoning of earlier turns back.");
    }

    /// <summary>Writes the members of an assistant's message.</summary>
    public void Write(ChatTurn turn)
    {
        switch (Form)
        {
            case ReasoningHistory.None:
                break;
            case ReasoningHistory.Details:
                Details(turn);
                break;
            default:
                if (Form == ReasoningHistory.ContentAlways || Texts(turn).Any())
                    Plain(turn, Form == ReasoningHistory.Reasoning ? "reasoning"u8 : "reasoning_content"u8);
                break;
        }
    }

    private static IEnumerable<ReasoningPart> Texts(ChatTurn turn) => turn.Parts.OfType<ReasoningPart>().Where(r => !r.Text.IsEmpty);

    private static KeptProof? Sendable(ChatPart part)
    {
        KeptProof? proof = part switch
        {
            ReasoningPart reasoning => reasoning.Proof,
            TextPart text => text.Proof,
            ToolCallPart call => call.Proof,
            _ => null,
        };
        return proof is null || OpenAiWords.Format(proof.Origin).IsEmpty ? null : proof;
    }

    private void Plain(ChatTurn turn, ReadOnlySpan<byte> member)
    {
        json.Name(member).BeginText();
        bool first = true;
        foreach (ReasoningPart part in Texts(turn))
        {
            if (!first)
                json.Piece("\\n\\n"u8);
            json.Piece(part.Text.Escaped.Span);
            first = false;
        }

        json.EndText();
    }

    /// <summary>Entries as OpenRouter gave or would have given them: it passes each to the provider whose <c>format</c> it has.</summary>
    private void Details(ChatTurn turn)
    {
        if (!Says(turn))
            return;
        json.Name("reasoning_details"u8).Array();
        int index = 0;
        foreach (ChatPart part in turn.Parts)
        {
            KeptProof? proof = Sendable(part);
            WireText text = part is ReasoningPart reasoning ? reasoning.Text : default;
            if (proof is null && text.IsEmpty)
                continue;
            bool bare = proof is not null && proof.Kind != ProofKind.Signature;
            if (bare && !text.IsEmpty)
                Entry(text, null, default, index++);
            Entry(bare ? default : text, proof, part is ToolCallPart call ? call.Id : default, index++);
        }

        json.EndArray();
    }

    private void Entry(WireText text, KeptProof? proof, WireText callId, int index)
    {
        json.Object();
        json.Name("type"u8).Text(proof is null || proof.Kind == ProofKind.Signature ? "reasoning.text"u8 : "reasoning.encrypted"u8);
        if (proof is null)
        {
            json.Name("text"u8).Text(text);
        }
        else
        {
            ReadOnlySpan<byte> id = callId.IsEmpty ? default : OpenAiCallId.Fit(callId, translation.Traits.ToolIds);
            OpenAiDetails.Proof(json, new Proof(proof.Origin, proof.Kind, proof.Data.Text) { CallId = new JsonText(id) }, text.Escaped.Span);
        }

        json.Name("index"u8).Number(index);
        json.EndObject();
    }
}
