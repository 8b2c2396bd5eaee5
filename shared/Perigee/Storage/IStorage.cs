namespace Perigee.Storage;

/// <summary>Where tables and blob containers come from: one adapter for Azure, one embedded.</summary>
public interface IStorage
{
    /// <summary>Where the data lies, for people: a folder or an account name, never a secret.</summary>
    string Location { get; }

    /// <summary>The table of that name (letters and digits, 3 to 63, a letter first); made on its first write.</summary>
    ITable Table(string name);

    /// <summary>The container of that name (lower-case letters, digits, hyphens, 3 to 63); made on its first write.</summary>
    IBlobs Blobs(string container);

    /// <summary>Removes a whole table with all its rows. The name must never be used again: Azure keeps it for a while.</summary>
    ValueTask DropTableAsync(string name, CancellationToken cancel);

    /// <summary>One cheap round trip.</summary>
    /// <exception cref="StorageException">The storage does not answer.</exception>
    ValueTask ProbeAsync(CancellationToken cancel);
}
