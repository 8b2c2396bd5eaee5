namespace Perigee;

/// <summary>Where keys are kept that change while the gateway runs: a vault. The host adds one; without it the environment alone counts.</summary>
public interface ISecretSource
{
    /// <summary>For people: the vault's address, never what is in it.</summary>
    string Location { get; }

    /// <summary>All secrets in force, by the names of the environment variables that they stand for (<c>OPENAI_API_KEY</c>).</summary>
    /// <exception cref="Storage.StorageException">The vault does not answer, or does not let the gateway read.</exception>
    ValueTask<IReadOnlyDictionary<string, string>> ReadAsync(CancellationToken cancel);
}
