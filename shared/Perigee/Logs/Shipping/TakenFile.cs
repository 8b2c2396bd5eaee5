using System.Diagnostics;
using System.Globalization;
using System.IO.MemoryMappedFiles;

namespace Perigee.Logs.Shipping;

/// <summary>
/// How many records this process took for a stream, where a kill of the process does not reach: sixteen bytes of a file mapped into memory,
/// which the operating system keeps. The next process on this machine tells of those that ended without saying so: then it is known exactly how
/// many records a kill cost. Where the machine goes with the process nobody tells, and readers see that the end is missing.
/// </summary>
internal sealed class TakenFile : IDisposable
{
    private const int Length = 16;

    private readonly string _folder;
    private readonly string _path;
    private readonly string _stream;
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private readonly List<string> _told = [];

    /// <param name="folder">Where such files of one storage lie; made where it is missing.</param>
    /// <param name="instance">This process.</param>
    /// <param name="stream">The stream.</param>
    public TakenFile(string folder, string instance, string stream)
    {
        (_folder, _stream) = (folder, stream);
        _path = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{instance}.{Environment.ProcessId}.{stream}"));
        for (int attempt = 0; _view is null && attempt < 3; attempt++)
        {
            try
            {
                // Another process that tidies up may take the folder away in between.
                MakePrivate(_folder);
                _file = MemoryMappedFile.CreateFromFile(_path, FileMode.CreateNew, null, Length);
                _view = _file.CreateViewAccessor(0, Length);
                _view.Write(8, StartOf(Environment.ProcessId) ?? 0);
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or NotSupportedException)
            {
                // A read-only machine: then nobody tells.
            }
        }
    }

    /// <summary>
    /// Removes what nobody will read: files of processes that are gone and had taken nothing, or are gone for longer than <paramref name="keep"/>;
    /// then the folder itself where it is empty.
    /// </summary>
    /// <param name="folder">Where such files of one storage lie.</param>
    /// <param name="keep">How long the note of a process that is gone waits for the next one on the same storage.</param>
    public static void Tidy(string folder, TimeSpan keep)
    {
        try
        {
            foreach (string path in Directory.EnumerateFiles(folder))
            {
                if (Read(path) is not { Lives: false } note)
                    continue;
                if (note.Taken == 0 || TimeProvider.System.GetUtcNow() - File.GetLastWriteTimeUtc(path) > keep)
                    Remove(path);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Another one tidies up, or nobody may.
        }

        RemoveEmpty(folder);
    }

    /// <summary>Notes how many were taken. A write to memory; not by two threads at once.</summary>
    public void Set(long taken) => _view?.Write(0, taken);

    /// <summary>Processes that are gone and did not say that they wrote everything, with what they had taken.</summary>
    public IReadOnlyList<(string Instance, long Taken)> Dead()
    {
        List<(string, long)> dead = [];
        _told.Clear();
        try
        {
            foreach (string path in Directory.EnumerateFiles(_folder, "*." + _stream))
            {
                if (path == _path || Read(path) is not { Lives: false } note)
                    continue;
                if (note.Taken > 0)
                {
                    _told.Add(path);
                    dead.Add((note.Instance, note.Taken));
                }
                else
                {
                    Remove(path);
                }
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Then nobody tells.
        }

        return dead;
    }

    /// <summary>What <see cref="Dead"/> said is told: it need not be told again.</summary>
    public void Told()
    {
        foreach (string path in _told)
            Remove(path);
        _told.Clear();
    }

    /// <summary>Everything that was taken is written: there is nothing to tell.</summary>
    public void End()
    {
        Dispose();
        Remove(_path);
        RemoveEmpty(_folder);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view?.Dispose();
        _file?.Dispose();
    }

    // The data folder may be missing as yet, and is its owner's alone.
    private static void MakePrivate(string folder)
    {
        if (Directory.Exists(folder))
            return;
        if (Path.GetDirectoryName(folder) is { Length: > 0 } parent)
            MakePrivate(parent);
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    // Null where it is no such file.
    private static (string Instance, long Taken, bool Lives)? Read(string path)
    {
        string[] parts = Path.GetFileName(path).Split('.');
        if (parts.Length != 3 || !int.TryParse(parts[1], CultureInfo.InvariantCulture, out int process))
            return null;
        byte[] bytes = File.ReadAllBytes(path);
        return bytes.Length == Length ? (parts[0], BitConverter.ToInt64(bytes, 0), StartOf(process) == BitConverter.ToInt64(bytes, 8)) : null;
    }

    // Numbers of processes come again: only with the moment of its start one is meant.
    private static long? StartOf(int process)
    {
        try
        {
            using Process found = Process.GetProcessById(process);
            return found.StartTime.ToUniversalTime().Ticks / TimeSpan.TicksPerSecond;
        }
        catch (Exception fault) when (fault is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception or NotSupportedException)
        {
            return null;
        }
    }

    private static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Told once more, then.
        }
    }

    private static void RemoveEmpty(string folder)
    {
        try
        {
            Directory.Delete(folder);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Somebody's note is in it.
        }
    }
}
