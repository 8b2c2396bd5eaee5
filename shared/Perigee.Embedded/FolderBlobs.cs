using System.Runtime.CompilerServices;
using Perigee.Storage;

namespace Perigee.Embedded;

/// <summary>A container as a folder: one file a blob, put in its place whole and once (<see cref="Publication"/>).</summary>
internal sealed class FolderBlobs(string folder, Drafts drafts) : IBlobs
{
    public async ValueTask<bool> WriteAsync(string name, ReadOnlyMemory<byte> content, string contentType, CancellationToken cancel)
    {
        string path = Locate(name);
        try
        {
            if (File.Exists(path))
                return false;
            string draft = drafts.Next();
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            try
            {
                await File.WriteAllBytesAsync(draft, content, cancel);
                return Publication.TryPublish(draft, path);
            }
            finally
            {
                File.Delete(draft);
            }
        }
        catch (Exception fault) when (Faults.IsStorage(fault))
        {
            throw Faults.Translate(fault);
        }
    }

    public ValueTask<Stream?> OpenAsync(string name, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        try
        {
            return ValueTask.FromResult<Stream?>(new FileStream(Locate(name), new FileStreamOptions
            {
                Mode = FileMode.Open,
                Access = FileAccess.Read,
                Share = FileShare.Read | FileShare.Delete,
                Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
            }));
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return ValueTask.FromResult<Stream?>(null);
        }
        catch (Exception fault) when (Faults.IsStorage(fault))
        {
            throw Faults.Translate(fault);
        }
    }

    public async IAsyncEnumerable<BlobItem> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask;
        foreach (BlobItem item in Find(prefix, cancel))
            yield return item;
    }

    public ValueTask<bool> RemoveAsync(string name, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        string path = Locate(name);
        try
        {
            // Of several removers one must hear "true": a move to a name of its own has one winner, a delete has not.
            string grave = drafts.Next();
            File.Move(path, grave, overwrite: true);
            File.Delete(grave);
            return ValueTask.FromResult(true);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return ValueTask.FromResult(false);
        }
        catch (Exception fault) when (Faults.IsStorage(fault))
        {
            throw Faults.Translate(fault);
        }
    }

    private List<BlobItem> Find(string prefix, CancellationToken cancel)
    {
        List<BlobItem> items = [];
        try
        {
            DirectoryInfo root = new(Path.Combine(folder, BlobPath.FolderOfPrefix(prefix)));
            if (!root.Exists)
                return items;
            foreach (FileInfo file in root.EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }))
            {
                cancel.ThrowIfCancellationRequested();
                if (BlobPath.ToName(Path.GetRelativePath(folder, file.FullName)) is { } name && name.StartsWith(prefix, StringComparison.Ordinal))
                    items.Add(new BlobItem(name, file.Length));
            }
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            // Removed while we looked: what was found stands.
        }
        catch (Exception fault) when (Faults.IsStorage(fault))
        {
            throw Faults.Translate(fault);
        }

        items.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return items;
    }

    private string Locate(string name) => Path.Combine(folder, BlobPath.FromName(StorageNames.Blob(name)));
}
