using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Perigee.Functions;

/// <summary>Until the adapters land.</summary>
internal static class StorageStubs
{
    /// <summary>Until the adapters land.</summary>
    public static void AddPerigeeEmbedded(this IServiceCollection services, string folder) => GC.KeepAlive((services, folder));

    /// <summary>Until the adapters land.</summary>
    public static void AddPerigeeAzure(this IServiceCollection services, IConfiguration configuration) => GC.KeepAlive((services, configuration));
}
