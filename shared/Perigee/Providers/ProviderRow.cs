using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization;
using Perigee.Wire;

namespace Perigee.Providers;

/// <summary>What the gateway knows of a provider before any configuration: one row of providers.json.</summary>
/// <param name="Name">The name before the slash in <c>provider/model</c>, and the <c>kind</c> in perigee.json.</param>
/// <param name="Title">The name for people.</param>
internal sealed record ProviderRow(string Name, string Title)
{
    /// <summary>Everything before the operation's own path; may hold <c>${VARIABLE}</c>. Null where the operator has to say.</summary>
    public string? BaseUrl { get; init; }

    /// <summary>How the key is sent.</summary>
    public AuthStyle Auth { get; init; }

    // The generated reader sets null where the file leaves a member out.

    /// <summary>Where the key is looked for, in this order.</summary>
    public IReadOnlyList<string> KeyVariables { get; init => field = value ?? []; } = [];

    /// <summary>How the provider's keys begin, for redaction.</summary>
    public IReadOnlyList<string> KeyPatterns { get; init => field = value ?? []; } = [];

    /// <summary>The dialect of conversations that it speaks.</summary>
    public DialectFamily Dialect { get; init; }

    /// <summary>See <see cref="Provider.CompatiblePath"/>.</summary>
    public string? CompatiblePath { get; init; }

    /// <summary>How its models want to be asked. Only what was seen or is documented.</summary>
    public TraitsRow Traits { get; init => field = value ?? new(); } = new();

    /// <summary>What is different for some of them; later ones win.</summary>
    public IReadOnlyList<ModelRule> Models { get; init => field = value ?? []; } = [];

    /// <summary>How usage gets into a stream.</summary>
    public StreamUsage StreamUsage { get; init; }

    /// <summary>Which addresses it may resolve to.</summary>
    public NetworkReach Network { get; init; }

    /// <summary>How the bare model names begin whose home this provider is.</summary>
    public IReadOnlyList<string> Owns { get; init => field = value ?? []; } = [];

    /// <summary>Whether it serves <c>/files</c> as OpenAI does.</summary>
    public bool KeepsFiles { get; init; }

    /// <summary>Whether the answers are made in this process.</summary>
    public bool BuiltIn { get; init; }
}

/// <summary>The rows of providers.json in their order, and by name.</summary>
internal sealed class ProviderRows
{
    private readonly FrozenDictionary<string, ProviderRow> _byName;

    /// <summary>Takes rows; names must differ.</summary>
    public ProviderRows(IReadOnlyList<ProviderRow> rows)
    {
        All = rows;
        _byName = rows.ToFrozenDictionary(row => row.Name, StringComparer.Ordinal);
    }

    /// <summary>The rows that the gateway ships with.</summary>
    public static ProviderRows Shipped { get; } = Load();

    /// <summary>In file order, which is the order of preference where several could serve.</summary>
    public IReadOnlyList<ProviderRow> All { get; }

    /// <summary>The row of that name, or null.</summary>
    public ProviderRow? Find(string name) => _byName.GetValueOrDefault(name);

    private static ProviderRows Load()
    {
        using Stream stream = typeof(ProviderRows).Assembly.GetManifestResourceStream("Perigee.Providers.providers.json")
            ?? throw new InvalidOperationException("providers.json is not embedded.");
        return new(JsonSerializer.Deserialize(stream, ProviderJson.Default.ProviderRowArray)!);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(ProviderRow[]))]
internal sealed partial class ProviderJson : JsonSerializerContext;
