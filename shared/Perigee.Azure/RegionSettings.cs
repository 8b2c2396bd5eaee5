using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Perigee.Storage;

namespace Perigee.Azure;

/// <summary>
/// The other regions. <c>PERIGEE_HOME_STORAGE</c>, in every region but the home: the home's storage account. <c>PERIGEE_REGIONS</c>, in the home: the list that it publishes
/// to, <c>[{"region":"westeurope","storage":"ACCOUNT"}]</c>; in the place of <c>storage</c> there may be <c>tables</c> (an endpoint). An account is named as in
/// PERIGEE_STORAGE_ACCOUNT, or by a connection string where there are no identities. The home itself may stand in the list.
/// </summary>
internal static class RegionSettings
{
    private const string HomeStorage = "PERIGEE_HOME_STORAGE";
    private const string Regions = "PERIGEE_REGIONS";

    public static RegionStorages Read(IConfiguration configuration)
    {
        string? home = configuration[HomeStorage] is { Length: > 0 } text ? text.Trim() : null;
        string? clientId = StorageSettings.Identity(configuration);
        string own = GatewayHost.RegionOf(configuration);
        List<RegionStorage> others = configuration[Regions] is { Length: > 0 } list ? Read(list, own, clientId) : [];
        if (home is not null && others.Count > 0)
            throw new ConfigurationException($"{HomeStorage} and {Regions} are both set: the first is for regions that have a home elsewhere, the second for the home.");
        return new RegionStorages { Home = home is null ? null : StorageSettings.OpenOther(HomeStorage, home, clientId), Others = others };
    }

    private static List<RegionStorage> Read(string list, string own, string? clientId)
    {
        List<RegionStorage> others = [];
        try
        {
            using JsonDocument document = JsonDocument.Parse(list);
            foreach (JsonElement entry in document.RootElement.EnumerateArray())
            {
                string? region = Text(entry, "region");
                string? storage = Text(entry, "storage") ?? Text(entry, "tables");
                if (string.IsNullOrWhiteSpace(region) || string.IsNullOrWhiteSpace(storage))
                    throw new ConfigurationException($"{Regions}[{others.Count}] needs 'region' and 'storage' (or 'tables').");
                if (others.Any(other => other.Region == region))
                    throw new ConfigurationException($"{Regions} names '{region}' twice.");
                if (region != own)
                    others.Add(new RegionStorage(region, StorageSettings.OpenOther($"{Regions}[{others.Count}].storage", storage, clientId)));
            }
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // The fault's own text may repeat what is written there, a connection string with its key.
            throw new ConfigurationException($"{Regions} must be a JSON list such as [{{\"region\":\"westeurope\",\"storage\":\"ACCOUNT\"}}].");
        }

        return others;
    }

    private static string? Text(JsonElement entry, string name) => entry.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;
}
