namespace Perigee.Caching.Semantic;

/// <summary>The key of a question on the request path: nothing of it is kept.</summary>
internal static class FoldKey
{
    /// <summary>Makes the same key as <see cref="FoldedText.TryFold"/>.</summary>
    /// <param name="text">The question.</param>
    /// <param name="rules">What may be folded.</param>
    /// <param name="key32">Takes the key: 32 bytes.</param>
    /// <param name="refusal">Why it stays exact.</param>
    public static bool TryKey(ReadOnlySpan<char> text, in FoldRules rules, Span<byte> key32, out FoldRefusal refusal)
    {
        UnitWriter writer = new(features: null);
        try
        {
            writer.Begin();
            refusal = Folding.Fold(text, rules, ref writer);
            if (refusal != FoldRefusal.None)
                return false;
            writer.Key(key32);
            return true;
        }
        finally
        {
            writer.Free();
        }
    }
}
