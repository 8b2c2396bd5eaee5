using System.Security.Cryptography;
using System.Text;
using Perigee.Caching.Store;

namespace Perigee.Caching;

/// <summary>Where an answer is kept. The scope stands outside the hash: no question, however made, can reach another tenant's entries.</summary>
/// <param name="Partition">
/// Format version, tenant, and a hash of the namespace, the operation, the model as asked with what it stands for, and what headers say of the
/// answer: clients choose these words, and a key or a person's address among them must not stand in a table.
/// </param>
/// <param name="Row">The hash of the question.</param>
internal readonly record struct CacheKey(string Partition, string Row)
{
    /// <summary>The version of the canonical form and of the row: another one never meets the entries of this.</summary>
    private const string Version = "3";

    /// <summary>Both in one.</summary>
    public string Text { get; } = Partition + "|" + Row;

    /// <summary>The partition of an exchange's questions.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="part">The part of the tenant's cache, or empty.</param>
    public static string PartitionOf(Exchange exchange, string part)
    {
        string model = exchange.Model ?? "";
        string tenant = Escape(exchange.Caller!.Tenant);
        return $"{Version}|{tenant}|{CacheScope.HashOf($"{tenant}|{Escape(part)}|{Form(exchange)}|{Escape(model)}|{Escape(Meaning(exchange, model))}")}";
    }

    /// <summary>What stands in the partition, by name.</summary>
    public static CacheScope ScopeOf(Exchange exchange, string part)
    {
        string model = exchange.Model ?? "";
        return new CacheScope(exchange.Caller!.Tenant, part, model, exchange.Options.Routes.ContainsKey(model) ? model : "");
    }

    // An alias that the operator points elsewhere must not replay the old model's answers.
    private static string Meaning(Exchange exchange, string model) => exchange.Options.Aliases.TryGetValue(model, out string? target) ? target : model;

    /// <summary>What besides the body decides on the answer: the operation (the conversations of all dialects are one), and what the headers say.</summary>
    private static string Form(Exchange exchange)
    {
        string form = exchange.Operation.Asks == Asks.Conversation ? "conversation" : exchange.Operation.Name;
        if (exchange.Strict)
            form += ".strict";
        if (exchange.Http.Request.Headers["anthropic-beta"] is { Count: > 0 } betas)
            form += ".b" + Escape(betas.ToString());

        // What a route may choose by, besides the body.
        if (exchange.Http.Request.Headers[HeaderNames.Quality] is { Count: > 0 } quality)
            form += ".q" + Escape(quality.ToString());
        else if (exchange.Caller!.Quality is { } own && (exchange.Model ?? "").StartsWith("auto", StringComparison.Ordinal))
            form += ".q" + Escape(own);
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
