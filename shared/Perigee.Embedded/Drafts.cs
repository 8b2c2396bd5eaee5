namespace Perigee.Embedded;

/// <summary>Where files are written before they get their names. What a killed process left there goes at the next start.</summary>
internal sealed class Drafts(string folder)
{
    private static readonly TimeSpan Abandoned = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private bool _ready;

    /// <summary>A path that nobody else has.</summary>
    public string Next()
    {
        lock (_gate)
        {
            if (!_ready)
                Prepare();
            _ready = true;
        }

        return Path.Combine(folder, Guid.CreateVersion7().ToString("N"));
    }

    private void Prepare()
    {
        Directory.CreateDirectory(folder);
        DateTimeOffset before = TimeProvider.System.GetUtcNow() - Abandoned;
        foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles())
        {
            if (file.LastWriteTimeUtc < before)
                file.Delete();
        }
    }
}
