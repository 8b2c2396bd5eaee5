using System.Collections.Concurrent;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Perigee.Storage;

namespace Perigee.Azure;

/// <summary>A storage account: Table Storage for rows, Blob Storage for blobs.</summary>
internal sealed class AzureStorage(TableServiceClient tables, BlobServiceClient blobs) : IStorage
{
    private readonly ConcurrentDictionary<string, ITable> _tables = new(StringComparer.Ordinal);

    public string Location => $"{tables.AccountName} ({tables.Uri.Authority})";

    public ITable Table(string name) =>
        _tables.GetOrAdd(StorageNames.Table(name), static (table, service) => new AzureTable(service.GetTableClient(table)), tables);

    public IBlobs Blobs(string container) => new AzureBlobs(blobs.GetBlobContainerClient(StorageNames.Container(container)));

    public async ValueTask DropTableAsync(string name, CancellationToken cancel)
    {
        string table = StorageNames.Table(name);
        try
        {
            // The SDK answers "no such table" with a plain response.
            await tables.DeleteTableAsync(table, cancel);
        }
        catch (Exception fault) when (Faults.IsStorage(fault, cancel))
        {
            throw Faults.Translate("Table Storage", fault);
        }
    }

    public async ValueTask ProbeAsync(CancellationToken cancel) => await Table("perigeeprobe").FindAsync("probe", "probe", cancel);
}
