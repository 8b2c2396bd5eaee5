namespace Perigee.Benchmarks.Semantic;

/// <summary>A point of the curve.</summary>
/// <param name="HitRate">Share of all queries that were served.</param>
/// <param name="Precision">Share of those that were served the right answer.</param>
/// <param name="Score">The lowest score that is served here.</param>
internal readonly record struct CurvePoint(double HitRate, double Precision, double Score);

/// <summary>
/// Precision at cache hit rate (P-CHR): queries from the surest hit down, what share was served and how much of it was right. Unlike the AUC over pairs it asks for
/// the best of all entries, and it never rewards what is told apart where nothing would be served anyway.
/// </summary>
internal sealed class HitCurve
{
    private HitCurve(List<CurvePoint> points) => Points = points;

    /// <summary>A point for every score.</summary>
    public List<CurvePoint> Points { get; }

    /// <summary>The point with all hits.</summary>
    public CurvePoint Last => Points.Count == 0 ? new(0, 1, 0) : Points[^1];

    /// <summary>Precision integrated over the hit rate, from none to all hits of the tier: at most its hit rate.</summary>
    public double Area
    {
        get
        {
            double area = 0;
            double reached = 0;
            foreach (CurvePoint point in Points)
            {
                area += (point.HitRate - reached) * point.Precision;
                reached = point.HitRate;
            }

            return area;
        }
    }

    /// <summary>Sorts the answers of a tier.</summary>
    public static HitCurve Of(IReadOnlyCollection<Answered> answers)
    {
        List<CurvePoint> points = [];
        int served = 0;
        int right = 0;
        foreach (IGrouping<double, Answered> equal in answers.Where(answer => answer.Kept is not null).GroupBy(answer => answer.Score).OrderByDescending(group => group.Key))
        {
            served += equal.Count();
            right += equal.Count(answer => answer.Right);
            points.Add(new((double)served / answers.Count, (double)right / served, equal.Key));
        }

        return new(points);
    }

    /// <summary>The first point at or beyond a hit rate; null where the tier does not get so far.</summary>
    public CurvePoint? At(double hitRate) => Points.Cast<CurvePoint?>().FirstOrDefault(point => point!.Value.HitRate >= hitRate);
}
