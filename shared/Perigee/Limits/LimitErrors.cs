using System.Globalization;

namespace Perigee.Limits;

/// <summary>What a refused caller is told: which limit it was, whose, how it stands, and what helps.</summary>
internal static class LimitErrors
{
    /// <summary>The storage does not answer.</summary>
    public static GatewayError StorageDown() => new(
        ErrorKind.StorageDown, "The gateway's storage does not answer, so this request cannot be counted against its limit.", RetryAfter: TimeSpan.FromSeconds(2));

    /// <summary>What a model costs is not known, and a budget holds.</summary>
    public static GatewayError PriceUnknown(string model, LimitRule budget) => new(
        ErrorKind.PriceUnknown,
        $"{Named(budget)} holds for this request, but what {(model.Contains(' ', StringComparison.Ordinal) ? model : $"'{model}'")} costs is not known, so it cannot be counted. "
        + $"State its price under 'models' in perigee.json, or set 'limits.unknownPrice' to 'allow' there.", "model");

    /// <summary>A limit has not enough left.</summary>
    /// <param name="by">That limit, as it stands.</param>
    /// <param name="amounts">What was asked of it.</param>
    /// <param name="now">The time.</param>
    public static GatewayError Refused(in LimitStand by, in LimitAmounts amounts, DateTimeOffset now) =>
        by.Rule.Meter == LimitMeter.Money ? Budget(by, amounts.MicroDollars, now) : Limit(by, amounts.Of(by.Rule.Meter));

    private static GatewayError Budget(in LimitStand by, long needed, DateTimeOffset now)
    {
        LimitRule rule = by.Rule;
        string resets = rule.Period == LimitPeriod.Total ? "It never begins anew: raise the limit."
            : needed > rule.Amount ? "It is more than the whole budget: shorten the request or lower its most tokens."
            : string.Create(CultureInfo.InvariantCulture, $"It begins anew {now + by.Reset:yyyy-MM-dd'T'HH:mm:ss'Z'}.");
        return new GatewayError(ErrorKind.BudgetSpent,
            $"{Named(rule)} is spent: ${HeaderTexts.DollarsOf(by.Spent)} of ${HeaderTexts.DollarsOf(rule.Amount)}{Per(rule)}{Of(rule)}, ${HeaderTexts.DollarsOf(by.Remaining)} left, "
            + $"and this request may cost ${HeaderTexts.DollarsOf(needed)}. {resets}",
            RetryAfter: rule.Period == LimitPeriod.Total || needed > rule.Amount ? null : by.Reset);
    }

    private static GatewayError Limit(in LimitStand by, long needed)
    {
        LimitRule rule = by.Rule;
        string what = rule.Meter switch
        {
            LimitMeter.Requests => "requests",
            LimitMeter.InputTokens => "input tokens",
            LimitMeter.OutputTokens => "output tokens",
            LimitMeter.Tokens => "tokens",
            _ => "requests at the same time",
        };
        if (needed > rule.Amount)
        {
            return new GatewayError(ErrorKind.LimitReached, string.Create(CultureInfo.InvariantCulture,
                $"{Named(rule)} allows {rule.Amount} {what}{Per(rule)}{Of(rule)}, and this request alone may take {needed}: shorten it, or lower its most tokens."));
        }

        TimeSpan wait = rule.Meter == LimitMeter.Concurrency ? TimeSpan.FromSeconds(1) : by.Reset;
        string used = rule.Meter is LimitMeter.Requests or LimitMeter.Concurrency ? "" : $", {by.Remaining} left and up to {needed} needed";
        return new GatewayError(ErrorKind.LimitReached, string.Create(CultureInfo.InvariantCulture,
            $"{Named(rule)} is reached: {rule.Amount} {what}{Per(rule)}{Of(rule)}{used}. {(rule.Period == LimitPeriod.Total ? "It never begins anew: raise the limit." : $"Try again in {Durations.Format(wait)}.")}"),
            RetryAfter: rule.Period == LimitPeriod.Total ? null : wait);
    }

    private static string Named(LimitRule rule) => rule.Level == LimitLevel.Gateway
        ? $"The gateway's limit '{rule.Name}'"
        : $"The limit '{rule.Name}' of the {rule.Level.ToString().ToLowerInvariant()} '{rule.Owner}'";

    private static string Of(LimitRule rule) => rule.Model is { } model ? $" for the models '{model}'" : "";

    private static string Per(LimitRule rule) => rule.Period switch
    {
        LimitPeriod.None => "",
        LimitPeriod.Total => " in all",
        _ => $" a {rule.Period.ToString().ToLowerInvariant()}",
    };
}
