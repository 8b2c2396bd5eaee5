using Perigee.Logs;
using Perigee.Logs.Shipping;

namespace Perigee.Tests.Logs;

/// <summary>The notes of how many records were taken: they are gone with what they were for.</summary>
public sealed class LogFolderTests : IDisposable
{
    private static readonly GatewayHost Host = new() { Mode = "local", Instance = "i1" };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("perigee-notes-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Notes_lie_in_the_data_folder_where_there_is_one_and_a_clean_end_leaves_nothing()
    {
        using TestStorage storage = new();
        LogFolder folder = new();
        string place = folder.FolderOf(storage);
        Assert.Equal(Path.Combine(storage.Location, "taken"), place);
        using TakenFile one = folder.Taken(storage, Host, LogSchema.Requests), other = folder.Taken(storage, Host, LogSchema.Audit);
        one.Set(5);
        Assert.Equal(2, Directory.EnumerateFiles(place).Count());
        one.End();
        Assert.Single(Directory.EnumerateFiles(place));
        other.End();
        Assert.False(Directory.Exists(place));
        Assert.StartsWith(Path.GetTempPath(), folder.FolderOf(new MemoryBlobs()), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_processes_that_are_gone_only_what_may_still_be_told_is_kept_and_of_those_that_live_everything()
    {
        LogFolder folder = new(_folder.FullName);
        string Make(string storage, long taken, bool gone, int daysAgo)
        {
            using TakenFile note = folder.Taken(new Named(storage), Host, LogSchema.Requests);
            note.Set(taken);
            string file = Assert.Single(Directory.EnumerateFiles(folder.FolderOf(new Named(storage))));
            string name = gone ? file.Replace($".{Environment.ProcessId}.", ".999999999.", StringComparison.Ordinal) : file;
            File.Move(file, name);
            File.SetLastWriteTimeUtc(name, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-daysAgo));
            return name;
        }

        string lives = Make("lives", 0, gone: false, 30), fresh = Make("fresh", 7, gone: true, 1);
        string old = Make("old", 7, gone: true, 8), idle = Make("idle", 0, gone: true, 0);
        string others = Path.Combine(Path.GetDirectoryName(lives)!, "somebody else's");
        File.WriteAllText(others, "x");

        folder.Tidy();

        Assert.Equal(((string[])[lives, others, fresh]).Order(StringComparer.Ordinal), Directory.EnumerateFiles(_folder.FullName, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
        Assert.False(Directory.Exists(Path.GetDirectoryName(old)));
        Assert.False(Directory.Exists(Path.GetDirectoryName(idle)));

        // What is told by the next process on that storage goes, too, and in the end the folder itself.
        using TakenFile next = folder.Taken(new Named("fresh"), Host with { Instance = "i2" }, LogSchema.Requests);
        Assert.Equal([("i1", 7L)], next.Dead());
        next.Told();
        next.End();
        File.Delete(lives);
        File.Delete(others);
        folder.Tidy();
        Assert.Empty(_folder.EnumerateFileSystemInfos());
    }

    private sealed class Named(string name) : Perigee.Storage.IStorage
    {
        public string Location => name;

        public Perigee.Storage.ITable Table(string table) => throw new NotSupportedException();

        public Perigee.Storage.IBlobs Blobs(string container) => throw new NotSupportedException();

        public ValueTask DropTableAsync(string table, CancellationToken cancel) => throw new NotSupportedException();

        public ValueTask ProbeAsync(CancellationToken cancel) => throw new NotSupportedException();
    }
}
