using System.Text.Json.Serialization;
using Perigee.Wire;

namespace Perigee.Providers;

/// <summary>How a provider takes its key.</summary>
internal enum AuthStyle
{
    /// <summary>No key.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary><c>Authorization: Bearer KEY</c>.</summary>
    [JsonStringEnumMemberName("bearer")]
    Bearer,

    /// <summary><c>api-key: KEY</c> (Azure OpenAI).</summary>
    [JsonStringEnumMemberName("api-key")]
    ApiKey,

    /// <summary><c>x-api-key: KEY</c> (Anthropic).</summary>
    [JsonStringEnumMemberName("x-api-key")]
    XApiKey,

    /// <summary><c>x-goog-api-key: KEY</c> (Google).</summary>
    [JsonStringEnumMemberName("x-goog-api-key")]
    XGoogApiKey,
}

/// <summary>Which addresses a provider may resolve to. Cloud metadata addresses are never allowed.</summary>
internal enum NetworkReach
{
    /// <summary>Public addresses only.</summary>
    [JsonStringEnumMemberName("public")]
    Public,

    /// <summary>Also private ranges: a server in the owner's own network.</summary>
    [JsonStringEnumMemberName("private")]
    Private,

    /// <summary>Also private ranges and this machine.</summary>
    [JsonStringEnumMemberName("loopback")]
    Loopback,
}

/// <summary>How usage gets into a stream.</summary>
internal enum StreamUsage
{
    /// <summary>The server sends it unasked, or not at all: <c>stream_options</c> is left as the client wrote it.</summary>
    [JsonStringEnumMemberName("as-sent")]
    AsSent,

    /// <summary>It comes when <c>stream_options.include_usage</c> asks: the gateway asks, and hides the extra chunk from a client that did not.</summary>
    [JsonStringEnumMemberName("ask")]
    Ask,
}

/// <summary>A provider that is on: a row of providers.json with what the configuration and the environment say. Immutable.</summary>
internal sealed class Provider
{
    /// <summary>The name before the slash in <c>provider/model</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The row of providers.json that it is an instance of: the name itself, <c>custom</c>, or what the operator said.</summary>
    public string Kind { get; init; } = "custom";

    /// <summary>Its place in the order of preference: the rows' order, then what the operator added.</summary>
    public int Order { get; init; }

    /// <summary>The name for people.</summary>
    public required string Title { get; init; }

    /// <summary>Everything before the operation's own path, without a slash at the end: <c>https://api.openai.com/v1</c>.</summary>
    public required string BaseUrl { get; init; }

    /// <summary>How the key is sent.</summary>
    public required AuthStyle Auth { get; init; }

    /// <summary>The dialect of conversations that it speaks at <see cref="BaseUrl"/>.</summary>
    public DialectFamily Dialect { get; init; }

    /// <summary>
    /// Of a provider with another dialect than OpenAI's: what to add to <see cref="BaseUrl"/> for OpenAI's other operations (embeddings,
    /// files ...), with the key as a bearer token; null where it has none.
    /// </summary>
    public string? CompatiblePath { get; init; }

    /// <summary>How its models want to be asked.</summary>
    public ModelTraits Traits { get; init; } = ModelTraits.Plain;

    /// <summary>What is different for some of them; later ones win.</summary>
    public IReadOnlyList<ModelRule> Rules { get; init; } = [];

    /// <summary>The key, or null for a keyless provider. Never in logs, errors or <see cref="ToString"/>.</summary>
    public string? Key { get; init; }

    /// <summary>Which addresses may be dialled.</summary>
    public NetworkReach Network { get; init; }

    /// <summary>How usage gets into a stream.</summary>
    public StreamUsage StreamUsage { get; init; }

    /// <summary>Extra headers of every request to this provider (from the operator's configuration).</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>How the bare model names begin whose home this provider is.</summary>
    public IReadOnlyList<string> Owns { get; init; } = [];

    /// <summary>Whether it serves <c>/files</c> as OpenAI does.</summary>
    public bool KeepsFiles { get; init; }

    /// <summary>Whether the answers are made in this process (the demo).</summary>
    public bool BuiltIn { get; init; }

    /// <summary>How one model wants to be asked.</summary>
    public ModelTraits TraitsOf(string model)
    {
        ModelTraits traits = Traits;
        foreach (ModelRule rule in Rules)
        {
            if (rule.Matches(model))
                traits = rule.Traits.Over(traits);
        }

        return traits;
    }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
