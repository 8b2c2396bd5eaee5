using Microsoft.Extensions.DependencyInjection;

namespace Perigee.Catalog;

/// <summary>Registers the models' rows.</summary>
internal static class CatalogServices
{
    public static IServiceCollection AddCatalog(this IServiceCollection services) => services.AddSingleton(ModelCatalog.Shipped);
}
