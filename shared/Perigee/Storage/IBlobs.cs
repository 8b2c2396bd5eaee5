namespace Perigee.Storage;

/// <summary>A container of immutable blobs: written once, opened, listed by prefix, removed.</summary>
public interface IBlobs
{
    /// <summary>
    /// Writes the blob unless one of that name is there already (then false, and nothing changes): a retry cannot double it.
    /// The bytes stay the caller's and must not change until the call returns.
    /// </summary>
    /// <param name="name">Segments divided by '/', without "." or "..", at most 1,024 characters.</param>
    /// <param name="content">The whole content.</param>
    /// <param name="contentType">The media type to store with it.</param>
    /// <param name="cancel">Gives up; whether it was written is then unknown.</param>
    ValueTask<bool> WriteAsync(string name, ReadOnlyMemory<byte> content, string contentType, CancellationToken cancel);

    /// <summary>Opens a blob for reading, or null where there is none. The caller disposes the stream.</summary>
    ValueTask<Stream?> OpenAsync(string name, CancellationToken cancel);

    /// <summary>Names and lengths in ordinal order of the names.</summary>
    IAsyncEnumerable<BlobItem> ListAsync(string prefix, CancellationToken cancel);

    /// <summary>Removes a blob. False where there was none.</summary>
    ValueTask<bool> RemoveAsync(string name, CancellationToken cancel);
}

/// <summary>A blob in a listing.</summary>
/// <param name="Name">Its name below the container.</param>
/// <param name="Length">Its length in bytes.</param>
public readonly record struct BlobItem(string Name, long Length);
