namespace Perigee.Wire.Anthropic;

/// <summary>
/// Puts the proofs that stand on a text or a call back where they belong. On their way through this dialect they were blocks of their own
/// (<see cref="AnthropicWriter.Proof"/>): that of a call right before it, that of a text right before or behind it.
/// </summary>
internal static class AnthropicProofs
{
    /// <summary>Settles the proofs of one message.</summary>
    public static void Settle(List<ChatPart> parts)
    {
        for (int i = 0; i < parts.Count; i++)
        {
            if (parts[i] is not ReasoningPart { Proof: { } proof } reasoning)
                continue;
            if (proof.Kind == ProofKind.OnCall ? OnCall(parts, i, proof) : proof.Kind == ProofKind.OnText && OnText(parts, i, proof))
            {
                if (reasoning.Text.IsEmpty)
                    parts.RemoveAt(i--);
                else
                    parts[i] = reasoning with { Proof = null };
            }
        }
    }

    private static bool OnCall(List<ChatPart> parts, int at, KeptProof proof)
    {
        // The id may have been replaced on its way out, always in the same manner.
        string id = proof.CallId.IsEmpty ? "" : AnthropicIds.Of(proof.CallId.Escaped.Span);
        int next = -1;
        for (int i = 0; i < parts.Count; i++)
        {
            if (parts[i] is not ToolCallPart { Proof: null } call)
                continue;
            if (id.Length > 0 && AnthropicIds.Of(call.Id.Escaped.Span) == id)
            {
                parts[i] = call with { Proof = proof };
                return true;
            }

            if (next < 0 && i > at)
                next = i;
        }

        if (next < 0)
            return false;
        parts[next] = (ToolCallPart)parts[next] with { Proof = proof };
        return true;
    }

    private static bool OnText(List<ChatPart> parts, int at, KeptProof proof)
    {
        foreach (int i in (ReadOnlySpan<int>)[at - 1, at + 1])
        {
            if (i >= 0 && i < parts.Count && parts[i] is TextPart { Proof: null } text)
            {
                parts[i] = text with { Proof = proof };
                return true;
            }
        }

        return false;
    }
}
