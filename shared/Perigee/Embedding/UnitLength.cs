namespace Perigee.Embedding;

/// <summary>Vectors of length 1: their cosine is their product.</summary>
internal static class UnitLength
{
    /// <summary>Scales the vector. False where it has no direction: all zero, or not numbers.</summary>
    public static bool Give(Span<float> vector)
    {
        double sum = 0;
        foreach (float value in vector)
            sum += (double)value * value;
        if (!double.IsFinite(sum) || sum < 1e-20)
            return false;
        float scale = (float)(1 / Math.Sqrt(sum));
        foreach (ref float value in vector)
            value *= scale;
        return true;
    }
}
