namespace Perigee;

/// <summary>What is kept of a question or an answer in stream <c>bodies</c>.</summary>
/// <param name="Length">How many bytes it had.</param>
/// <param name="Kept">How many of them are kept, from the first on.</param>
internal readonly record struct KeptBody(long Length, int Kept)
{
    /// <summary>Whether some of it is missing at the end.</summary>
    public bool IsCut => Length > Kept;
}
