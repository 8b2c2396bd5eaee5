using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Perigee.Azure;
using Perigee.Embedded;

namespace Perigee.Functions;

/// <summary>Which of the two storages this process uses.</summary>
/// <param name="Folder">The folder of the embedded storage, or null for Azure.</param>
internal sealed record StorageChoice(string? Folder)
{
    /// <summary>
    /// PERIGEE_STORAGE says it. Otherwise Azure, where an account is named (for the isolated worker also the one that the Functions host
    /// itself uses); else embedded, under PERIGEE_DATA.
    /// </summary>
    /// <param name="configuration">Environment and settings.</param>
    /// <param name="isolated">Whether the Functions host is in front.</param>
    public static StorageChoice Make(IConfiguration configuration, bool isolated)
    {
        bool azure = configuration["PERIGEE_STORAGE"]?.Trim().ToLowerInvariant() switch
        {
            "azure" => true,
            "embedded" => false,
            null or "" => Named(configuration, isolated),
            string other => throw new ConfigurationException($"PERIGEE_STORAGE is '{other}'; azure and embedded are known."),
        };
        if (azure)
            return new StorageChoice(Folder: null);
        if (OnAzure(name => configuration[name]))
        {
            throw new ConfigurationException(
                "The embedded storage does not survive on Azure, where instances come and go. "
                + "Set PERIGEE_STORAGE_CONNECTION or PERIGEE_STORAGE_ACCOUNT (or AzureWebJobsStorage).");
        }

        string data = configuration["PERIGEE_DATA"] is { Length: > 0 } given ? given : ".perigee";
        return new StorageChoice(Path.GetFullPath(data));
    }

    /// <summary>Whether this process runs as an app on Azure.</summary>
    public static bool OnAzure(Func<string, string?> variable) =>
        !string.IsNullOrEmpty(variable("WEBSITE_SITE_NAME")) || !string.IsNullOrEmpty(variable("WEBSITE_INSTANCE_ID"));

    /// <summary>Adds the storage that was chosen.</summary>
    public void AddTo(IServiceCollection services, IConfiguration configuration)
    {
        if (Folder is { } folder)
            services.AddPerigeeEmbedded(folder);
        else
            services.AddPerigeeAzure(configuration);
    }

    // The embedded storage is what a plain `dotnet run` is for: an AzureWebJobsStorage that lies around in the shell does not change that.
    private static bool Named(IConfiguration configuration, bool isolated) => isolated
        ? configuration.NamesAzureStorage()
        : Says(configuration, "PERIGEE_STORAGE_CONNECTION") || Says(configuration, "PERIGEE_STORAGE_ACCOUNT");

    private static bool Says(IConfiguration configuration, string name) => !string.IsNullOrEmpty(configuration[name]);
}
