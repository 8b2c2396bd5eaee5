using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Perigee.Functions;

/// <summary>Until the adapters land.</summary>
internal static class StorageStubs
{
    /// <summary>Until the adapters land.</summary>
    public static void AddPerigeeEmbedded(this IServiceCollection services, string folder) => services.TryAddSingleton<GatewayPipeline>();

    /// <summary>Until the adapters land.</summary>
    public static void AddPerigeeAzure(this IServiceCollection services, IConfiguration configuration) => GC.KeepAlive((services, configuration));
}
