using System.Security.Cryptography;
using System.Text;

namespace Perigee.Caching;

/// <summary>Where an answer is kept. The scope stands outside the hash: no question, however made, can reach another tenant's entries.</summary>
/// <param name="Partition">Format version, tenant, operation, and the model as asked with what it stands for.</param>
/// <param name="Row">The hash of the canonical question.</param>
internal readonly record struct CacheKey(string Partition, string Row)
{
    /// <summary>The version of the canonical form and of the row: another one never meets the entries of this.</summary>
    private const string Version = "1";

    /// <summary>Both in one.</summary>
    public string Text { get; } = Partition + "|" + Row;

    /// <summary>Makes the key of an exchange.</summary>
    public static CacheKey Of(Exchange exchange)
    {
        string model = exchange.Model ?? "";

        // An alias that the operator points elsewhere must not replay the old model's answers.
        string meant = exchange.Options.Aliases.TryGetValue(model, out string? target) ? target : model;
        return new CacheKey(
            $"{Version}|{Escape(exchange.Caller!.Tenant)}|{Form(exchange)}|{Escape(model)}|{Escape(meant)}",
            QuestionKey.Hash(exchange.Question!));
    }

    /// <summary>What besides the body decides on the answer and its form: the operation, and what the path and the headers say.</summary>
    private static string Form(Exchange exchange)
    {
        string form = exchange.Operation.Name;
        if (exchange.AsArray)
            form += ".array";
        if (exchange.Strict)
            form += ".strict";
        if (exchange.Http.Request.Headers["anthropic-beta"] is { Count: > 0 } betas)
            form += "." + Escape(betas.ToString());

        // What a route may choose by, besides the body.
        if (exchange.Http.Request.Headers[HeaderNames.Quality] is { Count: > 0 } quality)
            form += ".q" + Escape(quality.ToString());
        if (exchange.Http.Request.Headers[HeaderNames.Metadata] is { Count: > 0 } metadata && exchange.Options.Routes.ContainsKey(exchange.Model ?? ""))
            form += ".m" + Escape(metadata.ToString());
        return form;
    }

    /// <summary>A name in the letters that a table key may hold. A long or odd one is hashed.</summary>
    private static string Escape(string name)
    {
        bool plain = name.Length <= 100;
        foreach (char c in name)
            plain &= char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':';
        return plain ? name : "~" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..32];
    }
}
