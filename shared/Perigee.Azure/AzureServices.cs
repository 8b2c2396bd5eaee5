using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Storage;

namespace Perigee.Azure;

/// <summary>Registers Azure Table and Blob Storage.</summary>
public static class AzureServices
{
    /// <summary>Whether the configuration names a storage account: one of the settings that <see cref="AddPerigeeAzure"/> reads.</summary>
    public static bool NamesAzureStorage(this IConfiguration configuration) => StorageSettings.AreIn(configuration);

    /// <summary>
    /// Uses the account that the configuration names: PERIGEE_STORAGE_CONNECTION (connection string), else PERIGEE_STORAGE_ACCOUNT (its name or
    /// an https endpoint of it, with a managed identity; PERIGEE_STORAGE_CLIENT_ID for a user-assigned one), else the function app's own
    /// AzureWebJobsStorage. PERIGEE_HOME_STORAGE and PERIGEE_REGIONS name the storages of other regions, PERIGEE_KEYVAULT the vault of rotated keys.
    /// </summary>
    /// <exception cref="ConfigurationException">None is named, or not in a way that can be used.</exception>
    public static IServiceCollection AddPerigeeAzure(this IServiceCollection services, IConfiguration configuration)
    {
        AzureStorage storage = StorageSettings.Open(configuration);
        services.AddSingleton<IStorage>(storage);
        services.AddSingleton(RegionSettings.Read(configuration));
        if (VaultSecrets.Of(configuration) is { } vault)
            services.AddSingleton<ISecretSource>(vault);
        return services;
    }
}
