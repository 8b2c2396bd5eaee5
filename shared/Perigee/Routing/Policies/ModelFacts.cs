namespace Perigee.Routing.Policies;

/// <summary>What the catalogue says of a target that a decision needs. What is not known is null, never no and never nothing.</summary>
internal static class ModelFacts
{
    /// <summary>Pico-dollars that a request would cost there.</summary>
    public static long? Estimate(Target target, RequestNeeds needs, DateTimeOffset at) =>
        target.Known?.Estimate(needs.Tokens, needs.LikelyOutput, at);

    /// <summary>Dollars for people: <c>$0.00042</c>.</summary>
    public static string Dollars(long picoDollars) => "$" + (picoDollars / 1e12m).ToString("0.########", System.Globalization.CultureInfo.InvariantCulture);
}
