using System.Security.Cryptography;
using System.Text;
using Perigee.Storage;

namespace Perigee.Logs.Shipping;

/// <summary>
/// Where on this machine it is noted how many records were taken: in the data folder where there is one, else in the temporary folder, by storage.
/// </summary>
/// <param name="path">The folder instead of the machine's temporary one.</param>
internal sealed class LogFolder(string? path = null)
{
    // Nobody may ever start again on the storage that a note is about.
    private static readonly TimeSpan Keep = TimeSpan.FromDays(7);

    private readonly string _root = Path.Combine(path ?? Path.GetTempPath(), "perigee-taken");

    /// <summary>The note of one stream.</summary>
    public TakenFile Taken(IStorage storage, GatewayHost host, string stream) => new(FolderOf(storage), host.Instance, stream);

    /// <summary>Removes what processes that are gone left in the temporary folder and nobody will read, of all storages.</summary>
    public void Tidy()
    {
        try
        {
            foreach (string folder in Directory.EnumerateDirectories(_root))
                TakenFile.Tidy(folder, Keep);
            Directory.Delete(_root);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Notes of processes that live are in it, or it is not there.
        }
    }

    /// <summary>Where the notes of one storage lie.</summary>
    public string FolderOf(IStorage storage) => path is null && Path.IsPathFullyQualified(storage.Location)
        ? Path.Combine(storage.Location, "taken")
        : Path.Combine(_root, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(storage.Location)).AsSpan(0, 8)));
}
