using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Perigee.Storage;
using AzureItem = Azure.Storage.Blobs.Models.BlobItem;
using BlobItem = Perigee.Storage.BlobItem;

namespace Perigee.Azure;

/// <summary>One container of Blob Storage, made when a first write finds it missing.</summary>
internal sealed class AzureBlobs(BlobContainerClient container) : IBlobs
{
    private const string Service = "Blob Storage";

    public async ValueTask<bool> WriteAsync(string name, ReadOnlyMemory<byte> content, string contentType, CancellationToken cancel)
    {
        BlobClient blob = container.GetBlobClient(StorageNames.Blob(name));
        try
        {
            try
            {
                await UploadAsync(blob, content, contentType, cancel);
            }
            catch (RequestFailedException fault) when (IsMissingContainer(fault))
            {
                await container.CreateIfNotExistsAsync(cancellationToken: cancel);
                await UploadAsync(blob, content, contentType, cancel);
            }

            return true;
        }
        catch (Exception fault) when (Faults.IsStorage(fault, cancel))
        {
            return IsTaken(fault) ? false : throw Faults.Translate(Service, fault);
        }
    }

    public async ValueTask<Stream?> OpenAsync(string name, CancellationToken cancel)
    {
        try
        {
            // One trip; the SDK's stream resumes where the connection breaks and disposes the response with itself.
            Response<BlobDownloadStreamingResult> answer =
                await container.GetBlobClient(StorageNames.Blob(name)).DownloadStreamingAsync(cancellationToken: cancel);
            return answer.Value.Content;
        }
        catch (Exception fault) when (Faults.IsStorage(fault, cancel))
        {
            return IsMissing(fault) ? null : throw Faults.Translate(Service, fault);
        }
    }

    public async IAsyncEnumerable<BlobItem> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        await using IAsyncEnumerator<Page<AzureItem>> pages = container
            .GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancel).AsPages().GetAsyncEnumerator(cancel);
        while (await NextAsync(pages, cancel))
        {
            foreach (AzureItem item in pages.Current.Values)
                yield return new BlobItem(item.Name, item.Properties.ContentLength ?? 0);
        }
    }

    public async ValueTask<bool> RemoveAsync(string name, CancellationToken cancel)
    {
        try
        {
            return await container.GetBlobClient(StorageNames.Blob(name)).DeleteIfExistsAsync(cancellationToken: cancel);
        }
        catch (Exception fault) when (Faults.IsStorage(fault, cancel))
        {
            return IsMissing(fault) ? false : throw Faults.Translate(Service, fault);
        }
    }

    private static Task<Response<BlobContentInfo>> UploadAsync(BlobClient blob, ReadOnlyMemory<byte> content, string contentType, CancellationToken cancel) => blob.UploadAsync(
        BinaryData.FromBytes(content),
        new BlobUploadOptions
        {
            Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
            HttpHeaders = new BlobHttpHeaders { ContentType = contentType },
        },
        cancel);

    private static bool IsTaken(Exception fault) => fault is RequestFailedException { Status: 409 or 412 } failed
        && (failed.ErrorCode == BlobErrorCode.BlobAlreadyExists || failed.ErrorCode == BlobErrorCode.ConditionNotMet);

    private static bool IsMissing(Exception fault) => fault is RequestFailedException { Status: 404 } failed
        && (failed.ErrorCode == BlobErrorCode.BlobNotFound || failed.ErrorCode == BlobErrorCode.ContainerNotFound);

    private static bool IsMissingContainer(RequestFailedException fault) =>
        fault.Status == 404 && fault.ErrorCode == BlobErrorCode.ContainerNotFound;

    private static async ValueTask<bool> NextAsync(
        IAsyncEnumerator<Page<AzureItem>> pages, CancellationToken cancel)
    {
        try
        {
            return await pages.MoveNextAsync();
        }
        catch (Exception fault) when (Faults.IsStorage(fault, cancel))
        {
            return IsMissing(fault) ? false : throw Faults.Translate(Service, fault);
        }
    }
}
