using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Perigee.TestHost;
using Perigee.Testing;

namespace Perigee.Acceptance.Tests.Running;

/// <summary>One storage for several processes: a data folder, or a storage emulator of its own.</summary>
public sealed class Shared : IAsyncDisposable
{
    private readonly Rig _rig;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perigee-");
    private readonly Azurite? _azurite;

    private Shared(Rig rig, Azurite? azurite) => (_rig, _azurite) = (rig, azurite);

    /// <summary>Makes one.</summary>
    public static async Task<Shared> MakeAsync(Rig rig, bool azurite) => new(rig, azurite ? await Azurite.StartAsync() : null);

    /// <summary>The folder with perigee.json and, without the emulator, the data.</summary>
    public string Folder => _folder.FullName;

    /// <summary>The emulator, where there is one.</summary>
    public Azurite? Emulator => _azurite;

    /// <summary>Starts a gateway on it.</summary>
    /// <param name="kind">In which host.</param>
    /// <param name="environment">Additions to the environment; another way to the emulator is among them.</param>
    /// <param name="config">The text of perigee.json; null for the standard profile.</param>
    public Task<Gateway> StartAsync(HostKind kind, IReadOnlyDictionary<string, string>? environment = null, string? config = null)
    {
        Dictionary<string, string> all = new(environment ?? new Dictionary<string, string>());
        if (_azurite is not null)
            all.TryAdd("PERIGEE_STORAGE_CONNECTION", _azurite.ConnectionString);
        return config is null ? _rig.StartAsync(kind, folder: Folder, environment: all) : Gateway.StartAsync(kind, config, Folder, all);
    }

    /// <summary>The log blobs, by name.</summary>
    public async Task<IReadOnlyDictionary<string, byte[]>> LogsAsync()
    {
        Dictionary<string, byte[]> blobs = [];
        if (_azurite is not null)
        {
            BlobContainerClient container = new(_azurite.ConnectionString, "logs");
            if (!await container.ExistsAsync(TestContext.Current.CancellationToken))
                return blobs;
            await foreach (BlobItem item in container.GetBlobsAsync(cancellationToken: TestContext.Current.CancellationToken))
                blobs[item.Name] = (await container.GetBlobClient(item.Name).DownloadContentAsync(TestContext.Current.CancellationToken)).Value.Content.ToArray();
            return blobs;
        }

        string data = Path.Combine(Folder, "data");
        foreach (string file in Directory.EnumerateFiles(data, "*.gz", SearchOption.AllDirectories))
            blobs[Path.GetRelativePath(data, file)] = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        return blobs;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_azurite is not null)
            await _azurite.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
