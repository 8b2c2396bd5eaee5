using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Perigee;

/// <summary>Registers the gateway: one block a folder.</summary>
public static class GatewayServices
{
    /// <summary>
    /// Adds everything but the storage: the host adds one <see cref="Storage.IStorage"/> (AddPerigeeAzure or AddPerigeeEmbedded)
    /// and one <see cref="GatewayHost"/> of its own.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">Environment and settings; PERIGEE_* and the providers' key variables are read from it.</param>
    public static IServiceCollection AddPerigee(this IServiceCollection services, IConfiguration configuration)
    {
        return services;
    }
}
