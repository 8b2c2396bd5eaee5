using System.Text;
using Perigee.Wire;

namespace Perigee;

/// <summary>Puts a caller's defaults into its question where the question does not say them itself; the rest stays to the byte.</summary>
internal static class DefaultMembers
{
    /// <summary>Changes the exchange's question. Conversations only: no other operation knows the same members.</summary>
    public static void Apply(Exchange exchange, IReadOnlyList<DefaultMember> defaults)
    {
        if (exchange.Question is not { } question || exchange.Operation is not ({ Asks: Asks.Conversation } or { Name: "responses" or "completions" }))
            return;
        string dialect = ClientDialect.WordOf(exchange.Operation);
        List<DefaultMember>? absent = null;
        foreach (DefaultMember member in defaults)
        {
            bool meant = member.Dialect is null ? !defaults.Any(other => other.Dialect == dialect && other.Name == member.Name) : member.Dialect == dialect;
            if (meant && question.FindTopLevel(Encoding.UTF8.GetBytes(member.Name)) < 0)
                (absent ??= []).Add(member);
        }

        if (absent is null)
            return;

        // Behind what is there: a member of the client's keeps its place, and the index says where the object ends.
        JsonIndex.Token whole = question.Tokens[0];
        int close = whole.Start + whole.Length - 1;
        bool first = question.Count == 1;
        byte[] body = new byte[question.Json.Length + absent.Sum(static member => member.Json.Length + 1) - (first ? 1 : 0)];
        question.Json.Span[..close].CopyTo(body);
        int at = close;
        foreach (DefaultMember member in absent)
        {
            if (!first)
                body[at++] = (byte)',';
            first = false;
            member.Json.Span.CopyTo(body.AsSpan(at));
            at += member.Json.Length;
        }

        question.Json.Span[close..].CopyTo(body.AsSpan(at));
        if (!JsonIndex.TryParse(body, out JsonIndex? changed, out _))
            return;
        question.Dispose();
        (exchange.Body, exchange.Question) = (body, changed);
    }
}
