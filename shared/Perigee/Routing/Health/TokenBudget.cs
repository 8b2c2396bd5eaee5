namespace Perigee.Routing.Health;

/// <summary>
/// A share of something that was counted: a bucket of tokens that each count fills by a percentage and each use empties by one. What it
/// begins with lets low traffic use it at all; its bound keeps a quiet hour from paying for a storm. Exact: never more uses than the
/// beginning and the share together. Thread-safe.
/// </summary>
/// <param name="start">Tokens at the beginning.</param>
/// <param name="most">The most that it holds.</param>
internal sealed class TokenBudget(int start, int most)
{
    /// <summary>Parts of a token, so that whole percents add up without rounding.</summary>
    private const int Parts = 100;

    private int _left = start * Parts;

    /// <summary>Counts one request.</summary>
    public void Count(int percent)
    {
        int left = Volatile.Read(ref _left);
        while (left < most * Parts)
        {
            int seen = Interlocked.CompareExchange(ref _left, Math.Min(most * Parts, left + percent), left);
            if (seen == left)
                return;
            left = seen;
        }
    }

    /// <summary>Takes one token, if one is there.</summary>
    public bool TryTake()
    {
        int left = Volatile.Read(ref _left);
        while (left >= Parts)
        {
            int seen = Interlocked.CompareExchange(ref _left, left - Parts, left);
            if (seen == left)
                return true;
            left = seen;
        }

        return false;
    }
}
