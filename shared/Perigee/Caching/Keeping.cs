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

    /// <summary>
    /// Whether what it says holds more than once: not an address that is signed for a while, and nothing that a rule of the operator's finds.
    /// The signatures' names are those of Amazon S3, Google Cloud Storage and Azure Storage (<c>sig</c> beside <c>se</c>).
    /// </summary>
    /// <param name="body">The answer.</param>
    /// <param name="form">What its bytes are.</param>
    /// <param name="policy">The operator's word.</param>
    public static bool IsLasting(ReadOnlySpan<byte> body, AnswerForm form, CacheOptions policy)
    {
        if (body.IndexOf("X-Amz-Signature="u8) >= 0 || body.IndexOf("X-Goog-Signature="u8) >= 0 || (body.IndexOf("sig="u8) >= 0 && body.IndexOf("se="u8) >= 0 && body.IndexOf("sv="u8) >= 0))
            return false;
        if (policy.NeverKeep.Count == 0)
            return true;

        // A stream's words come in pieces: a rule is about the words. What has none of its own is looked at as it came.
        string text = AnswerText.Of(body, form) ?? Encoding.UTF8.GetString(body);
        foreach (Regex pattern in policy.NeverKeep)
        {
            if (pattern.IsMatch(text))
                return false;
        }

        return true;
    }
}
