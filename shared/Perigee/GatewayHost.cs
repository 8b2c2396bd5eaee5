using Microsoft.Extensions.Configuration;

namespace Perigee;

/// <summary>What the program that hosts the gateway knows and the pipeline does not. Set before <c>AddPerigee</c>.</summary>
public sealed record GatewayHost
{
    /// <summary><c>local</c> (Kestrel of our own) or <c>functions</c> (isolated worker).</summary>
    public required string Mode { get; init; }

    /// <summary>The public addresses, as far as known; empty where only the Functions host knows them.</summary>
    public IReadOnlyList<string> Urls { get; init; } = [];

    /// <summary>Whether every public address is known to be loopback.</summary>
    public bool BoundToLoopback { get; init; }

    /// <summary>The region as settings name it: PERIGEE_REGION, else what Azure says in REGION_NAME ("West Europe", as resource names and logs have it: "westeurope"), else <c>local</c>.</summary>
    public static string RegionOf(IConfiguration configuration) =>
        configuration["PERIGEE_REGION"] ?? configuration["REGION_NAME"]?.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant() ?? "local";

    /// <summary>The Azure region, or <c>local</c>.</summary>
    public string Region { get; init; } = "local";

    /// <summary>This process, in eight hex digits: in logs and lease rows.</summary>
    public string Instance { get; init; } = Guid.CreateVersion7().ToString("N")[^8..];
}
