using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Perigee;

/// <summary>What an answer's headers say of how it came about: target, tries, route, the gateway's own share of the time.</summary>
internal static class Receipts
{
    /// <summary>More tries than this are counted, not listed: some proxies refuse long headers.</summary>
    private const int MostDropped = 4_000;
    private const int MostListed = 16;

    /// <summary>Writes them to a response that has not begun.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="plan">What routing decided.</param>
    /// <param name="time">The clock.</param>
    /// <param name="target">Whose answer or error it is; null takes the one that served.</param>
    /// <param name="errors">Of an error: takes out what must not be told. A model's name may hold anything.</param>
    public static void Write(Exchange exchange, RoutePlan plan, TimeProvider time, Target? target = null, IErrorRedactor? errors = null)
    {
        IHeaderDictionary headers = exchange.Http.Response.Headers;
        if ((target ?? exchange.Served) is { } served)
            headers[HeaderNames.Target] = Ascii(errors?.Clean(served.Name) ?? served.Name);
        if (plan.Route.Length > 0)
            headers[HeaderNames.Route] = Ascii(plan.Route);
        if (plan.Chosen is { } chosen)
            headers[HeaderNames.Chosen] = Ascii(chosen);
        string attempts = Attempts(exchange);
        headers[HeaderNames.Attempts] = errors?.Clean(attempts) ?? attempts;
        TimeSpan total = time.GetElapsedTime(exchange.Started);
        headers[HeaderNames.OverheadMs] = Milliseconds(exchange.Overhead);
        headers["Server-Timing"] = Timing(exchange, total);
        if (exchange.Dropped.Count > 0)
            headers[HeaderNames.DroppedParams] = Dropped(exchange.Dropped);
    }

    /// <summary>The fields that were left out, as a header names them: as many as fit, for a client may have invented thousands, in whatever letters.</summary>
    public static string Dropped(IReadOnlyList<string> fields)
    {
        StringBuilder text = new();
        for (int at = 0; at < fields.Count; at++)
        {
            string name = Ascii(fields[at]).Replace(",", "%2C", StringComparison.Ordinal);
            if (text.Length + name.Length > MostDropped)
                return text.Append(CultureInfo.InvariantCulture, $"{(at == 0 ? "" : ", and ")}{fields.Count - at} more").ToString();
            text.Append(at == 0 ? "" : ", ").Append(name);
        }

        return text.ToString();
    }

    /// <summary>A model's name may hold anything; a header may not.</summary>
    public static string Ascii(string text)
    {
        foreach (char c in text)
        {
            if (c is < ' ' or > '~')
                return Uri.EscapeDataString(text);
        }

        return text;
    }

    private static string Attempts(Exchange exchange)
    {
        lock (exchange.Attempts)
        {
            if (exchange.Attempts.Count == 1)
                return One(exchange.Attempts[0]);
            StringBuilder text = new();
            foreach (Attempt attempt in exchange.Attempts.Take(MostListed))
                text.Append(text.Length == 0 ? "" : ", ").Append(One(attempt));
            if (exchange.Attempts.Count > MostListed)
                text.Append(CultureInfo.InvariantCulture, $", and {exchange.Attempts.Count - MostListed} more");
            return text.ToString();
        }
    }

    // Commas and semicolons divide: in a name they are escaped.
    private static string One(Attempt attempt)
    {
        string name = Ascii(attempt.Target.Name);
        if (name.AsSpan().ContainsAny(',', ';'))
            name = name.Replace(",", "%2C", StringComparison.Ordinal).Replace(";", "%3B", StringComparison.Ordinal);
        return string.Create(CultureInfo.InvariantCulture, $"{name};{attempt.Outcome};{(long)attempt.Total.TotalMilliseconds}{(attempt.Hedge ? ";hedge" : "")}");
    }

    /// <summary>Server-Timing (W3C): what the gateway's steps took, and the wait for providers up to the first content.</summary>
    private static string Timing(Exchange exchange, TimeSpan total)
    {
        TimeSpan upstream = total - exchange.Overhead;
        StepMarks marks = exchange.Marks;
        return string.Create(CultureInfo.InvariantCulture,
            $"caller;dur={marks.Caller.TotalMilliseconds:0.##}, limits;dur={(marks.Limits - marks.Caller).TotalMilliseconds:0.##}, "
            + $"cache;dur={(marks.Cache - marks.Limits).TotalMilliseconds:0.##}, upstream;dur={Math.Max(0, upstream.TotalMilliseconds):0.##}, total;dur={total.TotalMilliseconds:0.##}");
    }

    private static string Milliseconds(TimeSpan time) => time.TotalMilliseconds.ToString("0.##", CultureInfo.InvariantCulture);
}

/// <summary>When the steps of an exchange were over, from its beginning.</summary>
/// <param name="Caller">The caller is known.</param>
/// <param name="Limits">The limits allow it.</param>
/// <param name="Cache">The cache has no answer.</param>
internal readonly record struct StepMarks(TimeSpan Caller, TimeSpan Limits, TimeSpan Cache);
