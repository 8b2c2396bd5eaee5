namespace Perigee.Caching.Semantic;

/// <summary>Stand-in.</summary>
internal static class FoldKey
{
    /// <summary>Stand-in.</summary>
    public static bool TryKey(ReadOnlySpan<char> text, in FoldRules rules, Span<byte> key32, out FoldRefusal refusal)
    {
        refusal = text.Length > 0 && key32.Length > 0 && rules == default ? FoldRefusal.Structured : FoldRefusal.Empty;
        return false;
    }
}
