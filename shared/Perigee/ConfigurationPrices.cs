using System.Text.Json;
using Perigee.Catalog;
using Perigee.Providers;

namespace Perigee;

/// <summary>Reads the price files that perigee.json names: their prices lie over the catalogue's, for every provider that is on and of their kind.</summary>
internal sealed class ConfigurationPrices(ConfiguredProviders providers, ConfigurationFaults faults)
{
    private const long LargestFile = 32 * 1024 * 1024;

    /// <summary>The rows, each of a configured provider. Of two files the later one counts.</summary>
    /// <param name="root">Holds <c>priceFiles</c>.</param>
    /// <param name="folder">Where they are looked for; null or empty for the current one.</param>
    public IReadOnlyList<CatalogModel> Read(ConfigurationSection root, string? folder)
    {
        Dictionary<(string, string), CatalogModel> rows = [];
        IReadOnlyList<string> files = root.List("priceFiles") ?? [];
        for (int i = 0; i < files.Count; i++)
        {
            string path = $"{root.PathOf("priceFiles")}[{i}]";
            foreach (CatalogModel priced in ReadFile(Path.Combine(folder ?? "", files[i]), files[i], path))
            {
                foreach (Provider provider in providers.On.Values)
                {
                    if (provider.Kind == priced.Provider)
                        rows[(provider.Name, priced.Id)] = Over(provider, priced);
                }
            }
        }

        return [.. rows.Values];
    }

    // What else is known of the model stays.
    private static CatalogModel Over(Provider provider, CatalogModel priced) =>
        (ModelCatalog.Shipped.Find(provider.Kind, priced.Id) ?? priced) with { Provider = provider.Name, Id = priced.Id, Aliases = [], Bare = false, Price = priced.Price };

    private IReadOnlyList<CatalogModel> ReadFile(string file, string name, string path)
    {
        try
        {
            if (new FileInfo(file) is { Exists: true, Length: > LargestFile })
            {
                faults.Add(path, $"names '{name}', which is larger than {LargestFile} bytes; is it the right file?");
                return [];
            }

            return LiteLlmFile.Read(File.ReadAllBytes(file), (model, member, message) =>
            {
                string at = model.Length == 0 ? path : ConfigurationFaults.Join(path, model);
                faults.Add(member.Length == 0 ? at : $"{at}.{member}", message);
            });
        }
        catch (JsonException error)
        {
            faults.Add(path, $"names '{name}', which is not valid JSON at line {error.LineNumber + 1}, column {error.BytePositionInLine + 1}.");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            faults.Add(path, $"names '{name}', but {(error is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : "it cannot be read")}.");
        }

        return [];
    }
}
