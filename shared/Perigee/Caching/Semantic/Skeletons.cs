using System.Collections.Frozen;

namespace Perigee.Caching.Semantic;

/// <summary>
/// What two questions that <see cref="DifferenceGuard"/> takes for the same have in common, as a number: the senses of all their units in order, without those that may
/// fall away there. Another number is another question; the same number says nothing yet.
/// </summary>
internal static class Skeletons
{
    private static readonly FrozenSet<ulong> s_mayBegin = FrozenSet.Create(
        UnitWriter.Hash("how"), UnitWriter.Hash("what"), UnitWriter.Hash("is"), UnitWriter.Hash("to"), UnitWriter.Hash("i"), UnitWriter.Hash("can"));

    /// <summary>The skeleton of features as they are kept; 0 where those are damaged, of another version or none.</summary>
    public static uint Of(ReadOnlySpan<byte> features) => FoldedText.FromFeatures(features) is { } folded ? Of(folded.Units) : 0;

    /// <summary>The skeleton of units; never 0.</summary>
    public static uint Of(ReadOnlySpan<GuardUnit> units)
    {
        ulong hash = 14695981039346656037;
        foreach (ref readonly GuardUnit unit in units)
        {
            bool word = unit.Kind is UnitKind.Word or UnitKind.Term;
            if (unit.Kind == UnitKind.Article || (word && ((unit.Marks & Marks.Harmless) != 0 || s_mayBegin.Contains(unit.Text))))
                continue;
            hash = (hash ^ (word ? 1ul : (ulong)unit.Kind)) * 1099511628211;
            hash = (hash ^ (word ? unit.Sense : unit.Text)) * 1099511628211;
            hash ^= hash >> 29;
        }

        uint folded = (uint)(hash ^ (hash >> 32));
        return folded == 0 ? 1 : folded;
    }
}
