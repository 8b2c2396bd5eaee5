using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Perigee.Caching.Replay;
using Perigee.Wire;

namespace Perigee.Caching;

/// <summary>Which answers may be kept.</summary>
internal static class Keeping
{
    /// <summary>Only an answer that ended complete and for a reason of its own. Embeddings and the like state none.</summary>
    public static bool MayBeKept(Exchange exchange) =>
        exchange.Complete && exchange.Error is null && exchange.Http.Response.StatusCode == StatusCodes.Status200OK
        && exchange.Answer.Finish is FinishReason.Stop or FinishReason.StopSequence or FinishReason.ToolCalls or FinishReason.None
        && (exchange.Answer.Finish != FinishReason.None || exchange.Operation.Asks == Asks.Vectors || exchange.Operation.Name is "moderations" or "rerank");

    /// <summary>Whether what it says holds more than once: not an address that is signed for a while, and nothing that a rule of the operator's finds.</summary>
    /// <param name="body">The answer.</param>
    /// <param name="form">What its bytes are.</param>
    /// <param name="policy">The operator's word.</param>
    public static bool IsLasting(ReadOnlySpan<byte> body, AnswerForm form, CacheOptions policy)
    {
        if (IsSigned(body))
            return false;

        // Every signature stands behind an equals sign, which some providers (Google) escape.
        bool mayBeSigned = body.Contains((byte)'=') || body.IndexOf("\\u003d"u8) >= 0 || body.IndexOf("\\u003D"u8) >= 0;
        if (!mayBeSigned && policy.NeverKeep.Count == 0)
            return true;

        // A stream's words come in pieces, and words may be escaped: what is said is looked at as well as the bytes.
        string? said = AnswerText.Of(body, form);
        if (said is not null && mayBeSigned && IsSigned(Encoding.UTF8.GetBytes(said)))
            return false;
        string raw = policy.NeverKeep.Count == 0 ? "" : Encoding.UTF8.GetString(body);
        foreach (Regex pattern in policy.NeverKeep)
        {
            if (pattern.IsMatch(raw) || (said is not null && pattern.IsMatch(said)))
                return false;
        }

        return true;
    }

    /// <summary>
    /// The names are those of Amazon S3, Google Cloud Storage and Azure Storage (<c>sig</c> beside <c>se</c> and <c>sv</c>), and of CloudFront and
    /// the older manner of the first two (<c>Signature</c> beside <c>Expires</c>).
    /// </summary>
    private static bool IsSigned(ReadOnlySpan<byte> text) =>
        text.IndexOf("X-Amz-Signature="u8) >= 0 || text.IndexOf("X-Goog-Signature="u8) >= 0
        || (text.IndexOf("sig="u8) >= 0 && text.IndexOf("se="u8) >= 0 && text.IndexOf("sv="u8) >= 0)
        || (text.IndexOf("Signature="u8) >= 0 && text.IndexOf("Expires="u8) >= 0);
}
