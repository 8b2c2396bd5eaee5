using Microsoft.Extensions.DependencyInjection;
using Perigee.Storage;

namespace Perigee.Embedded;

/// <summary>Registers the embedded storage.</summary>
public static class EmbeddedServices
{
    /// <summary>Keeps tables in a SQLite file and blobs in a folder, both below the data directory. Several processes may share it.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="dataDirectory">Made on the first write where it is missing.</param>
    public static IServiceCollection AddPerigeeEmbedded(this IServiceCollection services, string dataDirectory) =>
        services.AddSingleton<IStorage>(_ => new EmbeddedStorage(dataDirectory));
}
