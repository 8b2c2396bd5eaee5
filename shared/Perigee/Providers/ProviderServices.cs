using Microsoft.Extensions.DependencyInjection;

namespace Perigee.Providers;

/// <summary>Registers the providers' rows.</summary>
internal static class ProviderServices
{
    public static IServiceCollection AddProviders(this IServiceCollection services) => services.AddSingleton(ProviderRows.Shipped);
}
