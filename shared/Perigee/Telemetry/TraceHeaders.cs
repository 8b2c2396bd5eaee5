using System.Diagnostics;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Perigee.Telemetry;

/// <summary>
/// W3C trace context (https://www.w3.org/TR/trace-context/) in and out. A <c>traceparent</c> that is not valid counts as none, with its
/// <c>tracestate</c>. <c>baggage</c> is never read and never sent: it may hold anything of anybody's.
/// </summary>
internal static class TraceHeaders
{
    /// <summary>The length of version 00: <c>00-{32}-{16}-{2}</c>.</summary>
    private const int Length = 55;

    /// <summary>Of later versions, which may be longer.</summary>
    private const int Longest = 256;

    /// <summary>The specification's own bound of what has to be passed on.</summary>
    private const int LongestState = 512;

    private const int MostMembers = 32;

    /// <summary>What a request says of its trace.</summary>
    /// <param name="headers">The request's headers.</param>
    /// <param name="parent">The header as it came, or null where there is none that can be used.</param>
    /// <param name="state">The header as it came, or null.</param>
    /// <param name="context">The same, read.</param>
    public static bool TryRead(IHeaderDictionary headers, out string? parent, out string? state, out ActivityContext context)
    {
        (parent, state, context) = (null, null, default);
        StringValues given = headers.TraceParent;
        if (given.Count != 1 || given[0] is not { } text || !IsParent(text))
            return false;
        parent = text;
        state = StateOf(headers.TraceState);
        context = new ActivityContext(
            ActivityTraceId.CreateFromString(text.AsSpan(3, 32)), ActivitySpanId.CreateFromString(text.AsSpan(36, 16)),
            IsOdd(text[54]) ? ActivityTraceFlags.Recorded : ActivityTraceFlags.None, state, isRemote: true);
        return true;
    }

    /// <summary>
    /// Tells a provider of the trace: by the try's span, or the exchange's where that is not recorded; where nobody listens to spans here what
    /// the caller sent goes on byte for byte, so that the caller's trace and the provider's still meet.
    /// </summary>
    public static void Write(HttpRequestHeaders headers, Exchange exchange, Activity? call)
    {
        if (exchange.Trace is not { } trace || !exchange.Options.Telemetry.TraceContext)
            return;
        Activity? span = call ?? trace.Span;
        if ((span is null ? trace.Parent : span.Id) is not { } parent)
            return;
        headers.TryAddWithoutValidation("traceparent", parent);
        if ((span is null ? trace.State : span.TraceStateString) is { Length: > 0 } state)
            headers.TryAddWithoutValidation("tracestate", state);
    }

    private static bool IsParent(string text)
    {
        if (text.Length < Length || text.Length > Longest || text[2] != '-' || text[35] != '-' || text[52] != '-')
            return false;
        ReadOnlySpan<char> version = text.AsSpan(0, 2);
        if (!IsHex(version) || version.SequenceEqual("ff") || (text.Length > Length && (version.SequenceEqual("00") || text[Length] != '-')))
            return false;
        ReadOnlySpan<char> trace = text.AsSpan(3, 32), span = text.AsSpan(36, 16);
        foreach (char c in text)
        {
            if (c is <= ' ' or > '~')
                return false;
        }

        return IsHex(trace) && trace.ContainsAnyExcept('0') && IsHex(span) && span.ContainsAnyExcept('0') && IsHex(text.AsSpan(53, 2));
    }

    private static string? StateOf(StringValues given)
    {
        string? state = given.Count == 0 ? null : given.Count == 1 ? given[0] : string.Join(',', given.ToArray());
        if (state is null || state.Length is 0 or > LongestState || state.AsSpan().Count(',') >= MostMembers)
            return null;
        foreach (char c in state)
        {
            if (c is (< ' ' or > '~') and not '\t')
                return null;
        }

        return state;
    }

    private static bool IsHex(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiHexDigitLower(c))
                return false;
        }

        return true;
    }

    private static bool IsOdd(char hex) => (hex & 1) == (char.IsAsciiDigit(hex) ? 1 : 0);
}
