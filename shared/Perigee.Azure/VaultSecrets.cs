using Azure;
using Azure.Identity;
using Azure.Security.KeyVault.Secrets;
using Microsoft.Extensions.Configuration;
using Perigee.Storage;

namespace Perigee.Azure;

/// <summary>
/// Keys in a Key Vault (<c>PERIGEE_KEYVAULT</c>, its address). A secret's name is that of the variable with hyphens: <c>OPENAI-API-KEY</c>. A look is one call that lists
/// names and versions (role Key Vault Secrets User); only what changed is read.
/// </summary>
internal sealed class VaultSecrets(SecretClient client) : ISecretSource
{
    private const string Setting = "PERIGEE_KEYVAULT";

    private readonly Dictionary<string, (string Version, string Value)> _known = new(StringComparer.Ordinal);

    public string Location => client.VaultUri.Host;

    /// <summary>As the configuration says; null where no vault is named.</summary>
    public static VaultSecrets? Of(IConfiguration configuration)
    {
        if (configuration[Setting] is not { Length: > 0 } text)
            return null;
        if (!Uri.TryCreate(text.Trim(), UriKind.Absolute, out Uri? vault) || vault.Scheme != Uri.UriSchemeHttps)
            throw new ConfigurationException($"{Setting} must be a vault's address such as https://NAME.vault.azure.net.");
        return new VaultSecrets(new SecretClient(vault, StorageSettings.Credential(StorageSettings.Identity(configuration)), StorageSettings.Tune(new SecretClientOptions())));
    }

    public async ValueTask<IReadOnlyDictionary<string, string>> ReadAsync(CancellationToken cancel)
    {
        try
        {
            HashSet<string> there = new(StringComparer.Ordinal);
            await foreach (SecretProperties listed in client.GetPropertiesOfSecretsAsync(cancel))
            {
                if (listed.Enabled == false)
                    continue;
                there.Add(listed.Name);

                // The list names no versions: when a secret was last updated tells them apart.
                string version = $"{listed.UpdatedOn:O}";
                if (_known.TryGetValue(listed.Name, out (string Version, string Value) known) && known.Version == version)
                    continue;
                KeyVaultSecret secret = await client.GetSecretAsync(listed.Name, cancellationToken: cancel);
                _known[listed.Name] = (version, secret.Value);
            }

            foreach (string gone in _known.Keys.Where(name => !there.Contains(name)).ToArray())
                _known.Remove(gone);
            return _known.ToDictionary(static pair => pair.Key.Replace('-', '_').ToUpperInvariant(), static pair => pair.Value.Value, StringComparer.Ordinal);
        }
        catch (Exception fault) when (fault is RequestFailedException or AuthenticationFailedException)
        {
            throw new StorageException($"Key Vault does not answer ({(fault as RequestFailedException)?.Status ?? 0}).", fault);
        }
    }
}
