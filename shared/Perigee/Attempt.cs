using System.Diagnostics;
using Perigee.Wire;

namespace Perigee;

/// <summary>One try at one target, kept even when it failed.</summary>
/// <param name="Target">Where it went.</param>
/// <param name="Status">The provider's HTTP status, or 0 where none came.</param>
/// <param name="Failure">Why it failed, or null.</param>
/// <param name="ToHeaders">From the start of the try to the provider's headers.</param>
/// <param name="ToContent">From the start of the try to the first content (TTFT), where content came.</param>
/// <param name="Total">From the start of the try to its end.</param>
/// <param name="Shown">Whether any of it reached the client: the point of no return was passed.</param>
/// <param name="ProviderRequestId">The provider's own id of the call.</param>
internal sealed record Attempt(
    Target Target, int Status, ErrorKind? Failure, TimeSpan? ToHeaders, TimeSpan? ToContent, TimeSpan Total, bool Shown, string? ProviderRequestId)
{
    /// <summary>What came of it in one word, for receipts and logs: <c>ok</c>, the status, <c>timeout</c>, <c>empty</c>, <c>blocked</c>, <c>lost</c> ...</summary>
    public string Outcome { get; init; } = "";

    /// <summary>Whether it was started beside another that was slow.</summary>
    public bool Hedge { get; init; }

    /// <summary>Whether the question went out: from then on the provider may bill it.</summary>
    public bool Sent { get; init; }

    /// <summary>The tokens that its answer told, or null.</summary>
    public TokenUsage? Usage { get; init; }

    /// <summary>Output tokens as they could be counted from outside, where the answer did not tell or did not end.</summary>
    public long CountedTokens { get; init; }

    /// <summary>Its span, to be ended with the exchange; null where nobody listens to spans.</summary>
    public Activity? Span { get; init; }
}
